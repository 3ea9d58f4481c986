import { Injectable } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import { Database, type Sql } from '../platform/database/database.js';
import { NO_CHANGES, NO_FOLLOW_UPS, NO_ROWS, NO_VERDICTS, type Run, type RunStatus } from './run.js';

const COLUMNS: Readonly<Record<keyof Run, string>> = {
  id: 'id',
  source: 'source',
  kind: 'kind',
  mode: 'mode',
  status: 'status',
  dryRun: 'dry_run',
  fileSha256: 'file_sha256',
  fileName: 'file_name',
  encoding: 'encoding',
  delimiter: 'delimiter',
  header: 'header',
  profile: 'profile',
  profileContent: 'profile_content',
  asOfAt: 'as_of_at',
  decidedForAt: 'decided_for_at',
  firstOfSource: 'first_of_source',
  expectRows: 'expect_rows',
  seenToEnd: 'seen_to_end',
  planHash: 'plan_hash',
  itemCount: 'item_count',
  appliedSeq: 'applied_seq',
  rows: 'rows',
  changes: 'changes',
  verdicts: 'verdicts',
  followUps: 'follow_ups',
  brakes: 'brakes',
  notes: 'notes',
  error: 'error',
  startedBy: 'started_by',
  decidedBy: 'decided_by',
  decidedReason: 'decided_reason',
  decidedAt: 'decided_at',
  applyAt: 'apply_at',
  revertsRunId: 'reverts_run_id',
  retriesRunId: 'retries_run_id',
  startedAt: 'started_at',
  finishedAt: 'finished_at',
};
const JSON_FIELDS = new Set<keyof Run>([
  'profileContent',
  'header',
  'rows',
  'changes',
  'verdicts',
  'followUps',
  'brakes',
  'notes',
  'error',
]);
const SELECT = Object.entries(COLUMNS)
  .map(([field, column]) => `${column} as "${field}"`)
  .join(', ');

export type NewRun = Pick<
  Run,
  'id' | 'source' | 'kind' | 'mode' | 'asOfAt' | 'decidedForAt' | 'startedBy' | 'startedAt'
> &
  Partial<Run>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

@Injectable()
export class RunsRepository {
  constructor(private readonly db: Database) {}

  async insert(run: NewRun): Promise<Run> {
    const full: Run = {
      status: 'reading',
      dryRun: false,
      fileSha256: null,
      fileName: null,
      encoding: null,
      delimiter: null,
      header: null,
      profile: null,
      profileContent: null,
      firstOfSource: false,
      expectRows: null,
      seenToEnd: false,
      planHash: null,
      itemCount: 0,
      appliedSeq: 0,
      rows: NO_ROWS,
      changes: NO_CHANGES,
      verdicts: NO_VERDICTS,
      followUps: NO_FOLLOW_UPS,
      brakes: [],
      notes: [],
      error: null,
      decidedBy: null,
      decidedReason: null,
      decidedAt: null,
      applyAt: null,
      revertsRunId: null,
      retriesRunId: null,
      finishedAt: null,
      ...run,
    };
    const fields = Object.keys(COLUMNS) as (keyof Run)[];
    await this.db.query(
      `insert into import_run (${fields.map((f) => COLUMNS[f]).join(', ')})
       values (${fields.map((_, i) => `$${i + 1}`).join(', ')})`,
      fields.map((f) => toColumn(f, full[f])),
    );
    return full;
  }

  /** @throws RUN_NOT_FOUND */
  async get(id: string, sql: Sql = this.db.pool): Promise<Run> {
    const run = await this.find(id, sql);
    if (run === null) throw new AppError('RUN_NOT_FOUND', { details: { run: id } });
    return run;
  }

  /** The run with this id or, for people at a keyboard, with the only id that begins or ends so; else null. */
  async find(id: string, sql: Sql = this.db.pool): Promise<Run | null> {
    if (!/^[0-9a-f-]{6,36}$/i.test(id)) return null;
    const sameId = UUID.test(id) ? 'id = $1::uuid' : `id::text like $1 || '%' or id::text like '%' || $1`;
    const result = await sql.query<Run & { id: string }>(
      `select ${SELECT} from import_run where ${sameId} limit 2`,
      [id.toLowerCase()],
    );
    return result.rows.length === 1 ? (result.rows[0] ?? null) : null;
  }

  /**
   * Changes a run that is not over.
   *
   * @throws RUN_INTERRUPTED when it is: a process that lost its lock with its connection goes on for a while, and another
   *   one has ended the run meanwhile, or finished it
   */
  async update(id: string, change: Partial<Run>, sql: Sql = this.db.pool): Promise<void> {
    const fields = Object.keys(change) as (keyof Run)[];
    const updated = await sql.query(
      `update import_run set ${fields.map((f, i) => `${COLUMNS[f]} = $${i + 2}`).join(', ')}
       where id = $1 and status not in ('applied', 'rejected', 'failed', 'reverted')`,
      [id, ...fields.map((f) => toColumn(f, change[f]))],
    );
    if (updated.rowCount === 0)
      throw new AppError('RUN_INTERRUPTED', { retryable: true, details: { run: id } });
  }

  /** Newest first, after a cursor of `started_at` and id. */
  async list(filter: {
    source?: string | undefined;
    status?: RunStatus | undefined;
    before?: { startedAt: string; id: string } | undefined;
    limit: number;
  }): Promise<Run[]> {
    const { source, status, before, limit } = filter;
    const rows = await this.db.query<Run & { id: string }>(
      `select ${SELECT} from import_run
       where ($1::text is null or source = $1) and ($2::text is null or status = $2)
         and ($3::timestamptz is null or (started_at, id) < ($3, $4))
       order by started_at desc, id desc limit $5`,
      [source ?? null, status ?? null, before?.startedAt ?? null, before?.id ?? null, limit],
    );
    return rows;
  }

  async byStatus(status: RunStatus, source: string | null): Promise<Run[]> {
    const rows = await this.db.query<Run & { id: string }>(
      `select ${SELECT} from import_run where status = $1 and ($2::text is null or source = $2) order by started_at`,
      [status, source],
    );
    return rows;
  }
}

function toColumn(field: keyof Run, value: unknown): unknown {
  return JSON_FIELDS.has(field) && value !== null ? JSON.stringify(value) : value;
}
