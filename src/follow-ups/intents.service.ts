import type { FollowUpOp } from '../domain/follow-up.js';
import type { Sql } from '../platform/database/database.js';

export type IntentOp = FollowUpOp & {
  readonly employmentId: string;
  /** The run whose plan this is; null for a decision outside any run. */
  readonly runId: string | null;
  /** Zone of the employment's company: the due day begins there. */
  readonly zone: string;
};

export interface AppliedOps {
  readonly planned: number;
  readonly rescheduled: number;
  readonly cancelled: number;
}

interface Counted {
  readonly n: number;
}

/** Writes what `planFollowUps` decided. The only writer of planned follow-ups. */
export class IntentsService {
  /** @param sendAt local time (`HH:MM`) at which a due day's follow-ups become due */
  constructor(private readonly sendAt: string) {}

  /**
   * Applies the ops of any number of employments, set-based, inside the caller's transaction. Repeating the same ops of
   * the same run changes nothing and counts nothing. A cancellation that comes while its mail is on the wire turns
   * into a correction, because that mail cannot be stopped any more.
   *
   * @param at the instant of the decision (ISO 8601)
   */
  async applyOps(sql: Sql, ops: readonly IntentOp[], at: string): Promise<AppliedOps> {
    if (ops.length === 0) return { planned: 0, rescheduled: 0, cancelled: 0 };
    // Cancellations first: a card may take the place of an invitation in the same plan.
    const cancelled = await this.cancel(sql, ops, at);
    const rescheduled = await this.reschedule(sql, ops, at);
    const planned = await this.plan(sql, ops, at);
    return { planned, rescheduled, cancelled };
  }

  private async plan(sql: Sql, ops: readonly IntentOp[], at: string): Promise<number> {
    const rows = ops
      .filter((op) => op.op === 'plan' || op.op === 'correct')
      .map((op) => ({
        ...base(op),
        kind: op.kind,
        due_on: op.dueOn,
        rule: op.op === 'plan' ? op.rule : null,
      }));
    if (rows.length === 0) return 0;
    const { rows: counted } = await sql.query<Counted>(
      `with ops as (
         select distinct on (employment_id, kind) * from jsonb_to_recordset($1::jsonb) as o(
           employment_id uuid, run_id uuid, zone text, because text, rule text, kind text, due_on date)
       ), done as (
         insert into follow_up (id, employment_id, kind, due_on, due_at, state, because, run_id, created_at, changed_at)
         select enishi_id(), o.employment_id, o.kind, o.due_on, (o.due_on + $2::time) at time zone o.zone, 'planned',
                jsonb_build_object('code', o.because, 'rule', o.rule), o.run_id, $3, $3
         from ops o
         -- The same run planned it already, and it may be sent by now.
         where not exists (select 1 from follow_up f
           where f.employment_id = o.employment_id and f.kind = o.kind and f.run_id = o.run_id)
         on conflict (employment_id, kind) where state in ('planned', 'queued', 'uncertain') do nothing
         returning 1
       ) select count(*) as n from done`,
      [JSON.stringify(rows), this.sendAt, at],
    );
    return counted[0]?.n ?? 0;
  }

  private async reschedule(sql: Sql, ops: readonly IntentOp[], at: string): Promise<number> {
    const rows = ops
      .filter((op) => op.op === 'reschedule')
      .map((op) => ({ ...base(op), id: op.id, due_on: op.dueOn, rule: op.rule }));
    if (rows.length === 0) return 0;
    const { rows: counted } = await sql.query<Counted>(
      `with done as (
         update follow_up f set due_on = o.due_on, due_at = (o.due_on + $2::time) at time zone o.zone,
           state = 'planned', queued_at = null, changed_at = $3,
           because = jsonb_build_object('code', o.because, 'rule', o.rule)
         from jsonb_to_recordset($1::jsonb) as o(id uuid, zone text, because text, rule text, due_on date)
         where f.id = o.id and f.state in ('planned', 'queued') and f.due_on <> o.due_on
         returning 1
       ) select count(*) as n from done`,
      [JSON.stringify(rows), this.sendAt, at],
    );
    return counted[0]?.n ?? 0;
  }

  private async cancel(sql: Sql, ops: readonly IntentOp[], at: string): Promise<number> {
    const rows = ops.filter((op) => op.op === 'cancel').map((op) => ({ ...base(op), id: op.id }));
    if (rows.length === 0) return 0;
    const { rows: counted } = await sql.query<Counted>(
      `with ops as (
         select * from jsonb_to_recordset($1::jsonb) as o(
           id uuid, employment_id uuid, run_id uuid, zone text, because text)
       ), done as (
         update follow_up f set state = 'cancelled', changed_at = $2,
           because = jsonb_build_object('code', o.because, 'rule', f.because->>'rule')
         from ops o where f.id = o.id and f.state in ('planned', 'queued')
         returning 1
       ), corrected as (
         insert into follow_up (id, employment_id, kind, due_on, due_at, state, because, run_id, created_at, changed_at)
         select distinct on (o.employment_id) enishi_id(), o.employment_id, 'correction',
                ($2::timestamptz at time zone o.zone)::date, $2, 'planned',
                jsonb_build_object('code', o.because, 'rule', null), o.run_id, $2, $2
         from ops o join follow_up f on f.id = o.id
         where o.because = 'rescinded' and f.kind <> 'correction' and f.state in ('uncertain', 'sent', 'answered')
           and not exists (select 1 from follow_up c where c.employment_id = o.employment_id
             and c.kind = 'correction' and c.run_id = o.run_id)
         on conflict (employment_id, kind) where state in ('planned', 'queued', 'uncertain') do nothing
       ) select count(*) as n from done`,
      [JSON.stringify(rows), at],
    );
    return counted[0]?.n ?? 0;
  }
}

function base(op: IntentOp): Record<string, string | null> {
  return { employment_id: op.employmentId, run_id: op.runId, zone: op.zone, because: op.because };
}
