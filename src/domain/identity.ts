import type { IsoDate } from './calendar.js';
import { daysBetween } from './calendar.js';
import { emailKey, kanaKey, nameKey, phoneKey } from './name-text.js';
import type { StatedFacts } from './observation.js';

export interface MatchingPolicy {
  /** From this score on two employments are one person without asking. */
  readonly autoFrom: number;
  /** From this score on a person is asked. */
  readonly askFrom: number;
  /** A hire within so many days after an end elsewhere in the group is evidence of a move. */
  readonly moveGapDays: number;
  /** A contact shared by more employments than this is a shared mailbox, not evidence about two of them. */
  readonly sharedContactLimit: number;
}

/** What identity is decided from. `key` is the natural key of the employment and orders everything. */
export interface IdentityFacts {
  readonly key: string;
  readonly company: string;
  readonly employeeNumber: string;
  readonly facts: StatedFacts;
  readonly lastDay: IsoDate | null;
}

export interface IdentityDecision {
  readonly a: string;
  readonly b: string;
  readonly same: boolean;
}

export type MatchEvidence =
  | 'birth_date_equal'
  | 'birth_date_differs'
  | 'name_equal'
  | 'given_name_equal'
  | 'given_name_differs'
  | 'former_name_equal'
  | 'number_equal'
  | 'former_number_equal'
  | 'personal_email_equal'
  | 'work_email_equal'
  | 'phone_equal'
  | 'hired_right_after_end';

export interface PairScore {
  readonly score: number;
  readonly evidence: readonly MatchEvidence[];
  /** Evidence that forbids a merge without a person, whatever the score. */
  readonly conflict: boolean;
}

export interface DoubtfulPair {
  readonly a: string;
  readonly b: string;
  readonly score: number;
  readonly evidence: readonly MatchEvidence[];
}

export interface Grouping {
  /** Every key exactly once; keys sorted within a group, groups sorted by their first key. */
  readonly groups: readonly (readonly string[])[];
  /** Pairs for the human queue: likely enough to ask about, not decided yet, not in one group anyway. */
  readonly doubtful: readonly DoubtfulPair[];
}

/** Keys by which employments of possibly the same human find each other; null where the facts do not suffice. */
export interface MatchKeys {
  readonly name: string | null;
  readonly email: string | null;
  readonly phone: string | null;
}

/** Given name and birth date (a family name may change), personal e-mail, phone; all normalised. */
export function matchKeys(facts: StatedFacts): MatchKeys {
  const given =
    facts.givenNameKana != null
      ? kanaKey(facts.givenNameKana)
      : facts.givenName != null
        ? nameKey(facts.givenName)
        : null;
  return {
    name: given !== null && given !== '' && facts.birthDate != null ? `${given}|${facts.birthDate}` : null,
    email: facts.personalEmail != null ? emailKey(facts.personalEmail) : null,
    phone: facts.phone != null ? phoneKey(facts.phone) : null,
  };
}

const WEIGHTS: Readonly<Record<MatchEvidence, number>> = {
  birth_date_equal: 4,
  birth_date_differs: -10,
  name_equal: 3,
  given_name_equal: 1,
  given_name_differs: -4,
  former_name_equal: 2,
  number_equal: 6,
  former_number_equal: 5,
  personal_email_equal: 3,
  work_email_equal: 3,
  phone_equal: 2,
  hired_right_after_end: 3,
};

/** Adds up the evidence that two employments are one human. Symmetric. */
export function scorePair(a: IdentityFacts, b: IdentityFacts, policy: MatchingPolicy): PairScore {
  const evidence: MatchEvidence[] = [...nameEvidence(a.facts, b.facts)];
  const births = [a.facts.birthDate, b.facts.birthDate];
  if (births[0] != null && births[1] != null) {
    evidence.push(births[0] === births[1] ? 'birth_date_equal' : 'birth_date_differs');
  }
  if (a.company === b.company && a.employeeNumber === b.employeeNumber) evidence.push('number_equal');
  if (statesFormerNumber(a, b) || statesFormerNumber(b, a)) evidence.push('former_number_equal');
  if (bothEqual(emailOf(a.facts.personalEmail), emailOf(b.facts.personalEmail))) evidence.push('personal_email_equal');
  if (bothEqual(emailOf(a.facts.workEmail), emailOf(b.facts.workEmail))) evidence.push('work_email_equal');
  if (bothEqual(phoneOf(a.facts.phone), phoneOf(b.facts.phone))) evidence.push('phone_equal');
  if (follows(a, b, policy) || follows(b, a, policy)) evidence.push('hired_right_after_end');
  const score = evidence.reduce((sum, e) => sum + WEIGHTS[e], 0);
  return { score, evidence, conflict: evidence.includes('birth_date_differs') };
}

/**
 * Parts employments into persons and pairs to ask about. A function of its arguments alone: the order of
 * `employments` and `decisions` changes nothing. The best pairs join first; a group never holds two employments that
 * conflict or that a person has called different. An equal personal e-mail alone joins nobody and asks.
 */
export function groupPeople(
  employments: readonly IdentityFacts[],
  decisions: readonly IdentityDecision[],
  policy: MatchingPolicy,
): Grouping {
  const items = [...employments].sort((x, y) => (x.key < y.key ? -1 : 1));
  const index = new Map(items.map((item, i) => [item.key, i]));
  const decided = new Map<string, boolean>();
  for (const d of decisions) decided.set(pairKey(d.a, d.b), d.same);
  const shared = sharedContacts(items, policy);
  const pairs: { a: number; b: number; result: PairScore; verdict: boolean | undefined }[] = [];
  for (let a = 0; a < items.length; a += 1) {
    for (let b = a + 1; b < items.length; b += 1) {
      const left = items[a];
      const right = items[b];
      if (left === undefined || right === undefined) continue;
      const result = scorePair(left, right, policy);
      pairs.push({ a, b, result, verdict: decided.get(pairKey(left.key, right.key)) });
    }
  }
  const groups = new Groups(items.length);
  for (const pair of pairs) {
    if (pair.verdict === false || (pair.result.conflict && pair.verdict !== true)) groups.forbid(pair.a, pair.b);
  }
  for (const pair of pairs) if (pair.verdict === true) groups.join(pair.a, pair.b, true);
  const likely = pairs.filter((p) => p.verdict === undefined && !p.result.conflict);
  likely.sort((x, y) => y.result.score - x.result.score || x.a - y.a || x.b - y.b);
  for (const pair of likely) if (pair.result.score >= policy.autoFrom) groups.join(pair.a, pair.b, false);

  const doubtful: DoubtfulPair[] = [];
  for (const { a, b, result, verdict } of pairs) {
    const left = items[a];
    const right = items[b];
    if (verdict !== undefined || left === undefined || right === undefined) continue;
    if (groups.rootOf(a) === groups.rootOf(b)) continue;
    const sameMail = result.evidence.includes('personal_email_equal') && !shared.has(mailOf(left));
    const ask = !result.conflict && result.score >= policy.askFrom;
    if (ask || sameMail) doubtful.push({ a: left.key, b: right.key, score: result.score, evidence: result.evidence });
  }
  return { groups: groups.list(items.length, index, items), doubtful };
}

/** One text for a pair, whichever way round. */
export function pairKey(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

class Groups {
  private readonly parent: number[];
  private readonly members: Map<number, number[]>;
  private readonly forbidden = new Set<string>();

  constructor(size: number) {
    this.parent = Array.from({ length: size }, (_, i) => i);
    this.members = new Map(this.parent.map((i) => [i, [i]]));
  }

  forbid(a: number, b: number): void {
    this.forbidden.add(`${Math.min(a, b)} ${Math.max(a, b)}`);
  }

  rootOf(i: number): number {
    let at = i;
    for (let up = this.parent[at]; up !== undefined && up !== at; up = this.parent[at]) at = up;
    return at;
  }

  /** Joins unless a forbidden pair would end up together; a person's own word overrides evidence. */
  join(a: number, b: number, byPerson: boolean): void {
    const left = this.rootOf(a);
    const right = this.rootOf(b);
    if (left === right) return;
    const ours = this.members.get(left) ?? [];
    const theirs = this.members.get(right) ?? [];
    if (!byPerson) {
      for (const x of ours) {
        for (const y of theirs) if (this.forbidden.has(`${Math.min(x, y)} ${Math.max(x, y)}`)) return;
      }
    }
    const [root, child] = left < right ? [left, right] : [right, left];
    this.parent[child] = root;
    this.members.set(root, [...ours, ...theirs]);
    this.members.delete(child);
  }

  list(size: number, index: ReadonlyMap<string, number>, items: readonly IdentityFacts[]): string[][] {
    const byRoot = new Map<number, string[]>();
    for (const item of items) {
      const root = this.rootOf(index.get(item.key) ?? size);
      const list = byRoot.get(root) ?? [];
      list.push(item.key);
      byRoot.set(root, list);
    }
    return [...byRoot.values()];
  }
}

function* nameEvidence(a: StatedFacts, b: StatedFacts): Generator<MatchEvidence> {
  const kana = compareParts(a.familyNameKana, a.givenNameKana, b.familyNameKana, b.givenNameKana, kanaKey);
  const plain = compareParts(a.familyName, a.givenName, b.familyName, b.givenName, nameKey);
  const best = plain === 'differs' || kana === null ? (plain ?? kana) : kana === 'differs' && plain !== null ? plain : kana;
  if (best === 'full') yield 'name_equal';
  if (best === 'given') {
    yield 'given_name_equal';
    if (formerFits(a, b) || formerFits(b, a)) yield 'former_name_equal';
  }
  if (best === 'differs') yield 'given_name_differs';
}

function compareParts(
  familyA: string | null | undefined,
  givenA: string | null | undefined,
  familyB: string | null | undefined,
  givenB: string | null | undefined,
  key: (text: string) => string,
): 'full' | 'given' | 'differs' | null {
  if (givenA == null || givenB == null) return null;
  if (key(givenA) !== key(givenB)) return 'differs';
  return familyA != null && familyB != null && key(familyA) === key(familyB) ? 'full' : 'given';
}

function formerFits(a: StatedFacts, b: StatedFacts): boolean {
  return a.formerFamilyName != null && b.familyName != null && nameKey(a.formerFamilyName) === nameKey(b.familyName);
}

function statesFormerNumber(a: IdentityFacts, b: IdentityFacts): boolean {
  return a.facts.formerEmployeeNumber != null && a.facts.formerEmployeeNumber === b.employeeNumber;
}

function follows(a: IdentityFacts, b: IdentityFacts, policy: MatchingPolicy): boolean {
  if (a.company === b.company || a.lastDay === null || b.facts.hiredOn == null) return false;
  const gap = daysBetween(a.lastDay, b.facts.hiredOn);
  return gap >= 0 && gap <= policy.moveGapDays;
}

function bothEqual(a: string | null, b: string | null): boolean {
  return a !== null && a === b;
}

function emailOf(text: string | null | undefined): string | null {
  return text == null ? null : emailKey(text);
}

function phoneOf(text: string | null | undefined): string | null {
  return text == null ? null : phoneKey(text);
}

function mailOf(item: IdentityFacts): string {
  return emailOf(item.facts.personalEmail) ?? '';
}

function sharedContacts(items: readonly IdentityFacts[], policy: MatchingPolicy): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const item of items) {
    const mail = emailOf(item.facts.personalEmail);
    if (mail !== null) counts.set(mail, (counts.get(mail) ?? 0) + 1);
  }
  return new Set([...counts].filter(([, n]) => n > policy.sharedContactLimit).map(([mail]) => mail));
}
