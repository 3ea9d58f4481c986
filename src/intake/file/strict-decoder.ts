import { TextDecoder } from 'node:util';
import type { FileEncoding } from './table.js';

/** Decodes strictly: what is no text in the encoding gives null, never a replacement character. */
export class StrictDecoder {
  readonly #decoder: TextDecoder;

  constructor(encoding: FileEncoding) {
    this.#decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  }

  decode(bytes: Uint8Array): string | null {
    try {
      return this.#decoder.decode(bytes);
    } catch (error) {
      if (isInvalidData(error)) return null;
      throw error;
    }
  }
}

function isInvalidData(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
  );
}
