import type { StatedFacts } from '../domain/observation.js';
import type { Sql } from '../platform/database/database.js';

interface Key {
  readonly company: string;
  readonly employeeNumber: string;
}

export interface MatchColumns {
  readonly key_name: string | null;
  readonly key_email: string | null;
  readonly key_phone: string | null;
}

/** A stored employment as far as it leads on to others. */
export interface ClosureRow extends MatchColumns {
  readonly company: string;
  readonly employee_number: string;
  readonly id: string;
  readonly person_id: string;
}

export interface StagedRow extends MatchColumns {
  readonly row_no: number;
  readonly company: string;
  readonly employee_number: string;
  readonly source: string;
  readonly as_of_at: string;
  readonly content_hash: string;
  readonly facts: StatedFacts;
  readonly absent: boolean;
}

/** A number that has a match key. */
export interface MatchRow {
  readonly match: string;
  readonly company: string;
  readonly employee_number: string;
}

export interface StatementRow {
  readonly company: string;
  readonly employee_number: string;
  readonly source: string;
  readonly as_of_at: string;
  readonly confirmed_at: string;
  readonly content_hash: string;
  readonly absent: boolean;
  readonly facts: StatedFacts;
}

/**
 * When observation `o` was last confirmed. Whoever follows the newest reading of the source (`st`) was confirmed by it,
 * without a word in a row of its own.
 */
export const CONFIRMED_AT =
  'case when o.follows then greatest(o.confirmed_at, st.confirmed_as_of_at) else o.confirmed_at end';

const COLUMNS = 'e.company, e.employee_number, e.id, e.person_id, e.key_name, e.key_email, e.key_phone';

export async function employmentsOf(sql: Sql, keys: readonly Key[]): Promise<ClosureRow[]> {
  const result = await sql.query<ClosureRow>(
    `select ${COLUMNS} from unnest($1::text[], $2::text[]) k(company, employee_number)
     join employment e on e.company = k.company and e.employee_number = k.employee_number`,
    [keys.map((k) => k.company), keys.map((k) => k.employeeNumber)],
  );
  return result.rows;
}

export async function stagedOf(sql: Sql, keys: readonly Key[], runId: string): Promise<StagedRow[]> {
  const result = await sql.query<StagedRow>(
    `select s.row_no, s.company, s.employee_number, r.source, s.as_of_at, s.content_hash, s.facts, s.absent,
            s.key_name, s.key_email, s.key_phone
     from unnest($2::text[], $3::text[]) k(company, employee_number)
     join staged_change c on c.run_id = $1 and c.company = k.company and c.employee_number = k.employee_number
       and not c.alone
     join staged_observation s on s.run_id = c.run_id and s.row_no = c.row_no
     join import_run r on r.id = c.run_id`,
    [runId, keys.map((k) => k.company), keys.map((k) => k.employeeNumber)],
  );
  return result.rows;
}

/** The column and the fact of each kind of match key. */
const MATCHES = [
  ['n', 'key_name', `(s.facts ? 'birthDate' or s.facts ? 'givenName' or s.facts ? 'givenNameKana')`],
  ['m', 'key_email', `s.facts ? 'personalEmail'`],
  ['t', 'key_phone', `s.facts ? 'phone'`],
] as const;

/**
 * Numbers whose stored employments have one of the match keys, without those to which the staged run gives another
 * one. At most `most` rows for each key, in no order: whoever gets that many knows only that there are too many.
 */
export async function storedByMatch(
  sql: Sql,
  matches: readonly string[],
  runId: string | null,
  most: number,
): Promise<MatchRow[]> {
  const rows: MatchRow[] = [];
  for (const [letter, column, isStated] of MATCHES) {
    const values = matches.filter((m) => m.startsWith(`${letter} `)).map((m) => m.slice(2));
    if (values.length === 0) continue;
    const restated =
      runId === null
        ? ''
        : `and not exists (
             select 1 from staged_change c join staged_observation s on s.run_id = c.run_id and s.row_no = c.row_no
             where c.run_id = $3 and not c.alone and c.company = e.company and c.employee_number = e.employee_number
               and not s.absent and ${isStated} and s.${column} is distinct from k.value
             -- Looked up for each number by itself: as a join it is everybody staged for each, where nothing is known of them.
             offset 0)`;
    const result = await sql.query<MatchRow>(
      `select '${letter} ' || k.value as match, e.company, e.employee_number from unnest($1::text[]) k(value)
       cross join lateral (
         select e.company, e.employee_number from employment e
         where e.${column} = k.value and not e.withdrawn ${restated} limit $2
       ) e`,
      runId === null ? [values, most] : [values, most, runId],
    );
    rows.push(...result.rows);
  }
  return rows;
}

/** Numbers for which the run staged one of the match keys that it staged more than once; at most `most` for each. */
export async function stagedByMatch(
  sql: Sql,
  matches: readonly string[],
  runId: string,
  most: number,
): Promise<MatchRow[]> {
  if (matches.length === 0) return [];
  const result = await sql.query<MatchRow>(
    `select k.link as match, s.company, s.employee_number from unnest($2::text[]) k(link)
     cross join lateral (
       select row_no from staged_link where run_id = $1 and link = k.link limit $3
     ) l
     join staged_observation s on s.run_id = $1 and s.row_no = l.row_no`,
    [runId, matches, most],
  );
  return result.rows;
}

export async function employmentsByPerson(sql: Sql, persons: readonly string[]): Promise<ClosureRow[]> {
  if (persons.length === 0) return [];
  const result = await sql.query<ClosureRow>(
    `select ${COLUMNS} from employment e where e.person_id = any($1::uuid[])`,
    [persons],
  );
  return result.rows;
}

export async function employmentsByCase(
  sql: Sql,
  ids: readonly string[],
): Promise<(ClosureRow & { partner: string })[]> {
  if (ids.length === 0) return [];
  const result = await sql.query<ClosureRow & { partner: string }>(
    `select ${COLUMNS}, c.employment_a as partner from match_case c join employment e on e.id = c.employment_b
       where c.employment_a = any($1::uuid[]) and c.state <> 'closed'
     union all
     select ${COLUMNS}, c.employment_b from match_case c join employment e on e.id = c.employment_a
       where c.employment_b = any($1::uuid[]) and c.state <> 'closed'`,
    [ids],
  );
  return result.rows;
}

/** Everything recorded about the numbers, without what was reverted or belongs to the run that is being taken back. */
export async function statementRowsOf(
  sql: Sql,
  keys: readonly Key[],
  withoutRunId: string | null,
): Promise<StatementRow[]> {
  const result = await sql.query<StatementRow>(
    `select o.company, o.employee_number, o.source, o.as_of_at, ${CONFIRMED_AT} as confirmed_at, o.content_hash,
       o.absent, o.facts
     from unnest($1::text[], $2::text[]) k(company, employee_number)
     join observation o on o.company = k.company and o.employee_number = k.employee_number
     left join source_state st on st.source = o.source
     where not o.reverted and ($3::uuid is null or o.run_id <> $3)`,
    [keys.map((k) => k.company), keys.map((k) => k.employeeNumber), withoutRunId],
  );
  return result.rows;
}
