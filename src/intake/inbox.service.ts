import { Injectable } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import { Clock } from '../platform/clock/clock.js';
import { withAdvisoryLock } from '../platform/database/advisory-lock.js';
import { Database } from '../platform/database/database.js';
import { newId } from '../platform/database/id.js';
import { DoorsService } from './doors.service.js';
import { FileStoreService } from './file-store.service.js';
import type { Run, RunMode } from './run.js';
import { RunsRepository } from './runs.repository.js';

/** A file that was taken and is kept; what its import needs beyond its bytes. */
export interface FileOrder {
  readonly sha256: string;
  readonly fileName: string;
  readonly mode: RunMode;
  readonly asOf: string;
  readonly profile: string | null;
  readonly expectRows: number | null;
  /** The sender declared the hash, and it matched. */
  readonly hashDeclared: boolean;
}

interface InboxRow {
  id: string;
  kind: 'records' | 'file';
  source: string;
  /** JSON as a text: jsonb cannot hold every text that JSON can. */
  payload: string;
  item_count: number;
  received_by: string;
  attempts: number;
}

/** Batches that were pushed one after the other become one run of at most this many records. */
const MOST_IN_ONE_RUN = 1_000;
const MOST_ATTEMPTS = 8;
const BACK_OFF_MS = 2_000;
const LONGEST_BACK_OFF_MS = 300_000;

/**
 * Between "taken" and "applied": what HTTP answered 202 for is a row, so that no death of a process and no outage of the
 * queue loses it. Whichever process comes first carries it through the corridor, in the order in which it came.
 */
@Injectable()
export class InboxService {
  /** Drains of this process, by source: a second call joins the first one's wait. */
  private readonly draining = new Map<string, Promise<void>>();

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly doors: DoorsService,
    private readonly files: FileStoreService,
    private readonly runs: RunsRepository,
  ) {}

  /** Keeps records until they are applied. Gives the id of the batch once they are durably stored. */
  putRecords(source: string, records: readonly unknown[], by: string): Promise<string> {
    return this.put('records', source, records, records.length, by);
  }

  /** The same for a file that the store keeps already. The id is that of its run. */
  putFile(source: string, order: FileOrder, by: string): Promise<string> {
    return this.put('file', source, order, 1, by);
  }

  /** Carries out what waits for the source, as far as it can now. Calls at the same time share one drain. */
  async drain(source: string): Promise<void> {
    const running = this.draining.get(source);
    // What was put after the running drain looked may be left: it is asked again when that one is through.
    if (running !== undefined) await running.catch(() => undefined);
    const again = this.draining.get(source);
    if (again !== undefined) return again;
    const mine = this.drainAlone(source).finally(() => this.draining.delete(source));
    this.draining.set(source, mine);
    return mine;
  }

  /** Sources with something that is due. */
  async due(): Promise<string[]> {
    const rows = await this.db.query<{ source: string }>(
      `select distinct source from inbox where state = 'pending' and next_try_at <= $1`,
      [this.clock.nowIso()],
    );
    return rows.map((row) => row.source);
  }

  private async put(
    kind: InboxRow['kind'],
    source: string,
    payload: unknown,
    count: number,
    by: string,
  ): Promise<string> {
    const [id, now] = [newId(), this.clock.nowIso()];
    await this.db.query(
      `insert into inbox (id, kind, source, payload, item_count, received_at, received_by, state, next_try_at)
       values ($1, $2, $3, $4, $5, $6, $7, 'pending', $6)`,
      [id, kind, source, JSON.stringify(payload), count, now, by],
    );
    return id;
  }

  private drainAlone(source: string): Promise<void> {
    return withAdvisoryLock(this.db, `enishi.inbox.${source}`, async () => {
      for (let rows = await this.next(source); rows.length > 0; rows = await this.next(source)) {
        await this.carryOut(rows);
      }
    });
  }

  /** What comes next: one file, or records of one sender that came one after the other. Nothing overtakes. */
  private async next(source: string): Promise<InboxRow[]> {
    const rows = await this.db.query<InboxRow & { due: boolean }>(
      `select id, kind, source, payload, item_count, received_by, attempts, next_try_at <= $2 as due from inbox
       where state = 'pending' and source = $1 order by received_at, id limit 200`,
      [source, this.clock.nowIso()],
    );
    const [first, ...others] = rows;
    if (first === undefined || !first.due) return [];
    const group: InboxRow[] = [first];
    // What failed before goes alone, so that one bad batch does not keep its neighbours back.
    if (first.kind === 'file' || first.attempts > 0) return group;
    let count = first.item_count;
    for (const row of others) {
      count += row.item_count;
      const fits = row.kind === 'records' && row.attempts === 0 && row.received_by === first.received_by;
      if (!fits || count > MOST_IN_ONE_RUN) break;
      group.push(row);
    }
    return group;
  }

  private async carryOut(rows: readonly InboxRow[]): Promise<void> {
    try {
      const run = await this.import(rows);
      await this.finish(rows, run.id);
    } catch (error) {
      await this.postpone(rows, error);
    }
  }

  private async import(rows: readonly InboxRow[]): Promise<Run> {
    const [first] = rows;
    if (first === undefined) throw new AppError('INBOX_EMPTY');
    const { source, received_by: by } = first;
    if (first.kind === 'file')
      return this.importFile(first.id, source, JSON.parse(first.payload) as FileOrder, by);
    const records = rows.flatMap((row) => JSON.parse(row.payload) as unknown[]);
    return (await this.doors.importRecords({ source, records, by })).run;
  }

  /** The run has the id that the sender was told. One that a dying process left is begun again. */
  private async importFile(id: string, source: string, order: FileOrder, by: string): Promise<Run> {
    const before = await this.runs.find(id);
    if (before !== null && !isLeftOver(before)) return before;
    if (before !== null) await this.db.query('delete from import_run where id = $1', [id]);
    return this.doors.importFile({
      id,
      source,
      fileName: order.fileName,
      bytes: this.files.read(order.sha256),
      mode: order.mode,
      asOf: order.asOf,
      profile: order.profile ?? undefined,
      expectRows: order.expectRows ?? undefined,
      sha256: order.hashDeclared ? order.sha256 : undefined,
      by,
    });
  }

  /** The records themselves are no longer needed: they are observations now, or rejections of the run. */
  private async finish(rows: readonly InboxRow[], runId: string): Promise<void> {
    await this.db.query(
      `update inbox set state = 'done', run_id = $2, payload = null, error = null, finished_at = $3 where id = any($1::uuid[])`,
      [rows.map((row) => row.id), runId, this.clock.nowIso()],
    );
  }

  /**
   * What may go better later is tried again, later each time. What can never go (an unknown profile, a file that is no
   * table) ends as failed, with its code, for people to see.
   */
  private async postpone(rows: readonly InboxRow[], error: unknown): Promise<void> {
    const code = error instanceof AppError ? error.code : 'RUN_BROKE_OFF';
    const attempts = (rows[0]?.attempts ?? 0) + 1;
    const isOver = (error instanceof AppError && !error.retryable) || attempts >= MOST_ATTEMPTS;
    const wait = Math.min(LONGEST_BACK_OFF_MS, BACK_OFF_MS * 2 ** (attempts - 1));
    const now = this.clock.now();
    await this.db.query(
      `update inbox set attempts = attempts + 1, next_try_at = $2, error = $3, state = $4,
         finished_at = case when $4 = 'failed' then $5::timestamptz end
       where id = any($1::uuid[])`,
      [
        rows.map((row) => row.id),
        // Several that failed together are tried alone at once: which of them it was is not known yet.
        new Date(rows.length > 1 ? now : now + wait).toISOString(),
        JSON.stringify({ code }),
        isOver && rows.length === 1 ? 'failed' : 'pending',
        new Date(now).toISOString(),
      ],
    );
  }
}

/** Whoever holds the inbox of a source knows that no other process is reading a file of it from here. */
function isLeftOver(run: Run): boolean {
  if (run.status === 'reading') return true;
  if (run.status === 'planned') return !run.dryRun;
  return run.status === 'failed' && run.error?.code === 'RUN_INTERRUPTED';
}
