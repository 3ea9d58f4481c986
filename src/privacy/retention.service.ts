import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { Database } from '../platform/database/database.js';

export interface KeepDays {
  readonly ticks: number;
  readonly alerts: number;
  readonly links: number;
}

/** How many rows of each kind were deleted. */
export type RetentionReport = Readonly<
  Record<'idempotencyKeys' | 'stagedRows' | 'links' | 'ticks' | 'alerts', number>
>;

const DAY_MS = 86_400_000;
/** So many at a time, so that no lock is held for long. */
const BATCH = 20_000;
/** Where the rows of a run wait until it is over. */
export const STAGING_TABLES = [
  'staged_link',
  'staged_change',
  'staged_departure',
  'staged_known_block',
  'staged_block',
  'staged_observation',
  'deferred_row',
] as const;

/** Deletes what has served its time. What was decided, said or sent is not among it. Safe to repeat. */
@Injectable()
export class RetentionService {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  async sweep(keep: KeepDays): Promise<RetentionReport> {
    const now = this.clock.nowIso();
    const before = (days: number): string => new Date(this.clock.now() - days * DAY_MS).toISOString();
    return {
      idempotencyKeys: await this.delete('idempotency_key', 'expires_at < $1', [now]),
      stagedRows: await this.deleteStaging(before(1)),
      // One that nobody will use again. Whoever opted out can do so for as long as the mail is there.
      links: await this.delete(
        'link_token',
        `expires_at < $1 or (purpose <> 'opt_out' and (used_at < $1 or revoked_at < $1))`,
        [before(keep.links)],
      ),
      // The newest of each name stays: it says where to go on.
      ticks: await this.delete(
        'tick t',
        `due_at < $1 and exists (select 1 from tick n where n.name = t.name and n.due_at > t.due_at)`,
        [before(keep.ticks)],
      ),
      alerts: await this.delete('alert', 'resolved_at < $1', [before(keep.alerts)]),
    };
  }

  /** Of runs that have ended. A held one needs its rows, and one that is read or applied is somebody's work. */
  private async deleteStaging(endedBefore: string): Promise<number> {
    let deleted = 0;
    for (const table of [...STAGING_TABLES, 'plan_item']) {
      deleted += await this.delete(
        table,
        `run_id in (select id from import_run
           where status in ('applied', 'rejected', 'failed', 'reverted') and finished_at < $1)`,
        [endedBefore],
      );
    }
    return deleted;
  }

  private async delete(table: string, condition: string, values: unknown[]): Promise<number> {
    const [name = ''] = table.split(' ');
    for (let deleted = 0; ;) {
      const { rowCount } = await this.db.pool.query(
        `delete from ${name} where ctid = any(array(select ctid from ${table} where ${condition} limit ${BATCH}))`,
        values,
      );
      deleted += rowCount ?? 0;
      if ((rowCount ?? 0) < BATCH) return deleted;
    }
  }
}
