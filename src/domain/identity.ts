import type { IsoDate } from './calendar.js';
import { emailKey, kanaKey, nameKey, phoneKey } from './name-text.js';
import type { StatedFacts } from './observation.js';
import { isStated } from './stated.js';

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
  const given = isStated(facts.givenNameKana)
    ? kanaKey(facts.givenNameKana)
    : isStated(facts.givenName)
      ? nameKey(facts.givenName)
      : null;
  return {
    name: given !== null && given !== '' && isStated(facts.birthDate) ? `${given}|${facts.birthDate}` : null,
    email: isStated(facts.personalEmail) ? emailKey(facts.personalEmail) : null,
    phone: isStated(facts.phone) ? phoneKey(facts.phone) : null,
  };
}

/** One text for a pair, whichever way round. */
export function pairKey(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
