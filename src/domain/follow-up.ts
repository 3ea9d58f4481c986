import type { IsoDate } from './calendar.js';
import { addDays, daysBetween } from './calendar.js';
import type { LeavingCategory } from './leaving-reason.js';
import type { FollowUpRule, FollowUpRules, PlannedKind } from './follow-up-rules.js';

export { followUpRulesSchema, type FollowUpRules } from './follow-up-rules.js';

export const FOLLOW_UP_KINDS = [
  'exit_survey',
  'exit_interview',
  'invitation',
  'reminder',
  'card',
  'correction',
] as const;
export type FollowUpKind = (typeof FOLLOW_UP_KINDS)[number];

export const FOLLOW_UP_STATES = [
  'planned',
  'queued',
  'sent',
  'uncertain',
  'answered',
  'cancelled',
  'undeliverable',
  'expired',
] as const;
export type FollowUpState = (typeof FOLLOW_UP_STATES)[number];

interface Departure {
  readonly lastDay: IsoDate;
  readonly announcedOn: IsoDate | null;
  readonly category: LeavingCategory;
  readonly voluntary: boolean | null;
  readonly kind: 'leaving' | 'move' | 'continued' | 'dismissal' | 'death';
}

export interface FollowUpFacts {
  /** The departure as it stands; null when it was rescinded or never stated. */
  readonly departure: Departure | null;
  /** Null while the registry holds none for this person and company. */
  readonly verdict: 'eligible' | 'review' | 'ineligible' | 'unknown' | null;
  /** In the company's zone. */
  readonly today: IsoDate;
  /** True while the first import of the source is decided: the rest of its rows is history. */
  readonly firstOfSource: boolean;
  readonly address: { readonly personal: boolean; readonly work: boolean };
  readonly optedOut: boolean;
  readonly inScope: boolean;
  /** True when a later employment of the person followed this one. */
  readonly rehired: boolean;
}

/** A follow-up of this employment as it is stored, whatever its state. */
export interface ExistingFollowUp {
  readonly id: string;
  readonly kind: FollowUpKind;
  readonly state: FollowUpState;
  readonly dueOn: IsoDate;
}

const BECAUSE_TEXTS = {
  rule: { ja: '規則のとおり', en: 'as the rule says' },
  late: { ja: '退職の登録が遅れたため、すぐに送ります', en: 'the departure became known late: due at once' },
  date_moved: { ja: '退職日の変更に合わせました', en: 'moved with the leaving date' },
  no_address: {
    ja: '使えるメールアドレスがありません。担当者からの連絡が必要です',
    en: 'no usable mail address: somebody has to get in touch',
  },
  card_instead: {
    ja: '退職後に使えるメールアドレスがないため、案内状を印刷して郵送します',
    en: 'no mail address that outlives the employment: a printed card goes by post',
  },
  address_found: {
    ja: '使えるメールアドレスが分かりました',
    en: 'a usable mail address became known',
  },
  rescinded: { ja: '退職が取り消されました', en: 'the departure was rescinded' },
  departure_stands: { ja: '退職が改めて登録されました', en: 'the departure stands again' },
  rehired: { ja: '再入社しました', en: 'came back to the group' },
  out_of_scope: { ja: '対象外の在籍です', en: 'an employment outside the scope' },
  opted_out: { ja: '本人が連絡を希望していません', en: 'the person asked not to be contacted' },
  kind_death: { ja: '連絡の対象ではありません', en: 'not somebody to contact' },
  kind_dismissal: { ja: '連絡の対象ではありません', en: 'not somebody to contact' },
  kind_move: { ja: 'グループ内の異動です', en: 'a move inside the group' },
  kind_continued: { ja: '継続雇用です', en: 'employment goes on' },
  disputed: { ja: '退職の情報に食い違いがあります', en: 'the sources contradict each other' },
  run_reverted: { ja: '取込が取り消されました', en: 'the import run was reverted' },
  send_refused: { ja: '宛先に受け取りを拒否されました', en: 'the receiving mail server refused it' },
  worker_lost: {
    ja: '送信の処理が繰り返し異常終了したため、中止しました。原因を調べてから再送してください',
    en: 'given up: the process that sent it ended abnormally again and again',
  },
  resend: { ja: '担当者が再送を指示しました', en: 'somebody decided to send it again' },
  history: { ja: '初回取込より前の退職（履歴）です', en: 'left long before the first import: history' },
  too_late: { ja: '時期を過ぎました', en: 'its time has passed' },
  no_anchor: { ja: '基準となる日が分かりません', en: 'the day it counts from is not known' },
  conditions: { ja: '規則の条件に当てはまりません', en: 'the conditions of its rule do not hold' },
} as const;

export type BecauseCode = keyof typeof BECAUSE_TEXTS;

/** Why a follow-up is as it is, for people to read. `rule` names the rule, null where none was asked. */
export interface FollowUpBecause {
  readonly code: BecauseCode;
  readonly rule: string | null;
  readonly text: { readonly ja: string; readonly en: string };
}

export type FollowUpOp =
  | {
      readonly op: 'plan';
      readonly kind: PlannedKind;
      readonly dueOn: IsoDate;
      readonly because: BecauseCode;
      /** The id of the rule that asked for it. */
      readonly rule: string;
    }
  | {
      readonly op: 'reschedule';
      readonly id: string;
      readonly dueOn: IsoDate;
      readonly because: BecauseCode;
      readonly rule: string;
    }
  | { readonly op: 'cancel'; readonly id: string; readonly because: BecauseCode }
  | {
      readonly op: 'correct';
      readonly kind: 'correction';
      readonly dueOn: IsoDate;
      readonly because: BecauseCode;
    };

export interface FollowUpPlan {
  readonly ops: readonly FollowUpOp[];
  /** Kinds that have a rule and are not planned, with the first reason; for counting and for showing. */
  readonly withheld: readonly { readonly kind: PlannedKind; readonly because: BecauseCode }[];
}

/** Invitation and card are two ways of saying the same thing: one of them, once. */
const PURPOSES: readonly (readonly PlannedKind[])[] = [
  ['exit_survey'],
  ['exit_interview'],
  ['invitation', 'card'],
];

interface Wanted {
  readonly kind: PlannedKind;
  /** The day the rule gives, before lateness. */
  readonly nominal: IsoDate;
  readonly rule: FollowUpRule;
  readonly code: BecauseCode;
}

/**
 * What has to change so that an employment has the follow-ups its facts ask for: at most one live intent for each
 * purpose, moved with the date, cancelled when its reason is gone. Applying the ops and planning again gives none.
 * What may have been sent is never planned again; what was cancelled may be. Nobody is planned for after a death, a
 * dismissal, or a move inside the group. Nothing is due before its anchor plus offset unless it is late.
 */
export function planFollowUps(
  rules: Pick<FollowUpRules, 'history' | 'rules'>,
  facts: FollowUpFacts,
  existing: readonly ExistingFollowUp[],
): FollowUpPlan {
  const ops: FollowUpOp[] = [];
  const withheld: { kind: PlannedKind; because: BecauseCode }[] = [];
  const { departure } = facts;
  for (const purpose of PURPOSES) {
    const had = existing.filter((e) => purpose.some((kind) => kind === e.kind));
    const first = rules.rules.find((rule) => purpose.includes(rule.kind));
    const wanted =
      departure === null
        ? 'rescinded'
        : (barredBecause(rules, facts, departure) ?? wantedFor(rules.rules, purpose, facts, departure));
    const decided = typeof wanted === 'string' ? wanted : settle(wanted, facts.today, had);
    if (typeof decided === 'string') {
      ops.push(...had.filter(isMovable).map((e) => cancel(e, decided)));
      if (first !== undefined && decided !== 'rescinded')
        withheld.push({ kind: first.kind, because: decided });
    } else {
      ops.push(...decided);
    }
  }
  ops.push(...corrections(facts, existing));
  return { ops, withheld };
}

/** The reason for which nothing at all may be planned, or null. */
function barredBecause(
  rules: Pick<FollowUpRules, 'history'>,
  facts: FollowUpFacts,
  departure: Departure,
): BecauseCode | null {
  switch (departure.kind) {
    case 'death':
      return 'kind_death';
    case 'dismissal':
      return 'kind_dismissal';
    case 'move':
      return 'kind_move';
    case 'continued':
      return 'kind_continued';
    case 'leaving':
      break;
  }
  if (facts.optedOut) return 'opted_out';
  if (!facts.inScope) return 'out_of_scope';
  if (facts.rehired) return 'rehired';
  const isHistory =
    facts.firstOfSource && daysBetween(departure.lastDay, facts.today) > rules.history.daysBefore;
  return isHistory ? 'history' : null;
}

/** The first rule of the purpose whose conditions hold and whose day is known; else why the first one fails. */
function wantedFor(
  rules: readonly FollowUpRule[],
  purpose: readonly PlannedKind[],
  facts: FollowUpFacts,
  departure: Departure,
): Wanted | BecauseCode {
  let failure: BecauseCode | null = null;
  for (const rule of rules) {
    if (!purpose.includes(rule.kind)) continue;
    if (!holds(rule, facts, departure)) {
      failure ??= 'conditions';
      continue;
    }
    const nominal = nominalDay(rule, departure);
    if (nominal === null) {
      failure ??= 'no_anchor';
      continue;
    }
    if (rule.kind === 'card' || isReachable(rule, facts, departure, nominal))
      return { kind: rule.kind, nominal, rule, code: 'rule' };
    return rule.kind === 'invitation'
      ? { kind: 'card', nominal, rule, code: 'card_instead' }
      : { kind: rule.kind, nominal, rule, code: 'no_address' };
  }
  return failure ?? 'conditions';
}

function holds({ when }: FollowUpRule, { verdict }: FollowUpFacts, departure: Departure): boolean {
  const voluntary = departure.voluntary === null ? 'unknown' : departure.voluntary ? 'yes' : 'no';
  if (when.voluntary !== undefined && !when.voluntary.includes(voluntary)) return false;
  return matches(when.categories, departure.category) && matches(when.verdicts, verdict ?? 'unknown');
}

function matches<T>(condition: { in: T[] } | { notIn: T[] } | undefined, value: T): boolean {
  if (condition === undefined) return true;
  return 'in' in condition ? condition.in.includes(value) : !condition.notIn.includes(value);
}

function nominalDay(rule: FollowUpRule, departure: Departure): IsoDate | null {
  for (const from of [rule, rule.fallbackAnchor]) {
    const day = from === undefined ? null : departure[from.anchor];
    if (from !== undefined && day !== null) return addDays(day, from.offsetDays);
  }
  return null;
}

/** A work mailbox is dead once the last day is over, so what counts is the day on which the mail would go out. */
function isReachable(
  { when }: FollowUpRule,
  { address, today }: FollowUpFacts,
  departure: Departure,
  nominal: IsoDate,
): boolean {
  if (address.personal && when.needs.includes('personal')) return true;
  const sentOn = nominal < today ? today : nominal;
  return address.work && when.needs.includes('work') && sentOn <= departure.lastDay;
}

/** The ops that lead from what is stored for one purpose to what is wanted, or why it is not wanted any more. */
function settle(
  wanted: Wanted,
  today: IsoDate,
  had: readonly ExistingFollowUp[],
): FollowUpOp[] | BecauseCode {
  if (had.some(isDone)) return had.filter(isMovable).map((e) => cancel(e, 'date_moved'));
  const { rule, nominal, kind } = wanted;
  const live = had.find((e) => isMovable(e) && e.kind === kind) ?? null;
  // An intent of the other kind stood for the same purpose: the address came or went since.
  const others = had.filter((e) => isMovable(e) && e.kind !== kind);
  const replaced = others.map((e) =>
    cancel(e, wanted.code === 'card_instead' ? 'card_instead' : 'address_found'),
  );
  const lateBy = daysBetween(nominal, today);
  if (lateBy > 0) {
    const wasInTime =
      live !== null && live.dueOn <= today && daysBetween(nominal, live.dueOn) <= rule.late.withinDays;
    if (wasInTime && (live.dueOn <= nominal || rule.late.act === 'now')) {
      return live.dueOn >= nominal || lateBy <= rule.late.withinDays ? replaced : 'too_late';
    }
    if (rule.late.act === 'skip' || lateBy > rule.late.withinDays) return 'too_late';
  }
  const dueOn = lateBy > 0 ? today : nominal;
  if (live !== null) {
    const isSettled = live.dueOn === dueOn;
    return isSettled
      ? replaced
      : [...replaced, { op: 'reschedule', id: live.id, dueOn, because: 'date_moved', rule: rule.id }];
  }
  const code = wanted.code === 'rule' && lateBy > 0 ? 'late' : wanted.code;
  return [...replaced, { op: 'plan', kind, dueOn, because: code, rule: rule.id }];
}

/** One correction for the mails that may have reached somebody whose departure was then taken back. */
function corrections(facts: FollowUpFacts, existing: readonly ExistingFollowUp[]): FollowUpOp[] {
  const made = existing.filter((e) => e.kind === 'correction');
  if (facts.departure !== null) {
    const code = facts.departure.kind === 'leaving' ? 'departure_stands' : barredKind(facts.departure.kind);
    return made.filter(isMovable).map((e) => cancel(e, code));
  }
  if (facts.optedOut) return made.filter(isMovable).map((e) => cancel(e, 'opted_out'));
  const answered = made.filter((e) => e.state !== 'cancelled').map((e) => e.dueOn);
  // One that still waits speaks for everything that went out before it does.
  if (made.some(isMovable)) return [];
  const isOpen = existing.some((e) => hasGoneOut(e) && answered.every((day) => e.dueOn > day));
  return isOpen ? [{ op: 'correct', kind: 'correction', dueOn: facts.today, because: 'rescinded' }] : [];
}

function barredKind(kind: 'move' | 'continued' | 'dismissal' | 'death'): BecauseCode {
  return `kind_${kind}`;
}

/** Not yet handed to a mail server: may still be moved or cancelled. */
function isMovable({ state }: ExistingFollowUp): boolean {
  return state === 'planned' || state === 'queued';
}

function hasGoneOut({ state }: ExistingFollowUp): boolean {
  return state === 'sent' || state === 'uncertain' || state === 'answered';
}

/** It had its turn; another one would be a second mail for the same purpose. */
function isDone({ state }: ExistingFollowUp): boolean {
  return !(state === 'planned' || state === 'queued' || state === 'cancelled');
}

function cancel({ id }: ExistingFollowUp, code: BecauseCode): FollowUpOp {
  return { op: 'cancel', id, because: code };
}

/**
 * The stored reason in words: a rule's own text where it is known, with what was special about this case.
 * `text` is the code itself for one that this version does not know.
 */
export function describeBecause(
  stored: { readonly code: string; readonly rule: string | null },
  rules: readonly FollowUpRule[],
): FollowUpBecause {
  const code = stored.code as BecauseCode;
  const stated = code in BECAUSE_TEXTS ? BECAUSE_TEXTS[code] : { ja: stored.code, en: stored.code };
  const rule = rules.find((r) => r.id === stored.rule);
  if (rule === undefined) return { code, rule: stored.rule, text: stated };
  const { text } = rule;
  const both = code === 'rule' ? text : { ja: `${text.ja}（${stated.ja}）`, en: `${text.en} (${stated.en})` };
  return { code, rule: rule.id, text: both };
}
