import type { IsoDate } from './calendar.js';
import { daysBetween, monthsBetween } from './calendar.js';
import type { DepartureFacts, Dispute, EmploymentState } from './departure.js';
import type { CompiledPolicy, EligibilityFacts, Verdict } from './eligibility.js';
import { decideVerdict } from './eligibility.js';
import type { ExistingFollowUp, FollowUpOp, FollowUpRules } from './follow-up.js';
import { planFollowUps } from './follow-up.js';
import type { DoubtfulPair, IdentityDecision, MatchingPolicy, MatchKeys } from './identity.js';
import { groupPeople, matchKeys } from './identity.js';
import type { StatedFacts } from './observation.js';
import type { ClassifiedEmployment } from './person.js';
import { classifyPerson } from './person.js';

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
}

/** Employments that may belong together, with everything stored about them. Ids are employment ids. */
export interface Component {
  readonly derived: readonly EmploymentState[];
  readonly stored: readonly StoredEmployment[];
  readonly cases: readonly StoredCase[];
  readonly entries: readonly StoredEntry[];
  readonly followUps: readonly (ExistingFollowUp & { readonly employmentId: string })[];
  readonly optedOut: ReadonlySet<string>;
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
  readonly cases: readonly { a: string; b: string; state: 'open' | 'closed'; score: number; evidence: readonly string[] }[];
  /** Overrides and events follow the employment when two persons turn out to be one, or one two. */
  readonly movedPersons: readonly { readonly from: string; readonly to: string }[];
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

interface Slot {
  readonly id: string;
  readonly key: string;
  readonly state: EmploymentState;
  readonly before: StoredEmployment | null;
}

/**
 * Decides everything that follows from the observations about a set of employments: who is whom, what each departure
 * is, the verdict per person and company, the follow-ups; and compares it with what is stored. Planning again after
 * applying gives no effects. Pure but for `newId`.
 */
export function planComponent(component: Component, context: PlanContext): ComponentPlan {
  const { slots, orphans } = assignIds(component, context);
  const byId = new Map(slots.map((slot) => [slot.id, slot]));
  const keyOfId = new Map(slots.map((slot) => [slot.id, slot.key]));
  const grouping = groupPeople(
    slots.map(({ key, state }) => ({
      key,
      company: state.company,
      employeeNumber: state.employeeNumber,
      facts: state.facts,
      lastDay: state.departure?.lastDay ?? null,
    })),
    decisionsOf(component, keyOfId),
    context.matching,
  );
  const slotOfKey = new Map(slots.map((slot) => [slot.key, slot]));
  const people = assignPersons(grouping.groups, slotOfKey, component, context);
  const effects = new Collector();
  const changes: PlanChange[] = [];
  for (const person of people) {
    if (person.isNew) effects.persons.push(person.id);
    planPerson(person.id, person.slots, component, context, effects, changes);
  }
  for (const [index, orphan] of orphans.entries()) withdraw(orphan, index, component, context, effects, changes);
  dropStaleEntries(component, people, effects);
  planCases(component, grouping.doubtful, slotOfKey, byId, effects);
  collectMoves(slots, people, effects);
  changes.sort(compareChanges);
  return { changes, effects };
}

/** Whether applying would change anything at all. */
export function hasEffects(effects: Effects): boolean {
  return (
    effects.persons.length > 0 ||
    effects.employments.length > 0 ||
    effects.entries.length > 0 ||
    effects.followUps.length > 0 ||
    effects.cases.length > 0 ||
    effects.movedPersons.length > 0
  );
}

class Collector implements Effects {
  readonly persons: string[] = [];
  readonly employments: EmploymentEffect[] = [];
  readonly entries: EntryEffect[] = [];
  readonly followUps: PlannedOp[] = [];
  readonly cases: { a: string; b: string; state: 'open' | 'closed'; score: number; evidence: readonly string[] }[] = [];
  readonly movedPersons: { from: string; to: string }[] = [];
}

function naturalKey(e: { company: string; employeeNumber: string; spell: number }): string {
  return `${e.company}/${e.employeeNumber}/${String(e.spell).padStart(3, '0')}`;
}

/** A spell keeps its id while its hire date is corrected; a spell that nobody states any more is an orphan. */
function assignIds(component: Component, context: PlanContext): { slots: Slot[]; orphans: StoredEmployment[] } {
  const slots: Slot[] = [];
  const left = new Map<string, StoredEmployment[]>();
  for (const stored of [...component.stored].sort((a, b) => a.spell - b.spell)) {
    const number = `${stored.company}/${stored.employeeNumber}`;
    left.set(number, [...(left.get(number) ?? []), stored]);
  }
  const take = (number: string, fits: (s: StoredEmployment) => boolean): StoredEmployment | null => {
    const list = left.get(number) ?? [];
    const at = list.findIndex(fits);
    return at < 0 ? null : (list.splice(at, 1)[0] ?? null);
  };
  const open: EmploymentState[] = [];
  const push = (state: EmploymentState, before: StoredEmployment | null): void => {
    slots.push({ id: before?.id ?? context.newId(), key: naturalKey(state), state, before });
  };
  for (const state of component.derived) {
    const number = `${state.company}/${state.employeeNumber}`;
    const before = take(number, (s) => s.spellKey === state.spellKey);
    if (before === null) open.push(state);
    else push(state, before);
  }
  for (const state of open) push(state, take(`${state.company}/${state.employeeNumber}`, () => true));
  return { slots, orphans: [...left.values()].flat().filter((s) => !s.withdrawn) };
}

function decisionsOf(component: Component, keyOfId: ReadonlyMap<string, string>): IdentityDecision[] {
  const decisions: IdentityDecision[] = [];
  for (const { a, b, state } of component.cases) {
    const left = keyOfId.get(a);
    const right = keyOfId.get(b);
    if (left === undefined || right === undefined) continue;
    if (state === 'same' || state === 'different') decisions.push({ a: left, b: right, same: state === 'same' });
  }
  return decisions;
}

interface PlannedPerson {
  readonly id: string;
  readonly isNew: boolean;
  readonly slots: readonly Slot[];
}

/** A group keeps the oldest person id among its employments; an id that two groups would keep goes to the first. */
function assignPersons(
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
    const kept = candidates.find((id) => !taken.has(id));
    const id = kept ?? context.newId();
    taken.add(id);
    return { id, isNew: !known.has(id), slots };
  });
}

function planPerson(
  personId: string,
  slots: readonly Slot[],
  component: Component,
  context: PlanContext,
  effects: Collector,
  changes: PlanChange[],
): void {
  const classified = classifyPerson(
    slots.map((s) => s.state),
    context.matching,
  );
  const deceased = slots.some((s) => s.state.deceased);
  const optedOut = slots.some((s) => s.before !== null && component.optedOut.has(s.before.personId));
  const entries = decideEntries(slots, classified, deceased, context);
  effects.entries.push(...compareEntries(personId, entries, component));
  for (const [index, slot] of slots.entries()) {
    const now = classified[index];
    if (now === undefined) continue;
    const entry = entries.get(slot.state.company);
    const verdict = entry !== undefined && entry.employmentId === slot.id ? entry.verdict : null;
    const effect = employmentEffect(slot, personId, now);
    const changedFields = slot.before === null || slot.before.withdrawn ? [] : fieldsThatDiffer(slot.before, effect);
    if (slot.before === null || changedFields.length > 0 || differs(slot.before, effect)) effects.employments.push(effect);
    const followUps = followUpsOf(slot, now, verdict, { deceased, optedOut }, component, context);
    for (const op of followUps.ops) effects.followUps.push({ ...op, employmentId: slot.id, zone: context.zone(slot.state.company) });
    const stored = component.entries.find((e) => e.company === slot.state.company && belongs(e, personId, slots));
    const verdictBefore = stored?.employmentId === slot.id ? stored.verdict.verdict : null;
    const kind = changeKind(slot, now, effect, changedFields);
    if (kind === null && followUps.ops.length === 0 && (verdict?.verdict ?? null) === verdictBefore) continue;
    changes.push({
      kind,
      company: slot.state.company,
      employeeNumber: slot.state.employeeNumber,
      spell: slot.state.spell,
      before: slot.before === null || slot.before.withdrawn ? null : viewOf(slot.before),
      after: viewOf(effect),
      changedFields,
      verdict: verdict?.verdict ?? null,
      verdictBefore,
      followUps: followUps.ops.map((op) => viewOfOp(op, component)),
      withheld: followUps.withheld,
    });
  }
}

function belongs(entry: StoredEntry, personId: string, slots: readonly Slot[]): boolean {
  return entry.personId === personId || slots.some((s) => s.before?.personId === entry.personId);
}

/** The entry of a company follows from the person's latest employment there, unless the person is employed anyway. */
function decideEntries(
  slots: readonly Slot[],
  classified: readonly ClassifiedEmployment[],
  deceased: boolean,
  context: PlanContext,
): Map<string, { employmentId: string; verdict: Verdict }> {
  const entries = new Map<string, { employmentId: string; verdict: Verdict }>();
  const latest = new Map<string, { slot: Slot; now: ClassifiedEmployment }>();
  for (const [index, slot] of slots.entries()) {
    const now = classified[index];
    if (now === undefined || !slot.state.inScope) continue;
    const best = latest.get(slot.state.company);
    if (best === undefined || orderOf(best.now) <= orderOf(now)) latest.set(slot.state.company, { slot, now });
  }
  for (const [company, { slot, now }] of latest) {
    const { departure } = now;
    if (departure === null || departure.kind === 'move' || departure.kind === 'continued') continue;
    if (now.employedElsewhere) continue;
    const facts = eligibilityFacts(slot.state, departure, deceased);
    entries.set(company, { employmentId: slot.id, verdict: decideVerdict(context.policy, facts) });
  }
  return entries;
}

function orderOf(now: ClassifiedEmployment): string {
  const open = now.departure === null && !now.state.disputes.some((d) => d.code === 'end_of_earlier_spell_unknown');
  return `${open ? '9' : (now.departure?.lastDay ?? '0')} ${now.state.facts.hiredOn ?? ''} ${naturalKey(now.state)}`;
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
    tenureMonths: hiredOn === null ? null : Math.max(0, monthsBetween(hiredOn, departure.lastDay)),
    noticeDays: departure.announcedOn === null ? null : daysBetween(departure.announcedOn, departure.lastDay),
    rehireFlag: state.facts.rehireEligible ?? null,
    regretted: state.facts.regretted ?? null,
    employmentType: state.facts.employmentType ?? null,
    kind,
    hiredOn,
    lastDay: departure.lastDay,
  };
}

function compareEntries(
  personId: string,
  entries: ReadonlyMap<string, { employmentId: string; verdict: Verdict }>,
  component: Component,
): EntryEffect[] {
  const out: EntryEffect[] = [];
  for (const [company, { employmentId, verdict }] of entries) {
    const stored = component.entries.find((e) => e.personId === personId && e.company === company);
    const same =
      stored !== undefined &&
      stored.employmentId === employmentId &&
      canonical(stored.verdict) === canonical(verdict);
    if (!same) out.push({ personId, company, employmentId, verdict });
  }
  for (const stored of component.entries) {
    if (stored.personId === personId && !entries.has(stored.company)) {
      out.push({ personId, company: stored.company, employmentId: null, verdict: null });
    }
  }
  return out;
}

/** An entry whose person id no group keeps (two persons became one) goes with that id. */
function dropStaleEntries(component: Component, people: readonly PlannedPerson[], effects: Collector): void {
  const kept = new Set(people.map((p) => p.id));
  for (const { personId, company } of component.entries) {
    if (kept.has(personId)) continue;
    if (effects.entries.some((e) => e.personId === personId && e.company === company)) continue;
    effects.entries.push({ personId, company, employmentId: null, verdict: null });
  }
}

function employmentEffect(slot: Slot, personId: string, now: ClassifiedEmployment): EmploymentEffect {
  const { state } = slot;
  const before = slot.before?.departure ?? null;
  let departure: EmploymentEffect['departure'] = null;
  if (now.departure !== null) departure = { ...now.departure, state: 'standing' };
  else if (before !== null) departure = { ...before, state: 'rescinded' };
  return {
    id: slot.id,
    personId,
    company: state.company,
    employeeNumber: state.employeeNumber,
    spell: state.spell,
    spellKey: state.spellKey,
    facts: state.facts,
    keys: matchKeys(state.facts),
    inScope: state.inScope,
    absentSince: state.absentSince,
    absentCount: state.absentCount,
    disputes: state.disputes,
    withdrawn: false,
    departure,
  };
}

const STATE_FIELDS = [
  'personId',
  'spell',
  'spellKey',
  'inScope',
  'absentSince',
  'absentCount',
  'disputes',
  'withdrawn',
  'departure',
] as const;

function differs(before: StoredEmployment, after: EmploymentEffect): boolean {
  return STATE_FIELDS.some((field) => canonical(before[field]) !== canonical(after[field]));
}

function fieldsThatDiffer(before: StoredEmployment, after: EmploymentEffect): string[] {
  const fields = new Set([...Object.keys(before.facts), ...Object.keys(after.facts)]) as Set<keyof StatedFacts>;
  return [...fields].filter((f) => canonical(before.facts[f] ?? null) !== canonical(after.facts[f] ?? null)).sort();
}

function followUpsOf(
  slot: Slot,
  now: ClassifiedEmployment,
  verdict: Verdict | null,
  person: { deceased: boolean; optedOut: boolean },
  component: Component,
  context: PlanContext,
): { ops: readonly FollowUpOp[]; withheld: readonly { kind: string; because: string }[] } {
  const existing = component.followUps.filter((f) => f.employmentId === slot.id);
  if (slot.state.disputes.length > 0) {
    const ops = existing
      .filter((f) => f.state === 'planned')
      .map((f): FollowUpOp => ({ op: 'cancel', id: f.id, because: 'disputed' }));
    return { ops, withheld: now.departure === null ? [] : [{ kind: 'all', because: 'disputed' }] };
  }
  const { departure, state } = now;
  return planFollowUps(
    context.rules,
    {
      departure:
        departure === null ? null : { ...departure, kind: person.deceased ? 'death' : departure.kind },
      verdict: verdict?.verdict ?? null,
      today: context.today(state.company),
      firstOfSource: context.firstOfSource,
      address: { personal: state.facts.personalEmail != null, work: state.facts.workEmail != null },
      optedOut: person.optedOut,
      inScope: state.inScope,
      rehired: now.employedElsewhere,
    },
    existing,
  );
}

function changeKind(
  slot: Slot,
  now: ClassifiedEmployment,
  after: EmploymentEffect,
  changedFields: readonly string[],
): ChangeKind | null {
  const before = slot.before === null || slot.before.withdrawn ? null : slot.before;
  const stood = before?.departure?.state === 'standing' ? before.departure : null;
  if (after.disputes.length > 0 && canonical(before?.disputes ?? []) !== canonical(after.disputes)) return 'disputed';
  if (now.departure !== null) {
    const moved = now.departure.kind === 'move' || now.departure.kind === 'continued';
    if (stood === null) return !after.inScope ? 'out_of_scope' : moved ? 'transferred' : 'new_leaver';
    if (stood.kind !== now.departure.kind && moved) return 'transferred';
    return changedFields.length > 0 || canonical(before?.departure) !== canonical(after.departure) ? 'amended' : null;
  }
  if (stood !== null) return 'rescinded';
  if (before === null) return now.isReturn ? 'rehired' : null;
  if (before.absentSince === null && after.absentSince !== null) return 'suspected_absent';
  return changedFields.length > 0 ? 'amended' : null;
}

/** An employment that nothing states any more (its run was reverted): taken out of everything, never deleted. */
function withdraw(
  orphan: StoredEmployment,
  index: number,
  component: Component,
  context: PlanContext,
  effects: Collector,
  changes: PlanChange[],
): void {
  const departure = orphan.departure === null ? null : { ...orphan.departure, state: 'rescinded' as const };
  const lowest = Math.min(0, ...component.stored.map((s) => s.spell));
  effects.employments.push({
    ...orphan,
    // Out of the way of the spells that still stand; unique within the number like any other.
    spell: lowest - 1 - index,
    keys: { name: null, email: null, phone: null },
    withdrawn: true,
    departure,
  });
  const ops: FollowUpOp[] = component.followUps
    .filter((f) => f.employmentId === orphan.id && f.state === 'planned')
    .map((f) => ({ op: 'cancel', id: f.id, because: 'run_reverted' }));
  for (const op of ops) effects.followUps.push({ ...op, employmentId: orphan.id, zone: context.zone(orphan.company) });
  const entry = component.entries.find((e) => e.employmentId === orphan.id);
  if (entry !== undefined && !effects.entries.some((e) => e.personId === entry.personId && e.company === entry.company)) {
    effects.entries.push({ personId: entry.personId, company: entry.company, employmentId: null, verdict: null });
  }
  changes.push({
    kind: orphan.departure?.state === 'standing' ? 'rescinded' : null,
    company: orphan.company,
    employeeNumber: orphan.employeeNumber,
    spell: orphan.spell,
    before: viewOf(orphan),
    after: null,
    changedFields: [],
    verdict: null,
    verdictBefore: entry?.verdict.verdict ?? null,
    followUps: ops.map((op) => viewOfOp(op, component)),
    withheld: [],
  });
}

function planCases(
  component: Component,
  doubtful: readonly DoubtfulPair[],
  slotOfKey: ReadonlyMap<string, Slot>,
  byId: ReadonlyMap<string, Slot>,
  effects: Collector,
): void {
  const wanted = new Set<string>();
  for (const pair of doubtful) {
    const ids = [slotOfKey.get(pair.a)?.id ?? '', slotOfKey.get(pair.b)?.id ?? ''].sort();
    const a = ids[0] ?? '';
    const b = ids[1] ?? '';
    wanted.add(`${a} ${b}`);
    const stored = component.cases.find((c) => c.a === a && c.b === b);
    if (stored?.state === 'open') continue;
    effects.cases.push({ a, b, state: 'open', score: pair.score, evidence: pair.evidence });
  }
  for (const { a, b, state } of component.cases) {
    const known = byId.has(a) && byId.has(b);
    if (state === 'open' && known && !wanted.has(`${a} ${b}`)) {
      effects.cases.push({ a, b, state: 'closed', score: 0, evidence: [] });
    }
  }
}

function collectMoves(slots: readonly Slot[], people: readonly PlannedPerson[], effects: Collector): void {
  const personOf = new Map(people.flatMap((p) => p.slots.map((s) => [s.id, p.id] as const)));
  const kept = new Set(people.map((p) => p.id));
  const seen = new Set<string>();
  for (const slot of slots) {
    const from = slot.before?.personId;
    const to = personOf.get(slot.id);
    if (from === undefined || to === undefined || from === to || kept.has(from) || seen.has(from)) continue;
    seen.add(from);
    effects.movedPersons.push({ from, to });
  }
}

function viewOf(e: StoredEmployment | EmploymentEffect): ChangeView {
  const standing = e.departure?.state === 'standing' ? e.departure : null;
  return {
    name: displayName(e.facts),
    lastDay: standing?.lastDay ?? null,
    category: standing?.category ?? null,
    kind: standing?.kind ?? null,
    status: e.facts.status ?? null,
    disputes: e.disputes.map((d) => d.code),
  };
}

/** The name as the source wrote it; null when no source stated one. */
export function displayName(facts: StatedFacts): string | null {
  if (facts.displayName != null) return facts.displayName;
  const parts = [facts.familyName, facts.givenName].filter((p) => p != null && p !== '');
  return parts.length === 0 ? null : parts.join(' ');
}

function viewOfOp(op: FollowUpOp, component: Component): PlannedFollowUp {
  const kind = 'kind' in op ? op.kind : (component.followUps.find((f) => f.id === op.id)?.kind ?? '');
  return { op: op.op, kind, dueOn: 'dueOn' in op ? op.dueOn : null, because: op.because };
}

function compareChanges(a: PlanChange, b: PlanChange): number {
  const left = naturalKey(a);
  const right = naturalKey(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** JSON with sorted keys: the same for equal values whatever order their keys were written or stored in. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    const entries = Object.entries(inner).filter(([, v]) => v !== undefined);
    return Object.fromEntries(entries.sort(([x], [y]) => (x < y ? -1 : 1)));
  });
}
