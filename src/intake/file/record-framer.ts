/** One record with its line end. */
export interface Frame {
  /** Where the record begins in the source, counted from its first byte. */
  readonly at: number;
  readonly bytes: Buffer;
}

/** A record lies in `data` from `begin` on, `size` bytes with its line end, and from `at` on in the source. */
export type EachRecord = (data: Buffer, begin: number, size: number, at: number) => void;

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
/** Behind everything. */
const NONE = Number.POSITIVE_INFINITY;

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

  /** What began and has not ended yet. */
  get rest(): Buffer {
    return this.#rest;
  }

  /** The records that this chunk completed, in order. The last one of a file without a final line end is never given. */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    this.scan(chunk, (data, begin, size, at) =>
      frames.push({ at, bytes: data.subarray(begin, begin + size) }),
    );
    return this.#isLost ? [] : frames;
  }

  /**
   * The same without an object for each record. What was found in a chunk in which the framer gives up has been told by
   * then, and counts as little as what was found before.
   */
  scan(chunk: Buffer, each: EachRecord): void {
    if (this.#rest.length === 0) return this.#scan(chunk, each);
    // Only the record that began in the chunk before is put together; the others stay where they are.
    const end = chunk.indexOf(LF) + 1;
    this.#scan(Buffer.concat([this.#rest, end === 0 ? chunk : chunk.subarray(0, end)]), each);
    if (end > 0 && end < chunk.length) {
      const others = chunk.subarray(end);
      this.#scan(this.#rest.length === 0 ? others : Buffer.concat([this.#rest, others]), each);
    }
  }

  #scan(data: Buffer, each: EachRecord): void {
    if (this.#isLost) return;
    let begin = 0;
    let quote = next(data, QUOTE, 0);
    let cr = next(data, CR, 0);
    while (begin < data.length) {
      let end = this.#scanned > 0 ? begin : next(data, LF, begin);
      if (this.#scanned > 0 || quote < end) {
        end = this.#walk(data, begin);
        if (this.#isLost) return this.#giveUp();
        if (quote < end) quote = next(data, QUOTE, end);
      } else if (cr < end - 1 && cr < data.length - 1) return this.#giveUp();
      if (end === NONE) break;
      if (cr < end) cr = next(data, CR, end);
      each(data, begin, end + 1 - begin, this.#restAt + begin);
      begin = end + 1;
    }
    this.#rest = data.subarray(begin);
    this.#restAt += begin;
    if (this.#rest.length > this.maxRecordBytes) this.#giveUp();
  }

  /** The line end of a record in which there is a quote, byte by byte. NONE, with the place noted, when it is not here. */
  #walk(data: Buffer, begin: number): number {
    let at = begin + this.#scanned;
    let isQuoted = this.#isQuoted;
    this.#scanned = 0;
    this.#isQuoted = false;
    while (at < data.length) {
      const byte = data[at];
      if (isQuoted) {
        if (byte === QUOTE) {
          const after = data[at + 1];
          if (after === undefined) break;
          if (after === QUOTE) at += 1;
          else if (after === this.delimiter || after === LF || after === CR) isQuoted = false;
          else return this.#lose();
        }
      } else if (byte === QUOTE) {
        const before = at === begin ? this.delimiter : data[at - 1];
        if (before !== this.delimiter) return this.#lose();
        isQuoted = true;
      } else if (byte === LF) {
        return at;
      } else if (byte === CR) {
        const after = data[at + 1];
        if (after === undefined) break;
        if (after !== LF) return this.#lose();
      }
      at += 1;
    }
    this.#isQuoted = isQuoted;
    this.#scanned = at - begin;
    return NONE;
  }

  #lose(): number {
    this.#isLost = true;
    return NONE;
  }

  #giveUp(): void {
    this.#isLost = true;
    this.#rest = Buffer.alloc(0);
  }
}

function next(data: Buffer, byte: number, from: number): number {
  const at = data.indexOf(byte, from);
  return at === -1 ? NONE : at;
}
