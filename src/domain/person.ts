import type { IsoDate } from './calendar.js';
import { addDays, compareDays, daysBetween } from './calendar.js';
import type { DepartureFacts, EmploymentState } from './departure.js';

/** One employment within its person, after the departures of the whole person have been looked at together. */
export interface ClassifiedEmployment {
  readonly state: EmploymentState;
  readonly departure: DepartureFacts | null;
  /** Another employment of the person in the group goes on past this one's end. */
  readonly employedElsewhere: boolean;
  /** The person had left the group before this spell began. */
  readonly isReturn: boolean;
}

export interface MoveRules {
  /** A hire in the group within so many days after the end makes the end a move. */
  readonly moveGapDays: number;
}

/** Two employments of one person may overlap by this long when a move is recorded on both sides. */
const OVERLAP_DAYS = 31;
const RETIREMENT_GAP_DAYS = 92;
const CONVERSION_GAP_DAYS = 7;

/**
 * Looks at all employments of one person together: an end that is followed by a hire in another company of the group
 * is a move, one followed by a re-employment in the same company (after the age limit, or at once) is continued, and
 * neither is a departure to follow up. Order of `states` does not matter.
 */
export function classifyPerson(states: readonly EmploymentState[], rules: MoveRules): ClassifiedEmployment[] {
  return states.map((state) => {
    const departure = state.departure === null ? null : reclassify(state, state.departure, states, rules);
    return {
      state,
      departure,
      employedElsewhere: departure !== null && isEmployedElsewhere(state, departure.lastDay, states),
      isReturn: isReturn(state, states, rules),
    };
  });
}

function reclassify(
  state: EmploymentState,
  departure: DepartureFacts,
  all: readonly EmploymentState[],
  rules: MoveRules,
): DepartureFacts {
  if (departure.kind !== 'leaving') return departure;
  for (const other of all) {
    if (other === state || !other.inScope) continue;
    const kind = continuation(state, departure, other, rules);
    if (kind !== null) return { ...departure, kind };
  }
  return departure;
}

function continuation(
  state: EmploymentState,
  departure: DepartureFacts,
  other: EmploymentState,
  rules: MoveRules,
): 'move' | 'continued' | null {
  const hiredOn = other.facts.hiredOn ?? null;
  if (hiredOn === null) return null;
  const gap = daysBetween(departure.lastDay, hiredOn);
  if (other.company !== state.company) return gap >= -OVERLAP_DAYS && gap <= rules.moveGapDays ? 'move' : null;
  const allowed = departure.category === 'retirement_age' ? RETIREMENT_GAP_DAYS : CONVERSION_GAP_DAYS;
  if (gap >= -OVERLAP_DAYS && gap <= allowed) return 'continued';
  // A second profile of somebody whose other employment in the same company simply goes on.
  return gap < 0 && other.departure === null && other.employeeNumber !== state.employeeNumber ? 'continued' : null;
}

function isEmployedElsewhere(state: EmploymentState, lastDay: IsoDate, all: readonly EmploymentState[]): boolean {
  return all.some((other) => {
    if (other === state || !other.inScope || other.deceased) return false;
    const end = other.departure?.lastDay ?? null;
    if (end !== null) return compareDays(end, lastDay) > 0 && startsAfter(other, lastDay);
    return other.disputes.every((d) => d.code !== 'end_of_earlier_spell_unknown');
  });
}

function startsAfter(other: EmploymentState, lastDay: IsoDate): boolean {
  return other.facts.hiredOn != null && compareDays(other.facts.hiredOn, lastDay) > 0;
}

function isReturn(state: EmploymentState, all: readonly EmploymentState[], rules: MoveRules): boolean {
  const hiredOn = state.facts.hiredOn ?? null;
  if (hiredOn === null || !state.inScope) return false;
  return all.some((other) => {
    if (other === state || other.departure === null || other.departure.kind === 'move') return false;
    const gap = other.company === state.company ? CONVERSION_GAP_DAYS : rules.moveGapDays;
    return compareDays(addDays(other.departure.lastDay, gap), hiredOn) < 0;
  });
}
