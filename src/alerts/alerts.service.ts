import { Injectable } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import { Clock } from '../platform/clock/clock.js';
import { Database, type Sql } from '../platform/database/database.js';
import { newId } from '../platform/database/id.js';
import { ALERT_KINDS, type AlertKind, type NewAlert } from './alert.js';
import type { AlertsConfig, AlertTarget } from './alerts-config.js';

/** Raises alerts, ends them, and sends one again. What goes out is a row first; `AlertDeliveryService` carries it. */
@Injectable()
export class AlertsService {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly config: AlertsConfig,
  ) {}

  /** Tells everybody concerned, unless the same stands already. True when it is news. */
  async raise(sql: Sql, alert: NewAlert): Promise<boolean> {
    const at = this.clock.nowIso();
    const { rows } = await sql.query<{ id: string; is_new: boolean }>(
      `insert into alert (id, kind, key, data, raised_at, seen_at) values ($1, $2, $3, $4, $5, $5)
       on conflict (key) where resolved_at is null do update set data = excluded.data, seen_at = excluded.seen_at
       returning id, id = $1 as is_new`,
      [newId(), alert.kind, alert.key, JSON.stringify(alert.data), at],
    );
    const [row] = rows;
    if (row?.is_new !== true) return false;
    await this.address(sql, row.id, this.targetsOf(alert.kind), at);
    return true;
  }

  /** Ends what stands of a kind, but for these keys. Returns how many ended. */
  async resolve(sql: Sql, kind: AlertKind, stillStanding: readonly string[] = []): Promise<number> {
    const { rowCount } = await sql.query(
      `update alert set resolved_at = $3 where kind = $1 and resolved_at is null and key <> all($2::text[])`,
      [kind, stillStanding, this.clock.nowIso()],
    );
    return rowCount ?? 0;
  }

  /** What stands of a kind is this and nothing else. */
  async settle(sql: Sql, kind: AlertKind, standing: readonly NewAlert[]): Promise<void> {
    for (const alert of standing) await this.raise(sql, alert);
    await this.resolve(
      sql,
      kind,
      standing.map(({ key }) => key),
    );
  }

  /**
   * Sends an alert once more to everybody who is told of its kind now, parked or not; targets that were switched off
   * are tried again.
   *
   * @throws ALERT_NOT_FOUND
   */
  async resend(id: string, by: string): Promise<{ readonly deliveries: number }> {
    return this.db.transaction(async (sql) => {
      await sql.query(`select set_config('enishi.actor', $1, true)`, [by]);
      const { rows } = await sql.query<{ id: string; kind: string }>(
        `select id, kind from alert where id::text = $1 or ($1 ~ '^[0-9a-f-]{6,35}$' and id::text like '%' || $1) limit 2`,
        [id.toLowerCase()],
      );
      const [alert, other] = rows;
      const kind = ALERT_KINDS.find((known) => known === alert?.kind);
      if (alert === undefined || other !== undefined || kind === undefined) {
        throw new AppError('ALERT_NOT_FOUND', { details: { id: id.slice(0, 36) } });
      }
      const at = this.clock.nowIso();
      const targets = this.targetsOf(kind);
      const ids = targets.map((target) => target.id);
      await sql.query('delete from alert_target where target = any($1::text[])', [ids]);
      await this.address(sql, alert.id, targets, at);
      await sql.query(
        `update alert_delivery set state = 'planned', attempts = 0, rounds = rounds + 1, next_at = $3, error_code = null
         where alert_id = $1 and target = any($2::text[]) and state in ('sent', 'parked')`,
        [alert.id, ids, at],
      );
      return { deliveries: ids.length };
    });
  }

  private targetsOf(kind: AlertKind): readonly AlertTarget[] {
    // The head of the chain is for those who keep it; to others it would be noise.
    if (kind !== 'audit_anchor') return this.config.targets;
    return this.config.targets.filter((target) => target.channel === 'mail' && target.anchors);
  }

  private async address(
    sql: Sql,
    alertId: string,
    targets: readonly AlertTarget[],
    at: string,
  ): Promise<void> {
    for (const { id, channel } of targets) {
      await sql.query(
        `insert into alert_delivery (id, alert_id, target, channel, state, next_at) values ($1, $2, $3, $4, 'planned', $5)
         on conflict (alert_id, target) do nothing`,
        [newId(), alertId, id, channel, at],
      );
    }
  }
}
