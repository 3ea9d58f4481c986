import { daysBetween } from './calendar.js';
import {
  matchKeys,
  type IdentityFacts,
  type MatchEvidence,
  type MatchingPolicy,
  type PairScore,
} from './identity.js';
import { emailKey, kanaKey, nameKey, numberKey, phoneKey } from './name-text.js';
import { isStated } from './stated.js';

const WEIGHTS: Readonly<Record<MatchEvidence, number>> = {
  birth_date_equal: 4,
  birth_date_differs: -10,
  name_equal: 3,
  given_name_equal: 1,
  given_name_differs: -4,
  former_name_equal: 2,
  number_equal: 6,
  former_number_equal: 3,
  personal_email_equal: 3,
  work_email_equal: 3,
  phone_equal: 2,
  hired_right_after_end: 3,
};

/** What a birth date that differs takes away. */
export const BIRTH_DATE_PENALTY = -WEIGHTS.birth_date_differs;

/** An employment with everything that is compared, normalised once; null where nothing is stated. */
export interface Comparable {
  readonly item: IdentityFacts;
  readonly family: string | null;
  readonly given: string | null;
  readonly familyKana: string | null;
  readonly givenKana: string | null;
  readonly formerFamily: string | null;
  readonly formerNumber: string | null;
  readonly personalEmail: string | null;
  readonly workEmail: string | null;
  readonly phone: string | null;
}

/** Makes an employment ready to be compared with many. */
export function comparable(item: IdentityFacts): Comparable {
  const { facts } = item;
  return {
    item,
    family: keyOf(facts.familyName, nameKey),
    given: keyOf(facts.givenName, nameKey),
    familyKana: keyOf(facts.familyNameKana, kanaKey),
    givenKana: keyOf(facts.givenNameKana, kanaKey),
    formerFamily: keyOf(facts.formerFamilyName, nameKey),
    formerNumber: keyOf(facts.formerEmployeeNumber, numberKey),
    personalEmail: keyOf(facts.personalEmail, emailKey),
    workEmail: keyOf(facts.workEmail, emailKey),
    phone: keyOf(facts.phone, phoneKey),
  };
}

function keyOf(text: string | null | undefined, key: (text: string) => string | null): string | null {
  const made = !isStated(text) ? null : key(text);
  return made === '' ? null : made;
}

/** Contacts of so many employments that they tell nothing about two of them, as `m address` and `t digits`. */
export type SharedContacts = ReadonlySet<string>;

/** Adds up the evidence that two employments are one human. Symmetric. A shared contact is no evidence. */
export function scorePair(
  a: Comparable,
  b: Comparable,
  policy: MatchingPolicy,
  shared: SharedContacts,
): PairScore {
  const evidence: MatchEvidence[] = nameEvidence(a, b);
  const births = [a.item.facts.birthDate, b.item.facts.birthDate];
  if (isStated(births[0]) && isStated(births[1])) {
    evidence.push(births[0] === births[1] ? 'birth_date_equal' : 'birth_date_differs');
  }
  const isOneCompany = a.item.company === b.item.company;
  if (isOneCompany && a.item.employeeNumber === b.item.employeeNumber) evidence.push('number_equal');
  if (a.formerNumber === b.item.employeeNumber || b.formerNumber === a.item.employeeNumber) {
    evidence.push('former_number_equal');
  }
  if (bothEqual(a.personalEmail, b.personalEmail, 'm', shared)) evidence.push('personal_email_equal');
  if (bothEqual(a.workEmail, b.workEmail, 'm', shared)) evidence.push('work_email_equal');
  if (bothEqual(a.phone, b.phone, 't', shared)) evidence.push('phone_equal');
  if (follows(a.item, b.item, policy) || follows(b.item, a.item, policy))
    evidence.push('hired_right_after_end');
  const score = evidence.reduce((sum, e) => sum + WEIGHTS[e], 0);
  return { score, evidence, conflict: evidence.includes('birth_date_differs') };
}

/** Contacts that more numbers of `items` state than the policy takes for evidence. */
export function sharedContacts(
  items: readonly Comparable[],
  { sharedContactLimit }: MatchingPolicy,
): SharedContacts {
  if (items.length <= sharedContactLimit) return new Set();
  const numbers = new Map<string, Set<string>>();
  for (const { item, personalEmail, workEmail, phone } of items) {
    for (const contact of [text('m', personalEmail), text('m', workEmail), text('t', phone)]) {
      if (contact === null) continue;
      const holders = numbers.get(contact) ?? new Set<string>();
      numbers.set(contact, holders.add(`${item.company}/${item.employeeNumber}`));
    }
  }
  return new Set(
    [...numbers].filter(([, holders]) => holders.size > sharedContactLimit).map(([contact]) => contact),
  );
}

/** The match keys of an employment as texts that name their kind, as closures are collected by. */
export function matchTexts(facts: IdentityFacts['facts']): string[] {
  const { name, email, phone } = matchKeys(facts);
  return [text('n', name), text('m', email), text('t', phone)].filter((one) => one !== null);
}

function text(kind: 'n' | 'm' | 't', key: string | null): string | null {
  return key === null ? null : `${kind} ${key}`;
}

function nameEvidence(a: Comparable, b: Comparable): MatchEvidence[] {
  const kana = compareParts(a.familyKana, a.givenKana, b.familyKana, b.givenKana);
  const plain = compareParts(a.family, a.given, b.family, b.given);
  const best = kana === null || (kana === 'differs' && plain !== null) ? plain : kana;
  if (best === null) return [];
  // One reading written with other characters (太郎 太朗): less than one name, and not another name either.
  if (plain === 'differs' && best !== 'differs') return ['given_name_equal'];
  if (best === 'differs') return ['given_name_differs'];
  if (best === 'full') return ['name_equal'];
  const isFormer = fitsFormer(a, b) || fitsFormer(b, a);
  return isFormer ? ['given_name_equal', 'former_name_equal'] : ['given_name_equal'];
}

const LATIN = /\p{Script=Latin}/u;

function compareParts(
  familyA: string | null,
  givenA: string | null,
  familyB: string | null,
  givenB: string | null,
): 'full' | 'given' | 'differs' | null {
  // Taro and 太郎 cannot be compared: that they look different says nothing.
  if (givenA === null || givenB === null || LATIN.test(givenA) !== LATIN.test(givenB)) return null;
  if (givenA !== givenB) return 'differs';
  return familyA !== null && familyA === familyB ? 'full' : 'given';
}

function fitsFormer(a: Comparable, b: Comparable): boolean {
  return a.formerFamily !== null && a.formerFamily === b.family;
}

function follows(a: IdentityFacts, b: IdentityFacts, policy: MatchingPolicy): boolean {
  if (a.company === b.company || a.lastDay === null || !isStated(b.facts.hiredOn)) return false;
  const gap = daysBetween(a.lastDay, b.facts.hiredOn);
  return gap >= 0 && gap <= policy.moveGapDays;
}

function bothEqual(a: string | null, b: string | null, kind: 'm' | 't', shared: SharedContacts): boolean {
  return a !== null && a === b && !shared.has(`${kind} ${a}`);
}
