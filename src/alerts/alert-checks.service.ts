import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { Database, type Sql } from '../platform/database/database.js';
import type { NewAlert } from './alert.js';
import type { AlertsConfig } from './alerts-config.js';
import { AlertsService } from './alerts.service.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Looks for what somebody should know of, in the tables that everything leaves its trace in. Safe to repeat. */
@Injectable()
export class AlertChecks {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly alerts: AlertsService,
    private readonly config: AlertsConfig,
  ) {}

  /** Held runs, uncertain sends, a queue that stands still or lost its jobs, ticks that failed. */
  async look(): Promise<void> {
    await this.db.transaction(async (sql) => {
      await this.alerts.settle(sql, 'run_held', await heldRuns(sql));
      await this.alerts.settle(sql, 'uncertain_sends', await this.uncertainSends(sql));
      await this.alerts.settle(sql, 'queue_stuck', await this.stuckQueue(sql));
      await this.alerts.settle(sql, 'queue_lost', await this.lostJobs(sql));
      await this.alerts.settle(sql, 'tick_failed', await this.failedTicks(sql));
    });
  }

  /** @param sql a transaction; a source that was never read is still being set up, and says nothing */
  async lookAtSource(sql: Sql, source: string, silentAfterDays: number): Promise<void> {
    const { rows } = await sql.query<{ last_good_read_at: string | null }>(
      'select last_good_read_at from source_state where source = $1',
      [source],
    );
    const lastReadAt = rows[0]?.last_good_read_at ?? null;
    const key = `source_silent:${source}`;
    const days = lastReadAt === null ? 0 : Math.floor((this.clock.now() - Date.parse(lastReadAt)) / DAY_MS);
    if (lastReadAt !== null && days >= silentAfterDays) {
      await this.alerts.raise(sql, { kind: 'source_silent', key, data: { source, lastReadAt, days } });
      return;
    }
    await sql.query('update alert set resolved_at = $2 where key = $1 and resolved_at is null', [
      key,
      this.clock.nowIso(),
    ]);
  }

  private async uncertainSends(sql: Sql): Promise<NewAlert[]> {
    // One in flight stands as uncertain too, until its lease has run out.
    const { rows } = await sql.query<{ n: number }>(
      `select count(*) as n from follow_up f where f.state = 'uncertain' and not exists (
         select 1 from delivery d where d.follow_up_id = f.id and d.state = 'sending' and d.lease_until >= $1)`,
      [this.clock.nowIso()],
    );
    const count = rows[0]?.n ?? 0;
    return count === 0 ? [] : [{ kind: 'uncertain_sends', key: 'uncertain_sends', data: { count } }];
  }

  private async stuckQueue(sql: Sql): Promise<NewAlert[]> {
    const minutes = this.config.queueStuckAfterMinutes;
    // What a person has paused, or has not yet released after a restore, is meant to stand still.
    const { rows } = await sql.query<{ n: number }>(
      `select count(*) as n from follow_up where state = 'queued' and queued_at <= $1
         and not exists (select 1 from setting
           where key = 'follow-ups.restored' or (key = 'follow-ups.paused' and value = 'true'))`,
      [new Date(this.clock.now() - minutes * 60_000).toISOString()],
    );
    const count = rows[0]?.n ?? 0;
    return count === 0 ? [] : [{ kind: 'queue_stuck', key: 'queue_stuck', data: { count, minutes } }];
  }

  /** Said for an hour: by then it is mended, and nobody has to do anything about it but look why. */
  private async lostJobs(sql: Sql): Promise<NewAlert[]> {
    const { rows } = await sql.query<{ at: string; count: number }>(
      `select value->>'at' as at, (value->>'count')::int as count from setting
       where key = 'follow-ups.queue-lost' and changed_at > $1`,
      [new Date(this.clock.now() - HOUR_MS).toISOString()],
    );
    return rows.map(({ at, count }) => ({
      kind: 'queue_lost',
      key: `queue_lost:${at}`,
      data: { at, count },
    }));
  }

  private async failedTicks(sql: Sql): Promise<NewAlert[]> {
    const { rows } = await sql.query<{ name: string; due_at: string; error_code: string | null }>(
      `select distinct on (name) name, due_at, error_code from tick t
       where state = 'failed' and retry_at is distinct from null and retry_at <= $1 or error_code = 'TICK_ABANDONED'
       order by name, due_at desc`,
      [this.clock.nowIso()],
    );
    const alerts: NewAlert[] = [];
    for (const { name, due_at: dueAt, error_code: code } of rows) {
      const better = await sql.query(
        `select 1 from tick where name = $1 and due_at > $2 and state = 'done' limit 1`,
        [name, dueAt],
      );
      if (better.rowCount !== 0) continue;
      alerts.push({
        kind: 'tick_failed',
        key: `tick_failed:${name}`,
        data: { tick: name, dueAt, errorCode: code },
      });
    }
    return alerts;
  }
}

async function heldRuns(sql: Sql): Promise<NewAlert[]> {
  const { rows } = await sql.query<{ id: string; source: string; brakes: string | null }>(
    `select id, source, (select string_agg(distinct b->>'name', ', ') from jsonb_array_elements(brakes) b
       where b->>'tripped' = 'true') as brakes
     from import_run where status = 'held' order by started_at`,
  );
  return rows.map(({ id, source, brakes }) => ({
    kind: 'run_held',
    key: `run_held:${id}`,
    data: { run: id, source, brakes },
  }));
}
