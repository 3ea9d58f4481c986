import { createHash } from 'node:crypto';
import type {
  GapCode,
  GapDetails,
  ReadingEnd,
  SourceHttp,
  SourceRow,
} from '../../src/connector-spi/connector.js';
import { codeOfTrouble, refusal } from '../../src/connector-spi/refusal.js';
import { rowOf, valueAt } from './map.js';
import { fetchPage, nextAfter } from './pages.js';
import type { RestSettings } from './settings.js';

const MOST_PAGES = 1_000_000;

/** One reading of a listing, page after page, with what speaks against its being whole. */
export class RestReading {
  private readonly pageHashes = new Set<string>();
  private readonly keys = new Set<number>();
  private readonly columns: readonly (readonly [string, string])[];
  private total: number | null = null;
  private rows = 0;
  private gap: Extract<ReadingEnd, { whole: false }> | null = null;

  constructor(private readonly settings: RestSettings) {
    this.columns = Object.entries(settings.columns).map(([name, { at }]) => [name, at]);
  }

  /**
   * @throws what `http` throws for the first page
   * @throws SYNC_LIST_MISSING, SYNC_RECORD_UNREADABLE, SYNC_CELL_NOT_PLAIN
   */
  async *pages(http: SourceHttp, signal: AbortSignal): AsyncGenerator<readonly SourceRow[], ReadingEnd> {
    let last: unknown = null;
    for (let number = 1; number <= MOST_PAGES; number += 1) {
      signal.throwIfAborted();
      const answer = await this.page(http, { number, rowsBefore: this.rows, last }, signal);
      if (answer === null) return this.ended();
      const records = this.recordsOf(answer.body, number);
      const isRepeated = this.judge(answer.body, records, number);
      if (isRepeated) return this.ended();
      this.rows += records.length;
      yield records.map((record, index) => this.row(record, this.rows - records.length + index + 1));
      const next = nextAfter(answer.body, this.settings.pages);
      if (this.isOver(next, number, records.length)) return this.ended();
      last = answer.body;
    }
    this.note('SYNC_END_NOT_TOLD', { pages: MOST_PAGES });
    return this.ended();
  }

  /** Null after a gap was noted: a page that cannot be had ends the reading, unless it is the first. */
  private async page(
    http: SourceHttp,
    state: Parameters<typeof fetchPage>[2],
    signal: AbortSignal,
  ): Promise<{ readonly body: unknown } | null> {
    try {
      return { body: await fetchPage(http, this.settings, state) };
    } catch (error) {
      signal.throwIfAborted();
      if (state.number === 1) throw error;
      this.note('SYNC_PAGE_FAILED', { page: state.number, rows: this.rows, reason: codeOfTrouble(error) });
      return null;
    }
  }

  private recordsOf(body: unknown, page: number): readonly unknown[] {
    const found = valueAt(body, this.settings.rows);
    if (!Array.isArray(found))
      throw refusal('SYNC_LIST_MISSING', { setting: this.settings.rows ?? 'rows', page });
    return found as readonly unknown[];
  }

  /** Notes what is wrong with a page. True when it is one that came before: reading on would go round in a circle. */
  private judge(body: unknown, records: readonly unknown[], page: number): boolean {
    const total = valueAt(body, this.settings.total);
    if (this.settings.total !== undefined) {
      if (typeof total !== 'number') this.note('SYNC_END_NOT_TOLD', { pages: page });
      else if (this.total !== null && this.total !== total) {
        this.note('SYNC_TOTAL_CHANGED', { page, before: this.total, after: total });
      } else this.total = total;
    }
    if (records.length === 0) return false;
    const hash = createHash('sha256').update(JSON.stringify(records)).digest('base64');
    if (this.pageHashes.has(hash)) {
      this.note('SYNC_PAGE_REPEATED', { page, rows: this.rows });
      return true;
    }
    this.pageHashes.add(hash);
    return false;
  }

  private row(record: unknown, number: number): SourceRow {
    if (typeof record !== 'object' || record === null || Array.isArray(record)) {
      throw refusal('SYNC_RECORD_UNREADABLE', { row: number });
    }
    const row = rowOf(record, this.columns);
    // A line without anything in it would be passed over further on, and then not be accounted for.
    if (Object.values(row).every((cell) => cell == null || cell.trim() === '')) {
      throw refusal('SYNC_RECORD_UNREADABLE', { row: number });
    }
    this.rememberKey(record, number);
    return row;
  }

  private rememberKey(record: object, row: number): void {
    const key = valueAt(record, this.settings.key);
    if (this.settings.key === undefined || (typeof key !== 'string' && typeof key !== 'number')) return;
    // 48 bits each instead of the text: a million keys must not fill the memory, and a wrong hit only costs absences.
    const short = createHash('sha256').update(String(key)).digest().readUIntBE(0, 6);
    if (this.keys.has(short)) this.note('SYNC_ROW_REPEATED', { row });
    this.keys.add(short);
  }

  /** Whether the listing ends behind this page; notes it where the end is not to be trusted. */
  private isOver(next: ReturnType<typeof nextAfter>, page: number, rowsOnPage: number): boolean {
    const isCounted = this.total !== null && this.rows >= this.total;
    if (next === 'uncounted') {
      if (isCounted) return true;
      const isLast = rowsOnPage === 0 || (this.total === null && rowsOnPage < this.pageSize());
      if (isLast && this.total === null) this.note('SYNC_END_NOT_TOLD', { pages: page });
      else if (isLast) this.note('SYNC_PAGE_EMPTY', { page, rows: this.rows });
      return isLast;
    }
    const isEmpty = rowsOnPage === 0 && (page > 1 || next === 'more');
    if (isEmpty && !isCounted) this.note('SYNC_PAGE_EMPTY', { page, rows: this.rows });
    return next === 'end' || isEmpty;
  }

  private pageSize(): number {
    const { pages } = this.settings;
    return 'size' in pages ? pages.size : 0;
  }

  private ended(): ReadingEnd {
    if (this.total !== null && this.total !== this.rows) {
      this.note('SYNC_COUNT_DIFFERS', { expected: this.total, found: this.rows });
    }
    return this.gap ?? { whole: true };
  }

  /** The first one is told: what follows from it is noise. */
  private note(because: GapCode, details: GapDetails): void {
    this.gap ??= { whole: false, because, details };
  }
}
