import type { Verdict } from './eligibility.js';
import type { ExistingFollowUp, FollowUpFacts, FollowUpOp } from './follow-up.js';
import { planFollowUps } from './follow-up.js';
import type { ClassifiedEmployment } from './person.js';
import type { PlanContext, StoredEmployment } from './plan.js';
import { isStated } from './stated.js';

export interface PlannedOps {
  readonly ops: readonly FollowUpOp[];
  readonly withheld: readonly { readonly kind: string; readonly because: string }[];
}

/**
 * The follow-ups of one employment. While anything about it is disputed nobody is contacted; after a death nobody ever
 * is, not even to take back what was sent before.
 */
export function followUpsOf(
  now: ClassifiedEmployment,
  verdict: Verdict | null,
  person: { readonly deceased: boolean; readonly optedOut: boolean },
  existing: readonly ExistingFollowUp[],
  context: PlanContext,
): PlannedOps {
  const { departure, state } = now;
  const cancelAll = (because: 'kind_death' | 'disputed'): FollowUpOp[] =>
    existing.filter(isLive).map((f) => ({ op: 'cancel', id: f.id, because }));
  if (state.disputes.length > 0 && !person.deceased) {
    return {
      ops: cancelAll('disputed'),
      withheld: departure === null ? [] : [{ kind: 'all', because: 'disputed' }],
    };
  }
  const facts: FollowUpFacts = {
    departure: departure === null || !person.deceased ? departure : { ...departure, kind: 'death' },
    verdict: verdict?.verdict ?? null,
    today: context.today(state.company),
    firstOfSource: context.firstOfSource,
    address: { personal: isStated(state.facts.personalEmail), work: isStated(state.facts.workEmail) },
    optedOut: person.optedOut,
    inScope: state.inScope,
    rehired: now.goesOnElsewhere,
  };
  const plan = planFollowUps(context.rules, facts, existing);
  return person.deceased ? { ...plan, ops: cancelAll('kind_death') } : plan;
}

/** What follows for an employment that nothing states any more: what waits is cancelled, what went out is corrected. */
export function followUpsOfOrphan(
  orphan: StoredEmployment,
  isBarred: boolean,
  existing: readonly ExistingFollowUp[],
  context: PlanContext,
): readonly FollowUpOp[] {
  const cancelled = existing
    .filter((f) => isLive(f) && f.kind !== 'correction')
    .map((f): FollowUpOp => ({ op: 'cancel', id: f.id, because: 'run_reverted' }));
  if (isBarred) return cancelled;
  const facts: FollowUpFacts = {
    departure: null,
    verdict: null,
    today: context.today(orphan.company),
    firstOfSource: context.firstOfSource,
    address: { personal: isStated(orphan.facts.personalEmail), work: isStated(orphan.facts.workEmail) },
    optedOut: false,
    inScope: orphan.inScope,
    rehired: false,
  };
  const others = planFollowUps(context.rules, facts, existing).ops;
  return [...cancelled, ...others.filter((op) => op.op !== 'cancel')];
}

/** Not yet handed to a mail server. */
function isLive({ state }: ExistingFollowUp): boolean {
  return state === 'planned' || state === 'queued';
}
