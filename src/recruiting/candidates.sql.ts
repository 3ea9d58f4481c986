import type { IsoDate } from '../domain/calendar.js';
import type { VerdictWord } from '../domain/eligibility.js';
import { nameKey } from '../domain/name-text.js';
import {
  effectiveRegistry,
  isDeceased,
  leftForMisconduct,
  strictness,
} from '../rehire-registry/effective-registry.queries.js';

/** What a search asks of the registry; null and an empty list ask for nothing. */
export interface CandidateFilter {
  readonly today: IsoDate;
  readonly words: readonly string[];
  readonly verdict: VerdictWord | null;
  readonly company: string | null;
  readonly department: string | null;
  readonly leftAfter: IsoDate | null;
  readonly leftBefore: IsoDate | null;
  readonly skill: string | null;
  readonly personId: string | null;
  /** Last day and employment after which the page begins. */
  readonly after: readonly [string, string] | null;
  readonly limit: number;
}

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * One page of candidates in the order of (last day, employment), the latest first: `person_id`, `employment_id`,
 * `last_day`, `verdict`, `from_day`, `names` and `contactable`.
 *
 * Only conditions that are asked for are in the text, and texts are looked for with LIKE: both let PostgreSQL foresee
 * how many rows match, and so choose between walking the departures by day until the page is full (most searches and
 * every page without a text) and looking at all texts first (words that hardly anybody has).
 */
export function candidatesStatement(filter: CandidateFilter): Statement {
  const values: unknown[] = [];
  const put = (value: unknown, type: string): string => `$${values.push(value)}::${type}`;
  const today = put(filter.today, 'date');
  const company = filter.company === null ? null : put(filter.company, 'text');
  const verdict = filter.verdict === null ? null : put(filter.verdict, 'text');
  const ofCompany = (table: string): string => (company === null ? '' : `and ${table}.company = ${company}`);
  const where = [
    `d.state = 'standing' and d.last_day < ${today}`,
    ...filter.words.map((word) => foundIn('m.search_text', [...new Set([word, nameKey(word)])], put)),
  ];
  if (company !== null) where.push(`r.company = ${company}`);
  if (filter.department !== null) {
    // The folded text of a person holds the department: looking there first saves folding most departments.
    where.push(
      foundIn('m.search_text', [filter.department], put),
      foundIn(`enishi_fold(m.facts->>'department')`, [filter.department], put),
    );
  }
  if (filter.leftAfter !== null) where.push(`d.last_day >= ${put(filter.leftAfter, 'date')}`);
  if (filter.leftBefore !== null) where.push(`d.last_day <= ${put(filter.leftBefore, 'date')}`);
  if (filter.skill !== null) where.push(hasSkill(put(filter.skill, 'text')));
  if (filter.personId !== null) where.push(`r.person_id = ${put(filter.personId, 'uuid')}`);
  if (filter.after !== null) {
    const [lastDay, employmentId] = filter.after;
    where.push(`(d.last_day, d.employment_id) < (${put(lastDay, 'date')}, ${put(employmentId, 'uuid')})`);
  }
  // Cheap, and true of everybody whose verdict it can be; which one counts is found out below.
  if (verdict !== null) where.push(mayHave(verdict, ofCompany));
  const text = `select r.person_id, d.employment_id, d.last_day, s.verdict,
      case when s.verdict = 'eligible' then s.from_day end as from_day,
      jsonb_build_object('family', m.facts->>'familyName', 'given', m.facts->>'givenName',
        'familyKana', m.facts->>'familyNameKana', 'givenKana', m.facts->>'givenNameKana',
        'display', m.display_name) as names,
      (select p.opted_out_at is null and exists (select 1 from employment c where c.person_id = p.id
        and not c.withdrawn and coalesce(c.facts->>'personalEmail', '') <> '')
        from person p where p.id = r.person_id) as contactable
    from departure d
    join employment m on m.id = d.employment_id
    join registry_entry r on r.employment_id = d.employment_id
    cross join lateral (select v.verdict, max(v.from_day) over () as from_day
      from ${effectiveRegistry(today)} v
      where v.person_id = r.person_id ${ofCompany('v')}
        and not exists (select 1 from registry_entry r2 join departure d2 on d2.employment_id = r2.employment_id
          where r2.person_id = r.person_id and d2.state = 'standing' and d2.last_day < ${today} ${ofCompany('r2')}
            and (d2.last_day, d2.employment_id) > (d.last_day, d.employment_id))
        and not ${isDeceased('r.person_id')} and not ${leftForMisconduct('r.person_id')}
      order by ${strictness('v.verdict')} limit 1) s
    where ${where.join('\n      and ')} ${verdict === null ? '' : `and s.verdict = ${verdict}`}
    order by d.last_day desc, d.employment_id desc limit ${put(filter.limit, 'int')}`;
  return { text, values };
}

type Put = (value: unknown, type: string) => string;

/** The words are folded as the text was, once: nothing in the pattern looks at a row. */
function foundIn(text: string, spellings: readonly string[], put: Put): string {
  const found = spellings.map((spelling) => {
    const folded = `enishi_fold(${put(spelling, 'text')})`;
    return `${text} like '%' || regexp_replace(${folded}, '([\\\\%_])', '\\\\\\1', 'g') || '%'`;
  });
  return `(${found.join(' or ')})`;
}

function hasSkill(skill: string): string {
  return `exists (select 1 from jsonb_array_elements_text(coalesce(m.facts->'skills', '[]')) k(skill)
        where enishi_fold(k.skill) = enishi_fold(${skill}))`;
}

function mayHave(verdict: string, ofCompany: (table: string) => string): string {
  return `(r.verdict = ${verdict}
        or exists (select 1 from registry_entry e where e.person_id = r.person_id and e.company <> r.company
          and e.verdict = ${verdict} ${ofCompany('e')})
        or r.person_id in (select o.person_id from rehire_override o where o.state = 'active'
          and o.verdict = ${verdict} ${ofCompany('o')}))`;
}
