import type { Sql } from '../platform/database/database.js';
import type { Run } from './run.js';

/** Staged rows of a range that concern nobody else, read once: `d` is what was decided about those who left. */
const ROWS = `rows as materialized (
  select s.new_id, s.row_no, s.company, s.employee_number, s.spell_hint, s.as_of_at, s.content_hash, s.raw_hash, s.facts,
    s.key_name, s.key_email, s.key_phone, d.last_day, coalesce(d.scope, 'in') as scope,
    coalesce(d.disputes, '[]') as disputes
  from staged_change c
  join staged_observation s on s.run_id = c.run_id and s.row_no = c.row_no
  left join staged_departure d on d.run_id = $1 and d.row_no = c.row_no and d.row_no between $2 and $3
  where c.run_id = $1 and c.row_no between $2 and $3 and c.alone and (c.quiet or d.row_no is not null))`;

const PERSONS = `insert into person (id, created_at) select new_id, $4::timestamptz from rows`;

const EMPLOYMENTS = `insert into employment (id, person_id, company, employee_number, spell, spell_key, facts, display_name,
    department, hired_on, last_day, scope, disputes, key_name, key_email, key_phone, recorded_at)
  select new_id, new_id, company, employee_number, 1, spell_hint, jsonb_strip_nulls(facts),
    coalesce(facts->>'displayName',
      nullif(concat_ws(' ', nullif(facts->>'familyName', ''), nullif(facts->>'givenName', '')), '')),
    facts->>'department', (facts->>'hiredOn')::date, last_day, scope, disputes, key_name, key_email, key_phone,
    $4::timestamptz
  from rows`;

const OBSERVATIONS = `insert into observation (source, company, employee_number, spell_hint, as_of_at, confirmed_at,
    received_at, run_id, row_no, content_hash, raw_hash, facts, follows)
  select $5, company, employee_number, spell_hint, as_of_at, as_of_at, $6::timestamptz, $1, row_no, content_hash, raw_hash,
    facts, coalesce(as_of_at = (select confirmed_as_of_at from source_state where source = $5), false)
  from rows`;

/**
 * New people of whom nobody has heard before: one person, one employment and one observation for each row, and for those
 * who left the departure and its verdict. Their history in the registry begins with it.
 */
export async function writeAlone(
  sql: Sql,
  run: Run,
  { from, to }: { readonly from: number; readonly to: number },
  policyVersion: number,
): Promise<void> {
  const range = [run.id, from, to];
  await sql.query(`with ${ROWS}, persons as (${PERSONS}), employments as (${EMPLOYMENTS}) ${OBSERVATIONS}`, [
    ...range,
    run.applyAt,
    run.source,
    run.startedAt,
  ]);
  await writeDepartures(sql, range, run, policyVersion);
}

/** The same for what was decided about them: read once, written three times. */
async function writeDepartures(
  sql: Sql,
  range: readonly unknown[],
  run: Run,
  policyVersion: number,
): Promise<void> {
  await sql.query(
    `with rows as materialized (
       select s.new_id, s.company, d.* from staged_departure d
       join staged_observation s on s.run_id = d.run_id and s.row_no = d.row_no
       where d.run_id = $1 and d.row_no between $2 and $3),
     departures as (
       insert into departure (employment_id, last_day, announced_on, category, voluntary, reason_text, reason_code, kind,
         state, recorded_at, changed_at)
       select new_id, last_day, announced_on, category, voluntary, reason_text, reason_code, kind, 'standing',
         $4::timestamptz, $4::timestamptz
       from rows),
     entries as (
       insert into registry_entry (person_id, company, employment_id, verdict, from_day, review_on, rule, because,
         evidence, missing, policy_version, decided_at)
       select new_id, company, new_id, verdict, from_day, review_on, rule, because, evidence, missing, $5, $4::timestamptz
       from rows where verdict is not null)
     insert into registry_history (person_id, company, believed_from, verdict, from_day, review_on, rule, because,
       policy_version, employment_id, evidence, missing, cause)
     select new_id, company, $4::timestamptz, verdict, from_day, review_on, rule, because, $5, new_id, evidence, missing,
       $6::jsonb
     from rows where verdict is not null`,
    [...range, run.applyAt, policyVersion, JSON.stringify({ policyVersion, runId: run.id })],
  );
}
