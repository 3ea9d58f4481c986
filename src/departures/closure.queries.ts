import type { Statement } from '../domain/departure.js';
import type { StatedFacts } from '../domain/observation.js';
import type { Sql } from '../platform/database/database.js';

/** One (company, employee number). */
export interface NumberKey {
  readonly company: string;
  readonly employeeNumber: string;
}

/** Which observations count: the recorded ones, plus what a run has staged, minus a run that is being taken back. */
export interface ObservationScope {
  readonly stagedRunId: string | null;
  readonly withoutRunId: string | null;
  authority(source: string): number;
}

interface ClosureRow {
  readonly company: string;
  readonly employee_number: string;
  readonly id: string;
  readonly person_id: string;
  readonly key_name: string | null;
  readonly key_email: string | null;
  readonly key_phone: string | null;
}

interface StagedRow {
  readonly row_no: number;
  readonly company: string;
  readonly employee_number: string;
  readonly source: string;
  readonly as_of_at: string;
  readonly content_hash: string;
  readonly facts: StatedFacts;
  readonly absent: boolean;
  readonly key_name: string | null;
  readonly key_email: string | null;
  readonly key_phone: string | null;
}

/** Everything reachable from some numbers by person, match key or decided pair. `links` join numbers. */
export interface Closure {
  readonly keys: readonly NumberKey[];
  readonly statements: ReadonlyMap<string, readonly Statement[]>;
  readonly stagedRows: ReadonlyMap<string, readonly number[]>;
  /** Pairs of number keys (as `keyText`) that belong into one component. */
  readonly links: readonly (readonly [string, string])[];
  readonly employmentIds: readonly string[];
  readonly personIds: readonly string[];
}

/** More employments than this behind one match key are a shared contact; they are not followed any further. */
const MOST_PER_MATCH_KEY = 60;
const MOST_ROUNDS = 8;

export function keyText(key: NumberKey): string {
  return `${key.company}/${key.employeeNumber}`;
}

/**
 * Collects the numbers that have to be decided together with `start`: the other employments of the same persons, of
 * people with an equal match key, and of decided or open pairs; both recorded and staged. Set-based: a few queries for
 * each round of widening, whatever the number of keys.
 */
export async function loadClosure(sql: Sql, start: readonly NumberKey[], scope: ObservationScope): Promise<Closure> {
  const collected = new Collected();
  let wave = start.filter((key) => collected.addKey(key));
  for (let round = 0; round < MOST_ROUNDS && wave.length > 0; round += 1) {
    const employments = await employmentsOf(sql, wave);
    const staged = scope.stagedRunId === null ? [] : await stagedOf(sql, wave, scope.stagedRunId);
    for (const row of staged) collected.addStaged(row, scope);
    const found: { from: string; row: NumberKey & { id?: string; personId?: string } }[] = [];
    for (const row of employments) collected.addEmployment(row);
    const matches = collected.newMatchKeys([...employments, ...staged]);
    for (const row of await employmentsByMatch(sql, matches)) {
      collected.addEmployment(row);
      found.push({ from: row.match, row: { company: row.company, employeeNumber: row.employee_number } });
    }
    if (scope.stagedRunId !== null) {
      for (const row of await stagedByMatch(sql, matches, scope.stagedRunId)) {
        found.push({ from: row.match, row: { company: row.company, employeeNumber: row.employee_number } });
      }
    }
    for (const row of await employmentsByPerson(sql, collected.newPersons())) {
      collected.addEmployment(row);
      found.push({ from: `p ${row.person_id}`, row: { company: row.company, employeeNumber: row.employee_number } });
    }
    for (const row of await employmentsByCase(sql, collected.newEmployments())) {
      collected.addEmployment(row);
      found.push({ from: `e ${row.partner}`, row: { company: row.company, employeeNumber: row.employee_number } });
    }
    const next: NumberKey[] = [];
    for (const { from, row } of found) {
      collected.link(from, keyText(row));
      if (collected.addKey(row)) next.push(row);
    }
    wave = next;
  }
  const statements = await statementsOf(sql, collected.keys, scope);
  return collected.closure(statements);
}

class Collected {
  readonly keys: NumberKey[] = [];
  private readonly seenKeys = new Set<string>();
  private readonly staged = new Map<string, Map<number, Statement>>();
  private readonly matchesSeen = new Set<string>();
  private readonly persons = new Map<string, boolean>();
  private readonly employments = new Map<string, boolean>();
  private readonly links: (readonly [string, string])[] = [];

  addKey(key: NumberKey): boolean {
    const text = keyText(key);
    if (this.seenKeys.has(text)) return false;
    this.seenKeys.add(text);
    this.keys.push({ company: key.company, employeeNumber: key.employeeNumber });
    return true;
  }

  /** `node` is a number key or any other text that several number keys share. */
  link(node: string, key: string): void {
    this.links.push([node, key]);
  }

  addEmployment(row: ClosureRow): void {
    const key = keyText({ company: row.company, employeeNumber: row.employee_number });
    if (!this.persons.has(row.person_id)) this.persons.set(row.person_id, false);
    if (!this.employments.has(row.id)) this.employments.set(row.id, false);
    this.link(`p ${row.person_id}`, key);
    this.link(`e ${row.id}`, key);
    for (const match of matchTexts(row)) this.link(match, key);
  }

  addStaged(row: StagedRow, scope: ObservationScope): void {
    const key = keyText({ company: row.company, employeeNumber: row.employee_number });
    const rows = this.staged.get(key) ?? new Map<number, Statement>();
    this.staged.set(key, rows);
    rows.set(row.row_no, {
      source: row.source,
      authority: scope.authority(row.source),
      asOfAt: row.as_of_at,
      confirmedAt: row.as_of_at,
      contentHash: row.content_hash,
      absent: row.absent,
      facts: row.facts,
    });
    for (const match of matchTexts(row)) this.link(match, key);
  }

  newMatchKeys(rows: readonly { key_name: string | null; key_email: string | null; key_phone: string | null }[]): string[] {
    const fresh: string[] = [];
    for (const match of rows.flatMap((row) => matchTexts(row))) {
      if (this.matchesSeen.has(match)) continue;
      this.matchesSeen.add(match);
      fresh.push(match);
    }
    return fresh;
  }

  newPersons(): string[] {
    return takeNew(this.persons);
  }

  newEmployments(): string[] {
    return takeNew(this.employments);
  }

  closure(recorded: ReadonlyMap<string, readonly Statement[]>): Closure {
    const statements = new Map<string, readonly Statement[]>();
    const stagedRows = new Map<string, readonly number[]>();
    for (const key of this.keys.map(keyText)) {
      const staged = this.staged.get(key) ?? new Map<number, Statement>();
      statements.set(key, mergeStatements([...(recorded.get(key) ?? []), ...staged.values()]));
      if (staged.size > 0) stagedRows.set(key, [...staged.keys()]);
    }
    return {
      keys: this.keys,
      statements,
      stagedRows,
      links: this.links,
      employmentIds: [...this.employments.keys()],
      personIds: [...this.persons.keys()],
    };
  }
}

/** The same statement staged again, or staged although it is recorded, is one statement with the later confirmation. */
function mergeStatements(statements: readonly Statement[]): Statement[] {
  const merged = new Map<string, Statement>();
  for (const s of statements) {
    const key = `${s.source} ${s.facts.hiredOn ?? ''} ${s.asOfAt} ${s.contentHash} ${String(s.absent)}`;
    const before = merged.get(key);
    if (before === undefined || before.confirmedAt < s.confirmedAt) merged.set(key, s);
  }
  return [...merged.values()];
}

function takeNew(seen: Map<string, boolean>): string[] {
  const fresh = [...seen].filter(([, done]) => !done).map(([id]) => id);
  for (const id of fresh) seen.set(id, true);
  return fresh;
}

function matchTexts(row: { key_name: string | null; key_email: string | null; key_phone: string | null }): string[] {
  const texts: string[] = [];
  if (row.key_name !== null) texts.push(`n ${row.key_name}`);
  if (row.key_email !== null) texts.push(`m ${row.key_email}`);
  if (row.key_phone !== null) texts.push(`t ${row.key_phone}`);
  return texts;
}

const COLUMNS = 'e.company, e.employee_number, e.id, e.person_id, e.key_name, e.key_email, e.key_phone';

async function employmentsOf(sql: Sql, keys: readonly NumberKey[]): Promise<ClosureRow[]> {
  const result = await sql.query<ClosureRow>(
    `select ${COLUMNS} from unnest($1::text[], $2::text[]) k(company, employee_number)
     join employment e on e.company = k.company and e.employee_number = k.employee_number`,
    [keys.map((k) => k.company), keys.map((k) => k.employeeNumber)],
  );
  return result.rows;
}

async function stagedOf(sql: Sql, keys: readonly NumberKey[], runId: string): Promise<StagedRow[]> {
  const result = await sql.query<StagedRow>(
    `select s.row_no, s.company, s.employee_number, r.source, s.as_of_at, s.content_hash, s.facts, s.absent,
            s.key_name, s.key_email, s.key_phone
     from unnest($2::text[], $3::text[]) k(company, employee_number)
     join staged_change c on c.run_id = $1 and c.company = k.company and c.employee_number = k.employee_number
     join staged_observation s on s.run_id = c.run_id and s.row_no = c.row_no
     join import_run r on r.id = c.run_id`,
    [runId, keys.map((k) => k.company), keys.map((k) => k.employeeNumber)],
  );
  return result.rows;
}

async function employmentsByMatch(sql: Sql, matches: readonly string[]): Promise<(ClosureRow & { match: string })[]> {
  const rows: (ClosureRow & { match: string })[] = [];
  for (const [letter, column] of [
    ['n', 'key_name'],
    ['m', 'key_email'],
    ['t', 'key_phone'],
  ] as const) {
    const values = matches.filter((m) => m.startsWith(`${letter} `)).map((m) => m.slice(2));
    if (values.length === 0) continue;
    const result = await sql.query<ClosureRow & { match: string }>(
      `select '${letter} ' || k.value as match, e.* from unnest($1::text[]) k(value)
       cross join lateral (
         select ${COLUMNS} from employment e where e.${column} = k.value and not e.withdrawn
         order by e.id limit ${MOST_PER_MATCH_KEY}
       ) e`,
      [values],
    );
    rows.push(...result.rows);
  }
  return rows;
}

async function stagedByMatch(
  sql: Sql,
  matches: readonly string[],
  runId: string,
): Promise<{ match: string; company: string; employee_number: string }[]> {
  if (matches.length === 0) return [];
  const result = await sql.query<{ match: string; company: string; employee_number: string }>(
    `select l.link as match, s.company, s.employee_number from staged_link l
     join staged_observation s on s.run_id = l.run_id and s.row_no = l.row_no
     where l.run_id = $1 and l.link = any($2::text[])`,
    [runId, matches],
  );
  return result.rows;
}

async function employmentsByPerson(sql: Sql, persons: readonly string[]): Promise<ClosureRow[]> {
  if (persons.length === 0) return [];
  const result = await sql.query<ClosureRow>(
    `select ${COLUMNS} from employment e where e.person_id = any($1::uuid[])`,
    [persons],
  );
  return result.rows;
}

async function employmentsByCase(sql: Sql, ids: readonly string[]): Promise<(ClosureRow & { partner: string })[]> {
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

async function statementsOf(
  sql: Sql,
  keys: readonly NumberKey[],
  scope: ObservationScope,
): Promise<Map<string, Statement[]>> {
  const result = await sql.query<{
    company: string;
    employee_number: string;
    source: string;
    as_of_at: string;
    confirmed_at: string;
    content_hash: string;
    absent: boolean;
    facts: StatedFacts;
  }>(
    `select o.company, o.employee_number, o.source, o.as_of_at, o.confirmed_at, o.content_hash, o.absent, o.facts
     from unnest($1::text[], $2::text[]) k(company, employee_number)
     join observation o on o.company = k.company and o.employee_number = k.employee_number
     where not o.reverted and ($3::uuid is null or o.run_id <> $3)`,
    [keys.map((k) => k.company), keys.map((k) => k.employeeNumber), scope.withoutRunId],
  );
  const byKey = new Map<string, Statement[]>();
  for (const row of result.rows) {
    const key = keyText({ company: row.company, employeeNumber: row.employee_number });
    const list = byKey.get(key) ?? [];
    byKey.set(key, list);
    list.push({
      source: row.source,
      authority: scope.authority(row.source),
      asOfAt: row.as_of_at,
      confirmedAt: row.confirmed_at,
      contentHash: row.content_hash,
      absent: row.absent,
      facts: row.facts,
    });
  }
  return byKey;
}
