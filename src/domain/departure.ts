import type { IsoDate } from './calendar.js';
import type { CategorisedReason, LeavingCategory, StatedReason } from './leaving-reason.js';
import type { StatedFacts } from './observation.js';

export type DepartureKind = 'leaving' | 'move' | 'continued' | 'dismissal' | 'death';

/** The end of an employment as the sources state it. `kind` may still become a move when the whole person is known. */
export interface DepartureFacts {
  readonly lastDay: IsoDate;
  readonly announcedOn: IsoDate | null;
  readonly category: LeavingCategory;
  readonly voluntary: boolean | null;
  readonly reasonText: string | null;
  readonly reasonCode: string | null;
  readonly kind: DepartureKind;
}

export type DisputeCode =
  | 'active_with_past_end'
  | 'left_without_day'
  | 'end_before_hire'
  | 'conflicting_statements'
  | 'sources_disagree_on_last_day'
  | 'number_stated_for_two_people'
  | 'end_of_earlier_spell_unknown'
  | 'on_leave_with_end'
  | 'reason_contradicts_itself'
  | 'involuntary_for_unknown_reason';

/** A contradiction that is shown, with both values, and not resolved by guessing. */
export interface Dispute {
  readonly code: DisputeCode;
  readonly values: Readonly<Record<string, string | null>>;
}

/** One spell of employment, folded from every statement about its (company, employee number). */
export interface EmploymentState {
  readonly company: string;
  readonly employeeNumber: string;
  /** 1 for the earliest spell of the number. */
  readonly spell: number;
  /** The hire date, or '' while no source stated one. */
  readonly spellKey: string;
  readonly facts: StatedFacts;
  readonly departure: DepartureFacts | null;
  /** The departure that was stated before and has been taken back. */
  readonly rescinded: DepartureFacts | null;
  readonly deceased: boolean;
  readonly inScope: boolean;
  readonly absentSince: string | null;
  readonly absentCount: number;
  readonly disputes: readonly Dispute[];
}

export interface DeriveContext {
  readonly zone: string;
  /** `source` is the one that stated the code, null where none did. */
  categorise(stated: Required<StatedReason>): Pick<CategorisedReason, 'category' | 'voluntary' | 'conflict'>;
  isInScope(facts: StatedFacts): boolean;
  /** How many complete full snapshots in a row must miss a number before it counts as absent. */
  confirmAbsenceAfter(source: string): number;
}
