import { CsvError, parse, type Parser } from 'csv-parse';
import type { Delimiter } from './table.js';

/** Why reading stopped before the end of the file. */
export type ParseStop = 'QUOTE_NOT_CLOSED' | 'ROW_TOO_LONG';

/**
 * Splits bytes into records, each cell a string of one character per byte. That is safe before decoding: in UTF-8, CP932
 * and EUC-JP no byte of a longer character equals a separator, a quote or a line end.
 *
 * Records are taken synchronously after each chunk, so that none is lost when a later one cannot be parsed.
 */
export class RecordParser {
  readonly #parser: Parser;
  #records: string[][] = [];
  #stop: ParseStop | null = null;
  #bytesSinceRecord = 0;

  constructor(
    delimiter: Delimiter,
    private readonly maxRecordBytes: number,
  ) {
    this.#parser = parse({
      encoding: 'latin1',
      bom: false,
      delimiter,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      relax_quotes: true,
      max_record_size: maxRecordBytes,
      on_record: (record: string[]) => {
        this.#records.push(record);
        return null;
      },
    });
    this.#parser.on('error', () => undefined); // each call below reports it
    this.#parser.resume();
  }

  get stop(): ParseStop | null {
    return this.#stop;
  }

  /** Records that this chunk completed. After `stop` is set there are no more. */
  async push(chunk: Buffer): Promise<string[][]> {
    const records = await this.#take((done) => this.#parser.write(chunk, done));
    this.#bytesSinceRecord = records.length > 0 ? 0 : this.#bytesSinceRecord + chunk.length;
    // The parser's own limit counts the characters of cells only: a line of nothing but separators passes it.
    if (this.#bytesSinceRecord > this.maxRecordBytes && records.length === 0) this.#stop ??= 'ROW_TOO_LONG';
    return records;
  }

  async end(): Promise<string[][]> {
    return this.#take((done) => {
      this.#parser.once('error', done);
      this.#parser.once('end', () => done());
      this.#parser.end();
    });
  }

  close(): void {
    this.#parser.destroy();
  }

  async #take(step: (done: (error?: Error | null) => void) => void): Promise<string[][]> {
    if (this.#stop !== null) return [];
    const error = await new Promise<Error | null>((resolve) => step((problem) => resolve(problem ?? null)));
    if (error !== null) this.#stop = stopOf(error);
    const records = this.#records;
    this.#records = [];
    return records;
  }
}

function stopOf(error: Error): ParseStop {
  if (error instanceof CsvError && error.code === 'CSV_QUOTE_NOT_CLOSED') return 'QUOTE_NOT_CLOSED';
  if (error instanceof CsvError && error.code === 'CSV_MAX_RECORD_SIZE') return 'ROW_TOO_LONG';
  throw error;
}
