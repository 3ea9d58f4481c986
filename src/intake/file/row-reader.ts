import { AppError } from '../../domain/app-error.js';
import type { RejectionReason } from '../../domain/observation.js';
import type { CellDecoder, RawRow } from './cell-decoder.js';
import type { RecordParser } from './record-parser.js';
import type { RecordFramer } from './record-framer.js';
import type { TableOutcome, TableRow } from './table.js';

export interface RowReaderOptions {
  readonly skipLines: number;
  readonly isKnownWhole: boolean;
  /** Tells which bytes each record is made of; null where that is not wanted. */
  readonly framer: RecordFramer | null;
}

const BATCH_ROWS = 1_000;
const LINE_END = new Set([0x0a, 0x0d]);
/** Old exports end with Ctrl-Z, the end mark of DOS. */
const END_MARK = 0x1a;

/**
 * Turns records into numbered rows, counting each, and finds what is wrong with the shape of one. One row is held back
 * until it is known whether the file ended behind it.
 */
export class RowReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #pending: string[][] = [];
  #at = 0;
  #isAtEnd = false;
  #tail: [number, number] = [0, 0];
  #byteLength = 0;
  #rowNo = 0;
  #recordCount = 0;
  /** Of the records that were not handed out yet, the first of them under `#frameAt`. */
  #frames: Buffer[] = [];
  #frameAt = 0;
  #isFramed = true;
  #rowCount = 0;
  #blankRowCount = 0;
  #outcome: Omit<TableOutcome, 'encoding' | 'rowCount'> | null = null;

  constructor(
    bytes: AsyncIterable<Buffer>,
    private readonly parser: RecordParser,
    private readonly decoder: CellDecoder,
    private readonly options: RowReaderOptions,
  ) {
    this.#chunks = bytes[Symbol.asyncIterator]();
  }

  /** The first record that is not blank below the title lines; null when there is none. */
  async readHeader(): Promise<RawRow | null> {
    let left = this.options.skipLines;
    for (;;) {
      const record = await this.#next();
      if (record === null) return null;
      if (left > 0) left -= 1;
      else if (!isBlank(record.cells)) return { rowNo: 0, cells: record.cells, problems: [] };
    }
  }

  /** Records handed out so far, the header among them. */
  get recordCount(): number {
    return this.#recordCount;
  }

  /** True when at least one row that holds something follows. */
  async hasRows(): Promise<boolean> {
    for (let at = this.#at; ; at += 1) {
      while (at >= this.#pending.length) {
        if (this.#isAtEnd) return this.parser.stop !== null;
        await this.#fill();
      }
      const record = this.#pending[at];
      if (record !== undefined && !isBlank(record)) return true;
    }
  }

  /** `header` as in the file, so that a row can be held against it. */
  async *rows(header: readonly string[]): AsyncGenerator<readonly TableRow[], void> {
    try {
      let batch: RawRow[] = [];
      let held: RawRow | null = null;
      for (;;) {
        const record = await this.#next();
        if (record === null) break;
        this.#rowNo += 1;
        if (isBlank(record.cells)) {
          this.#blankRowCount += 1;
          continue;
        }
        if (held !== null) batch.push(held);
        held = checkShape({ rowNo: this.#rowNo, ...record, problems: [] }, header);
        if (batch.length >= BATCH_ROWS) {
          yield this.#decode(batch, header);
          batch = [];
        }
      }
      batch.push(...this.#finish(held, header));
      if (batch.length > 0) yield this.#decode(batch, header);
    } finally {
      this.parser.close();
      await this.#chunks.return?.();
    }
  }

  outcome(): Omit<TableOutcome, 'encoding'> {
    if (this.#outcome === null) throw new AppError('FILE_NOT_READ');
    return { ...this.#outcome, rowCount: this.#rowCount };
  }

  #decode(batch: readonly RawRow[], header: readonly string[]): TableRow[] {
    this.#rowCount += batch.length;
    return this.decoder.decodeRows(batch, header);
  }

  /** The last rows, judged by how the file ends. */
  #finish(held: RawRow | null, header: readonly string[]): RawRow[] {
    const { stop } = this.parser;
    const isCut = stop === null && !this.options.isKnownWhole && !this.#endsWithLine();
    const last: RawRow[] = [];
    if (held !== null) last.push(isCut ? { ...held, problems: [...held.problems, reason('ROW_CUT')] } : held);
    if (stop !== null) {
      last.push({ rowNo: this.#rowNo + 1, cells: header.map(() => ''), problems: [reason(stop)] });
    }
    this.#outcome = {
      blankRowCount: this.#blankRowCount,
      complete: stop === null && !isCut,
      byteLength: this.#byteLength,
    };
    return last;
  }

  #endsWithLine(): boolean {
    const [before, last] = this.#tail;
    return LINE_END.has(last) || (last === END_MARK && LINE_END.has(before));
  }

  async #next(): Promise<Pick<RawRow, 'cells' | 'raw'> | null> {
    while (this.#at >= this.#pending.length) {
      if (this.#isAtEnd) return null;
      this.#pending = [];
      this.#at = 0;
      await this.#fill();
    }
    const cells = this.#pending[this.#at++];
    if (cells === undefined) return null;
    this.#recordCount += 1;
    return { cells, raw: this.#takeFrame() };
  }

  /** Records and their bytes come in the same order; once one has no bytes, those of no later one are trusted. */
  #takeFrame(): Buffer | undefined {
    const frame = this.#isFramed ? this.#frames[this.#frameAt++] : undefined;
    if (frame === undefined) this.#isFramed = false;
    return frame;
  }

  async #fill(): Promise<void> {
    const chunk = this.parser.stop === null ? await this.#chunks.next() : { done: true as const };
    if (chunk.done === true) {
      this.#isAtEnd = true;
      for (const record of await this.parser.end()) if (!isEndMark(record)) this.#pending.push(record);
      return;
    }
    const { value } = chunk;
    this.#byteLength += value.length;
    this.#tail = [value.at(-2) ?? this.#tail[1], value.at(-1) ?? this.#tail[1]];
    if (this.options.framer !== null && this.#isFramed) {
      this.#frames = this.#frames.slice(this.#frameAt);
      this.#frameAt = 0;
      for (const { bytes } of this.options.framer.push(value)) this.#frames.push(bytes);
    }
    for (const record of await this.parser.push(value)) this.#pending.push(record);
  }
}

function checkShape(row: RawRow, header: readonly string[]): RawRow {
  const { cells } = row;
  if (cells.length === header.length) return row;
  const extra = cells.slice(header.length);
  if (cells.length > header.length && extra.every((cell) => cell.trim() === '')) {
    return { ...row, cells: cells.slice(0, header.length) };
  }
  const details = { expected: header.length, found: cells.length };
  const code = cells.length > header.length ? 'ROW_HAS_MORE_CELLS' : 'ROW_HAS_FEWER_CELLS';
  return { ...row, problems: [{ ...reason(code), found: String(cells.length), details }] };
}

function reason(code: string): RejectionReason {
  return { code, field: null, column: null, found: null };
}

function isBlank(record: readonly string[]): boolean {
  return record.every((cell) => cell.trim() === '');
}

function isEndMark(record: readonly string[]): boolean {
  return record.length === 1 && record[0] === String.fromCharCode(END_MARK);
}
