import { addDays, addMonths, type IsoDate } from './calendar.js';
import type { LeavingCategory } from './leaving-reason.js';
import type { RehireFlag } from './observation.js';

export const VERDICTS = ['eligible', 'review', 'ineligible', 'unknown'] as const;
export type VerdictWord = (typeof VERDICTS)[number];

/** Text in both languages of the house; neutral and factual, for HR readers. */
export interface BilingualText {
  readonly ja: string;
  readonly en: string;
}

/** Everything that a policy may look at. `null` is "not known" (for `reason` it is the category `unknown`). */
export interface EligibilityFacts {
  readonly reason: LeavingCategory;
  readonly voluntary: boolean | null;
  /** Whole months of this spell, from the day of hire to the last day. */
  readonly tenureMonths: number | null;
  /** Days from the announcement to the last day; negative when it was announced afterwards. */
  readonly noticeDays: number | null;
  /** The flag of the HRIS; `null` is not set, which is neither yes nor no. */
  readonly rehireFlag: RehireFlag | null;
  readonly regretted: boolean | null;
  readonly employmentType: string | null;
  readonly kind: 'leaving' | 'continued' | 'dismissal' | 'death';
  readonly hiredOn: IsoDate | null;
  readonly lastDay: IsoDate;
}
export type FactName = keyof EligibilityFacts;
export type FactValue = string | number | boolean | null;

export interface Because {
  readonly rule: string;
  readonly text: BilingualText;
}

/** What a policy says about one leaver, and why. Equal inputs give equal verdicts, in every field. */
export interface Verdict {
  readonly verdict: VerdictWord;
  /** First day on which an eligible person may come back; null for every other verdict. */
  readonly fromDay: IsoDate | null;
  /** Day on which a person should look at the verdict again; null when the rule names none. */
  readonly reviewOn: IsoDate | null;
  /** The rule that decided, or the one that could not be decided. */
  readonly rule: string;
  readonly because: readonly Because[];
  /** Names of the facts that were needed and not known; empty unless a rule could not be decided. */
  readonly missing: readonly FactName[];
  /** The facts that the rules up to the deciding one name, and the last day when a day was counted from it. */
  readonly evidence: Readonly<Partial<Record<FactName, FactValue>>>;
}

/**
 * What one fact must be. All that is written must hold. A fact that is not known leaves the condition open, unless
 * `unknown` says what that means: `true` asks for just that, `false` makes it not hold.
 */
export interface Condition {
  readonly equals?: string | number | boolean | undefined;
  readonly in?: readonly (string | number | boolean)[] | undefined;
  /** Both inclusive; numbers and days. */
  readonly min?: string | number | undefined;
  readonly max?: string | number | undefined;
  readonly unknown?: boolean | undefined;
}

/** One rule of a policy. Without `when` it always holds. */
export interface PolicyRule {
  readonly id: string;
  /** One of the members must hold; within a member all conditions must. */
  readonly when?: readonly Readonly<Partial<Record<FactName, Condition>>>[] | undefined;
  readonly verdict: VerdictWord;
  /** Whole months after the last day; without it the day after the last day. */
  readonly from?: { readonly afterMonths?: number | undefined } | undefined;
  readonly reviewAfterMonths?: number | undefined;
  readonly text: BilingualText;
}

export interface CompiledTest {
  readonly fact: FactName;
  readonly condition: Condition;
}

export interface CompiledRule {
  readonly rule: PolicyRule;
  /** One of them must hold; the last rule has one without tests. */
  readonly alternatives: readonly (readonly CompiledTest[])[];
  /** Every fact that the rule names. */
  readonly factNames: readonly FactName[];
}

export interface CompiledPolicy {
  readonly id: string;
  readonly title: BilingualText;
  readonly rules: readonly CompiledRule[];
}

const FACT_TITLES: Readonly<Record<FactName, BilingualText>> = {
  reason: { ja: '退職理由', en: 'leaving reason' },
  voluntary: { ja: '自己都合・会社都合の別', en: 'whether it was voluntary' },
  tenureMonths: { ja: '在籍期間', en: 'length of service' },
  noticeDays: { ja: '退職の申出日', en: 'day of notice' },
  rehireFlag: { ja: '人事システムの再雇用可否', en: "the HR system's rehire flag" },
  regretted: { ja: '慰留対象の別', en: 'whether the departure was regretted' },
  employmentType: { ja: '雇用区分', en: 'employment type' },
  kind: { ja: '退職の区分', en: 'kind of departure' },
  hiredOn: { ja: '入社日', en: 'day of hire' },
  lastDay: { ja: '退職日', en: 'last day' },
};
/** In the order in which facts are named in texts and evidence. */
export const FACT_NAMES = Object.keys(FACT_TITLES) as readonly FactName[];

/**
 * Walks the rules in order and stops at the first that holds, or that cannot be decided because a fact is missing:
 * then the verdict is `unknown` and names the facts. A rule is never skipped on a guess.
 *
 * @throws DAY_OUT_OF_RANGE when a from-day or review-on day would lie after the year 9999
 */
export function decideVerdict(policy: CompiledPolicy, facts: EligibilityFacts): Verdict {
  const looked = new Set<FactName>();
  for (const { rule, alternatives, factNames } of policy.rules) {
    for (const name of factNames) looked.add(name);
    const outcome = anyHolds(alternatives, facts);
    if (outcome === true) return verdictOf(rule, facts, looked);
    if (outcome !== false) return undecided(rule, outcome, facts, looked);
  }
  // compilePolicy sees to it that the last rule has no conditions.
  throw new Error(`policy ${policy.id} has no last rule`);
}

/** True when nothing that the registry keeps of them differs. */
export function sameVerdict(a: Verdict, b: Verdict): boolean {
  return JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
}

/** What another policy would say about the same leaver; null when nothing would change. */
export function compareVerdicts(
  before: CompiledPolicy,
  after: CompiledPolicy,
  facts: EligibilityFacts,
): { readonly before: Verdict; readonly after: Verdict } | null {
  const was = decideVerdict(before, facts);
  const becomes = decideVerdict(after, facts);
  return sameVerdict(was, becomes) ? null : { before: was, after: becomes };
}

/** The value of a fact, null when it is not known. */
function known(facts: EligibilityFacts, name: FactName): FactValue {
  const value = facts[name];
  return name === 'reason' && value === 'unknown' ? null : value;
}

/** Kleene's or: true, false, or the missing facts that keep it open. */
function anyHolds(
  alternatives: readonly (readonly CompiledTest[])[],
  facts: EligibilityFacts,
): true | false | FactName[] {
  const missing: FactName[] = [];
  for (const tests of alternatives) {
    const outcome = allHold(tests, facts);
    if (outcome === true) return true;
    if (outcome !== false) missing.push(...outcome);
  }
  return missing.length === 0 ? false : missing;
}

/** Kleene's and: one false makes it false, whatever else is missing. */
function allHold(tests: readonly CompiledTest[], facts: EligibilityFacts): true | false | FactName[] {
  const missing: FactName[] = [];
  for (const { fact, condition } of tests) {
    const outcome = holds(condition, known(facts, fact));
    if (outcome === false) return false;
    if (outcome === null) missing.push(fact);
  }
  return missing.length === 0 ? true : missing;
}

function holds(condition: Condition, value: FactValue): boolean | null {
  if (value === null) return condition.unknown ?? null;
  if (condition.unknown === true) return false;
  if (condition.equals !== undefined && value !== condition.equals) return false;
  if (condition.in !== undefined && !condition.in.includes(value)) return false;
  if (condition.min !== undefined && value < condition.min) return false;
  return condition.max === undefined || value <= condition.max;
}

function verdictOf(rule: PolicyRule, facts: EligibilityFacts, looked: Set<FactName>): Verdict {
  const fromDay = rule.verdict === 'eligible' ? after(facts.lastDay, rule.from?.afterMonths ?? 0) : null;
  const reviewOn = rule.reviewAfterMonths === undefined ? null : after(facts.lastDay, rule.reviewAfterMonths);
  if (fromDay !== null || reviewOn !== null) looked.add('lastDay');
  return {
    verdict: rule.verdict,
    fromDay,
    reviewOn,
    rule: rule.id,
    because: [{ rule: rule.id, text: rule.text }],
    missing: [],
    evidence: evidenceOf(facts, looked),
  };
}

function undecided(
  rule: PolicyRule,
  missing: FactName[],
  facts: EligibilityFacts,
  looked: Set<FactName>,
): Verdict {
  const names = FACT_NAMES.filter((name) => missing.includes(name));
  return {
    verdict: 'unknown',
    fromDay: null,
    reviewOn: null,
    rule: rule.id,
    because: [{ rule: rule.id, text: missingText(names) }],
    missing: names,
    evidence: evidenceOf(facts, looked),
  };
}

function missingText(names: readonly FactName[]): BilingualText {
  return {
    ja: `判定に必要な情報が登録されていません（${names.map((name) => FACT_TITLES[name].ja).join('、')}）。`,
    en: `Information needed for a decision is missing: ${names.map((name) => FACT_TITLES[name].en).join(', ')}.`,
  };
}

/** Counted from the day after the last day, so that 31 March and six months is 1 October. */
function after(lastDay: IsoDate, months: number): IsoDate {
  return addMonths(addDays(lastDay, 1), months);
}

function evidenceOf(facts: EligibilityFacts, looked: Set<FactName>): Partial<Record<FactName, FactValue>> {
  const evidence: Partial<Record<FactName, FactValue>> = {};
  for (const name of FACT_NAMES) if (looked.has(name)) evidence[name] = facts[name];
  return evidence;
}

/** Evidence read back from jsonb comes in another order of keys. */
function canonical(verdict: Verdict): unknown[] {
  const { verdict: word, fromDay, reviewOn, rule, because, missing, evidence } = verdict;
  return [
    word,
    fromDay,
    reviewOn,
    rule,
    because.map((reason) => [reason.rule, reason.text.ja, reason.text.en]),
    missing,
    FACT_NAMES.map((name) => (evidence[name] === undefined ? ['not looked at'] : evidence[name])),
  ];
}
