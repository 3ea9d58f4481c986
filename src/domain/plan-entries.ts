import type { Verdict } from './eligibility.js';
import { decideVerdict } from './eligibility.js';
import type { ClassifiedEmployment } from './person.js';
import type { Component, EntryEffect, PlanContext } from './plan.js';
import { canonical, eligibilityFacts } from './plan.js';
import { naturalKey, type PlannedPerson, type Slot } from './plan-identity.js';

export interface DecidedEntry {
  readonly employmentId: string;
  readonly verdict: Verdict;
}

/** The entry of a company follows from the person's latest employment there, unless the person works in the group. */
export function decideEntries(
  slots: readonly Slot[],
  classified: readonly ClassifiedEmployment[],
  deceased: boolean,
  context: PlanContext,
): ReadonlyMap<string, DecidedEntry> {
  const entries = new Map<string, DecidedEntry>();
  const latest = new Map<string, { slot: Slot; now: ClassifiedEmployment }>();
  for (const [index, slot] of slots.entries()) {
    const now = classified[index];
    if (now === undefined || !slot.state.inScope) continue;
    const best = latest.get(slot.state.company);
    if (best === undefined || orderOf(best.now) <= orderOf(now))
      latest.set(slot.state.company, { slot, now });
  }
  for (const [company, { slot, now }] of latest) {
    const { departure } = now;
    if (departure === null || departure.kind === 'move' || departure.kind === 'continued') continue;
    if (now.isEmployed) continue;
    const facts = eligibilityFacts(slot.state, departure, deceased);
    entries.set(company, { employmentId: slot.id, verdict: decideVerdict(context.policy, facts) });
  }
  return entries;
}

function orderOf(now: ClassifiedEmployment): string {
  const open =
    now.departure === null && !now.state.disputes.some((d) => d.code === 'end_of_earlier_spell_unknown');
  return `${open ? '9' : (now.departure?.lastDay ?? '0')} ${now.state.facts.hiredOn ?? ''} ${naturalKey(now.state)}`;
}

/** What the entries of one person have to become. */
export function compareEntries(
  personId: string,
  entries: ReadonlyMap<string, DecidedEntry>,
  component: Component,
): EntryEffect[] {
  const out: EntryEffect[] = [];
  const stored = component.entries.filter((e) => e.personId === personId);
  for (const [company, { employmentId, verdict }] of entries) {
    const known = stored.find((e) => e.company === company);
    const same = known?.employmentId === employmentId && canonical(known.verdict) === canonical(verdict);
    if (!same) out.push({ personId, company, employmentId, verdict });
  }
  for (const { company } of stored) {
    if (!entries.has(company)) out.push({ personId, company, employmentId: null, verdict: null });
  }
  return out;
}

/** An entry whose person id no group keeps (two persons became one, or nothing states them) goes with that id. */
export function staleEntries(component: Component, people: readonly PlannedPerson[]): EntryEffect[] {
  const kept = new Set(people.map((p) => p.id));
  return component.entries
    .filter(({ personId }) => !kept.has(personId))
    .map(({ personId, company }) => ({ personId, company, employmentId: null, verdict: null }));
}
