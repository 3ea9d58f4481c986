import type { DepartureFacts, DeriveContext, Dispute } from '../domain/departure.js';
import { deriveEmployments } from '../domain/departure.js';
import type { ExistingFollowUp } from '../domain/follow-up.js';
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
  const employments = await storedEmployments(sql, closure.employmentIds);
  const entries = await storedEntries(sql, closure.personIds);
  const cases = await storedCases(sql, closure.employmentIds);
  const followUps = await storedFollowUps(sql, closure.employmentIds);
  const optedOut = await optedOutOf(sql, closure.personIds);
  const parts = new Parts(closure);
  return parts.groups().map((keys) => {
    const texts = new Set(keys.map(keyText));
    const stored = employments.filter((e) => texts.has(keyText(e)));
    const ids = new Set(stored.map((e) => e.id));
    const persons = new Set(stored.map((e) => e.personId));
    return {
      keys,
      stagedRows: keys.flatMap((key) => closure.stagedRows.get(keyText(key)) ?? []),
      component: {
        derived: keys.flatMap((key) =>
          deriveEmployments(
            key.company,
            key.employeeNumber,
            closure.statements.get(keyText(key)) ?? [],
            contextOf(key.company),
          ),
        ),
        stored,
        entries: entries.filter((e) => persons.has(e.personId)),
        cases: cases.filter((c) => ids.has(c.a) || ids.has(c.b)),
        followUps: followUps.filter((f) => ids.has(f.employmentId)),
        optedOut,
      },
    };
  });
}

/** Union-find over numbers and whatever links them. */
class Parts {
  private readonly parent = new Map<string, string>();

  constructor(private readonly closure: Closure) {
    for (const [node, key] of closure.links) this.join(node, key);
  }

  groups(): Closure['keys'][] {
    const groups = new Map<string, { company: string; employeeNumber: string }[]>();
    for (const key of this.closure.keys) {
      const root = this.root(keyText(key));
      const list = groups.get(root) ?? [];
      groups.set(root, list);
      list.push(key);
    }
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
    for (let walk = node; walk !== at; ) {
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
    `select employment_a as a, employment_b as b, state from match_case
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
