import type { IsoDate } from './calendar.js';
import { compareDays, dayInZone, daysBetween } from './calendar.js';
import type { DepartureFacts, Dispute } from './departure.js';
import { kanaKey, nameKey } from './name-text.js';
import type { StatedFacts } from './observation.js';
import { compareText, HIRE_DATE_CORRECTION_DAYS, type OrderedStatement } from './statement.js';
import { isStated } from './stated.js';

/** What one field is, and who says so. */
export interface Register {
  readonly value: StatedFacts[keyof StatedFacts];
  readonly authority: number;
  readonly source: string;
}

/** One spell of employment while it is folded from its statements. */
export interface Spell {
  hiredOn: IsoDate | null;
  /** Every hire date that was stated for it, corrected ones too. */
  readonly hireDates: Set<IsoDate>;
  readonly registers: Map<keyof StatedFacts, Register>;
  /** What each source last said the last day is. */
  readonly lastDays: Map<string, Register>;
  /** The statements of each source with its latest word; more than one means it said several things at once. */
  readonly lastWords: Map<string, OrderedStatement[]>;
  standing: DepartureFacts | null;
  rescinded: DepartureFacts | null;
  /** "Still here" said together with a last day, and since when. */
  insisted: { readonly status: string; readonly lastDay: IsoDate; readonly at: string } | null;
  /** Of the latest judgement. */
  disputes: Dispute[];
  /** Another human was stated under this number. */
  isOfTwo: boolean;
}

/** The fields that say whether, when and how an employment ends. */
const LIFECYCLE_FIELDS = [
  'lastDay',
  'announcedOn',
  'status',
  'leavingReason',
  'leavingReasonCode',
  'voluntary',
  'rehireEligible',
] as const satisfies readonly (keyof StatedFacts)[];

/** The spell that a statement is about, opened where there is none; null where it is about somebody else. */
export function spellFor(spells: Spell[], statement: OrderedStatement, zone: string): Spell | null {
  const latest = latestOf(spells);
  const hiredOn = statement.facts.hiredOn ?? null;
  if (latest === null) return open(spells, hiredOn);
  if (hiredOn === null) return undatedSpell(spells, latest, statement, zone);
  const exact = spells.find((spell) => spell.hireDates.has(hiredOn));
  if (exact !== undefined) return isOtherHuman(exact, statement.facts) ? ofTwo(exact) : exact;
  const near = nearestOf(spells, statement.facts, hiredOn);
  if (near !== null) return near;
  const end = currentLastDay(latest);
  const known = latest.hiredOn;
  if (isOtherHuman(latest, statement.facts)) {
    const spell = open(spells, hiredOn);
    spell.isOfTwo = known !== null && compareDays(hiredOn, known) < 0;
    return spell;
  }
  if (end !== null && compareDays(end, hiredOn) < 0) return open(spells, hiredOn);
  if (known === null) return latest;
  if (compareDays(hiredOn, known) > 0) return open(spells, hiredOn);
  const lastDay = statement.facts.lastDay ?? null;
  const isOver = statement.facts.status === 'left' || (lastDay !== null && compareDays(lastDay, known) < 0);
  return isOver ? open(spells, hiredOn) : latest;
}

function undatedSpell(
  spells: Spell[],
  latest: Spell,
  { facts, asOfAt }: OrderedStatement,
  zone: string,
): Spell | null {
  const own = spells.filter((spell) => !isOtherHuman(spell, facts));
  const { lastDay = null } = facts;
  const fits = own.filter(
    (s) => lastDay === null || s.hiredOn === null || compareDays(s.hiredOn, lastDay) <= 0,
  );
  const found = latestOf(fits) ?? latestOf(own);
  if (found !== null) return found;
  const end = currentLastDay(latest);
  const day = dayInZone(Date.parse(asOfAt), zone);
  return end !== null && compareDays(end, day) < 0 ? open(spells, null) : ofTwo(latest);
}

/** A spell whose hire date this one corrects, and which the statement does not follow or come before. */
function nearestOf(spells: readonly Spell[], facts: StatedFacts, hiredOn: IsoDate): Spell | null {
  let best: { readonly spell: Spell; readonly distance: number } | null = null;
  for (const spell of spells) {
    if (spell.hiredOn === null || isOtherHuman(spell, facts)) continue;
    const end = currentLastDay(spell);
    if (end !== null && compareDays(end, hiredOn) < 0) continue;
    if (isStated(facts.lastDay) && compareDays(facts.lastDay, spell.hiredOn) < 0) continue;
    const distance = Math.abs(daysBetween(spell.hiredOn, hiredOn));
    if (distance > HIRE_DATE_CORRECTION_DAYS) continue;
    if (best === null || distance < best.distance) best = { spell, distance };
  }
  return best?.spell ?? null;
}

function open(spells: Spell[], hiredOn: IsoDate | null): Spell {
  const spell: Spell = {
    hiredOn,
    hireDates: new Set(),
    registers: new Map(),
    lastDays: new Map(),
    lastWords: new Map(),
    standing: null,
    rescinded: null,
    insisted: null,
    disputes: [],
    isOfTwo: false,
  };
  spells.push(spell);
  return spell;
}

function latestOf(spells: readonly Spell[]): Spell | null {
  return spells.reduce<Spell | null>(
    (best, spell) => (best === null || compareNullableDays(best.hiredOn, spell.hiredOn) <= 0 ? spell : best),
    null,
  );
}

export function compareNullableDays(a: IsoDate | null, b: IsoDate | null): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return compareDays(a, b);
}

function ofTwo(spell: Spell): null {
  spell.isOfTwo = true;
  return null;
}

/** Employee numbers are reused: another birth date together with another name is another human. */
function isOtherHuman({ registers }: Spell, stated: StatedFacts): boolean {
  const known = (field: keyof StatedFacts): string | null =>
    (registers.get(field)?.value ?? null) as string | null;
  const birthDate = known('birthDate');
  if (birthDate === null || !isStated(stated.birthDate) || birthDate === stated.birthDate) return false;
  const kana = known('givenNameKana');
  if (kana !== null && isStated(stated.givenNameKana)) return kanaKey(kana) !== kanaKey(stated.givenNameKana);
  const given = known('givenName');
  return given !== null && isStated(stated.givenName) && nameKey(given) !== nameKey(stated.givenName);
}

function currentLastDay(spell: Spell): IsoDate | null {
  return (spell.registers.get('lastDay')?.value ?? null) as IsoDate | null;
}

/** Takes over what a statement says, field by field; a field that a higher authority has stated stays. */
export function fold(spell: Spell, statement: OrderedStatement): void {
  const { facts, authority, source } = statement;
  for (const field of Object.keys(facts) as (keyof StatedFacts)[]) {
    const value = facts[field];
    if (value === undefined) continue;
    const register: Register = { value, authority, source };
    if (field === 'lastDay') spell.lastDays.set(source, register);
    const before = spell.registers.get(field);
    if (before === undefined || before.authority <= authority) spell.registers.set(field, register);
  }
  if (isStated(facts.hiredOn)) spell.hireDates.add(facts.hiredOn);
  const hired = spell.registers.get('hiredOn')?.value as IsoDate | null | undefined;
  if (isStated(hired)) spell.hiredOn = hired;
  const words = spell.lastWords.get(source) ?? [];
  const newest = words[0]?.confirmedAt ?? '';
  if (statement.confirmedAt > newest) spell.lastWords.set(source, [statement]);
  else if (statement.confirmedAt === newest) words.push(statement);
}

/** All facts of a spell as they stand; cleared ones are left out. */
export function factsOf(spell: Spell): StatedFacts {
  const facts: Record<string, unknown> = {};
  for (const [field, { value }] of spell.registers) if (isStated(value)) facts[field] = value;
  if (spell.hiredOn !== null) facts['hiredOn'] = spell.hiredOn;
  return facts;
}

/**
 * The statements without what one source said in two ways at one instant about how and when somebody leaves: neither
 * of the two is the later one, so what stood before them goes on standing. Names and the like are kept.
 */
export function withoutContradictions(statements: readonly OrderedStatement[]): OrderedStatement[] {
  if (statements.length < 2) return [...statements];
  const instants = new Map<string, OrderedStatement[]>();
  for (const s of statements) {
    const key = `${s.source} ${s.confirmedAt} ${s.facts.hiredOn ?? ''}`;
    const list = instants.get(key) ?? [];
    list.push(s);
    instants.set(key, list);
  }
  return statements.map((s) => {
    const together = instants.get(`${s.source} ${s.confirmedAt} ${s.facts.hiredOn ?? ''}`) ?? [];
    if (together.length < 2) return s;
    const unclear = LIFECYCLE_FIELDS.filter((field) =>
      together.some((other) => statesOtherwise(s.facts, other.facts, field)),
    );
    const facts: StatedFacts = { ...s.facts };
    for (const field of unclear) delete facts[field];
    return { ...s, facts };
  });
}

function statesOtherwise(a: StatedFacts, b: StatedFacts, field: keyof StatedFacts): boolean {
  return field in a && field in b && JSON.stringify(a[field] ?? null) !== JSON.stringify(b[field] ?? null);
}

/** Contradictions that last until a source says something newer. `said` are the statements before anything was left out. */
export function lastingDisputes(spell: Spell, said: ReadonlyMap<string, OrderedStatement>): Dispute[] {
  const disputes: Dispute[] = [];
  for (const [, last] of [...spell.lastWords].sort(([a], [b]) => compareText(a, b))) {
    if (last.length < 2) continue;
    const words = last.map((s) => said.get(wordKey(s)) ?? s);
    const values = differences(words);
    if (Object.keys(values).length > 0) disputes.push({ code: 'conflicting_statements', values });
  }
  const days = daysOfHighest([...spell.lastDays.values()]);
  if (days.length > 1)
    disputes.push({ code: 'sources_disagree_on_last_day', values: { lastDay: days.join(' / ') } });
  if (spell.isOfTwo) disputes.push({ code: 'number_stated_for_two_people', values: {} });
  return disputes;
}

/** The last days that the sources of the highest authority state; one that cleared it disagrees with nobody. */
function daysOfHighest(registers: readonly Register[]): string[] {
  const highest = Math.max(...registers.map((r) => r.authority));
  const stated = registers.filter((r) => r.authority === highest && r.value !== null);
  return [...new Set(stated.map((r) => String(r.value)))].sort();
}

export function wordKey(statement: OrderedStatement): string {
  return `${statement.source} ${statement.contentHash}`;
}

/** Who works in two departments (兼務) has a row for each: that is no contradiction. */
const SEVERAL_AT_ONCE: ReadonlySet<keyof StatedFacts> = new Set<keyof StatedFacts>([
  'department',
  'jobTitle',
  'grade',
  'location',
  'manager',
  'skills',
]);

/** Fields stated in several ways about one spell, as `a / b`; names of fields only for texts that identify. */
function differences(words: readonly OrderedStatement[]): Record<string, string | null> {
  const out: Record<string, string | null> = {};
  const hints = new Set(words.map((s) => s.facts.hiredOn ?? null));
  for (const hint of hints) {
    const about = words.filter((s) => (s.facts.hiredOn ?? null) === hint);
    const fields = new Set(about.flatMap((s) => Object.keys(s.facts))) as Set<keyof StatedFacts>;
    for (const field of [...fields].sort()) {
      if (SEVERAL_AT_ONCE.has(field)) continue;
      const stating = about.filter((s) => s.facts[field] !== undefined);
      const values = new Set(stating.map((s) => JSON.stringify(s.facts[field] ?? null)));
      if (values.size > 1) out[field] = isHarmless(field) ? [...values].sort().join(' / ') : null;
    }
  }
  return out;
}

function isHarmless(field: keyof StatedFacts): boolean {
  return field === 'lastDay' || field === 'status' || field === 'announcedOn';
}
