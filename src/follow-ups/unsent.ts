import type { BecauseCode } from '../domain/follow-up.js';
import type { Sql } from '../platform/database/database.js';

/** A follow-up that ends without a mail, and why. */
export interface Unsent {
  readonly id: string;
  readonly state: 'cancelled' | 'undeliverable';
  readonly because: BecauseCode;
}

// Follows a CTE `stopped` of id, kind, employment_id, state and code.
const TELL = `
  insert into timeline_event (at, person_id, employment_id, actor, kind, data)
  select $1, e.person_id, e.id, 'enishi', 'follow_up.' || s.state, jsonb_build_object(
    'followUpId', s.id, 'kind', s.kind, 'attempt', null, 'code', s.code)
  from stopped s join employment e on e.id = s.employment_id`;

/** Ends follow-ups that may not be sent (any more), or have no address to go to, and shows them. They are locked. */
export async function endUnsent(sql: Sql, ends: readonly Unsent[], at: string): Promise<void> {
  if (ends.length === 0) return;
  await sql.query(
    `with stopped as (
       update follow_up f set state = n.state, changed_at = $1, because = jsonb_set(f.because, '{code}', to_jsonb(n.code))
       from unnest($2::uuid[], $3::text[], $4::text[]) as n(id, state, code) where f.id = n.id
       returning f.id, f.kind, f.employment_id, f.state, n.code
     ) ${TELL}`,
    [at, ends.map(({ id }) => id), ends.map(({ state }) => state), ends.map(({ because }) => because)],
  );
}

/** Gives follow-ups back to the relay. They are locked. */
export async function holdBack(sql: Sql, ids: readonly string[], at: string): Promise<void> {
  if (ids.length === 0) return;
  await sql.query(
    `update follow_up set state = 'planned', queued_at = null, changed_at = $2 where id = any($1::uuid[])`,
    [ids, at],
  );
}

/** Stops trying follow-ups in whose sending workers died again and again, and shows them. */
export async function giveUp(
  sql: Sql,
  rows: readonly { readonly id: string; readonly sends: number }[],
  at: string,
): Promise<void> {
  await sql.query(
    `with stopped as (
       update follow_up f set state = 'undeliverable', changed_at = $1, because = jsonb_set(f.because, '{code}', '"worker_lost"')
       from unnest($2::uuid[], $3::int[]) as n(id, sends)
       where f.id = n.id and f.sends = n.sends and f.state = 'queued'
       returning f.id, f.kind, f.employment_id, f.state, 'worker_lost' as code
     ) ${TELL}`,
    [at, rows.map((row) => row.id), rows.map((row) => row.sends)],
  );
}
