import type { IsoDate } from './calendar.js';
import { compareDays, dayInZone } from './calendar.js';
import type { DepartureFacts, DepartureKind, DeriveContext, Dispute } from './departure.js';
import type { LeavingCategory } from './leaving-reason.js';
import { normaliseReason } from './leaving-reason-text.js';
import type { StatedFacts } from './observation.js';
import { factsOf, type Spell } from './spell.js';
import type { OrderedStatement } from './statement.js';
import { isStated } from './stated.js';

/**
 * Decides what stands after one more statement. While it is contradictory, what stood before goes on standing: a
 * contradiction must not take back a departure, nor make one.
 */
export function judge(spell: Spell, statement: OrderedStatement, context: DeriveContext): void {
  const facts = factsOf(spell);
  const lastDay = facts.lastDay ?? null;
  noteInsistence(spell, statement, facts);
  spell.disputes = [];
  if (lastDay === null) {
    const dispute = withoutDay(spell, facts, context);
    if (dispute !== null) {
      spell.disputes.push(dispute);
      return;
    }
    if (spell.standing !== null) spell.rescinded = spell.standing;
    spell.standing = null;
    return;
  }
  const dispute = impossibleEnd(spell, facts, lastDay, context);
  if (dispute !== null) {
    spell.disputes.push(dispute);
    return;
  }
  const { departure, doubts } = departureOf(spell, facts, lastDay, context);
  spell.disputes.push(...doubts);
  if (departure !== null) spell.standing = departure;
}

/** True when the status or the reason tells of a death, whatever days are stated. */
export function isDeceased(spell: Spell, facts: StatedFacts, context: DeriveContext): boolean {
  return facts.status === 'deceased' || reasonOf(spell, facts, context).category === 'death';
}

/**
 * A status is old news while it is only repeated: a departure announced in time stands although the status of the
 * source lags behind. Only "still here" said (again) after the last day contradicts it.
 */
function noteInsistence(spell: Spell, statement: OrderedStatement, facts: StatedFacts): void {
  const { status = null, lastDay = null } = facts;
  if (lastDay === null || (status !== 'active' && status !== 'leave')) {
    spell.insisted = null;
    return;
  }
  const before = spell.insisted;
  if (before !== null && before.status === status && before.lastDay === lastDay) return;
  const isSaidNow = statement.facts.status === status;
  spell.insisted = isSaidNow ? { status, lastDay, at: statement.sinceAt } : null;
}

function withoutDay(spell: Spell, facts: StatedFacts, context: DeriveContext): Dispute | null {
  const status = facts.status ?? null;
  const isOver =
    status === 'left' || status === 'departing' || status === 'transferred' || status === 'deceased';
  if (isOver) return { code: 'left_without_day', values: { status, lastDay: null } };
  const hasReason = isStated(facts.leavingReason) || isStated(facts.leavingReasonCode);
  if (!hasReason || reasonOf(spell, facts, context).category !== 'death') return null;
  return { code: 'left_without_day', values: { status, lastDay: null, category: 'death' } };
}

function impossibleEnd(
  spell: Spell,
  facts: StatedFacts,
  lastDay: IsoDate,
  { zone }: DeriveContext,
): Dispute | null {
  if (spell.insisted !== null && compareDays(lastDay, dayInZone(Date.parse(spell.insisted.at), zone)) < 0) {
    return { code: 'active_with_past_end', values: { status: spell.insisted.status, lastDay } };
  }
  const { hiredOn = null } = facts;
  if (hiredOn !== null && compareDays(lastDay, hiredOn) < 0) {
    return { code: 'end_before_hire', values: { hiredOn, lastDay } };
  }
  return null;
}

/**
 * Reasons that are about little else than whose wish it was (自己都合; "Involuntary"). Of the others a flag may say the
 * opposite of what is usual: an early retirement scheme counts as the employer's wish (会社都合) here and there.
 */
const TELLS_POLARITY: ReadonlySet<LeavingCategory> = new Set<LeavingCategory>(['personal', 'unknown']);

/** The departure that the facts state, null where the end is that of a leave, and what about it nobody should guess. */
function departureOf(
  spell: Spell,
  facts: StatedFacts,
  lastDay: IsoDate,
  context: DeriveContext,
): { departure: DepartureFacts | null; doubts: Dispute[] } {
  const reasonText = facts.leavingReason ?? null;
  const reasonCode = facts.leavingReasonCode ?? null;
  const stated = facts.voluntary ?? null;
  const reason = reasonOf(spell, facts, context);
  const status = facts.status ?? null;
  if (reason.category === 'leave_of_absence') {
    return { departure: null, doubts: [{ code: 'on_leave_with_end', values: { status, lastDay } }] };
  }
  const doubts: Dispute[] = [];
  const opposed =
    stated !== null &&
    reason.voluntary !== null &&
    stated !== reason.voluntary &&
    TELLS_POLARITY.has(reason.category);
  if (reason.conflict || opposed) {
    const voluntary = stated === null ? null : String(stated);
    const values = { leavingReason: reasonText, leavingReasonCode: reasonCode, voluntary };
    doubts.push({ code: 'reason_contradicts_itself', values });
  }
  // A reason of two minds may be misconduct after all: then not even the flag beside it is to be relied on.
  const voluntary = reason.conflict || opposed ? null : (stated ?? reason.voluntary);
  const category = status === 'deceased' ? 'death' : reason.category;
  if (category === 'unknown' && voluntary === false) {
    // Somebody was let go, and the words do not say why: it may be one whom no mail should reach.
    const values = { leavingReason: reasonText, leavingReasonCode: reasonCode };
    doubts.push({ code: 'involuntary_for_unknown_reason', values });
  }
  const kind = kindOf(status, category, reasonText);
  const announcedOn = facts.announcedOn ?? null;
  return { departure: { lastDay, announcedOn, category, voluntary, reasonText, reasonCode, kind }, doubts };
}

function kindOf(
  status: StatedFacts['status'],
  category: LeavingCategory,
  reasonText: string | null,
): DepartureKind {
  if (category === 'death') return 'death';
  if (category === 'conduct' || category === 'abandonment' || category === 'performance') return 'dismissal';
  if (status === 'transferred' || category === 'transfer_group' || category === 'secondment') return 'move';
  if (category === 'retirement_age' && reasonText !== null && isReemployment(reasonText)) return 'continued';
  return 'leaving';
}

/** "Retired, and employed again" and nothing else: with any further word (not wanted, ended) it may mean the opposite. */
const REEMPLOYMENT =
  /^定年(?:退職|到達)?後?の?\(?(?:再雇用|継続雇用|嘱託再雇用)(?:制度)?\)?(?:のため|により|による|に伴う)?(?:退職)?$/;

function isReemployment(reasonText: string): boolean {
  return REEMPLOYMENT.test(normaliseReason(reasonText));
}

function reasonOf(
  spell: Spell,
  facts: StatedFacts,
  context: DeriveContext,
): ReturnType<DeriveContext['categorise']> {
  return context.categorise({
    text: facts.leavingReason ?? null,
    code: facts.leavingReasonCode ?? null,
    source: spell.registers.get('leavingReasonCode')?.source ?? null,
  });
}
