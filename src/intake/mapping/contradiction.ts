import type { IsoDate } from '../../domain/calendar.js';
import type { StatedFacts } from '../../domain/observation.js';
import type { Profile } from './profile.js';

/**
 * Lets the column that the profile trusts rule where status and last day of one row contradict each other on the day on
 * which the row was true (edge-cases/29). A day is never made up: "left" without a day stays as it is when the status is
 * trusted. Without a declaration, and for moves and deaths, both values stay as HR stated them and become disputed.
 */
export function settleContradiction(
  facts: StatedFacts,
  today: IsoDate,
  rule: Profile['contradiction'],
): StatedFacts {
  if (rule === undefined) return facts;
  const { status, lastDay } = facts;
  const isHere = status === 'active' || status === 'leave';
  if (isHere && lastDay != null && lastDay < today) {
    return rule.trust === 'lastDay' ? { ...facts, status: 'left' } : { ...facts, lastDay: null };
  }
  const isGone = status === 'left' || status === 'departing';
  // A row that says nothing about the day cannot rule by it; one that states that there is none can.
  if (isGone && lastDay === null && rule.trust === 'lastDay') return { ...facts, status: 'active' };
  return facts;
}
