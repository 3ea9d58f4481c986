import { Injectable } from '@nestjs/common';
import { DatabaseError, type PoolClient } from 'pg';
import { matchKeys } from '../domain/identity.js';
import type { Observation, RejectionReason } from '../domain/observation.js';
import { CopyWriter } from '../platform/database/bulk.js';
import { Database } from '../platform/database/database.js';
import { STAGING_TABLES } from '../privacy/retention.service.js';
import { dropKnown } from './known-blocks.js';

export interface StagedRow {
  readonly rowNo: number;
  readonly observation: Observation;
  /** 128 bits over the stated facts, written as a uuid. */
  readonly contentHash: string;
  /** Nothing follows from this row but that somebody works here. */
  readonly plain: boolean;
  /** Of the bytes that the row was read from; null when they may be read differently another day. */
  readonly rawHash: string | null;
  /** Of a mended row: its number in the run that rejected it. */
  readonly originRow: number | null;
}

export interface RejectedRow {
  readonly rowNo: number;
  readonly reasons: readonly RejectionReason[];
  readonly cells: readonly string[];
  readonly employeeNumber: string | null;
  readonly originRow: number | null;
}

export interface DeferredRow {
  readonly rowNo: number;
  readonly cells: readonly string[];
  readonly originRow: number | null;
}

/** Rows of the file that stand one behind the other, and the name of all their bytes. */
export interface StagedBlock {
  readonly firstRow: number;
  readonly rowCount: number;
  readonly hash: string;
}

/** Where the rows of one run wait until they are decided. Written by COPY. */
export interface StagingWriter {
  observation(row: StagedRow): Promise<void>;
  rejection(row: RejectedRow): Promise<void>;
  deferred(row: DeferredRow): Promise<void>;
  block(block: StagedBlock): Promise<void>;
}

const STAGED = [
  'run_id',
  'row_no',
  'company',
  'employee_number',
  'spell_hint',
  'as_of_at',
  'content_hash',
  'facts',
  'key_name',
  'key_email',
  'key_phone',
  'plain',
  'raw_hash',
  'origin_row',
];

const REJECTED = ['run_id', 'row_no', 'reasons', 'cells', 'employee_number', 'origin_row'];

/** Blocks of rows as `StagedBlock` has them, each with its run before it. */
export function blockWriter(sql: PoolClient): CopyWriter {
  return new CopyWriter(sql, 'staged_block', ['run_id', 'first_row', 'row_count', 'hash']);
}

const STAGING = STAGING_TABLES.join(', ');
/** Fewer rows are deleted quicker than seven tables are emptied. */
const MANY = 10_000;
const LOCK_WAIT_MS = 1_500;
/** lock_not_available; and insufficient_privilege, where the role of the application may only delete. */
const NOT_NOW = new Set(['55P03', '42501']);

@Injectable()
export class StagingService {
  constructor(private readonly db: Database) {}

  /** Everything `work` writes is there when this comes back, or nothing is. */
  async write<T>(runId: string, work: (writer: StagingWriter) => Promise<T>): Promise<T> {
    return this.db.transaction(async (sql) => {
      const writer = new Writer(runId, sql);
      const result = await work(writer);
      await writer.end();
      return result;
    });
  }

  /** Rows that wait for the judgement of a whole column, in file order, a page at a time. */
  async *deferredRows(runId: string): AsyncGenerator<DeferredRow[]> {
    for (let after = -1; ;) {
      const rows: DeferredRow[] = await this.db.query<DeferredRow & { rowNo: number }>(
        `select row_no as "rowNo", cells, origin_row as "originRow" from deferred_row
         where run_id = $1 and row_no > $2 order by row_no limit 1000`,
        [runId, after],
      );
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.rowNo;
      yield rows;
    }
  }

  async dropDeferred(runId: string): Promise<void> {
    await this.db.query('delete from deferred_row where run_id = $1', [runId]);
  }

  async hasDeferred(runId: string): Promise<boolean> {
    return (await this.db.one('select 1 from deferred_row where run_id = $1 limit 1', [runId])) !== null;
  }

  /** The same for rows that were known by their bytes: from then on they are staged like any other, never both. */
  async writeDoubted(
    runId: string,
    rowNumbers: readonly number[],
    work: (writer: StagingWriter) => Promise<void>,
  ): Promise<void> {
    await this.db.transaction(async (sql) => {
      const writer = new Writer(runId, sql);
      await work(writer);
      await writer.end();
      await dropKnown(sql, runId, rowNumbers);
    });
  }

  /** Forgets everything that was read, so that the file can be read again from its beginning. */
  async startAgain(runId: string): Promise<void> {
    await this.clear(runId);
    await this.db.query('delete from rejection where run_id = $1', [runId]);
  }

  /** Forgets the staged rows of a run that is over; rejections and the plan stay. */
  async clear(runId: string): Promise<void> {
    if (await this.emptied(runId)) return;
    for (const table of STAGING_TABLES)
      await this.db.query(`delete from ${table} where run_id = $1`, [runId]);
  }

  /**
   * Empties the whole of it at once where the run left very much and nobody else has anything there: rows that are
   * deleted one by one cost as much again, and every later look has to pass them until they are swept.
   */
  private async emptied(runId: string): Promise<boolean> {
    const many = `select 1 from staged_observation where run_id = $1 offset ${MANY} limit 1`;
    if ((await this.db.one(many, [runId])) === null) return false;
    try {
      return await this.db.transaction(async (sql) => {
        // Long enough for autovacuum to make way, short enough for whoever waits behind.
        await sql.query(`set local lock_timeout = '${LOCK_WAIT_MS}ms'`);
        await sql.query(`lock table ${STAGING} in access exclusive mode`);
        const ends = STAGING_TABLES.flatMap((table) =>
          ['asc', 'desc'].map((way) => `(select run_id from ${table} order by run_id ${way} limit 1)`),
        ).join(' union all ');
        const others = await sql.query(`select 1 from (${ends}) e where run_id <> $1 limit 1`, [runId]);
        if (others.rowCount !== 0) return false;
        await sql.query(`truncate ${STAGING}`);
        return true;
      });
    } catch (error) {
      if (error instanceof DatabaseError && error.code !== undefined && NOT_NOW.has(error.code)) return false;
      throw error;
    }
  }
}

class Writer implements StagingWriter {
  private readonly observations: CopyWriter;
  private readonly rejections: CopyWriter;
  private readonly deferredRows: CopyWriter;
  private readonly blocks: CopyWriter;

  constructor(
    private readonly runId: string,
    sql: PoolClient,
  ) {
    this.observations = new CopyWriter(sql, 'staged_observation', STAGED);
    this.rejections = new CopyWriter(sql, 'rejection', REJECTED);
    this.deferredRows = new CopyWriter(sql, 'deferred_row', ['run_id', 'row_no', 'cells', 'origin_row']);
    this.blocks = blockWriter(sql);
  }

  observation({ rowNo, observation, contentHash, plain, rawHash, originRow }: StagedRow): Promise<void> {
    const { company, employeeNumber, asOfAt, facts } = observation;
    const keys = matchKeys(facts);
    return this.observations.write([
      this.runId,
      rowNo,
      company,
      employeeNumber,
      facts.hiredOn ?? '',
      asOfAt,
      contentHash,
      JSON.stringify(facts),
      keys.name,
      keys.email,
      keys.phone,
      plain,
      rawHash,
      originRow,
    ]);
  }

  rejection({ rowNo, reasons, cells, employeeNumber, originRow }: RejectedRow): Promise<void> {
    return this.rejections.write([
      this.runId,
      rowNo,
      JSON.stringify(reasons),
      JSON.stringify(cells.map(withoutNul)),
      employeeNumber,
      originRow,
    ]);
  }

  deferred({ rowNo, cells, originRow }: DeferredRow): Promise<void> {
    return this.deferredRows.write([this.runId, rowNo, JSON.stringify(cells), originRow]);
  }

  block({ firstRow, rowCount, hash }: StagedBlock): Promise<void> {
    return this.blocks.write([this.runId, firstRow, rowCount, hash]);
  }

  async end(): Promise<void> {
    await this.observations.end();
    await this.rejections.end();
    await this.deferredRows.end();
    await this.blocks.end();
  }
}

/** jsonb cannot hold U+0000; its visible picture stands in for it in the kept copy of a rejected cell. */
function withoutNul(cell: string): string {
  return cell.replaceAll('\u0000', '\u2400');
}
