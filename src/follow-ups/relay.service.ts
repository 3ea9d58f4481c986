import { z } from 'zod';
import type { FollowUpKind } from '../domain/follow-up.js';
import type { SendingRules } from '../domain/follow-up-rules.js';
import type { Clock } from '../platform/clock/clock.js';
import type { Database, Sql } from '../platform/database/database.js';
import type { RestoreGuard } from '../platform/health/restore-guard.js';
import type { JobFate, JobQueues } from '../platform/queue/job-queues.js';
import type { FollowUpJobs } from './follow-up.job.js';
import { jobFor, jobIdOf } from './follow-up.job.js';
import { isInDoubt, isInTurn } from './mail-order.js';
import { isPaused } from './pause.js';
import { noteLostJobs } from './queue-losses.js';
import { sweepLeases } from './lost-attempts.js';
import { addTo, roomIn } from './send-window.js';
import { giveUp } from './unsent.js';

export interface RelayReport {
  /** Handed to the queue. */
  readonly queued: number;
  readonly queuedIds: readonly string[];
  readonly paused: boolean;
  /** The brake that stopped the relay, with how many due ones wait behind it; null when none did. */
  readonly brake: {
    readonly name: 'perRun' | 'perHour';
    readonly limit: number;
    readonly waiting: number;
  } | null;
}

interface Batch {
  readonly rows: readonly QueuedRow[];
  readonly isFull: boolean;
  /** After which to go on; the start once the end was reached. */
  readonly next: Place;
  /** How far the database has come with this batch; null when it holds nothing. */
  readonly seen: Awaited<ReturnType<RestoreGuard['advance']>>;
}

/** Where a row stands in an order of time, then id. */
interface Place {
  readonly at: string;
  readonly id: string;
}

interface QueuedRow {
  readonly id: string;
  readonly kind: FollowUpKind;
  readonly sends: number;
}

const BATCH = 500;
const START: Place = { at: '-infinity', id: '00000000-0000-0000-0000-000000000000' };
/** A batch that was committed is in the queue long before this, or never. */
const SHORT_GRACE_MS = 10_000;
const WINDOW_KEY = 'follow-ups.window';
const windowSchema = z.record(z.string(), z.int().min(0));

// Due, by mail, for a person who may be written to and of whom we know that it is one person. Walked in the order of
// the index, and each looked up by itself: the walk ends with the last one that is taken, however many more wait.
const DUE = `
  from follow_up f
    cross join lateral (select o.person_id from employment o where o.id = f.employment_id offset 0) e
    cross join lateral (select p.opted_out_at from person p where p.id = e.person_id offset 0) p
  where f.state = 'planned' and f.due_at <= $1 and f.kind <> 'card' and p.opted_out_at is null
    and not ${isInDoubt('e.person_id')}`;

/** Moves follow-ups that are due from the table to the queue, and back into it what the queue has lost. */
export class RelayService {
  /** Of those that wait in the queue for long. */
  private lookedAt = START;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly queues: JobQueues,
    private readonly jobs: FollowUpJobs,
    private readonly sending: SendingRules,
    private readonly guard: RestoreGuard,
  ) {}

  /**
   * Queues what is due, oldest first, of each person the first that is not over yet. Any number of relays may run at
   * once: each row is queued by one of them. A crash between the commit and the queue leaves rows that `reconcile`
   * picks up.
   *
   * @param already queued in the same run before: it counts for the brake
   */
  async relayDue(already = 0): Promise<RelayReport> {
    const queuedIds: string[] = [];
    const { perRun, perHour } = this.sending.brake;
    const left = () => perRun - already - queuedIds.length;
    for (let after = START; ;) {
      const batch = await this.database.transaction((sql) => this.take(sql, left(), after));
      if (batch === 'paused') return { queued: queuedIds.length, queuedIds, paused: true, brake: null };
      queuedIds.push(...batch.rows.map((row) => row.id));
      if (batch.seen !== null) await this.guard.remember(batch.seen);
      await this.enqueue(batch.rows);
      if (!batch.isFull && (batch.rows.length > 0 || after !== START)) {
        // At the end once more from the start: meanwhile it may have become the turn of one that was passed by.
        after = batch.next;
        continue;
      }
      const name = left() <= 0 ? ('perRun' as const) : batch.isFull ? ('perHour' as const) : null;
      const waiting = name === null ? 0 : await this.countDue();
      const brake =
        waiting === 0 || name === null
          ? null
          : { name, limit: name === 'perRun' ? perRun : perHour, waiting };
      return { queued: queuedIds.length, queuedIds, paused: false, brake };
    }
  }

  /**
   * Queues again rows that are queued for long and have no job that would still run: after a flushed Redis, a crash
   * between commit and queue, or a job whose attempts are used up. A queue that holds fewer jobs than rows say is
   * looked through at once, and whole; else each call looks at the next of those that wait, the oldest after the last.
   * What workers died of again and again is given up, for a person to see. Returns how many were queued again.
   */
  async reconcile(): Promise<number> {
    const patienceMs = this.sending.reconcileAfterMinutes * 60_000;
    const graceMs = Math.min(SHORT_GRACE_MS, patienceMs);
    const isShort = await this.isShort(graceMs);
    const olderThan = this.ago(isShort ? graceMs : patienceMs);
    let requeued = 0;
    let after = isShort ? START : this.lookedAt;
    do {
      const rows = await this.database.query<QueuedRow & Place>(
        `select id, kind, sends, queued_at::text as at from follow_up
         where state = 'queued' and queued_at <= $1 and (queued_at, id) > ($2::timestamptz, $3::uuid)
         order by queued_at, id limit ${BATCH}`,
        [olderThan, after.at, after.id],
      );
      requeued += await this.mend(rows);
      after = nextAfter(rows);
    } while (isShort && after !== START);
    this.lookedAt = after;
    return requeued;
  }

  /** Judges attempts whose worker is gone. Returns how many are uncertain now. */
  sweep(): Promise<number> {
    return this.database.transaction((sql) => sweepLeases(sql, this.clock.nowIso()));
  }

  private async take(sql: Sql, left: number, after: Place): Promise<Batch | 'paused'> {
    if (await isPaused(sql)) return 'paused';
    const now = this.clock.now();
    const at = this.clock.nowIso();
    // The row is the lock of the brake: relays take their share one after the other.
    await sql.query(`insert into setting (key, value) values ($1, '{}') on conflict do nothing`, [
      WINDOW_KEY,
    ]);
    const stored = await sql.query<{ value: unknown }>(
      `select value from setting where key = $1 for update`,
      [WINDOW_KEY],
    );
    const window = windowSchema.parse(stored.rows[0]?.value);
    const room = Math.min(left, roomIn(window, now, this.sending.brake.perHour));
    if (room <= 0) return { rows: [], isFull: true, next: after, seen: null };
    const { rows } = await sql.query<QueuedRow & Place>(
      `with due as (
         select f.id ${DUE} and (f.due_at, f.id) > ($4::timestamptz, $5::uuid) and ${isInTurn('e.person_id')}
         order by f.due_at, f.id limit $2 for update of f skip locked
       ), queued as (
         update follow_up f set state = 'queued', queued_at = $3, sends = f.sends + 1, changed_at = $3
         where f.id = any(array(select id from due)) returning f.id, f.kind, f.sends, f.due_at
       ) select id, kind, sends, due_at::text as at from queued order by due_at, id`,
      [at, Math.min(room, BATCH), at, after.at, after.id],
    );
    await sql.query(`update setting set value = $2, changed_at = $3 where key = $1`, [
      WINDOW_KEY,
      JSON.stringify(addTo(window, now, rows.length)),
      at,
    ]);
    return {
      rows,
      isFull: rows.length >= room,
      next: nextAfter(rows),
      seen: rows.length === 0 ? null : await this.guard.advance(sql),
    };
  }

  private async countDue(): Promise<number> {
    const row = await this.database.one<{ n: number }>(`select count(*) as n ${DUE}`, [this.clock.nowIso()]);
    return row?.n ?? 0;
  }

  private ago(ms: number): string {
    return new Date(this.clock.now() - ms).toISOString();
  }

  /** Fewer jobs than rows that have been queued for a while: the queue has lost some. */
  private async isShort(graceMs: number): Promise<boolean> {
    const row = await this.database.one<{ n: number }>(
      `select count(*) as n from follow_up where state = 'queued' and queued_at <= $1`,
      [this.ago(graceMs)],
    );
    const depths = await Promise.all(
      [this.jobs.exitInterviews, this.jobs.invitations].map((job) => this.queues.depth(job.queue)),
    );
    const live = depths.reduce((sum, depth) => sum + depth.waiting + depth.active + depth.delayed, 0);
    return (row?.n ?? 0) > live;
  }

  /** Queues again what has no job any more, and gives up what workers die of. Returns how many were queued again. */
  private async mend(rows: readonly QueuedRow[]): Promise<number> {
    if (rows.length === 0) return 0;
    const fates = await Promise.all(
      rows.map((row) => this.queues.fateOf(jobFor(this.jobs, row.kind), jobIdOf(row.id, row.sends))),
    );
    const having = (...wanted: readonly JobFate[]) =>
      rows.filter((_, index) => wanted.some((fate) => fate === fates[index]));
    const at = this.clock.nowIso();
    const deadly = having('given_up');
    if (deadly.length > 0) await this.database.transaction((sql) => giveUp(sql, deadly, at));
    const lost = having('gone', 'over');
    if (lost.length === 0) return 0;
    const again = await this.database.transaction(async (sql) => {
      const { rows: taken } = await sql.query<QueuedRow>(
        `update follow_up f set sends = f.sends + 1, queued_at = $3, changed_at = $3
         from unnest($1::uuid[], $2::int[]) as l(id, sends)
         where f.id = l.id and f.sends = l.sends and f.state = 'queued'
         returning f.id, f.kind, f.sends`,
        [lost.map((row) => row.id), lost.map((row) => row.sends), at],
      );
      // What another process was quicker to bring back, it has counted.
      const gone = new Set(having('gone').map((row) => row.id));
      await noteLostJobs(sql, taken.filter((row) => gone.has(row.id)).length, at);
      return taken;
    });
    await this.enqueue(again);
    return again.length;
  }

  private async enqueue(rows: readonly QueuedRow[]): Promise<void> {
    for (const job of [this.jobs.exitInterviews, this.jobs.invitations]) {
      const requests = rows
        .filter((row) => jobFor(this.jobs, row.kind) === job)
        .map((row) => ({
          jobId: jobIdOf(row.id, row.sends),
          payload: { v: 1 as const, followUpId: row.id },
        }));
      await this.queues.add(job, requests);
    }
  }
}

/** After which to go on; the start when these were the last. */
function nextAfter(rows: readonly Place[]): Place {
  const last = rows.at(-1);
  return last === undefined || rows.length < BATCH ? START : { at: last.at, id: last.id };
}
