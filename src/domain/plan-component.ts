import type { ExistingFollowUp, FollowUpOp } from './follow-up.js';
import { groupPeople } from './group-people.js';
import { matchKeys } from './identity.js';
import type { ClassifiedEmployment } from './person.js';
import { classifyPerson } from './person.js';
import type {
  CaseEffect,
  Component,
  ComponentPlan,
  Effects,
  EmploymentEffect,
  EntryEffect,
  PersonMove,
  PlanChange,
  PlanContext,
  PlannedFollowUp,
  PlannedOp,
  StoredEmployment,
  StoredEntry,
} from './plan.js';
import { changeKind, compareChanges, fieldsThatDiffer, stateDiffers, viewOf } from './plan-changes.js';
import { compareEntries, decideEntries, staleEntries } from './plan-entries.js';
import { followUpsOf, followUpsOfOrphan } from './plan-follow-ups.js';
import {
  assignIds,
  assignPersons,
  decisionsOf,
  planCases,
  planMoves,
  planOptOuts,
  type PlannedPerson,
  type Slot,
} from './plan-identity.js';

/**
 * Decides everything that follows from the observations about a set of employments: who is whom, what each departure
 * is, the verdict per person and company, the follow-ups; and compares it with what is stored. Planning again after
 * applying gives no effects. Pure but for `newId`.
 */
export function planComponent(component: Component, context: PlanContext): ComponentPlan {
  const { slots, orphans } = assignIds(component, context);
  const grouping = groupPeople(
    slots.map(({ key, state: { company, employeeNumber, facts, departure } }) => {
      return { key, company, employeeNumber, facts, lastDay: departure?.lastDay ?? null };
    }),
    decisionsOf(component, slots),
    context.matching,
    component.sharedContacts,
  );
  const people = assignPersons(
    grouping.groups,
    new Map(slots.map((slot) => [slot.key, slot])),
    component,
    context,
  );
  const planner = new Planner(component, context);
  for (const person of people) planner.planPerson(person);
  for (const [index, orphan] of orphans.entries()) planner.withdraw(orphan, index);
  const { effects, changes } = planner;
  effects.entries.push(...staleEntries(component, people));
  effects.cases.push(...planCases(component, grouping.doubtful, slots));
  effects.movedPersons.push(...planMoves(people, component));
  effects.optOuts.push(...planOptOuts(people, component));
  changes.sort(compareChanges);
  return { changes, effects };
}

class Collector implements Effects {
  readonly persons: string[] = [];
  readonly employments: EmploymentEffect[] = [];
  readonly entries: EntryEffect[] = [];
  readonly followUps: PlannedOp[] = [];
  readonly cases: CaseEffect[] = [];
  readonly movedPersons: PersonMove[] = [];
  readonly optOuts: { from: string; to: string }[] = [];
}

class Planner {
  readonly effects = new Collector();
  readonly changes: PlanChange[] = [];
  private readonly followUps = new Map<string, ExistingFollowUp[]>();
  private readonly kindOfFollowUp = new Map<string, string>();
  private readonly entryOf: ReadonlyMap<string, StoredEntry>;

  constructor(
    private readonly component: Component,
    private readonly context: PlanContext,
  ) {
    for (const { employmentId, ...followUp } of component.followUps) {
      const list = this.followUps.get(employmentId) ?? [];
      this.followUps.set(employmentId, list);
      list.push(followUp);
      this.kindOfFollowUp.set(followUp.id, followUp.kind);
    }
    this.entryOf = new Map(component.entries.map((e) => [`${e.personId} ${e.company}`, e]));
  }

  planPerson({ id: personId, isNew, slots }: PlannedPerson): void {
    if (isNew) this.effects.persons.push(personId);
    const classified = classifyPerson(
      slots.map((s) => s.state),
      this.context.matching,
    );
    const deceased = slots.some((s) => s.state.deceased);
    const optedOut = slots.some((s) => s.before !== null && this.component.optedOut.has(s.before.personId));
    const entries = decideEntries(slots, classified, deceased, this.context);
    this.effects.entries.push(...compareEntries(personId, entries, this.component));
    for (const [index, slot] of slots.entries()) {
      const now = classified[index];
      if (now === undefined) continue;
      const entry = entries.get(slot.state.company);
      const verdict = entry?.employmentId === slot.id ? entry.verdict : null;
      const { ops, withheld } = followUpsOf(
        now,
        verdict,
        { deceased, optedOut },
        this.followUps.get(slot.id) ?? [],
        this.context,
      );
      const verdictBefore = this.verdictBefore(slot, personId, slots);
      this.planSlot(slot, personId, now, { ops, withheld, verdict: verdict?.verdict ?? null, verdictBefore });
    }
  }

  /** An employment that nothing states any more (its run was reverted): taken out of everything, never deleted. */
  withdraw(orphan: StoredEmployment, index: number): void {
    const departure = orphan.departure === null ? null : { ...orphan.departure, state: 'rescinded' as const };
    const lowest = this.component.stored.reduce((min, s) => Math.min(min, s.spell), 0);
    this.effects.employments.push({
      ...orphan,
      // Out of the way of the spells that still stand; unique within the number like any other.
      spell: lowest - 1 - index,
      keys: { name: null, email: null, phone: null },
      withdrawn: true,
      departure,
    });
    const isBarred =
      this.component.optedOut.has(orphan.personId) ||
      orphan.departure?.kind === 'death' ||
      this.component.derived.some((state) => state.deceased);
    const existing = this.followUps.get(orphan.id) ?? [];
    const ops = followUpsOfOrphan(orphan, isBarred, existing, this.context);
    this.addOps(ops, orphan.id, orphan.company);
    const entry = this.entryOf.get(`${orphan.personId} ${orphan.company}`);
    this.changes.push({
      kind: orphan.departure?.state === 'standing' ? 'rescinded' : null,
      company: orphan.company,
      employeeNumber: orphan.employeeNumber,
      spell: orphan.spell,
      before: viewOf(orphan),
      after: null,
      changedFields: [],
      verdict: null,
      verdictBefore: entry?.employmentId === orphan.id ? entry.verdict.verdict : null,
      followUps: ops.map((op) => this.viewOfOp(op)),
      withheld: [],
    });
  }

  private planSlot(
    slot: Slot,
    personId: string,
    now: ClassifiedEmployment,
    found: Pick<PlanChange, 'verdict' | 'verdictBefore' | 'withheld'> & {
      readonly ops: readonly FollowUpOp[];
    },
  ): void {
    const { before, state } = slot;
    const effect = employmentEffect(slot, personId, now);
    const changedFields = before === null || before.withdrawn ? [] : fieldsThatDiffer(before, effect);
    const isChanged = before === null || changedFields.length > 0 || stateDiffers(before, effect);
    // A spell that comes back is compared with nothing above, yet its facts may be others than when it went.
    if (isChanged) this.effects.employments.push(effect);
    this.addOps(found.ops, slot.id, state.company);
    const kind = changeKind(before, now, effect, changedFields);
    if (kind === null && found.ops.length === 0 && found.verdict === found.verdictBefore) return;
    this.changes.push({
      kind,
      company: state.company,
      employeeNumber: state.employeeNumber,
      spell: state.spell,
      before: before === null || before.withdrawn ? null : viewOf(before),
      after: viewOf(effect),
      changedFields,
      verdict: found.verdict,
      verdictBefore: found.verdictBefore,
      followUps: found.ops.map((op) => this.viewOfOp(op)),
      withheld: found.withheld,
    });
  }

  private verdictBefore(slot: Slot, personId: string, slots: readonly Slot[]): PlanChange['verdictBefore'] {
    for (const id of [personId, ...slots.map((s) => s.before?.personId)]) {
      const entry = id === undefined ? undefined : this.entryOf.get(`${id} ${slot.state.company}`);
      if (entry?.employmentId === slot.id) return entry.verdict.verdict;
    }
    return null;
  }

  private addOps(ops: readonly FollowUpOp[], employmentId: string, company: string): void {
    for (const op of ops)
      this.effects.followUps.push({ ...op, employmentId, zone: this.context.zone(company) });
  }

  private viewOfOp(op: FollowUpOp): PlannedFollowUp {
    const kind = 'kind' in op ? op.kind : (this.kindOfFollowUp.get(op.id) ?? '');
    return { op: op.op, kind, dueOn: 'dueOn' in op ? op.dueOn : null, because: op.because };
  }
}

function employmentEffect(slot: Slot, personId: string, now: ClassifiedEmployment): EmploymentEffect {
  const { company, employeeNumber, spell, spellKey, facts, rescinded, ...state } = slot.state;
  // What the observations no longer tell of (their run was reverted) is kept as it stood, taken back.
  const gone = rescinded ?? slot.before?.departure ?? null;
  return {
    id: slot.id,
    personId,
    company,
    employeeNumber,
    spell,
    spellKey,
    facts,
    keys: matchKeys(facts),
    inScope: state.inScope,
    absentSince: state.absentSince,
    absentCount: state.absentCount,
    disputes: state.disputes,
    withdrawn: false,
    departure:
      now.departure !== null
        ? { ...now.departure, state: 'standing' }
        : gone === null
          ? null
          : { ...gone, state: 'rescinded' },
  };
}
