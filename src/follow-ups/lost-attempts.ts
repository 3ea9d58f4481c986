import type { Sql } from '../platform/database/database.js';

/**
 * Judges attempts whose worker is gone: one that never reached the mail server has failed, one that may have is
 * uncertain. One that is being finished at this moment is left alone. Safe to repeat. Returns how many became uncertain.
 */
export async function sweepLeases(sql: Sql, at: string): Promise<number> {
  // Only an older release has left claims behind that had not begun.
  await sql.query(
    `update delivery set state = 'failed', error_code = 'LEASE_EXPIRED', finished_at = $1
     where id in (select id from delivery where state = 'claimed' and lease_until < $1 for update skip locked)`,
    [at],
  );
  const { rows } = await sql.query<{ n: number }>(
    `with lapsed as (
       select id from delivery where state = 'sending' and lease_until < $1 for update skip locked
     ), gone as (
       update delivery d set state = 'uncertain', error_code = 'LEASE_EXPIRED', finished_at = $1
       from lapsed l where d.id = l.id returning d.follow_up_id, d.attempt
     ), told as (
       insert into timeline_event (at, person_id, employment_id, actor, kind, data)
       select $1, e.person_id, e.id, 'enishi', 'follow_up.uncertain', jsonb_build_object(
         'followUpId', f.id, 'kind', f.kind, 'attempt', g.attempt, 'code', 'LEASE_EXPIRED')
       from gone g join follow_up f on f.id = g.follow_up_id join employment e on e.id = f.employment_id
       where f.state = 'uncertain'
     ) select count(*) as n from gone`,
    [at],
  );
  return rows[0]?.n ?? 0;
}
