import { Injectable } from '@nestjs/common';
import type { AloneRow } from '../departures/planning.service.js';
import type { NumberKey } from '../departures/closure.queries.js';
import type { MatchingPolicy } from '../domain/identity.js';
import type { StatedFacts } from '../domain/observation.js';
import type { Database, Sql } from '../platform/database/database.js';
import { noteKnown } from './known-blocks.js';
import type { Run } from './run.js';
import { IN_THE_HOUSE, settleLinks, stageLinks } from './staged-links.queries.js';
import { refuseMisreadNumbers, SAID_AGAIN, stageRepeated } from './repeated-numbers.queries.js';

export interface DiffCounts {
  readonly accepted: number;
  readonly rejected: number;
  readonly unchanged: number;
}

/** A row that was recognised by its bytes, and what it says. */
export interface KnownRow {
  readonly rowNo: number;
  readonly company: string;
  readonly employeeNumber: string;
  readonly facts: StatedFacts;
  readonly rawHash: string | null;
}

/** Below so many rows any plan does, and a pushed record need not wait for statistics. */
const ANALYZE_FROM = 200;
/** So many rows are compared by joins, fewer one by one. */
const JOIN_FROM = 2_000;

/** Staged rows that their source does not say already. */
const NEWS = `
  select s.row_no, s.company, s.employee_number, s.plain, s.key_name, s.key_email, s.key_phone
  from staged_observation s
  where s.run_id = $1 and not s.absent and not ${SAID_AGAIN} and not exists (
    select 1 from observation o
    where not o.reverted and not o.absent and o.source = $2
      and o.company = s.company and o.employee_number = s.employee_number
      and o.spell_hint = s.spell_hint and o.content_hash = s.content_hash
      and (o.as_of_at = s.as_of_at or o.current and o.as_of_at < s.as_of_at and (o.follows or not exists (
        -- Saying again what was said before something else is news: only the latest word may be repeated.
        select 1 from observation x
        where x.company = o.company and x.employee_number = o.employee_number and x.source = o.source
          and x.id <> o.id and not x.reverted and not x.absent
          and (x.confirmed_at > o.confirmed_at or x.confirmed_at = o.confirmed_at
            and (x.spell_hint = o.spell_hint or x.spell_hint = '' or o.spell_hint = ''
              -- Of two spells said together only one is said again: the other is an earlier word from now on.
              or x.current and not exists (
                select 1 from staged_observation t
                where t.run_id = s.run_id and t.company = x.company and t.employee_number = x.employee_number
                  and t.spell_hint = x.spell_hint and not t.absent)))))))`;

/** A newer reading was applied while the file was looked through: what it added says nothing of the day of the file. */
const SAID_LATER = `union select o.id from observation o join import_run r on r.source = o.source
  where r.id = $1 and o.as_of_at > r.as_of_at`;

/** Whom or what a staged row `s` has something in common with. */
const ALONE = ['select 1 from staged_link l where l.run_id = $1 and l.row_no = s.row_no', ...IN_THE_HOUSE];

/** The comparison of what a run staged with what is recorded, in SQL: rows that say nothing new stay there. */
@Injectable()
export class DiffQueries {
  /** Writes `staged_change` and `staged_link` of the run anew. Repeating it gives the same. */
  async compare(db: Database, run: Run, matching: MatchingPolicy): Promise<DiffCounts> {
    const sql = db.pool;
    await sql.query('delete from staged_change where run_id = $1', [run.id]);
    await sql.query('delete from staged_known_block where run_id = $1 and not raw', [run.id]);
    const staged = await stagedCount(sql, run.id);
    const isAnalyzed = staged > ANALYZE_FROM;
    if (isAnalyzed) await sql.query('analyze staged_observation');
    const links = await stageLinks(sql, run.id);
    if (links > 0) {
      await stageRepeated(sql, run.id);
      if (isAnalyzed) await sql.query('analyze staged_link');
      await refuseMisreadNumbers(sql, run);
      if (isAnalyzed) await settleLinks(db, run.id, matching);
    }
    // Of many rows the database knows enough to join them; a few are looked up one by one, whatever it thinks of them.
    const apart = ALONE.map((condition) => `not exists (${condition})`).join(' and ');
    const judged =
      run.rows.read > JOIN_FROM
        ? `select s.row_no, s.company, s.employee_number, s.plain, a.row_no is not null as alone
         from news s left join (select s.row_no from news s where ${apart}) a on a.row_no = s.row_no`
        : `select s.row_no, s.company, s.employee_number, s.plain, ${apart} as alone from news s`;
    await sql.query(
      `insert into staged_change (run_id, row_no, company, employee_number, alone, quiet)
       with news as materialized (${NEWS})
       select $1, row_no, company, employee_number, alone, alone and plain from (${judged}) j`,
      [run.id, run.source],
    );
    // Beside a row that says something new, one that repeats an earlier word of the same number takes it back again.
    await sql.query(
      `insert into staged_change (run_id, row_no, company, employee_number, quiet)
       select s.run_id, s.row_no, s.company, s.employee_number, false
       from staged_observation s
       where s.run_id = $1 and not s.absent and not ${SAID_AGAIN} and (s.company, s.employee_number) in (
         select company, employee_number from staged_change where run_id = $1 and not alone)
       on conflict do nothing`,
      [run.id],
    );
    if (isAnalyzed) await sql.query('analyze staged_change');
    const noted = await sql.query(
      noteKnown(`select s.run_id, s.row_no, o.id, false
       from staged_observation s
       join observation o on o.company = s.company and o.employee_number = s.employee_number and o.source = $2
         and o.spell_hint = s.spell_hint and o.content_hash = s.content_hash and o.current
       where s.run_id = $1 and not s.absent and o.as_of_at <= s.as_of_at
         and not exists (select 1 from staged_change c where c.run_id = $1 and c.row_no = s.row_no)`),
      [run.id, run.source],
    );
    if (isAnalyzed && noted.rowCount !== 0) await sql.query('analyze staged_known_block');
    const counts = await sql.query<DiffCounts>(
      `with raw as (select coalesce(sum(cardinality(row_nos)), 0) as n from staged_known_block where run_id = $1 and raw),
         staged as (select count(*) as n from staged_observation where run_id = $1 and not absent)
       select (staged.n + raw.n)::int as accepted,
              (select count(*) from rejection where run_id = $1)::int as rejected,
              (staged.n + raw.n - (select count(*) from staged_change c join staged_observation s
                 on s.run_id = c.run_id and s.row_no = c.row_no where c.run_id = $1 and not s.absent))::int as unchanged
       from raw, staged`,
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
           and not exists (select 1 from staged_known k join observation q on q.id = k.observation_id
             where k.run_id = $1 and q.company = o.company and q.employee_number = o.employee_number)
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

  /**
   * Some of the rows that were known by their bytes and have to be compared after all: their source has said something
   * else about the person since, or says it in another row of the same run. Once in a transaction.
   */
  async doubtedRows(sql: Sql, runId: string, limit: number): Promise<KnownRow[]> {
    const isOvertaken = await sql.query(
      `select 1 from import_run r join source_state st on st.source = r.source
       where r.id = $1 and st.confirmed_as_of_at > r.as_of_at`,
      [runId],
    );
    // Of a list that is only told of in the statement the planner takes two rows for granted, and may go through a
    // million known ones for each that there are.
    await sql.query('create temp table doubted (id bigint) on commit drop');
    await sql.query(
      // A run that recognised nothing need not look for them.
      `insert into doubted
       select o.id from observation o join import_run r on r.source = o.source
       where r.id = $1 and not o.follows and o.raw_hash is not null and exists (select 1 from staged_known_block where run_id = $1 and raw)
       union
       select o.id from staged_observation s
         join observation o on o.company = s.company and o.employee_number = s.employee_number
       where s.run_id = $1 and exists (select 1 from staged_known_block where run_id = $1 and raw)
       ${isOvertaken.rowCount === 0 ? '' : SAID_LATER}`,
      [runId],
    );
    await sql.query('analyze doubted');
    const result = await sql.query<KnownRow>(
      `select k.row_no as "rowNo", o.company, o.employee_number as "employeeNumber", o.facts, o.raw_hash as "rawHash"
       from staged_known k join doubted d on d.id = k.observation_id join observation o on o.id = d.id
       where k.run_id = $1 and k.raw
       order by k.row_no limit $2`,
      [runId, limit],
    );
    return result.rows;
  }

  /** Numbers with something new that has to be decided one by one, in the order of company and number. */
  async loudKeys(sql: Sql, runId: string, after: NumberKey | null, limit: number): Promise<NumberKey[]> {
    const result = await sql.query<NumberKey>(
      `select distinct company collate "C" as company, employee_number collate "C" as "employeeNumber"
       from staged_change where run_id = $1 and not alone
         and ($2::text is null or (company collate "C", employee_number collate "C") > ($2, $3))
       order by 1, 2 limit $4`,
      [runId, after?.company ?? null, after?.employeeNumber ?? null, limit],
    );
    return result.rows;
  }

  /** First and last staged row that is decided without looking at others; null when there is none. */
  async aloneRange(sql: Sql, runId: string): Promise<{ first: number; last: number } | null> {
    const result = await sql.query<{ first: number | null; last: number | null }>(
      `select min(row_no) as first, max(row_no) as last from staged_change where run_id = $1 and alone`,
      [runId],
    );
    const row = result.rows[0];
    return row?.first == null || row.last === null ? null : { first: row.first, last: row.last };
  }

  /** Rows of a range that are alone and say more than that somebody works here, in file order. */
  async aloneRows(sql: Sql, runId: string, from: number, to: number): Promise<AloneRow[]> {
    const result = await sql.query<{
      row_no: number;
      source: string;
      company: string;
      employee_number: string;
      spell_hint: string;
      as_of_at: string;
      content_hash: string;
      facts: StatedFacts;
      new_id: string;
    }>(
      `select s.row_no, r.source, s.company, s.employee_number, s.spell_hint, s.as_of_at, s.content_hash, s.facts, s.new_id
       from staged_change c
       join staged_observation s on s.run_id = c.run_id and s.row_no = c.row_no
       join import_run r on r.id = c.run_id
       where c.run_id = $1 and c.row_no between $2 and $3 and c.alone and not c.quiet
       order by c.row_no`,
      [runId, from, to],
    );
    return result.rows.map((row) => ({
      rowNo: row.row_no,
      source: row.source,
      observation: {
        company: row.company,
        employeeNumber: row.employee_number,
        asOfAt: row.as_of_at,
        facts: row.facts,
      },
      contentHash: row.content_hash,
      spellHint: row.spell_hint,
      newId: row.new_id,
    }));
  }

  /** A fingerprint of the rows from which nothing follows but that somebody works here, for the hash of the plan. */
  async quiet(sql: Sql, runId: string): Promise<{ count: number; fingerprint: string }> {
    const result = await sql.query<{ count: number; fingerprint: string }>(
      `select count(*)::int as count,
         coalesce(bit_xor(hashtextextended(s.company || '/' || s.employee_number || '/' || s.content_hash::text, 0)), 0)::text
           as fingerprint
       from staged_change c join staged_observation s on s.run_id = c.run_id and s.row_no = c.row_no
       where c.run_id = $1 and c.quiet`,
      [runId],
    );
    const row = result.rows[0];
    return { count: row?.count ?? 0, fingerprint: row?.fingerprint ?? '0' };
  }
}

/** Rows to compare; those that were recognised by their bytes are not among them. */
async function stagedCount(sql: Sql, runId: string): Promise<number> {
  const result = await sql.query<{ n: number }>(
    'select count(*)::int as n from staged_observation where run_id = $1',
    [runId],
  );
  return result.rows[0]?.n ?? 0;
}
