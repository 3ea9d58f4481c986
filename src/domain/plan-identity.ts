import type { EmploymentState } from './departure.js';
import type { DoubtfulPair, IdentityDecision } from './identity.js';
import type { CaseEffect, Component, PersonMove, PlanContext, StoredEmployment } from './plan.js';
import { canonical } from './plan.js';

/** A derived employment with the id it has or gets. */
export interface Slot {
  readonly id: string;
  readonly key: string;
  readonly state: EmploymentState;
  readonly before: StoredEmployment | null;
}

export interface PlannedPerson {
  readonly id: string;
  readonly isNew: boolean;
  readonly slots: readonly Slot[];
}

/** Orders employments and names them within a component, whatever their ids are. */
export function naturalKey(e: { company: string; employeeNumber: string; spell: number }): string {
  return `${e.company}/${e.employeeNumber}/${String(e.spell).padStart(3, '0')}`;
}

/** A spell keeps its id while its hire date is corrected; a spell that nobody states any more is an orphan. */
export function assignIds(
  component: Component,
  context: PlanContext,
): { slots: Slot[]; orphans: StoredEmployment[] } {
  const left = new Map<string, StoredEmployment[]>();
  for (const stored of [...component.stored].sort((a, b) => a.spell - b.spell)) {
    const number = `${stored.company}/${stored.employeeNumber}`;
    const list = left.get(number) ?? [];
    left.set(number, list);
    list.push(stored);
  }
  const take = (state: EmploymentState, fits: (s: StoredEmployment) => boolean): StoredEmployment | null => {
    const list = left.get(`${state.company}/${state.employeeNumber}`) ?? [];
    const at = list.findIndex(fits);
    return at < 0 ? null : (list.splice(at, 1)[0] ?? null);
  };
  const taken = new Map<EmploymentState, StoredEmployment | null>();
  for (const state of component.derived)
    taken.set(
      state,
      take(state, (s) => s.spellKey === state.spellKey && !s.withdrawn),
    );
  // A spell whose hire date was corrected keeps its id before one that was withdrawn comes back.
  for (const fits of [(s: StoredEmployment) => !s.withdrawn, () => true]) {
    for (const [state, before] of taken) if (before === null) taken.set(state, take(state, fits));
  }
  const slots = [...taken].map(([state, before]): Slot => ({
    id: before?.id ?? context.newId(),
    key: naturalKey(state),
    state,
    before,
  }));
  return { slots, orphans: [...left.values()].flat().filter((s) => !s.withdrawn) };
}

/** What people decided about pairs, by natural keys. */
export function decisionsOf(component: Component, slots: readonly Slot[]): IdentityDecision[] {
  const decided = component.cases.filter(({ state }) => state === 'same' || state === 'different');
  if (decided.length === 0) return [];
  const keyOfId = new Map(slots.map((slot) => [slot.id, slot.key]));
  return decided.flatMap(({ a, b, state }) => {
    const left = keyOfId.get(a);
    const right = keyOfId.get(b);
    return left === undefined || right === undefined ? [] : [{ a: left, b: right, same: state === 'same' }];
  });
}

/** A group keeps the oldest person id among its employments; an id that two groups would keep goes to the first. */
export function assignPersons(
  groups: readonly (readonly string[])[],
  slotOfKey: ReadonlyMap<string, Slot>,
  component: Component,
  context: PlanContext,
): PlannedPerson[] {
  const taken = new Set<string>();
  const known = new Set(component.stored.map((s) => s.personId));
  return groups.map((keys) => {
    const slots = keys.flatMap((key) => slotOfKey.get(key) ?? []);
    const candidates = slots.flatMap((s) => (s.before === null ? [] : [s.before.personId])).sort();
    const id = candidates.find((candidate) => !taken.has(candidate)) ?? context.newId();
    taken.add(id);
    return { id, isNew: !known.has(id), slots };
  });
}

/**
 * Opens a case for every doubtful pair that nobody has decided, with what speaks for it now, and closes those about
 * which there is no doubt any more.
 */
export function planCases(
  component: Component,
  doubtful: readonly DoubtfulPair[],
  slots: readonly Slot[],
): CaseEffect[] {
  if (doubtful.length === 0 && component.cases.length === 0) return [];
  const idOfKey = new Map(slots.map((slot) => [slot.key, slot.id]));
  const stored = new Map(component.cases.map((c) => [`${c.a} ${c.b}`, c]));
  const wanted = new Set<string>();
  const effects: CaseEffect[] = [];
  for (const { a: one, b: other, score, evidence } of doubtful) {
    const [a = '', b = ''] = [idOfKey.get(one) ?? '', idOfKey.get(other) ?? ''].sort();
    wanted.add(`${a} ${b}`);
    const known = stored.get(`${a} ${b}`);
    const isAsked =
      known?.state === 'open' && known.score === score && canonical(known.evidence) === canonical(evidence);
    if (!isAsked) effects.push({ a, b, state: 'open', score, evidence });
  }
  for (const { a, b, state } of component.cases) {
    // Also where both employments were withdrawn: it would ask about nobody for ever.
    if (state === 'open' && !wanted.has(`${a} ${b}`))
      effects.push({ a, b, state: 'closed', score: 0, evidence: [] });
  }
  return effects;
}

/** Who has to hand what to whom because two persons turned out to be one, or one to be two. */
export function planMoves(people: readonly PlannedPerson[], component: Component): PersonMove[] {
  const kept = new Set(people.map((p) => p.id));
  const moves = new Map<string, PersonMove>();
  for (const person of people) {
    for (const { before, state } of person.slots) {
      const from = before?.personId;
      if (from === undefined || from === person.id) continue;
      const company = kept.has(from) ? state.company : null;
      if (company !== null && !takesOver(component, from, before?.id ?? '', company, people)) continue;
      const key = `${from} ${company ?? ''}`;
      if (!moves.has(key)) moves.set(key, { from, to: person.id, company });
    }
  }
  return [...moves.values()];
}

/** An override speaks of the employment that the entry stands on; without an entry, of the only one that is left. */
function takesOver(
  component: Component,
  from: string,
  employmentId: string,
  company: string,
  people: readonly PlannedPerson[],
): boolean {
  const entry = component.entries.find((e) => e.personId === from && e.company === company);
  if (entry !== undefined) return entry.employmentId === employmentId;
  const stays = people.find((p) => p.id === from)?.slots ?? [];
  return !stays.some(({ state }) => state.company === company);
}

/** Opt-outs that a person has to inherit from one of those they turn out to be. */
export function planOptOuts(
  people: readonly PlannedPerson[],
  { optedOut }: Component,
): { from: string; to: string }[] {
  if (optedOut.size === 0) return [];
  return people.flatMap(({ id, slots }) => {
    if (optedOut.has(id)) return [];
    const from = slots
      .map((s) => s.before?.personId)
      .find((person) => person !== undefined && optedOut.has(person));
    return from === undefined ? [] : [{ from, to: id }];
  });
}
