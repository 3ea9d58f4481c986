import type { IsoDate } from './calendar.js';

export const EMPLOYMENT_STATUSES = [
  'active',
  'leave',
  'departing',
  'left',
  'transferred',
  'deceased',
] as const;
export type EmploymentStatus = (typeof EMPLOYMENT_STATUSES)[number];

export const REHIRE_FLAGS = ['yes', 'no', 'review'] as const;
export type RehireFlag = (typeof REHIRE_FLAGS)[number];

/**
 * What a source can say about one employment. A missing key means "says nothing", `null` means "cleared",
 * a value is stated. Texts are kept exactly as the source wrote them (outer white space aside).
 */
export interface StatedFacts {
  familyName?: string | null;
  givenName?: string | null;
  familyNameKana?: string | null;
  givenNameKana?: string | null;
  /** The whole name where a source does not part it; kept beside the parts. */
  displayName?: string | null;
  formerFamilyName?: string | null;
  formerEmployeeNumber?: string | null;
  birthDate?: IsoDate | null;
  workEmail?: string | null;
  personalEmail?: string | null;
  phone?: string | null;
  postalAddress?: string | null;
  hiredOn?: IsoDate | null;
  /** Last day of employment; the person is still employed on it. */
  lastDay?: IsoDate | null;
  announcedOn?: IsoDate | null;
  status?: EmploymentStatus | null;
  leavingReason?: string | null;
  leavingReasonCode?: string | null;
  voluntary?: boolean | null;
  /** The HRIS's own flag: yes, no, review; null or missing is the fourth value, not set. */
  rehireEligible?: RehireFlag | null;
  regretted?: boolean | null;
  department?: string | null;
  jobTitle?: string | null;
  grade?: string | null;
  employmentType?: string | null;
  location?: string | null;
  manager?: string | null;
  skills?: readonly string[] | null;
}

export const FACT_FIELDS = [
  'familyName',
  'givenName',
  'familyNameKana',
  'givenNameKana',
  'displayName',
  'formerFamilyName',
  'formerEmployeeNumber',
  'birthDate',
  'workEmail',
  'personalEmail',
  'phone',
  'postalAddress',
  'hiredOn',
  'lastDay',
  'announcedOn',
  'status',
  'leavingReason',
  'leavingReasonCode',
  'voluntary',
  'rehireEligible',
  'regretted',
  'department',
  'jobTitle',
  'grade',
  'employmentType',
  'location',
  'manager',
  'skills',
] as const satisfies readonly (keyof StatedFacts)[];

/** One normalised statement of one source about one (company, employee number) at one time. Immutable. */
export interface Observation {
  readonly company: string;
  /** As `numberKey` gives it: full width folded, leading zeros kept. */
  readonly employeeNumber: string;
  /**
   * When the statement was true at the source (UTC instant, ISO 8601). A day alone means the start of that day in the
   * company's zone; absent at the source: the time of receipt.
   */
  readonly asOfAt: string;
  readonly facts: StatedFacts;
}

/** One reason why a row could not become an observation. `found` is masked. */
export interface RejectionReason {
  readonly code: string;
  /** Fact field as in the contract, or null when the row as a whole is wrong. */
  readonly field: string | null;
  /** The header of the column, as in the file. */
  readonly column: string | null;
  readonly found: string | null;
  readonly details?: Readonly<Record<string, string | number>>;
}
