import { Injectable } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import { Database } from '../platform/database/database.js';
import { NO_CHANGES, NO_FOLLOW_UPS, NO_ROWS, NO_VERDICTS, type Run } from './run.js';

export interface BatchItem {
  readonly id: string;
  readonly source: string;
  readonly state: 'pending' | 'done' | 'failed';
  readonly records: number;
  readonly receivedAt: string;
  readonly runId: string | null;
  readonly error: { readonly code: string } | null;
}

interface WaitingRow {
  id: string;
  source: string;
  received_at: string;
  received_by: string;
  mode: 'full' | 'delta';
  sha256: string;
  file_name: string;
  profile: string | null;
  state: 'pending' | 'failed';
  error: { code: string } | null;
}

/** What was taken over HTTP and has not become a run yet. `sources` null: of every source. */
@Injectable()
export class InboxQueries {
  constructor(private readonly db: Database) {}

  /** One batch of records. @throws BATCH_NOT_FOUND */
  async batch(id: string, source: string): Promise<BatchItem> {
    const row = await this.db.one<BatchItem & { id: string }>(
      `select id, source, state, item_count as records, received_at as "receivedAt", run_id as "runId", error
       from inbox where id = $1 and source = $2 and kind = 'records'`,
      [id, source],
    );
    if (row === null) throw new AppError('BATCH_NOT_FOUND', { details: { batch: id } });
    return row;
  }

  /** A file whose run has an id but has not begun, seen as the run that it will be; null when there is none. */
  async waitingRun(id: string, sources: readonly string[] | null): Promise<Run | null> {
    const row = await this.db.one<WaitingRow>(
      `select id, source, received_at, received_by, payload::jsonb->>'mode' as mode, payload::jsonb->>'sha256' as sha256,
         payload::jsonb->>'fileName' as file_name, payload::jsonb->>'profile' as profile, state, error
       from inbox i where id = $1 and kind = 'file' and state <> 'done' and ($2::text[] is null or source = any($2))
         and not exists (select 1 from import_run r where r.id = i.id)`,
      [id, sources],
    );
    return row === null ? null : toRun(row);
  }
}

function toRun(row: WaitingRow): Run {
  const status = row.state === 'failed' ? 'failed' : 'reading';
  const base: Partial<Run> = {
    id: row.id,
    source: row.source,
    kind: 'file',
    mode: row.mode,
    status,
    dryRun: false,
    fileSha256: row.sha256,
    fileName: row.file_name,
    encoding: null,
    delimiter: null,
    profile: row.profile,
    asOfAt: row.received_at,
    planHash: null,
    rows: NO_ROWS,
    changes: NO_CHANGES,
    verdicts: NO_VERDICTS,
    followUps: NO_FOLLOW_UPS,
    brakes: [],
    notes: [],
    error: row.error === null ? null : { code: row.error.code, details: {} },
    startedBy: row.received_by,
    decidedBy: null,
    decidedReason: null,
    decidedAt: null,
    revertsRunId: null,
    startedAt: row.received_at,
    finishedAt: null,
  };
  return base as Run;
}
