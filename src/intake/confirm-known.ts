import { CONFIRMED_AT } from '../departures/closure-rows.queries.js';
import type { Sql } from '../platform/database/database.js';
import { forgetLaterWords, NOT_SEEN_AGAIN } from './reading-blocks.queries.js';
import type { Run } from './run.js';

/**
 * Records that the source has said again what it said before. When a file speaks of most of the people that the newest
 * reading spoke of, it becomes the newest reading: they all follow it by one date, and only those who are missing get a
 * date of their own. A smaller one leaves its date with each of its people.
 */
export async function confirmKnown(sql: Sql, run: Run): Promise<void> {
  const isNewest = await becomesNewest(sql, run);
  if (isNewest) {
    await sql.query(
      // Whoever follows is in a block of the newest reading, or cannot be recognised by their bytes.
      `with spoken_of as (
         select k.id from reading_block b cross join lateral unnest(b.observation_ids) as k(id)
           where b.source = $2 and ${NOT_SEEN_AGAIN}
         union select id from observation where source = $2 and follows and raw_hash is null),
       said as (
         select unnest(observation_ids) as id from staged_known_block where run_id = $1 and reading_block is null),
       unsaid as materialized (select id from spoken_of except select id from said),
       -- Two equal rows are one statement: another block may have told of it.
       elsewhere as materialized (
         select unsaid.id from unsaid join (
           select unnest(observation_ids) as id from staged_known_block where run_id = $1) k on k.id = unsaid.id),
       missing as materialized (select id from unsaid except select id from elsewhere)
       update observation o set confirmed_at = ${CONFIRMED_AT}, follows = false
       from missing, source_state st
       where o.id = missing.id and st.source = o.source and o.source = $2 and o.follows`,
      [run.id, run.source],
    );
    await sql.query(
      `insert into source_state as s (source, confirmed_as_of_at) values ($1, $2)
       on conflict (source) do update set confirmed_as_of_at = excluded.confirmed_as_of_at`,
      [run.source, run.asOfAt],
    );
    await sql.query('update import_run set newest_reading = true where id = $1', [run.id]);
  }
  await sql.query(
    `update observation o set
       -- Whoever follows a reading as new as this run is confirmed by it; a date of their own would outlive it.
       confirmed_at = case when o.follows and (
           select st.confirmed_as_of_at from source_state st where st.source = o.source)
             >= coalesce(s.as_of_at, $2::timestamptz) then o.confirmed_at
         else greatest(o.confirmed_at, coalesce(s.as_of_at, $2::timestamptz)) end,
       -- Whoever follows gets a name of their bytes only where they come into a block with it.
       raw_hash = case when $3::boolean or not o.follows or o.raw_hash is not null
         then coalesce(s.raw_hash, o.raw_hash) end,
       follows = o.follows or $3::boolean and not exists (
         select 1 from observation y
         where y.company = o.company and y.employee_number = o.employee_number and y.source = o.source and y.current
           and y.id <> o.id)
     from staged_known k left join staged_observation s on s.run_id = k.run_id and s.row_no = k.row_no
     where k.run_id = $1 and o.id = k.observation_id and not (k.raw and $3::boolean)
       -- Said twice in one run, it holds as of the later time.
       and not exists (
         select 1 from staged_link l join staged_observation z on z.run_id = l.run_id and z.row_no = l.row_no
         where l.run_id = $1 and l.link = 'number' and z.company = s.company and z.employee_number = s.employee_number
           and z.spell_hint = s.spell_hint and z.content_hash = s.content_hash and z.as_of_at > s.as_of_at)
       and (not o.follows and (o.confirmed_at < coalesce(s.as_of_at, $2::timestamptz) or $3::boolean)
         or o.raw_hash is distinct from coalesce(s.raw_hash, o.raw_hash)
         or o.follows and not $3::boolean and (
           select st.confirmed_as_of_at from source_state st where st.source = o.source)
             < coalesce(s.as_of_at, $2::timestamptz))`,
    [run.id, run.asOfAt, isNewest],
  );
}

/**
 * Takes back what an applied run confirmed, before it is planned what is left without it: otherwise a file of too late a
 * day would overrule whatever its source says until then. Those whom only that run confirmed count as of when they were
 * stated, which may be earlier than they were last confirmed; while another run of the same instant stands, nobody
 * loses that date. Safe to repeat.
 */
export async function takeBackConfirmations(sql: Sql, runId: string): Promise<void> {
  const before = await sql.query<{ source: string }>(
    `update source_state s set confirmed_as_of_at = (
       select max(o.as_of_at) from import_run o
       where o.source = s.source and o.status = 'applied' and o.newest_reading and o.id <> r.id)
     from import_run r
     where r.id = $1 and r.newest_reading and s.source = r.source and s.confirmed_as_of_at = r.as_of_at
     returning s.source`,
    [runId],
  );
  await sql.query(
    `update observation o set confirmed_at = o.as_of_at, follows = false
     from import_run r
     where r.id = $1 and o.source = r.source and o.confirmed_at = r.as_of_at and o.as_of_at < r.as_of_at
       -- Which of two runs of one instant confirmed somebody is not recorded.
       and not exists (
         select 1 from import_run other
         where other.source = r.source and other.as_of_at = r.as_of_at and other.id <> r.id
           and other.status = 'applied' and other.kind in ('file', 'push', 'sync'))`,
    [runId],
  );
  for (const { source } of before.rows) await forgetLaterWords(sql, source);
}

/**
 * A file, all of it true at one time, later than the newest reading and about at least half as many of its people. They
 * are only counted when there may be too few: there are never more than its blocks hold, and those who have no bytes to
 * be recognised by.
 */
async function becomesNewest(sql: Sql, run: Run): Promise<boolean> {
  if (run.kind === 'push') return false;
  const found = await sql.query<{ is: boolean }>(
    `with known as (
       select coalesce(sum(cardinality(row_nos)), 0) as n from staged_known_block where run_id = $1),
     at_most as (
       select coalesce((select sum(cardinality(observation_ids)) from reading_block where source = $2), 0)
         + (select count(*) from observation where source = $2 and follows and raw_hash is null) as n)
     select not exists (select 1 from source_state where source = $2 and confirmed_as_of_at >= $3)
       and not exists (select 1 from staged_observation where run_id = $1 and not absent and as_of_at <> $3)
       and case when known.n * 2 >= at_most.n then true
         else known.n * 2 >= (select count(*) from observation where source = $2 and follows) end as is
     from known, at_most`,
    [run.id, run.source, run.asOfAt],
  );
  return found.rows[0]?.is === true;
}
