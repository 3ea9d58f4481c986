import { createHash, hash } from 'node:crypto';

const CONTEXT_BYTES = 16;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Names the bytes of a record together with everything that they are read by: 128 bits in the form of a uuid, to compare
 * by, not to protect anything. Equal names mean that the record would be read as the same statement again. It is the same
 * however its line ends.
 */
export class RawHash {
  #scratch: Buffer;

  /** @param context whatever decides how a record is read: profile, header, encoding, separator, version of the reader */
  constructor(context: unknown) {
    this.#scratch = Buffer.alloc(4096);
    createHash('md5').update(JSON.stringify(context)).digest().copy(this.#scratch);
  }

  /** @param record with its line end or without */
  of(record: Uint8Array): string {
    let end = record.length;
    if (record[end - 1] === LF) end -= record[end - 2] === CR ? 2 : 1;
    this.#reserve(end).set(end === record.length ? record : record.subarray(0, end), CONTEXT_BYTES);
    return this.#digest(end);
  }

  /** Names records one behind the other, line ends included, by all of their bytes. */
  ofBlock(pieces: readonly Uint8Array[]): string {
    let length = 0;
    for (const piece of pieces) length += piece.length;
    const scratch = this.#reserve(length);
    let at = CONTEXT_BYTES;
    for (const piece of pieces) {
      scratch.set(piece, at);
      at += piece.length;
    }
    return this.#digest(length);
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
