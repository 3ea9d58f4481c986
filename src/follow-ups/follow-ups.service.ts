import { AppError } from '../domain/app-error.js';
import type { Clock } from '../platform/clock/clock.js';
import type { Database, Sql } from '../platform/database/database.js';
import { isRestored, type RestoreGuard } from '../platform/health/restore-guard.js';
import { recordEvent } from './follow-up-events.js';
import { isPaused, setPaused } from './pause.js';

export type Resolution = 'sent' | 'resend';

interface ResolvableRow {
  readonly state: string;
  readonly kind: string;
  readonly employment_id: string;
  readonly person_id: string;
}

/** What people decide about follow-ups: stop, go on, and what became of a mail nobody can be sure of. */
export class FollowUpsService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly guard: RestoreGuard,
  ) {}

  /** Stops all outgoing mail, what is queued included. Safe to repeat. @param by who decided, for the audit chain */
  pause(by?: string): Promise<void> {
    return this.setPaused(true, by);
  }

  /** @throws FOLLOW_UPS_RESTORED while nobody has confirmed a database that came from a backup */
  async resume(by?: string): Promise<void> {
    if (await isRestored(this.database.pool)) throw new AppError('FOLLOW_UPS_RESTORED');
    await this.setPaused(false, by);
  }

  /**
   * Lets mail flow again after a restore. What is due may have been sent since the backup without the database knowing:
   * each such follow-up becomes `uncertain`, for a person to decide. Safe to repeat.
   *
   * @returns the ids of those
   */
  confirmRestore(by: string): Promise<readonly string[]> {
    return this.database.transaction(async (sql) => {
      if (!(await isRestored(sql))) return [];
      await sql.query(`select set_config('enishi.actor', $1, true)`, [by]);
      const at = this.clock.nowIso();
      const { rows } = await sql.query<{ id: string }>(
        `with doubted as (
           update follow_up f set state = 'uncertain', changed_at = $1
           where f.state in ('planned', 'queued') and f.due_at <= $1 and f.kind <> 'card'
           returning f.id, f.kind, f.employment_id
         ), told as (
           insert into timeline_event (at, person_id, employment_id, actor, kind, data)
           select $1, e.person_id, e.id, $2, 'follow_up.uncertain',
                  jsonb_build_object('followUpId', d.id, 'kind', d.kind, 'code', 'RESTORED')
           from doubted d join employment e on e.id = d.employment_id
         ) select id from doubted order by id`,
        [at, by],
      );
      await this.guard.confirm(sql, at);
      await setPaused(sql, false, at);
      return rows.map((row) => row.id);
    });
  }

  isPaused(): Promise<boolean> {
    return isPaused(this.database.pool);
  }

  /**
   * Decides an uncertain follow-up: it did arrive (`sent`), or it goes out again with the same Message-ID (`resend`).
   * An undeliverable one can be sent again too, once its address is mended.
   *
   * @param by who decided
   * @throws FOLLOW_UP_NOT_FOUND
   * @throws FOLLOW_UP_NOT_UNCERTAIN when there is nothing to decide
   * @throws FOLLOW_UP_IN_FLIGHT (retryable) while an attempt may still end by itself
   */
  resolve(id: string, as: Resolution, by: string): Promise<void> {
    return this.database.transaction(async (sql) => {
      const row = await lockFollowUp(sql, id);
      if (row === null) throw new AppError('FOLLOW_UP_NOT_FOUND', { details: { id } });
      const isOpen = row.state === 'uncertain' || (row.state === 'undeliverable' && as === 'resend');
      if (!isOpen) throw new AppError('FOLLOW_UP_NOT_UNCERTAIN', { details: { id, state: row.state } });
      const at = this.clock.nowIso();
      const inFlight = await sql.query(
        `select 1 from delivery where follow_up_id = $1 and state = 'sending' and lease_until >= $2`,
        [id, at],
      );
      if (inFlight.rowCount !== 0)
        throw new AppError('FOLLOW_UP_IN_FLIGHT', { retryable: true, details: { id } });
      // An attempt whose worker is gone but which nobody has judged yet is judged here.
      await sql.query(
        `update delivery set state = 'uncertain', error_code = 'LEASE_EXPIRED', finished_at = $2
         where follow_up_id = $1 and state = 'sending'`,
        [id, at],
      );
      await sql.query(
        `update delivery set resolved_by = $2, resolved_as = $3, resolved_at = $4
         where follow_up_id = $1 and state in ('uncertain', 'refused') and resolved_at is null`,
        [id, by, as, at],
      );
      await sql.query(
        as === 'sent'
          ? `update follow_up set state = 'sent', changed_at = $2 where id = $1`
          : `update follow_up set state = 'planned', due_at = $2, queued_at = null, changed_at = $2,
               because = jsonb_set(because, '{code}', '"resend"') where id = $1`,
        [id, at],
      );
      await recordEvent(sql, {
        at,
        personId: row.person_id,
        employmentId: row.employment_id,
        actor: by,
        kind: 'follow_up.resolved',
        data: { followUpId: id, kind: row.kind, as },
      });
    });
  }

  private setPaused(paused: boolean, by: string | undefined): Promise<void> {
    return this.database.transaction(async (sql) => {
      if (by !== undefined) await sql.query(`select set_config('enishi.actor', $1, true)`, [by]);
      await setPaused(sql, paused, this.clock.nowIso());
    });
  }
}

async function lockFollowUp(sql: Sql, id: string): Promise<ResolvableRow | null> {
  const { rows } = await sql.query<ResolvableRow>(
    `select f.state, f.kind, f.employment_id, e.person_id
     from follow_up f join employment e on e.id = f.employment_id where f.id = $1 for update of f`,
    [id],
  );
  return rows[0] ?? null;
}
