import { Injectable } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import { Clock } from '../platform/clock/clock.js';
import { withAdvisoryLock } from '../platform/database/advisory-lock.js';
import { Database } from '../platform/database/database.js';
import { Gathered } from '../platform/database/gathered.js';
import { newId } from '../platform/database/id.js';
import { DoorsService } from './doors.service.js';
import { FileStoreService } from './file-store.service.js';
import type { Stated } from './receipts.js';
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

interface Waiting {
  readonly rows: readonly InboxRow[];
  /** Nothing else waited when this was looked up. */
  readonly isAll: boolean;
}

/** What came in one request. */
interface Batch {
  readonly id: string;
  readonly source: string;
  readonly payload: string;
  readonly count: number;
  readonly stated: readonly Stated[];
  readonly by: string;
  readonly receivedAt: string;
}

/** So many requests are kept together: a body has at most 8 MB. */
const MOST_AT_ONCE = 16;
/** What was pushed one after the other becomes one run of at most so many records and so many bytes. */
const MOST_IN_ONE_RUN = 10_000;
const MOST_BYTES_IN_ONE_RUN = 16 * 1024 * 1024;
// One way to the database and back for both, and for all that came at the same time.
const PUT_RECORDS = `
  with kept as (
    insert into inbox (id, kind, source, payload, item_count, received_at, received_by, state, next_try_at)
    select b.id, 'records', b.source, b.payload, b.item_count, b.received_at, b.received_by, 'pending', b.received_at
    from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::text[])
      as b(id, source, payload, item_count, received_at, received_by))
  select s.batch, s.company, s.number, s.spell, s.hash
  from jsonb_to_recordset($7::jsonb) as s(batch int, company text, number text, spell text, hash text)
  where exists (select 1 from observation o where o.source = ($2::text[])[s.batch + 1] and o.current
    and not o.reverted and not o.absent and o.company = s.company and o.employee_number = s.number
    and o.spell_hint = s.spell and o.content_hash = s.hash::uuid)`;
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
  private readonly puts = new Gathered<Batch, readonly Stated[]>(
    (batches) => this.put(batches),
    MOST_AT_ONCE,
    'soon',
  );

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly doors: DoorsService,
    private readonly files: FileStoreService,
    private readonly runs: RunsRepository,
  ) {}

  /**
   * Keeps records until they are applied. Gives the id of the batch once they are durably stored, and which of what is
   * stated the source has said word for word before.
   */
  async putRecords(
    source: string,
    records: readonly unknown[],
    stated: readonly Stated[],
    by: string,
  ): Promise<{ readonly id: string; readonly known: readonly Stated[] }> {
    const [id, receivedAt] = [newId(), this.clock.nowIso()];
    const batch = {
      id,
      source,
      payload: JSON.stringify(records),
      count: records.length,
      stated,
      by,
      receivedAt,
    };
    return { id, known: await this.puts.add(batch) };
  }

  /** The same for a file that the store keeps already. The id is that of its run. */
  async putFile(source: string, order: FileOrder, by: string): Promise<string> {
    const [id, now] = [newId(), this.clock.nowIso()];
    await this.db.query(
      `insert into inbox (id, kind, source, payload, item_count, received_at, received_by, state, next_try_at)
       values ($1, 'file', $2, $3, 1, $4, $5, 'pending', $4)`,
      [id, source, JSON.stringify(order), now, by],
    );
    return id;
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

  private async put(batches: readonly Batch[]): Promise<Stated[][]> {
    const stated = batches.flatMap((one, batch) => one.stated.map((said) => ({ ...said, batch })));
    const known = await this.db.prepared<Stated & { number: string; batch: number }>(
      'inbox-put-records',
      PUT_RECORDS,
      [
        batches.map(({ id }) => id),
        batches.map(({ source }) => source),
        batches.map(({ payload }) => payload),
        batches.map(({ count }) => count),
        batches.map(({ receivedAt }) => receivedAt),
        batches.map(({ by }) => by),
        JSON.stringify(stated),
      ],
    );
    const byBatch = batches.map((): Stated[] => []);
    for (const row of known) byBatch[row.batch]?.push(row);
    return byBatch;
  }

  private drainAlone(source: string): Promise<void> {
    return withAdvisoryLock(this.db, `enishi.inbox.${source}`, async (isHeld) => {
      let most = MOST_IN_ONE_RUN;
      while (isHeld()) {
        const { rows, isAll } = await this.next(source, most);
        if (rows.length === 0) return;
        const isThrough = await this.carryOut(rows);
        // What came meanwhile is left to whoever was woken for it: the longer it gathers, the less each record costs.
        if (isThrough && isAll) return;
        // Of several that failed together, one is bad: half of them at a time, until it is alone.
        most = isThrough ? Math.min(MOST_IN_ONE_RUN, most * 2) : Math.max(1, Math.floor(rows.length / 2));
      }
    });
  }

  /** What comes next: one file, or records of one sender that came one after the other. Nothing overtakes. */
  private async next(source: string, most: number): Promise<Waiting> {
    const rows = await this.db.query<InboxRow & { due: boolean; waiting: number }>(
      `select i.id, i.kind, i.source, i.payload, i.item_count, i.received_by, i.attempts, i.next_try_at <= $2 as due,
         p.waiting
       from (select p.*, row_number() over w as place, sum(item_count) over w as items, sum(bytes) over w as bytes_so_far,
           count(*) over () as waiting
         from (select id, received_at, item_count, octet_length(payload) as bytes from inbox
           where state = 'pending' and source = $1 order by received_at, id limit $3) p
         window w as (order by received_at, id rows unbounded preceding)) p
       join inbox i on i.id = p.id
       where p.place = 1 or (p.items <= ${MOST_IN_ONE_RUN} and p.bytes_so_far <= ${MOST_BYTES_IN_ONE_RUN})
       order by p.place`,
      [source, this.clock.nowIso(), most],
    );
    const [first, ...others] = rows;
    if (first === undefined || !first.due) return { rows: [], isAll: true };
    // What failed before goes alone, so that one bad batch does not keep its neighbours back.
    const isAlone = first.kind === 'file' || first.attempts > 0;
    const end = others.findIndex(
      (row) => isAlone || row.kind !== 'records' || row.attempts > 0 || row.received_by !== first.received_by,
    );
    const group = [first, ...(end === -1 ? others : others.slice(0, end))];
    return { rows: group, isAll: group.length === first.waiting && first.waiting < most };
  }

  /** False when it failed and is to be tried again, or never. */
  private async carryOut(rows: readonly InboxRow[]): Promise<boolean> {
    try {
      const run = await this.import(rows);
      await this.finish(rows, run.id);
      return true;
    } catch (error) {
      // Which of several it was is not known yet: they are tried again in smaller groups, and none has failed so far.
      const [only, ...others] = rows;
      if (only !== undefined && others.length === 0) await this.postpone(only, error);
      return false;
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
      `update inbox set state = 'done', run_id = $2, payload = null, error = null, finished_at = $3
       where id = any($1::uuid[]) and state = 'pending'`,
      [rows.map((row) => row.id), runId, this.clock.nowIso()],
    );
  }

  /**
   * What may go better later is tried again, later each time. What can never go (an unknown profile, a file that is no
   * table) ends as failed, with its code, for people to see.
   */
  private async postpone(row: InboxRow, error: unknown): Promise<void> {
    const code = error instanceof AppError ? error.code : 'RUN_BROKE_OFF';
    const attempts = row.attempts + 1;
    const isOver = (error instanceof AppError && !error.retryable) || attempts >= MOST_ATTEMPTS;
    const wait = Math.min(LONGEST_BACK_OFF_MS, BACK_OFF_MS * 2 ** (attempts - 1));
    const now = this.clock.now();
    await this.db.query(
      `update inbox set attempts = attempts + 1, next_try_at = $2, error = $3, state = $4,
         finished_at = case when $4 = 'failed' then $5::timestamptz end
       where id = $1 and state = 'pending'`,
      [
        row.id,
        new Date(now + wait).toISOString(),
        JSON.stringify({ code }),
        isOver ? 'failed' : 'pending',
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
