import { createHash, hash } from 'node:crypto';

const CONTEXT_BYTES = 16;

/**
 * Names the bytes of a record together with everything that they are read by: 128 bits in the form of a uuid, to compare
 * by, not to protect anything. Equal names mean that the record would be read as the same statement again.
 */
export class RawHash {
  #scratch: Buffer;

  /** @param context whatever decides how a record is read: profile, header, encoding, separator, version of the reader */
  constructor(context: unknown) {
    this.#scratch = Buffer.alloc(4096);
    createHash('md5').update(JSON.stringify(context)).digest().copy(this.#scratch);
  }

  of(bytes: Uint8Array): string {
    this.#reserve(bytes.length).set(bytes, CONTEXT_BYTES);
    return this.#digest(bytes.length);
  }

  /** The same of the bytes of `data` from `begin` to `end`. */
  within(data: Buffer, begin: number, end: number): string {
    data.copy(this.#reserve(end - begin), CONTEXT_BYTES, begin, end);
    return this.#digest(end - begin);
  }

  #reserve(byteLength: number): Buffer {
    const length = CONTEXT_BYTES + byteLength;
    if (this.#scratch.length < length) {
      const larger = Buffer.alloc(length * 2);
      this.#scratch.copy(larger, 0, 0, CONTEXT_BYTES);
      this.#scratch = larger;
    }
    return this.#scratch;
  }

  #digest(byteLength: number): string {
    return hash('md5', this.#scratch.subarray(0, CONTEXT_BYTES + byteLength), 'hex');
  }
}
