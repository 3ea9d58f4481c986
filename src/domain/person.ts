import type { IsoDate } from './calendar.js';
import { compareDays, daysBetween } from './calendar.js';
import type { DepartureFacts, EmploymentState } from './departure.js';
import { isStated } from './stated.js';

/** One employment within its person, after the departures of the whole person have been looked at together. */
export interface ClassifiedEmployment {
  readonly state: EmploymentState;
  readonly departure: DepartureFacts | null;
  /** Another employment of the person in the group has no end: the person works here, nobody to win back. */
  readonly isEmployed: boolean;
  /** Another employment of the person in the group goes on past this one's end; following up is the later one's. */
  readonly goesOnElsewhere: boolean;
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
 * neither is a departure to follow up. Who works in two companies and leaves one of them has left nobody. Order of
 * `states` does not matter.
 */
export function classifyPerson(states: readonly EmploymentState[], rules: MoveRules): ClassifiedEmployment[] {
  const departures = states.map((state) => {
    return state.departure === null ? null : reclassify(state, state.departure, states, rules);
  });
  return states.map((state, index) => {
    const departure = departures[index] ?? null;
    const others = states.filter((other) => other !== state && other.inScope && !other.deceased);
    return {
      state,
      departure,
      isEmployed: others.some(isOpen),
      goesOnElsewhere: departure !== null && others.some((other) => goesOnPast(other, departure.lastDay)),
      isReturn: isReturn(state, departures),
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
  const kinds = all
    .filter((other) => other !== state && other.inScope && goesOnPast(other, departure.lastDay))
    .map((other) => continuation(state, departure, other, rules));
  // What goes on in the same company is the closer of the two.
  const kind = kinds.find((found) => found === 'continued') ?? kinds.find((found) => found === 'move');
  return !isStated(kind) ? departure : { ...departure, kind };
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
  if (other.company !== state.company)
    return gap >= -OVERLAP_DAYS && gap <= rules.moveGapDays ? 'move' : null;
  const allowed = departure.category === 'retirement_age' ? RETIREMENT_GAP_DAYS : CONVERSION_GAP_DAYS;
  if (gap >= -OVERLAP_DAYS && gap <= allowed) return 'continued';
  // A second profile of somebody whose other employment in the same company simply goes on.
  return gap < 0 && isOpen(other) && other.employeeNumber !== state.employeeNumber ? 'continued' : null;
}

/** No end stands, and nothing says that there is one which only nobody knows. */
function isOpen({ departure, disputes }: EmploymentState): boolean {
  return (
    departure === null &&
    disputes.every((d) => d.code !== 'end_of_earlier_spell_unknown' && d.code !== 'left_without_day')
  );
}

function goesOnPast(other: EmploymentState, day: IsoDate): boolean {
  return other.departure === null ? isOpen(other) : compareDays(other.departure.lastDay, day) > 0;
}

function isReturn(state: EmploymentState, departures: readonly (DepartureFacts | null)[]): boolean {
  const hiredOn = state.facts.hiredOn ?? null;
  if (hiredOn === null || !state.inScope) return false;
  return departures.some((left) => {
    if (left === null || left.kind === 'move' || left.kind === 'continued') return false;
    return compareDays(left.lastDay, hiredOn) < 0;
  });
}
