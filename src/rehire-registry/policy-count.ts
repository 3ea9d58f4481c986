import { escapeLiteral } from 'pg';
import type { DepartureFacts } from '../domain/departure.js';
import type { IsoDate } from '../domain/calendar.js';
import {
  decideVerdict,
  sameVerdict,
  type Because,
  type CompiledPolicy,
  type FactName,
  type Verdict,
  type VerdictWord,
} from '../domain/eligibility.js';
import type { StatedFacts } from '../domain/observation.js';
import { eligibilityFacts } from '../domain/plan.js';
import { copiedText, copyOut } from '../platform/database/copy-out.js';
import type { Database } from '../platform/database/database.js';
import { deceasedPersons } from './effective-registry.queries.js';

export interface FlipCount {
  readonly company: string;
  readonly from: VerdictWord;
  readonly to: VerdictWord;
  /** The rule that decides then. */
  readonly rule: string;
  readonly count: number;
  /** How many of them an override hides. */
  readonly hidden: number;
}

export interface FlipCounts {
  /** Entries looked at. */
  readonly examined: number;
  /** By company, from, to and rule; entries that differ but keep the word are counted too. The largest first. */
  readonly counts: readonly FlipCount[];
}

// What every entry says, then the days, then the other facts that a policy may look at. Why an entry says so is only
// asked of those whose rule the policy has too: the others differ whatever it is.
const entries = (rules: readonly string[]) => `
  with entry as (select *, rule in (${rules.map(escapeLiteral).join(', ')}) as is_ours from registry_entry)
  select e.company, e.verdict, e.rule, o.verdict, e.from_day, e.review_on,
    case when e.is_ours then e.because end, case when e.is_ours then e.missing end,
    case when e.is_ours then e.evidence end,
    d.last_day, d.announced_on, m.facts->>'hiredOn',
    d.category, d.voluntary, d.kind, m.facts->>'rehireEligible', m.facts->>'regretted', m.facts->>'employmentType',
    e.person_id in ${deceasedPersons}
  from entry e
  join employment m on m.id = e.employment_id
  join departure d on d.employment_id = e.employment_id and d.state = 'standing'
  left join rehire_override o on o.person_id = e.person_id and o.company = e.company and o.state = 'active'`;
const [LAST_DAY, ANNOUNCED_ON, HIRED_ON, OTHERS] = [9, 10, 11, 12];
const MOST_REMEMBERED = 20_000;

type Cells = readonly (string | undefined)[];
type Outcome = Pick<Verdict, 'verdict' | 'rule'>;

/** Counts who would change under a policy, in one pass over the registry and in bounded memory. Writes nothing. */
export async function countFlips(db: Database, policy: CompiledPolicy): Promise<FlipCounts> {
  const decide = outcomes(policy);
  const counts = new Map<string, { -readonly [K in keyof FlipCount]: FlipCount[K] }>();
  let examined = 0;
  await db.connection(async (client) => {
    for await (const rows of copyOut(client, entries(policy.rules.map(({ rule }) => rule.id)))) {
      examined += rows.length;
      for (const cells of rows) {
        const [company = '', from = '', ruleBefore = '', override] = cells;
        const { verdict: to, rule } = decide(cells);
        if (from === to && ruleBefore === rule && sameVerdict(verdictOf(cells), fully(policy, cells)))
          continue;
        const key = `${company}\t${from}\t${to}\t${rule}`;
        let count = counts.get(key);
        if (count === undefined) {
          count = { company, from: from as VerdictWord, to, rule, count: 0, hidden: 0 };
          counts.set(key, count);
        }
        count.count += 1;
        if (copiedText(override) !== null) count.hidden += 1;
      }
    }
  });
  const sorted = [...counts].sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1));
  return { examined, counts: sorted.map(([, count]) => count) };
}

/**
 * Word and rule follow from the facts that the policy names, and hundreds of people share them: they are decided once.
 * Days that no rule names are left out of the key, for nearly everybody has days of their own.
 */
function outcomes(policy: CompiledPolicy): (cells: Cells) => Outcome {
  const named = new Set<FactName>(policy.rules.flatMap((rule) => rule.factNames));
  const days = [
    ...(['lastDay', 'tenureMonths', 'noticeDays'].some((name) => named.has(name as FactName))
      ? [LAST_DAY]
      : []),
    ...(named.has('noticeDays') ? [ANNOUNCED_ON] : []),
    ...(named.has('tenureMonths') || named.has('hiredOn') ? [HIRED_ON] : []),
  ];
  const known = new Map<string, Outcome>();
  return (cells) => {
    let key = cells.slice(OTHERS).join('\t');
    for (const day of days) key += `\t${cells[day]}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    if (known.size >= MOST_REMEMBERED) known.clear();
    const outcome = fully(policy, cells);
    known.set(key, outcome);
    return outcome;
  };
}

function fully(policy: CompiledPolicy, cells: Cells): Verdict {
  const texts = cells.slice(LAST_DAY).map(copiedText);
  const [lastDay, announcedOn, hiredOn, category, voluntary, kind, flag, regretted, employmentType, dead] =
    texts;
  const departure: DepartureFacts = {
    lastDay: lastDay as IsoDate,
    announcedOn: announcedOn as IsoDate | null,
    category: category as DepartureFacts['category'],
    voluntary: truth(voluntary),
    reasonText: null,
    reasonCode: null,
    kind: kind as DepartureFacts['kind'],
  };
  const facts: StatedFacts = {
    hiredOn: hiredOn as IsoDate | null,
    rehireEligible: flag as StatedFacts['rehireEligible'],
    regretted: truth(regretted),
    employmentType: employmentType ?? null,
  };
  return decideVerdict(policy, eligibilityFacts({ facts }, departure, truth(dead) === true));
}

function verdictOf(cells: Cells): Verdict {
  const [, verdict, rule, , fromDay, reviewOn, because, missing, evidence] = cells
    .slice(0, LAST_DAY)
    .map(copiedText);
  return {
    verdict: verdict as VerdictWord,
    fromDay: fromDay as IsoDate | null,
    reviewOn: reviewOn as IsoDate | null,
    rule: rule ?? '',
    because: JSON.parse(because ?? '[]') as Because[],
    missing: JSON.parse(missing ?? '[]') as FactName[],
    evidence: JSON.parse(evidence ?? '{}') as Verdict['evidence'],
  };
}

function truth(text: string | null | undefined): boolean | null {
  return text === null || text === undefined ? null : text === 't' || text === 'true';
}
