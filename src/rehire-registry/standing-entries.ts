import type { IsoDate } from '../domain/calendar.js';
import type { Because, FactName, FactValue, Verdict, VerdictWord } from '../domain/eligibility.js';
import type { DepartureFacts } from '../domain/departure.js';
import type { StatedFacts } from '../domain/observation.js';
import { eligibilityFacts } from '../domain/plan.js';
import type { EligibilityFacts } from '../domain/eligibility.js';
import type { Database } from '../platform/database/database.js';
import { isDeceased } from './effective-registry.queries.js';

/** An entry of the registry with the facts that it was decided from. */
export interface StandingEntry {
  readonly personId: string;
  readonly company: string;
  readonly employmentId: string;
  readonly employeeNumber: string;
  readonly displayName: string | null;
  readonly verdict: Verdict;
  /** Of the override in force, which hides the policy's verdict; null without one. */
  readonly override: VerdictWord | null;
  readonly facts: EligibilityFacts;
}

export interface EntryKey {
  readonly personId: string;
  readonly company: string;
}

interface EntryRow {
  person_id: string;
  company: string;
  employment_id: string;
  employee_number: string;
  display_name: string | null;
  verdict: VerdictWord;
  from_day: IsoDate | null;
  review_on: IsoDate | null;
  rule: string;
  because: Because[];
  missing: FactName[];
  evidence: Partial<Record<FactName, FactValue>>;
  override_verdict: VerdictWord | null;
  facts: StatedFacts;
  last_day: IsoDate;
  announced_on: IsoDate | null;
  category: DepartureFacts['category'];
  voluntary: boolean | null;
  kind: DepartureFacts['kind'];
  deceased: boolean;
}

/** The least of all ids; nobody has it. */
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/**
 * One page of the registry in the order of its key, from after `after`. An entry stands on a standing departure; one
 * that does not is for `registry rebuild --check` to find, and no policy can say anything about it.
 */
export async function readStandingEntries(
  db: Database,
  after: EntryKey | null,
  limit: number,
): Promise<StandingEntry[]> {
  const rows = await db.query<EntryRow>(
    // Who has died is asked of the page alone: asked of the registry, it is a pass over all employments for each page.
    `with page as materialized (
       select e.*, d.last_day, d.announced_on, d.category, d.voluntary, d.kind
       from registry_entry e
       join departure d on d.employment_id = e.employment_id and d.state = 'standing'
       where (e.person_id, e.company) > ($1::uuid, $2::text)
       order by e.person_id, e.company limit $3)
     select e.person_id, e.company, e.employment_id, m.employee_number, m.display_name, e.verdict, e.from_day,
       e.review_on, e.rule, e.because, e.missing, e.evidence, o.verdict as override_verdict,
       jsonb_build_object('hiredOn', m.facts->'hiredOn', 'rehireEligible', m.facts->'rehireEligible',
         'regretted', m.facts->'regretted', 'employmentType', m.facts->'employmentType') as facts,
       e.last_day, e.announced_on, e.category, e.voluntary, e.kind, ${isDeceased('e.person_id')} as deceased
     from page e
     join employment m on m.id = e.employment_id
     left join rehire_override o on o.person_id = e.person_id and o.company = e.company and o.state = 'active'
     order by e.person_id, e.company`,
    [after?.personId ?? BEFORE_ALL, after?.company ?? '', limit],
  );
  return rows.map(toEntry);
}

function toEntry(row: EntryRow): StandingEntry {
  const departure: DepartureFacts = {
    lastDay: row.last_day,
    announcedOn: row.announced_on,
    category: row.category,
    voluntary: row.voluntary,
    reasonText: null,
    reasonCode: null,
    kind: row.kind,
  };
  return {
    personId: row.person_id,
    company: row.company,
    employmentId: row.employment_id,
    employeeNumber: row.employee_number,
    displayName: row.display_name,
    verdict: {
      verdict: row.verdict,
      fromDay: row.from_day,
      reviewOn: row.review_on,
      rule: row.rule,
      because: row.because,
      missing: row.missing,
      evidence: row.evidence,
    },
    override: row.override_verdict,
    facts: eligibilityFacts({ facts: row.facts }, departure, row.deceased),
  };
}
