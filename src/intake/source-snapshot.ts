import { AppError } from '../domain/app-error.js';
import type { ReadingEnd, SourceColumn, SourceRow } from '../connector-spi/connector.js';

/**
 * What a source listed, as the one kind of file that the corridor reads: so that it is kept by its hash, its plan can be
 * made again for an approval, and rejected rows can be mended and sent again, as with any file.
 */
export class SourceSnapshot {
  private readonly seen = new Set<string>();
  private rows = 0;
  private end: ReadingEnd | null = null;
  private broke: unknown = null;

  constructor(
    private readonly columns: readonly SourceColumn[],
    private readonly pages: AsyncGenerator<readonly SourceRow[], ReadingEnd>,
  ) {}

  /** What ended the reading before its end; null when nothing did. */
  get brokeOffWith(): unknown {
    return this.broke;
  }

  /** The reading as CSV in UTF-8, a page at a time. Can be read once. */
  async *csv(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(lineOf(this.columns.map(({ name }) => name)));
    for (;;) {
      const page = await this.nextPage();
      if (page.done === true) {
        this.end = page.value;
        return;
      }
      this.rows += page.value.length;
      if (page.value.length > 0) yield Buffer.from(page.value.map((row) => this.line(row)).join(''));
    }
  }

  private async nextPage(): Promise<IteratorResult<readonly SourceRow[], ReadingEnd>> {
    try {
      return await this.pages.next();
    } catch (error) {
      this.broke = error;
      throw error;
    }
  }

  /**
   * How the reading ended; known after the last byte.
   *
   * @throws SYNC_COLUMN_NEVER_SEEN when no record had a column that must be there: taken for blank, it would clear what
   *   is known of everybody
   */
  outcome(): ReadingEnd {
    if (this.end === null) throw new AppError('SYNC_NOT_READ');
    const missing = this.columns.filter(({ name, optional }) => !optional && !this.seen.has(name));
    if (this.rows > 0 && missing.length > 0) {
      const column = missing.map(({ name }) => name).join(', ');
      throw new AppError('SYNC_COLUMN_NEVER_SEEN', { details: { column, rows: this.rows } });
    }
    return this.end;
  }

  private line(row: SourceRow): string {
    return lineOf(
      this.columns.map(({ name }) => {
        const cell = row[name];
        if (cell !== undefined) this.seen.add(name);
        return cell ?? '';
      }),
    );
  }
}

function lineOf(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`;
}
