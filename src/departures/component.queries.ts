import type { DepartureFacts, DeriveContext, Dispute, EmploymentState } from '../domain/departure.js';
import { deriveEmployments } from '../domain/derive-employments.js';
import type { ExistingFollowUp } from '../domain/follow-up.js';
import { matchTexts } from '../domain/match-evidence.js';
import type { StatedFacts } from '../domain/observation.js';
import type { Component, StoredCase, StoredEmployment, StoredEntry } from '../domain/plan.js';
import type { Sql } from '../platform/database/database.js';
import type { Closure } from './closure.queries.js';
import { keyText } from './closure.queries.js';

/** A component together with the staged rows that led to it. */
export interface LoadedComponent {
  readonly component: Component;
  readonly stagedRows: readonly number[];
  readonly keys: readonly { readonly company: string; readonly employeeNumber: string }[];
}

/** Reads what is stored about a closure, derives its employments and parts it into independent components. */
export async function loadComponents(
  sql: Sql,
  closure: Closure,
  contextOf: (company: string) => DeriveContext,
): Promise<LoadedComponent[]> {
  const stored = groupBy(await storedEmployments(sql, closure.employmentIds), keyText);
  const entries = groupBy(await storedEntries(sql, closure.personIds), (e) => e.personId);
  const cases = await storedCases(sql, closure.employmentIds);
  const casesOf = groupBy(
    cases.flatMap((c) => [c.a, c.b].map((id) => ({ id, c }))),
    (one) => one.id,
  );
  const followUps = groupBy(await storedFollowUps(sql, closure.employmentIds), (f) => f.employmentId);
  const optedOut = await optedOutOf(sql, closure.personIds);
  const derived = new Map<string, readonly EmploymentState[]>();
  for (const key of closure.keys) {
    const statements = closure.statements.get(keyText(key)) ?? [];
    derived.set(
      keyText(key),
      deriveEmployments(key.company, key.employeeNumber, statements, contextOf(key.company)),
    );
  }
  return new Parts(closure, derived).groups().map((keys) => {
    const texts = keys.map(keyText);
    const employments = texts.flatMap((text) => stored.get(text) ?? []);
    const persons = new Set(employments.map((e) => e.personId));
    return {
      keys,
      stagedRows: texts.flatMap((text) => closure.stagedRows.get(text) ?? []),
      component: {
        derived: texts.flatMap((text) => derived.get(text) ?? []),
        stored: employments,
        entries: [...persons].flatMap((id) => entries.get(id) ?? []),
        cases: [...new Set(employments.flatMap((e) => (casesOf.get(e.id) ?? []).map(({ c }) => c)))],
        followUps: employments.flatMap((e) => followUps.get(e.id) ?? []),
        optedOut,
        sharedContacts: closure.shared,
      },
    };
  });
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const list = groups.get(key) ?? [];
    groups.set(key, list);
    list.push(item);
  }
  return groups;
}

/** Union-find over numbers and whatever links them. */
class Parts {
  private readonly parent = new Map<string, string>();

  constructor(
    private readonly closure: Closure,
    derived: ReadonlyMap<string, readonly EmploymentState[]>,
  ) {
    for (const [node, key] of closure.links) this.join(node, key);
    // By what the employments are after this, not by what they were: keys that were given up join nobody.
    for (const [key, states] of derived) {
      for (const match of states.flatMap(({ facts }) => matchTexts(facts))) {
        if (!closure.shared.has(match)) this.join(match, key);
      }
    }
  }

  groups(): Closure['keys'][] {
    const groups = groupBy(this.closure.keys, (key) => this.root(keyText(key)));
    return [...groups.values()];
  }

  private root(node: string): string {
    let at = node;
    for (;;) {
      const up = this.parent.get(at);
      if (up === undefined || up === at) break;
      at = up;
    }
    // Path compression keeps long chains of equal match keys cheap.
    for (let walk = node; walk !== at;) {
      const up = this.parent.get(walk) ?? at;
      this.parent.set(walk, at);
      walk = up;
    }
    return at;
  }

  private join(a: string, b: string): void {
    const left = this.root(a);
    const right = this.root(b);
    if (left !== right) this.parent.set(right, left);
  }
}

async function storedEmployments(sql: Sql, ids: readonly string[]): Promise<StoredEmployment[]> {
  if (ids.length === 0) return [];
  const result = await sql.query<{
    id: string;
    person_id: string;
    company: string;
    employee_number: string;
    spell: number;
    spell_key: string;
    facts: StatedFacts;
    scope: 'in' | 'out';
    absent_since: string | null;
    absent_count: number;
    disputes: Dispute[];
    withdrawn: boolean;
    departure: (DepartureFacts & { state: 'standing' | 'rescinded' }) | null;
  }>(
    `select e.id, e.person_id, e.company, e.employee_number, e.spell, e.spell_key, e.facts, e.scope,
            e.absent_since, e.absent_count, e.disputes, e.withdrawn,
            case when d.employment_id is null then null else jsonb_build_object(
              'lastDay', d.last_day, 'announcedOn', d.announced_on, 'category', d.category, 'voluntary', d.voluntary,
              'reasonText', d.reason_text, 'reasonCode', d.reason_code, 'kind', d.kind, 'state', d.state) end as departure
     from employment e left join departure d on d.employment_id = e.id
     where e.id = any($1::uuid[]) order by e.company, e.employee_number, e.spell`,
    [ids],
  );
  return result.rows.map((row) => ({
    id: row.id,
    personId: row.person_id,
    company: row.company,
    employeeNumber: row.employee_number,
    spell: row.spell,
    spellKey: row.spell_key,
    facts: row.facts,
    inScope: row.scope === 'in',
    absentSince: row.absent_since,
    absentCount: row.absent_count,
    disputes: row.disputes,
    withdrawn: row.withdrawn,
    departure: row.departure,
  }));
}

async function storedEntries(sql: Sql, personIds: readonly string[]): Promise<StoredEntry[]> {
  if (personIds.length === 0) return [];
  const result = await sql.query<{
    person_id: string;
    company: string;
    employment_id: string;
    verdict: StoredEntry['verdict']['verdict'];
    from_day: StoredEntry['verdict']['fromDay'];
    review_on: StoredEntry['verdict']['reviewOn'];
    rule: string;
    because: StoredEntry['verdict']['because'];
    missing: StoredEntry['verdict']['missing'];
    evidence: StoredEntry['verdict']['evidence'];
  }>(
    `select person_id, company, employment_id, verdict, from_day, review_on, rule, because, missing, evidence
     from registry_entry where person_id = any($1::uuid[]) order by person_id, company`,
    [personIds],
  );
  return result.rows.map((row) => ({
    personId: row.person_id,
    company: row.company,
    employmentId: row.employment_id,
    verdict: {
      verdict: row.verdict,
      fromDay: row.from_day,
      reviewOn: row.review_on,
      rule: row.rule,
      because: row.because,
      missing: row.missing,
      evidence: row.evidence,
    },
  }));
}

async function storedCases(sql: Sql, ids: readonly string[]): Promise<StoredCase[]> {
  if (ids.length === 0) return [];
  const result = await sql.query<StoredCase>(
    `select employment_a as a, employment_b as b, state, score, evidence from match_case
     where employment_a = any($1::uuid[]) or employment_b = any($1::uuid[]) order by employment_a, employment_b`,
    [ids],
  );
  return result.rows;
}

async function storedFollowUps(
  sql: Sql,
  ids: readonly string[],
): Promise<(ExistingFollowUp & { employmentId: string })[]> {
  if (ids.length === 0) return [];
  const result = await sql.query<ExistingFollowUp & { employmentId: string }>(
    `select id, employment_id as "employmentId", kind, state, due_on as "dueOn" from follow_up
     where employment_id = any($1::uuid[]) order by created_at, id`,
    [ids],
  );
  return result.rows;
}

async function optedOutOf(sql: Sql, personIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (personIds.length === 0) return new Set();
  const result = await sql.query<{ id: string }>(
    `select id from person where id = any($1::uuid[]) and opted_out_at is not null`,
    [personIds],
  );
  return new Set(result.rows.map((row) => row.id));
}
