/** The bytes of one record, without its line end. Valid until the next call of `push`. */
export interface Frame {
  /** Where the record begins in the source, counted from its first byte. */
  readonly at: number;
  /** Up to and with its line end. */
  readonly size: number;
  readonly bytes: Uint8Array;
}

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;

/**
 * Finds where the records of a separated file begin and end, without reading their cells; in UTF-8, CP932 and EUC-JP no
 * byte of a longer character equals a quote, a separator or a line end. It knows the plain grammar only (RFC 4180 with
 * LF or CRLF): on anything that parsers may read in more than one way it gives up for the rest of the file.
 */
export class RecordFramer {
  #rest: Buffer = Buffer.alloc(0);
  #restAt = 0;
  #isLost = false;
  /** Within `#rest`: how far it was looked at, and whether that is inside quotes. */
  #scanned = 0;
  #isQuoted = false;

  constructor(
    private readonly delimiter: number,
    private readonly maxRecordBytes: number,
  ) {}

  /** True when nothing can be said about this file any more. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** The records that this chunk completed, in order. The last one of a file without a final line end is never given. */
  push(chunk: Buffer): Frame[] {
    if (this.#isLost) return [];
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    let begin = 0;
    let at = this.#scanned;
    let isQuoted = this.#isQuoted;
    while (at < data.length) {
      const byte = data[at];
      if (isQuoted) {
        if (byte === QUOTE) {
          const next = data[at + 1];
          if (next === undefined) break;
          if (next === QUOTE) at += 1;
          else if (next === this.delimiter || next === LF || next === CR) isQuoted = false;
          else return this.#giveUp();
        }
      } else if (byte === QUOTE) {
        const before = at === begin ? this.delimiter : data[at - 1];
        if (before !== this.delimiter) return this.#giveUp();
        isQuoted = true;
      } else if (byte === LF) {
        const end = at > begin && data[at - 1] === CR ? at - 1 : at;
        frames.push({ at: this.#restAt + begin, size: at + 1 - begin, bytes: data.subarray(begin, end) });
        begin = at + 1;
      } else if (byte === CR) {
        const next = data[at + 1];
        if (next === undefined) break;
        if (next !== LF) return this.#giveUp();
      }
      at += 1;
    }
    this.#isQuoted = isQuoted;
    this.#scanned = at - begin;
    this.#rest = data.subarray(begin);
    this.#restAt += begin;
    if (this.#rest.length > this.maxRecordBytes) return this.#giveUp();
    return frames;
  }

  #giveUp(): Frame[] {
    this.#isLost = true;
    this.#rest = Buffer.alloc(0);
    return [];
  }
}
