import type { IsoDate } from './calendar.js';
import { compareDays, dayInZone, daysBetween } from './calendar.js';
import type { LeavingCategory } from './leaving-reason.js';
import { kanaKey, nameKey } from './name-text.js';
import type { StatedFacts } from './observation.js';

/** One observation as it stands in the record: what one source said about one (company, employee number). */
export interface Statement {
  readonly source: string;
  /** Higher wins where two sources state the same field. */
  readonly authority: number;
  readonly asOfAt: string;
  /** The latest instant for which the source repeated exactly this; never before `asOfAt`. */
  readonly confirmedAt: string;
  readonly contentHash: string;
  /** True: a complete full snapshot of the source did not hold the number any more. `facts` is empty then. */
  readonly absent: boolean;
  readonly facts: StatedFacts;
}

export type DepartureKind = 'leaving' | 'move' | 'continued' | 'dismissal' | 'death';

/** The end of an employment as the sources state it. `kind` may still become a move when the whole person is known. */
export interface DepartureFacts {
  readonly lastDay: IsoDate;
  readonly announcedOn: IsoDate | null;
  readonly category: LeavingCategory;
  readonly voluntary: boolean | null;
  readonly reasonText: string | null;
  readonly reasonCode: string | null;
  readonly kind: DepartureKind;
}

export type DisputeCode =
  | 'active_with_past_end'
  | 'left_without_day'
  | 'conflicting_statements'
  | 'sources_disagree_on_last_day'
  | 'number_stated_for_two_people'
  | 'end_of_earlier_spell_unknown'
  | 'on_leave_with_end';

/** A contradiction that is shown, with both values, and not resolved by guessing. */
export interface Dispute {
  readonly code: DisputeCode;
  readonly values: Readonly<Record<string, string | null>>;
}

/** One spell of employment, folded from every statement about its (company, employee number). */
export interface EmploymentState {
  readonly company: string;
  readonly employeeNumber: string;
  /** 1 for the earliest spell of the number. */
  readonly spell: number;
  /** The hire date, or '' while no source stated one. */
  readonly spellKey: string;
  readonly facts: StatedFacts;
  readonly departure: DepartureFacts | null;
  /** The last day of a departure that was stated before and has been taken back. */
  readonly rescindedLastDay: IsoDate | null;
  readonly deceased: boolean;
  readonly inScope: boolean;
  readonly absentSince: string | null;
  readonly absentCount: number;
  readonly disputes: readonly Dispute[];
}

export interface DeriveContext {
  readonly zone: string;
  categorise(text: string | null, code: string | null): { category: LeavingCategory; voluntary: boolean | null };
  isInScope(facts: StatedFacts): boolean;
  /** How many complete full snapshots in a row must miss a number before it counts as absent. */
  confirmAbsenceAfter(source: string): number;
}

interface Register {
  readonly value: StatedFacts[keyof StatedFacts];
  readonly authority: number;
  readonly at: string;
  readonly source: string;
}

interface Spell {
  hiredOn: IsoDate | null;
  readonly registers: Map<keyof StatedFacts, Register>;
  standing: DepartureFacts | null;
  rescinded: IsoDate | null;
  disputes: Dispute[];
  lasting: Dispute[];
}

/** A hire date that moves by less than this is a correction of the same spell, by more another spell. */
const HIRE_DATE_CORRECTION_DAYS = 45;

/**
 * Folds all statements about one (company, employee number) into its spells, oldest first. The order of `statements`
 * does not matter and a repeated one changes nothing: they are folded in the order in which they were true, field by
 * field (a later statement of the same authority wins, a higher authority always).
 */
export function deriveEmployments(
  company: string,
  employeeNumber: string,
  statements: readonly Statement[],
  context: DeriveContext,
): EmploymentState[] {
  const present = statements.filter((s) => !s.absent).sort(compareStatements);
  const spells: Spell[] = [];
  for (const [index, statement] of present.entries()) {
    const spell = spellFor(spells, statement, context);
    if (spell === null) continue;
    const previous = present[index - 1];
    if (previous !== undefined && contradicts(previous, statement)) {
      spell.lasting.push({ code: 'conflicting_statements', values: differences(previous.facts, statement.facts) });
    } else if (spell.lasting.some((d) => d.code === 'conflicting_statements')) {
      // A newer statement than the two that contradicted each other settles it.
      spell.lasting = spell.lasting.filter((d) => d.code !== 'conflicting_statements');
    }
    fold(spell, statement);
    judge(spell, statement, context);
  }
  spells.sort((a, b) => compareNullableDays(a.hiredOn, b.hiredOn));
  const absence = absenceOf(statements, context);
  return spells.map((spell, index) => {
    const facts = factsOf(spell);
    const isLast = index === spells.length - 1;
    const absent = isLast && spell.standing === null ? absence : { since: null, count: 0 };
    const disputes = [...spell.lasting, ...spell.disputes];
    if (!isLast && spell.standing === null && facts.lastDay == null) {
      disputes.push({ code: 'end_of_earlier_spell_unknown', values: { hiredOn: spell.hiredOn } });
    }
    return {
      company,
      employeeNumber,
      spell: index + 1,
      spellKey: spell.hiredOn ?? '',
      facts,
      departure: spell.standing,
      rescindedLastDay: spell.standing === null ? spell.rescinded : null,
      deceased: isDeceased(facts, context),
      inScope: context.isInScope(facts),
      absentSince: absent.since,
      absentCount: absent.count,
      disputes,
    };
  });
}

function compareStatements(a: Statement, b: Statement): number {
  return (
    compareText(a.confirmedAt, b.confirmedAt) ||
    a.authority - b.authority ||
    compareText(a.source, b.source) ||
    compareText(a.contentHash, b.contentHash)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareNullableDays(a: IsoDate | null, b: IsoDate | null): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return compareDays(a, b);
}

/** Two different statements of one source about one spell at one instant: neither can be called the later one. */
function contradicts(a: Statement, b: Statement): boolean {
  return (
    a.source === b.source &&
    a.confirmedAt === b.confirmedAt &&
    a.contentHash !== b.contentHash &&
    (a.facts.hiredOn ?? null) === (b.facts.hiredOn ?? null) &&
    Object.keys(differences(a.facts, b.facts)).length > 0
  );
}

/** Fields that both state and state differently, as `a / b`; names of fields only for texts that identify. */
function differences(a: StatedFacts, b: StatedFacts): Record<string, string | null> {
  const out: Record<string, string | null> = {};
  for (const field of Object.keys(a) as (keyof StatedFacts)[]) {
    if (!(field in b)) continue;
    const left = JSON.stringify(a[field] ?? null);
    const right = JSON.stringify(b[field] ?? null);
    if (left !== right) out[field] = isHarmless(field) ? `${left} / ${right}` : null;
  }
  return out;
}

function isHarmless(field: keyof StatedFacts): boolean {
  return field === 'lastDay' || field === 'hiredOn' || field === 'status' || field === 'announcedOn';
}

function spellFor(spells: Spell[], statement: Statement, context: DeriveContext): Spell | null {
  const { facts } = statement;
  const latest = spells.reduce<Spell | undefined>(
    (best, spell) => (best === undefined || compareNullableDays(best.hiredOn, spell.hiredOn) <= 0 ? spell : best),
    undefined,
  );
  if (latest === undefined) return open(spells, facts.hiredOn ?? null);
  const hiredOn = facts.hiredOn ?? null;
  if (hiredOn === null) return sameHuman(spells, latest, statement, context);
  const exact = spells.find((spell) => spell.hiredOn === hiredOn);
  if (exact !== undefined) return sameHuman(spells, exact, statement, context);
  const known = latest.hiredOn;
  const end = currentLastDay(latest);
  if (end !== null && compareDays(end, hiredOn) < 0) return open(spells, hiredOn);
  if (known === null) {
    latest.hiredOn = hiredOn;
    return latest;
  }
  if (compareDays(hiredOn, known) < 0 && facts.lastDay != null && compareDays(facts.lastDay, known) < 0) {
    return open(spells, hiredOn);
  }
  if (Math.abs(daysBetween(known, hiredOn)) <= HIRE_DATE_CORRECTION_DAYS || compareDays(hiredOn, known) < 0) {
    latest.hiredOn = hiredOn;
    return latest;
  }
  return open(spells, hiredOn);
}

function open(spells: Spell[], hiredOn: IsoDate | null): Spell {
  const spell: Spell = { hiredOn, registers: new Map(), standing: null, rescinded: null, disputes: [], lasting: [] };
  spells.push(spell);
  return spell;
}

/** Employee numbers are reused: another birth date together with another name is another human. */
function sameHuman(spells: Spell[], spell: Spell, statement: Statement, context: DeriveContext): Spell | null {
  const known = factsOf(spell);
  const stated = statement.facts;
  const otherBirth = known.birthDate != null && stated.birthDate != null && known.birthDate !== stated.birthDate;
  if (!otherBirth || !differentNames(known, stated)) return spell;
  const end = currentLastDay(spell);
  const day = dayInZone(Date.parse(statement.asOfAt), context.zone);
  if (end !== null && compareDays(end, day) < 0 && stated.hiredOn == null) return open(spells, null);
  if (!spell.lasting.some((d) => d.code === 'number_stated_for_two_people')) {
    spell.lasting.push({ code: 'number_stated_for_two_people', values: {} });
  }
  return null;
}

function differentNames(a: StatedFacts, b: StatedFacts): boolean {
  const kana = [a.givenNameKana, b.givenNameKana];
  if (kana[0] != null && kana[1] != null) return kanaKey(kana[0]) !== kanaKey(kana[1]);
  const given = [a.givenName, b.givenName];
  if (given[0] != null && given[1] != null) return nameKey(given[0]) !== nameKey(given[1]);
  return false;
}

function currentLastDay(spell: Spell): IsoDate | null {
  return (spell.registers.get('lastDay')?.value as IsoDate | null | undefined) ?? null;
}

function fold(spell: Spell, statement: Statement): void {
  for (const field of Object.keys(statement.facts) as (keyof StatedFacts)[]) {
    const value = statement.facts[field];
    if (value === undefined) continue;
    const before = spell.registers.get(field);
    if (before !== undefined && before.authority > statement.authority) continue;
    if (
      field === 'lastDay' &&
      before !== undefined &&
      before.authority === statement.authority &&
      before.source !== statement.source &&
      before.value != null &&
      value !== null &&
      before.value !== value
    ) {
      noteSources(spell, String(before.value), String(value));
    } else if (field === 'lastDay') {
      spell.lasting = spell.lasting.filter((d) => d.code !== 'sources_disagree_on_last_day');
    }
    spell.registers.set(field, {
      value,
      authority: statement.authority,
      at: statement.confirmedAt,
      source: statement.source,
    });
  }
}

function noteSources(spell: Spell, one: string, other: string): void {
  spell.lasting = spell.lasting.filter((d) => d.code !== 'sources_disagree_on_last_day');
  spell.lasting.push({ code: 'sources_disagree_on_last_day', values: { lastDay: `${one} / ${other}` } });
}

/**
 * Decides what stands after one more statement. While it is contradictory, what stood before goes on standing: a
 * status that lags behind its date must not take back a departure.
 */
function judge(spell: Spell, statement: Statement, context: DeriveContext): void {
  const facts = factsOf(spell);
  const lastDay = facts.lastDay ?? null;
  const status = facts.status ?? null;
  const statusAt = spell.registers.get('status')?.at ?? statement.confirmedAt;
  spell.disputes = [];
  if (lastDay === null) {
    if (status === 'left' || status === 'departing' || status === 'transferred' || status === 'deceased') {
      spell.disputes.push({ code: 'left_without_day', values: { status, lastDay: null } });
      return;
    }
    if (spell.standing !== null) spell.rescinded = spell.standing.lastDay;
    spell.standing = null;
    return;
  }
  if (status === 'active' || status === 'leave') {
    const statedOn = dayInZone(Date.parse(statusAt), context.zone);
    if (compareDays(lastDay, statedOn) < 0) {
      spell.disputes.push({ code: 'active_with_past_end', values: { status, lastDay } });
      return;
    }
  }
  const departure = departureOf(facts, lastDay, context);
  if (departure.category === 'leave_of_absence') {
    spell.disputes.push({ code: 'on_leave_with_end', values: { status, lastDay } });
    return;
  }
  spell.standing = departure;
}

function departureOf(facts: StatedFacts, lastDay: IsoDate, context: DeriveContext): DepartureFacts {
  const reasonText = facts.leavingReason ?? null;
  const reasonCode = facts.leavingReasonCode ?? null;
  const { category, voluntary } = context.categorise(reasonText, reasonCode);
  return {
    lastDay,
    announcedOn: facts.announcedOn ?? null,
    category: facts.status === 'deceased' ? 'death' : category,
    voluntary: facts.voluntary ?? voluntary,
    reasonText,
    reasonCode,
    kind: kindOf(facts.status ?? null, category),
  };
}

function kindOf(status: StatedFacts['status'], category: LeavingCategory): DepartureKind {
  if (status === 'deceased' || category === 'death') return 'death';
  if (category === 'conduct' || category === 'abandonment' || category === 'performance') return 'dismissal';
  if (status === 'transferred' || category === 'transfer_group' || category === 'secondment') return 'move';
  return 'leaving';
}

function isDeceased(facts: StatedFacts, context: DeriveContext): boolean {
  if (facts.status === 'deceased') return true;
  return context.categorise(facts.leavingReason ?? null, facts.leavingReasonCode ?? null).category === 'death';
}

function factsOf(spell: Spell): StatedFacts {
  const facts: Record<string, unknown> = {};
  for (const field of [...spell.registers.keys()].sort()) {
    const value = spell.registers.get(field)?.value;
    if (value !== null && value !== undefined) facts[field] = value;
  }
  if (spell.hiredOn !== null) facts['hiredOn'] = spell.hiredOn;
  return facts as StatedFacts;
}

function absenceOf(
  statements: readonly Statement[],
  context: DeriveContext,
): { since: string | null; count: number } {
  const sources = new Map<string, Statement[]>();
  for (const statement of statements) {
    const list = sources.get(statement.source) ?? [];
    list.push(statement);
    sources.set(statement.source, list);
  }
  let since: string | null = null;
  let count = 0;
  for (const [source, list] of sources) {
    const seenAt = list.filter((s) => !s.absent).reduce((max, s) => (s.confirmedAt > max ? s.confirmedAt : max), '');
    const missing = list.filter((s) => s.absent && s.asOfAt > seenAt).sort((a, b) => compareText(a.asOfAt, b.asOfAt));
    if (seenAt !== '' && missing.length === 0) return { since: null, count: 0 };
    count = Math.max(count, missing.length);
    if (missing.length < context.confirmAbsenceAfter(source)) return { since: null, count };
    const first = missing[0]?.asOfAt ?? null;
    if (first !== null && (since === null || first > since)) since = first;
  }
  return { since, count };
}
