import type { Statement } from '../domain/statement.js';
import type { Sql } from '../platform/database/database.js';
import {
  employmentsByCase,
  employmentsByPerson,
  employmentsOf,
  stagedByMatch,
  stagedOf,
  statementRowsOf,
  storedByMatch,
  type ClosureRow,
  type MatchColumns,
  type MatchRow,
  type StagedRow,
  type StatementRow,
} from './closure-rows.queries.js';

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
  /** A contact of more numbers than this is everybody's and evidence about nobody. */
  readonly sharedContactLimit: number;
}

/** Everything reachable from some numbers by person, match key or decided pair. `links` join numbers. */
export interface Closure {
  readonly keys: readonly NumberKey[];
  readonly statements: ReadonlyMap<string, readonly Statement[]>;
  readonly stagedRows: ReadonlyMap<string, readonly number[]>;
  /** What joins numbers (as `keyText`) into one component, beside equal match keys: one person, a decided or open pair. */
  readonly links: readonly (readonly [string, string])[];
  readonly employmentIds: readonly string[];
  readonly personIds: readonly string[];
  /** Match keys of too many people, as `m address` and `t digits`. */
  readonly shared: ReadonlySet<string>;
}

/** So many people with one given name and birth date have a birth date that stands for "unknown". */
export const MOST_PER_NAME = 60;
/** Spells of one number have the same key; nobody has so many of them. */
const ROWS_PER_HOLDER = 20;
/** Every round follows people to their other numbers; no person has so many. */
const MOST_ROUNDS = 64;

export function keyText(key: NumberKey): string {
  return `${key.company}/${key.employeeNumber}`;
}

/**
 * Collects the numbers that have to be decided together with `start`: the other employments of the same persons, of
 * people with an equal match key, and of decided or open pairs; both recorded and staged. Set-based: a few queries for
 * each round of widening, whatever the number of keys. A match key of more people than can be one person links nobody,
 * however many they are and in whichever order they came.
 */
export async function loadClosure(
  sql: Sql,
  start: readonly NumberKey[],
  scope: ObservationScope,
): Promise<Closure> {
  const collected = new Collected(scope);
  let wave = start.filter((key) => collected.addKey(key));
  for (let round = 0; round < MOST_ROUNDS && wave.length > 0; round += 1) {
    for (const row of await employmentsOf(sql, wave)) collected.addEmployment(row);
    const staged = scope.stagedRunId === null ? [] : await stagedOf(sql, wave, scope.stagedRunId);
    for (const row of staged) collected.addStaged(row);
    const found = await followMatches(sql, collected, scope);
    for (const row of await employmentsByPerson(sql, collected.newPersons())) {
      collected.addEmployment(row);
      found.push(row);
    }
    for (const row of await employmentsByCase(sql, collected.newEmployments())) {
      collected.addEmployment(row);
      collected.link(`e ${row.partner}`, keyText(numberOf(row)));
      found.push(row);
    }
    wave = found.map(numberOf).filter((key) => collected.addKey(key));
  }
  const statements = await statementRowsOf(sql, collected.keys, scope.withoutRunId);
  return collected.closure(statements);
}

/** The numbers behind the match keys of this round. Those behind a shared one are decided anew, apart from each other. */
async function followMatches(
  sql: Sql,
  collected: Collected,
  scope: ObservationScope,
): Promise<{ company: string; employee_number: string }[]> {
  const matches = collected.newMatchKeys();
  if (matches.length === 0) return [];
  const most = (Math.max(MOST_PER_NAME, scope.sharedContactLimit) + 1) * ROWS_PER_HOLDER;
  const stored = await storedByMatch(sql, matches, scope.stagedRunId, most);
  const staged = scope.stagedRunId === null ? [] : await stagedByMatch(sql, matches, scope.stagedRunId, most);
  const byMatch = new Map<string, { stored: MatchRow[]; all: Set<string>; rows: MatchRow[] }>();
  for (const match of matches) byMatch.set(match, { stored: [], all: collected.holdersOf(match), rows: [] });
  for (const row of stored) byMatch.get(row.match)?.stored.push(row);
  for (const row of [...stored, ...staged]) {
    byMatch.get(row.match)?.rows.push(row);
    byMatch.get(row.match)?.all.add(keyText(numberOf(row)));
  }
  return [...byMatch].flatMap(([match, holders]) => {
    const limit = match.startsWith('n ') ? MOST_PER_NAME : scope.sharedContactLimit;
    if (holders.all.size > limit || holders.rows.length >= most) {
      collected.share(match);
      // Until now it may have been evidence about the few who had it: their open questions have no ground any more.
      return holders.stored.length <= limit * ROWS_PER_HOLDER ? holders.stored : [];
    }
    return holders.rows;
  });
}

function numberOf(row: { company: string; employee_number: string }): NumberKey {
  return { company: row.company, employeeNumber: row.employee_number };
}

class Collected {
  readonly keys: NumberKey[] = [];
  private readonly seenKeys = new Set<string>();
  private readonly staged = new Map<string, Map<number, Statement>>();
  /** Match keys seen, with the numbers to which the staged run gives them. */
  private readonly matches = new Map<string, Set<string>>();
  private freshMatches: string[] = [];
  private readonly shared = new Set<string>();
  private readonly persons = new Map<string, boolean>();
  private readonly employments = new Map<string, boolean>();
  private readonly links: (readonly [string, string])[] = [];

  constructor(private readonly scope: ObservationScope) {}

  addKey(key: NumberKey): boolean {
    const text = keyText(key);
    if (this.seenKeys.has(text)) return false;
    this.seenKeys.add(text);
    this.keys.push(key);
    return true;
  }

  /** `node` is any text that several number keys share. */
  link(node: string, key: string): void {
    this.links.push([node, key]);
  }

  addEmployment(row: ClosureRow): void {
    const key = keyText(numberOf(row));
    if (!this.persons.has(row.person_id)) this.persons.set(row.person_id, false);
    if (!this.employments.has(row.id)) this.employments.set(row.id, false);
    this.link(`p ${row.person_id}`, key);
    this.link(`e ${row.id}`, key);
    for (const match of matchTexts(row)) this.addMatch(match);
  }

  addStaged(row: StagedRow): void {
    const key = keyText(numberOf(row));
    const rows = this.staged.get(key) ?? new Map<number, Statement>();
    this.staged.set(key, rows);
    rows.set(row.row_no, {
      source: row.source,
      authority: this.scope.authority(row.source),
      asOfAt: row.as_of_at,
      confirmedAt: row.as_of_at,
      contentHash: row.content_hash,
      absent: row.absent,
      facts: row.facts,
    });
    for (const match of matchTexts(row)) this.addMatch(match).add(key);
  }

  /** Too many people have this key. */
  share(match: string): void {
    this.shared.add(match);
  }

  holdersOf(match: string): Set<string> {
    return new Set(this.matches.get(match));
  }

  newMatchKeys(): readonly string[] {
    const fresh = this.freshMatches;
    this.freshMatches = [];
    return fresh;
  }

  newPersons(): string[] {
    return takeNew(this.persons);
  }

  newEmployments(): string[] {
    return takeNew(this.employments);
  }

  closure(recorded: readonly StatementRow[]): Closure {
    const byKey = new Map<string, Statement[]>(this.keys.map((key) => [keyText(key), []]));
    for (const row of recorded) byKey.get(keyText(numberOf(row)))?.push(this.statementOf(row));
    const statements = new Map<string, readonly Statement[]>();
    const stagedRows = new Map<string, readonly number[]>();
    for (const [key, list] of byKey) {
      const staged = this.staged.get(key) ?? new Map<number, Statement>();
      statements.set(key, [...list, ...staged.values()]);
      if (staged.size > 0) stagedRows.set(key, [...staged.keys()]);
    }
    return {
      keys: this.keys,
      statements,
      stagedRows,
      links: this.links,
      employmentIds: [...this.employments.keys()],
      personIds: [...this.persons.keys()],
      shared: this.shared,
    };
  }

  private addMatch(match: string): Set<string> {
    const known = this.matches.get(match);
    if (known !== undefined) return known;
    const holders = new Set<string>();
    this.matches.set(match, holders);
    this.freshMatches.push(match);
    return holders;
  }

  private statementOf(row: StatementRow): Statement {
    return {
      source: row.source,
      authority: this.scope.authority(row.source),
      asOfAt: row.as_of_at,
      confirmedAt: row.confirmed_at,
      contentHash: row.content_hash,
      absent: row.absent,
      facts: row.facts,
    };
  }
}

function takeNew(seen: Map<string, boolean>): string[] {
  const fresh = [...seen].filter(([, done]) => !done).map(([id]) => id);
  for (const id of fresh) seen.set(id, true);
  return fresh;
}

function matchTexts(row: MatchColumns): string[] {
  const texts: string[] = [];
  if (row.key_name !== null) texts.push(`n ${row.key_name}`);
  if (row.key_email !== null) texts.push(`m ${row.key_email}`);
  if (row.key_phone !== null) texts.push(`t ${row.key_phone}`);
  return texts;
}
