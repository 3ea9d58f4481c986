import type { Sql } from '../platform/database/database.js';
import type { Run } from './run.js';

/** Staged rows of a range that concern nobody else: `d` is what was decided about those who left. */
const ROWS = `staged_change c
  join staged_observation s on s.run_id = c.run_id and s.row_no = c.row_no
  left join staged_departure d on d.run_id = c.run_id and d.row_no = c.row_no
  where c.run_id = $1 and c.row_no between $2 and $3 and c.alone and (c.quiet or d.row_no is not null)`;

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
  await sql.query(`insert into person (id, created_at) select s.new_id, $4::timestamptz from ${ROWS}`, [
    ...range,
    run.applyAt,
  ]);
  await sql.query(
    `insert into employment (id, person_id, company, employee_number, spell, spell_key, facts, display_name, department,
       hired_on, last_day, scope, disputes, key_name, key_email, key_phone, recorded_at)
     select s.new_id, s.new_id, s.company, s.employee_number, 1, s.spell_hint, jsonb_strip_nulls(s.facts),
       coalesce(s.facts->>'displayName',
         nullif(concat_ws(' ', nullif(s.facts->>'familyName', ''), nullif(s.facts->>'givenName', '')), '')),
       s.facts->>'department', (s.facts->>'hiredOn')::date, d.last_day, coalesce(d.scope, 'in'),
       coalesce(d.disputes, '[]'), s.key_name, s.key_email, s.key_phone, $4::timestamptz
     from ${ROWS}`,
    [...range, run.applyAt],
  );
  await sql.query(
    `insert into observation (source, company, employee_number, spell_hint, as_of_at, confirmed_at, received_at, run_id,
       row_no, content_hash, raw_hash, facts, follows)
     select $4, s.company, s.employee_number, s.spell_hint, s.as_of_at, s.as_of_at, $5::timestamptz, $1, s.row_no,
       s.content_hash, s.raw_hash, s.facts,
       coalesce(s.as_of_at = (select confirmed_as_of_at from source_state where source = $4), false)
     from ${ROWS}`,
    [...range, run.source, run.startedAt],
  );
  await writeDepartures(sql, range, run, policyVersion);
}

async function writeDepartures(
  sql: Sql,
  range: readonly unknown[],
  run: Run,
  policyVersion: number,
): Promise<void> {
  const rows = `staged_departure d join staged_observation s on s.run_id = d.run_id and s.row_no = d.row_no
     where d.run_id = $1 and d.row_no between $2 and $3`;
  await sql.query(
    `insert into departure (employment_id, last_day, announced_on, category, voluntary, reason_text, reason_code, kind,
       state, recorded_at, changed_at)
     select s.new_id, d.last_day, d.announced_on, d.category, d.voluntary, d.reason_text, d.reason_code, d.kind,
       'standing', $4::timestamptz, $4::timestamptz
     from ${rows}`,
    [...range, run.applyAt],
  );
  await sql.query(
    `insert into registry_entry (person_id, company, employment_id, verdict, from_day, review_on, rule, because,
       evidence, missing, policy_version, decided_at)
     select s.new_id, s.company, s.new_id, d.verdict, d.from_day, d.review_on, d.rule, d.because, d.evidence, d.missing,
       $5, $4::timestamptz
     from ${rows} and d.verdict is not null`,
    [...range, run.applyAt, policyVersion],
  );
  await sql.query(
    `insert into registry_history (person_id, company, believed_from, verdict, from_day, review_on, rule, because,
       policy_version, employment_id, evidence, missing, cause)
     select s.new_id, s.company, $4::timestamptz, d.verdict, d.from_day, d.review_on, d.rule, d.because, $5, s.new_id,
       d.evidence, d.missing, $6::jsonb
     from ${rows} and d.verdict is not null`,
    [...range, run.applyAt, policyVersion, JSON.stringify({ policyVersion, runId: run.id })],
  );
}
