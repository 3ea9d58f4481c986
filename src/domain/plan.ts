import type { IsoDate } from './calendar.js';
import { compareDays, daysBetween, monthsBetween } from './calendar.js';
import type { DepartureFacts, Dispute, EmploymentState } from './departure.js';
import type { CompiledPolicy, EligibilityFacts, Verdict } from './eligibility.js';
import type { ExistingFollowUp, FollowUpOp, FollowUpRules } from './follow-up.js';
import type { MatchingPolicy, MatchKeys } from './identity.js';
import type { StatedFacts } from './observation.js';
import { isStated } from './stated.js';

export const CHANGE_KINDS = [
  'new_leaver',
  'amended',
  'rescinded',
  'rehired',
  'transferred',
  'suspected_absent',
  'disputed',
  'out_of_scope',
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** An employment as it is stored; what the plan is compared with. */
export interface StoredEmployment {
  readonly id: string;
  readonly personId: string;
  readonly company: string;
  readonly employeeNumber: string;
  readonly spell: number;
  readonly spellKey: string;
  readonly facts: StatedFacts;
  readonly inScope: boolean;
  readonly absentSince: string | null;
  readonly absentCount: number;
  readonly disputes: readonly Dispute[];
  readonly withdrawn: boolean;
  readonly departure: (DepartureFacts & { readonly state: 'standing' | 'rescinded' }) | null;
}

export interface StoredEntry {
  readonly personId: string;
  readonly company: string;
  readonly employmentId: string;
  readonly verdict: Verdict;
}

export interface StoredCase {
  readonly a: string;
  readonly b: string;
  readonly state: 'open' | 'same' | 'different' | 'closed';
  /** What the question was asked on. */
  readonly score: number;
  readonly evidence: readonly string[];
}

/** Employments that may belong together, with everything stored about them. Ids are employment ids. */
export interface Component {
  readonly derived: readonly EmploymentState[];
  readonly stored: readonly StoredEmployment[];
  readonly cases: readonly StoredCase[];
  readonly entries: readonly StoredEntry[];
  readonly followUps: readonly (ExistingFollowUp & { readonly employmentId: string })[];
  /** Person ids. */
  readonly optedOut: ReadonlySet<string>;
  /** Contacts that too many people share to be evidence, beside those that show within the component. */
  readonly sharedContacts?: ReadonlySet<string>;
}

export interface PlanContext {
  readonly matching: MatchingPolicy;
  readonly policy: CompiledPolicy;
  readonly rules: FollowUpRules;
  readonly firstOfSource: boolean;
  today(company: string): IsoDate;
  zone(company: string): string;
  newId(): string;
}

export interface EmploymentEffect {
  readonly id: string;
  readonly personId: string;
  readonly company: string;
  readonly employeeNumber: string;
  readonly spell: number;
  readonly spellKey: string;
  readonly facts: StatedFacts;
  readonly keys: MatchKeys;
  readonly inScope: boolean;
  readonly absentSince: string | null;
  readonly absentCount: number;
  readonly disputes: readonly Dispute[];
  readonly withdrawn: boolean;
  readonly departure: (DepartureFacts & { readonly state: 'standing' | 'rescinded' }) | null;
}

export interface EntryEffect {
  readonly personId: string;
  readonly company: string;
  readonly employmentId: string | null;
  readonly verdict: Verdict | null;
}

export type PlannedOp = FollowUpOp & { readonly employmentId: string; readonly zone: string };

export interface Effects {
  readonly persons: readonly string[];
  readonly employments: readonly EmploymentEffect[];
  readonly entries: readonly EntryEffect[];
  readonly followUps: readonly PlannedOp[];
  readonly cases: readonly CaseEffect[];
  /** Overrides and events follow the employment when two persons turn out to be one, or (of one company) one two. */
  readonly movedPersons: readonly PersonMove[];
  /** Who asked not to be contacted has asked it as every person that they turn out to be. */
  readonly optOuts: readonly { readonly from: string; readonly to: string }[];
}

export interface PersonMove {
  readonly from: string;
  readonly to: string;
  /** Null: `from` is nobody any more, everything goes. */
  readonly company: string | null;
}

export interface CaseEffect {
  readonly a: string;
  readonly b: string;
  readonly state: 'open' | 'closed';
  readonly score: number;
  readonly evidence: readonly string[];
}

export interface ChangeView {
  readonly name: string | null;
  readonly lastDay: IsoDate | null;
  readonly category: string | null;
  readonly kind: string | null;
  readonly status: string | null;
  readonly disputes: readonly string[];
}

export interface PlannedFollowUp {
  readonly op: string;
  readonly kind: string;
  readonly dueOn: IsoDate | null;
  readonly because: unknown;
}

/** What happens to one employment, readable before it happens. */
export interface PlanChange {
  readonly kind: ChangeKind | null;
  readonly company: string;
  readonly employeeNumber: string;
  readonly spell: number;
  readonly before: ChangeView | null;
  readonly after: ChangeView | null;
  readonly changedFields: readonly string[];
  readonly verdict: Verdict['verdict'] | null;
  readonly verdictBefore: Verdict['verdict'] | null;
  readonly followUps: readonly PlannedFollowUp[];
  readonly withheld: readonly { readonly kind: string; readonly because: string }[];
}

export interface ComponentPlan {
  readonly changes: readonly PlanChange[];
  readonly effects: Effects;
}

/** Whether applying would change anything at all. */
export function hasEffects(effects: Effects): boolean {
  return (
    effects.persons.length > 0 ||
    effects.employments.length > 0 ||
    effects.entries.length > 0 ||
    effects.followUps.length > 0 ||
    effects.cases.length > 0 ||
    effects.movedPersons.length > 0 ||
    effects.optOuts.length > 0
  );
}

/** The facts a policy may look at, from an employment and its departure. */
export function eligibilityFacts(
  state: Pick<EmploymentState, 'facts'>,
  departure: DepartureFacts,
  deceased: boolean,
): EligibilityFacts {
  const hiredOn = state.facts.hiredOn ?? null;
  const kind = deceased ? 'death' : departure.kind === 'move' ? 'leaving' : departure.kind;
  return {
    reason: deceased ? 'death' : departure.category,
    voluntary: departure.voluntary,
    tenureMonths: tenureMonths(hiredOn, departure.lastDay),
    noticeDays: departure.announcedOn === null ? null : daysBetween(departure.announcedOn, departure.lastDay),
    rehireFlag: state.facts.rehireEligible ?? null,
    regretted: state.facts.regretted ?? null,
    employmentType: state.facts.employmentType ?? null,
    kind,
    hiredOn,
    lastDay: departure.lastDay,
  };
}

/** Null where the hire day is not known or cannot be right: nobody left before being hired. */
function tenureMonths(hiredOn: IsoDate | null, lastDay: IsoDate): number | null {
  return hiredOn === null || compareDays(lastDay, hiredOn) < 0 ? null : monthsBetween(hiredOn, lastDay);
}

/** The name as the source wrote it; null when no source stated one. */
export function displayName(facts: StatedFacts): string | null {
  if (isStated(facts.displayName)) return facts.displayName;
  const parts = [facts.familyName, facts.givenName].filter((p) => isStated(p) && p !== '');
  return parts.length === 0 ? null : parts.join(' ');
}

/** JSON with sorted keys: the same for equal values whatever order their keys were written or stored in. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([x], [y]) => (x < y ? -1 : 1)));
  });
}
