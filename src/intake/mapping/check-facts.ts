import type { IsoDate } from '../../domain/calendar.js';
import { maskText } from '../../domain/name-text.js';
import type { RejectionReason, StatedFacts } from '../../domain/observation.js';

/** What exports write for a character that their encoding has not: CP932 has no 𠮷. No name holds one of them. */
const LOST = /[?？〓\ufffd]/;
const NAMES = [
  'familyName',
  'givenName',
  'familyNameKana',
  'givenNameKana',
  'displayName',
  'formerFamilyName',
] as const satisfies readonly (keyof StatedFacts)[];

/**
 * What cannot be true of one person, whatever the source says. A status that contradicts the last day is no such thing:
 * both are facts as HR stated them, and the row goes on to be marked as disputed (edge-cases/29).
 *
 * `today` is the day in the company's zone on which the statement was true; `columnOf` names a field's column.
 */
export function checkFacts(
  facts: StatedFacts,
  today: IsoDate,
  columnOf: (field: keyof StatedFacts) => string | null,
): RejectionReason[] {
  const { birthDate = null, hiredOn = null, lastDay = null } = facts;
  const reasons: RejectionReason[] = [];
  const say = (code: string, field: keyof StatedFacts, found: string) => {
    reasons.push({ code, field, column: columnOf(field), found: maskText(found) });
  };
  if (birthDate !== null && birthDate > today) say('BIRTH_DATE_IN_FUTURE', 'birthDate', birthDate);
  if (birthDate !== null && hiredOn !== null && birthDate >= hiredOn)
    say('HIRE_BEFORE_BIRTH', 'hiredOn', hiredOn);
  if (lastDay !== null && hiredOn !== null && lastDay < hiredOn)
    say('LAST_DAY_BEFORE_HIRE', 'lastDay', lastDay);
  for (const field of NAMES) {
    const name = facts[field];
    if (name != null && LOST.test(name)) say('NAME_CHARACTER_LOST', field, name);
  }
  return reasons;
}
