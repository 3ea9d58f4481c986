import { Injectable } from '@nestjs/common';
import type { NumberKey } from '../departures/closure.queries.js';
import type { Sql } from '../platform/database/database.js';
import type { Run } from './run.js';

export interface DiffCounts {
  readonly accepted: number;
  readonly rejected: number;
  readonly unchanged: number;
}

/** Below so many rows the planner's guess does as well, and a pushed record need not wait for statistics. */
const ANALYZE_FROM = 2_000;

/** The comparison of what a run staged with what is recorded, in SQL: rows that say nothing new stay there. */
@Injectable()
export class DiffQueries {
  /** Writes `staged_change` and `staged_link` of the run anew. Repeating it gives the same. */
  async compare(sql: Sql, run: Run): Promise<DiffCounts> {
    await sql.query('delete from staged_change where run_id = $1', [run.id]);
    await sql.query('delete from staged_link where run_id = $1', [run.id]);
    const isLarge = run.rows.read > ANALYZE_FROM;
    if (isLarge) await sql.query('analyze staged_observation');
    await sql.query(
      `insert into staged_link (run_id, link, row_no)
       select s.run_id, l.link, s.row_no
       from staged_observation s
       cross join lateral (values ('n ' || s.key_name), ('m ' || s.key_email), ('t ' || s.key_phone)) as l(link)
       where s.run_id = $1 and l.link in (
         select 'n ' || key_name from staged_observation
           where run_id = $1 and key_name is not null group by key_name having count(*) > 1
         union all
         select 'm ' || key_email from staged_observation
           where run_id = $1 and key_email is not null group by key_email having count(*) > 1
         union all
         select 't ' || key_phone from staged_observation
           where run_id = $1 and key_phone is not null group by key_phone having count(*) > 1)`,
      [run.id],
    );
    await sql.query(
      `with repeated as (
         select company, employee_number from staged_observation where run_id = $1
         group by company, employee_number having count(*) > 1)
       insert into staged_change (run_id, row_no, company, employee_number, quiet)
       select s.run_id, s.row_no, s.company, s.employee_number,
         s.plain
           and not exists (select 1 from staged_link l where l.run_id = $1 and l.row_no = s.row_no)
           and not exists (select 1 from repeated r
             where r.company = s.company and r.employee_number = s.employee_number)
           and not exists (select 1 from employment e
             where e.company = s.company and e.employee_number = s.employee_number)
           and not exists (select 1 from observation k
             where k.company = s.company and k.employee_number = s.employee_number)
           and not exists (select 1 from employment e where e.key_name = s.key_name)
           and not exists (select 1 from employment e where e.key_email = s.key_email)
           and not exists (select 1 from employment e where e.key_phone = s.key_phone)
       from staged_observation s
       where s.run_id = $1 and not s.absent and not exists (
         select 1 from observation o
         where not o.reverted and not o.absent and o.source = $2
           and o.company = s.company and o.employee_number = s.employee_number
           and o.spell_hint = s.spell_hint and o.content_hash = s.content_hash
           and (o.as_of_at = s.as_of_at or o.current and o.as_of_at < s.as_of_at and not exists (
             -- Saying again what was said before something else is news: only the latest word may be repeated.
             select 1 from observation x
             where x.company = o.company and x.employee_number = o.employee_number and x.source = o.source
               and x.id <> o.id and not x.reverted and not x.absent
               and (x.confirmed_at > o.confirmed_at or x.confirmed_at = o.confirmed_at
                 and (x.spell_hint = o.spell_hint or x.spell_hint = '' or o.spell_hint = '')))))`,
      [run.id, run.source],
    );
    // Beside a row that says something new, one that repeats an earlier word of the same number takes it back again.
    await sql.query(
      `insert into staged_change (run_id, row_no, company, employee_number, quiet)
       select s.run_id, s.row_no, s.company, s.employee_number, false
       from staged_observation s
       where s.run_id = $1 and not s.absent and (s.company, s.employee_number) in (
         select company, employee_number from staged_change where run_id = $1 and not quiet)
       on conflict do nothing`,
      [run.id],
    );
    if (isLarge) await sql.query('analyze staged_change');
    const counts = await sql.query<DiffCounts>(
      `select (select count(*) from staged_observation where run_id = $1 and not absent)::int as accepted,
              (select count(*) from rejection where run_id = $1)::int as rejected,
              (select count(*) from staged_observation s where s.run_id = $1 and not s.absent and not exists (
                 select 1 from staged_change c where c.run_id = $1 and c.row_no = s.row_no))::int as unchanged`,
      [run.id],
    );
    const row = counts.rows[0];
    return { accepted: row?.accepted ?? 0, rejected: row?.rejected ?? 0, unchanged: row?.unchanged ?? 0 };
  }

  /**
   * Stages a statement of absence for everybody the source knew and this complete full snapshot does not hold, those
   * too whom earlier snapshots missed without it counting yet: not for rows that are there but were rejected, not for
   * those whose departure is over anyway.
   */
  async stageAbsences(sql: Sql, run: Run, asOfDay: string): Promise<number> {
    await sql.query('delete from staged_observation where run_id = $1 and absent', [run.id]);
    const result = await sql.query(
      `with base as (select coalesce(max(row_no), 0) as n from staged_observation where run_id = $1),
       missing as (
         select distinct o.company, o.employee_number
         from observation o
         where o.source = $2 and (o.current or o.absent) and not o.reverted and o.as_of_at <= $3
           and not exists (select 1 from staged_observation s where s.run_id = $1
             and s.company = o.company and s.employee_number = o.employee_number)
           and not exists (select 1 from rejection r where r.run_id = $1 and r.employee_number = o.employee_number)
           and exists (
             select 1 from employment e left join departure d on d.employment_id = e.id and d.state = 'standing'
             where e.company = o.company and e.employee_number = o.employee_number and not e.withdrawn
               and e.absent_since is null and (d.last_day is null or d.last_day > $4)
               and not exists (select 1 from employment later
                 where later.company = e.company and later.employee_number = e.employee_number
                   and later.spell > e.spell and not later.withdrawn)))
       insert into staged_observation (run_id, row_no, company, employee_number, spell_hint, as_of_at, content_hash,
         facts, absent, new_id)
       select $1, 1000000000 + (row_number() over (order by m.company, m.employee_number))::int,
         m.company, m.employee_number, '', $3, md5('absent')::uuid, '{}', true, enishi_id()
       from missing m`,
      [run.id, run.source, run.asOfAt, asOfDay],
    );
    await sql.query(
      `insert into staged_change (run_id, row_no, company, employee_number, quiet)
       select run_id, row_no, company, employee_number, false from staged_observation
       where run_id = $1 and absent on conflict do nothing`,
      [run.id],
    );
    return result.rowCount ?? 0;
  }

  /** Numbers with something new that has to be decided one by one, in the order of company and number. */
  async loudKeys(sql: Sql, runId: string, after: NumberKey | null, limit: number): Promise<NumberKey[]> {
    const result = await sql.query<NumberKey>(
      `select distinct company collate "C" as company, employee_number collate "C" as "employeeNumber"
       from staged_change where run_id = $1 and not quiet
         and ($2::text is null or (company collate "C", employee_number collate "C") > ($2, $3))
       order by 1, 2 limit $4`,
      [runId, after?.company ?? null, after?.employeeNumber ?? null, limit],
    );
    return result.rows;
  }

  /** Numbers that a run said something about. */
  async keysOfRun(sql: Sql, runId: string, after: NumberKey | null, limit: number): Promise<NumberKey[]> {
    const result = await sql.query<NumberKey>(
      `select distinct company collate "C" as company, employee_number collate "C" as "employeeNumber"
       from observation where run_id = $1 and not reverted
         and ($2::text is null or (company collate "C", employee_number collate "C") > ($2, $3))
       order by 1, 2 limit $4`,
      [runId, after?.company ?? null, after?.employeeNumber ?? null, limit],
    );
    return result.rows;
  }

  /** Ranges of quiet rows, and a fingerprint of all of them for the plan's hash. */
  async quiet(
    sql: Sql,
    runId: string,
  ): Promise<{ count: number; first: number; last: number; fingerprint: string }> {
    const result = await sql.query<{
      count: number;
      first: number | null;
      last: number | null;
      fingerprint: string;
    }>(
      `select count(*)::int as count, min(c.row_no) as first, max(c.row_no) as last,
         coalesce(bit_xor(hashtextextended(s.company || '/' || s.employee_number || '/' || s.content_hash::text, 0)), 0)::text
           as fingerprint
       from staged_change c join staged_observation s on s.run_id = c.run_id and s.row_no = c.row_no
       where c.run_id = $1 and c.quiet`,
      [runId],
    );
    const row = result.rows[0];
    return {
      count: row?.count ?? 0,
      first: row?.first ?? 0,
      last: row?.last ?? 0,
      fingerprint: row?.fingerprint ?? '0',
    };
  }
}
