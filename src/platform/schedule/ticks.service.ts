import { AppError } from '../../domain/app-error.js';
import { Clock } from '../clock/clock.js';
import { Database, type Sql } from '../database/database.js';
import { dueBetween, lastDue } from './due-times.js';
import { ifLocked } from './tick-lock.js';
import type { Tick } from './tick.js';

export interface TicksOptions {
  /** Names this process in the rows. */
  readonly holder: string;
  /** Told what a tick threw; the tick is tried again by itself. */
  readonly onError: (tick: string, error: unknown) => void;
}

interface TickRow {
  readonly state: 'running' | 'done' | 'failed';
  readonly attempt: number;
  readonly retry_at: string | null;
}

interface Begun {
  readonly attempt: number;
  readonly missed: number;
}

/** A tick that throws is tried again so often, a minute apart and more; its next due instant comes in any case. */
const TRIES = 5;
/** A tick whose process dies each time is begun so often and then left: it may be what kills the process. */
const TAKEOVERS = 20;
const RETRY_MS = 60_000;

/**
 * Runs what is due by the clock, once among any number of processes: a row for each tick and due instant says who has
 * it, and an advisory lock says whether that process lives. After a standstill the last due instant runs and the others
 * are counted as missed.
 *
 * A clock that is set forward and back again runs nothing twice, for each due instant is a row; until it has caught up
 * with what has run, only instants without a row come due.
 */
export class TicksService {
  private readonly settled = new Map<string, number>();
  private readonly atWork = new Map<string, Promise<void>>();
  private stopped = false;

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly ticks: readonly Tick[],
    private readonly options: TicksOptions,
  ) {}

  /** Begins whatever is due and not begun. Returns when all that this process has begun has ended. */
  async turn(): Promise<void> {
    if (this.stopped) return;
    const now = this.clock.now();
    for (const tick of this.ticks) {
      if (this.atWork.has(tick.name)) continue;
      const due = lastDue(tick.cron, now);
      if (due === null || this.settled.get(tick.name) === due) continue;
      const work = this.runDue(tick, due)
        .catch((error: unknown) => this.options.onError(tick.name, error))
        .finally(() => this.atWork.delete(tick.name));
      this.atWork.set(tick.name, work);
    }
    await Promise.all(this.atWork.values());
  }

  /** Begins nothing any more, and waits for what is at work. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.atWork.values());
  }

  private async runDue(tick: Tick, due: number): Promise<void> {
    const dueAt = new Date(due).toISOString();
    const row = await this.row(this.db.pool, tick.name, dueAt);
    if (row !== null && this.isSettled(row)) {
      this.settled.set(tick.name, due);
      return;
    }
    if (row?.state === 'failed' && !this.mayRetry(row)) return;
    await ifLocked(this.db.url, `enishi.tick.${tick.name}`, async () => {
      const begun = await this.db.transaction((sql) => this.begin(sql, tick, due));
      if (begun !== null) await this.carryOut(tick, dueAt, begun);
    });
  }

  /** Under the lock: whoever was running this tick before is dead. */
  private async begin(sql: Sql, tick: Tick, due: number): Promise<Begun | null> {
    const dueAt = new Date(due).toISOString();
    const now = this.clock.nowIso();
    const row = await this.row(sql, tick.name, dueAt);
    if (row === null) {
      await this.closeOrphans(sql, tick.name, dueAt, now);
      const missed = await this.missedBefore(sql, tick, due);
      await sql.query(
        `insert into tick (name, due_at, state, attempt, holder, started_at, missed, missed_from)
         values ($1, $2, 'running', 1, $3, $4, $5, $6)`,
        [
          tick.name,
          dueAt,
          this.options.holder,
          now,
          missed.length,
          missed[0] === undefined ? null : new Date(missed[0]),
        ],
      );
      return { attempt: 1, missed: missed.length };
    }
    if (this.isSettled(row) || (row.state === 'failed' && !this.mayRetry(row))) return null;
    if (row.attempt >= TAKEOVERS) {
      await sql.query(
        `update tick set state = 'failed', error_code = 'TICK_ABANDONED', finished_at = $3 where name = $1 and due_at = $2`,
        [tick.name, dueAt, now],
      );
      return null;
    }
    const { rows } = await sql.query<Begun>(
      `update tick set state = 'running', attempt = attempt + 1, holder = $3, started_at = $4, finished_at = null,
         retry_at = null, error_code = null where name = $1 and due_at = $2 returning attempt, missed`,
      [tick.name, dueAt, this.options.holder, now],
    );
    return rows[0] ?? null;
  }

  private async carryOut(tick: Tick, dueAt: string, { attempt, missed }: Begun): Promise<void> {
    let ended = false;
    const finish = async (sql: Sql): Promise<void> => {
      const { rowCount } = await sql.query(
        `update tick set state = 'done', finished_at = $4
         where name = $1 and due_at = $2 and attempt = $3 and holder = $5 and state = 'running'`,
        [tick.name, dueAt, attempt, this.clock.nowIso(), this.options.holder],
      );
      if (rowCount !== 1) throw new AppError('TICK_TAKEN_OVER', { details: { tick: tick.name, dueAt } });
    };
    const once = async (work: (sql: Sql) => Promise<void>): Promise<void> => {
      await this.db.transaction(async (sql) => {
        await finish(sql);
        await work(sql);
      });
      ended = true;
    };
    try {
      await tick.run({ dueAt, missed, attempt, once });
      if (!ended) await finish(this.db.pool);
    } catch (error) {
      await this.fail(tick.name, dueAt, attempt, error);
      throw error;
    }
  }

  private async fail(name: string, dueAt: string, attempt: number, error: unknown): Promise<void> {
    await this.db.query(
      `update tick set state = 'failed', finished_at = $4, retry_at = $5, error_code = $6
       where name = $1 and due_at = $2 and attempt = $3 and holder = $7 and state = 'running'`,
      [
        name,
        dueAt,
        attempt,
        this.clock.nowIso(),
        new Date(this.clock.now() + attempt * RETRY_MS).toISOString(),
        codeOf(error),
        this.options.holder,
      ],
    );
  }

  /** Turns that were begun, whose process died and whose time is over: this one stands for them. */
  private async closeOrphans(sql: Sql, name: string, dueAt: string, now: string): Promise<void> {
    await sql.query(
      `update tick set state = 'failed', error_code = 'TICK_SUPERSEDED', finished_at = $3
       where name = $1 and due_at <> $2 and state = 'running'`,
      [name, dueAt, now],
    );
  }

  private async missedBefore(sql: Sql, tick: Tick, due: number): Promise<number[]> {
    const { rows } = await sql.query<{ due_at: string | null }>(
      'select max(due_at) as due_at from tick where name = $1 and due_at < $2',
      [tick.name, new Date(due).toISOString()],
    );
    const before = rows[0]?.due_at ?? null;
    return before === null ? [] : dueBetween(tick.cron, Date.parse(before), due);
  }

  private async row(sql: Sql, name: string, dueAt: string): Promise<TickRow | null> {
    const { rows } = await sql.query<TickRow>(
      'select state, attempt, retry_at from tick where name = $1 and due_at = $2',
      [name, dueAt],
    );
    return rows[0] ?? null;
  }

  private isSettled({ state, attempt }: TickRow): boolean {
    return state === 'done' || (state === 'failed' && attempt >= TRIES);
  }

  private mayRetry({ retry_at }: TickRow): boolean {
    return retry_at !== null && Date.parse(retry_at) <= this.clock.now();
  }
}

function codeOf(error: unknown): string {
  if (error instanceof AppError) return error.code;
  return error instanceof Error ? error.name : 'UNKNOWN';
}
