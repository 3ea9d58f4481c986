import { FACT_FIELDS, type StatedFacts } from '../../domain/observation.js';

export type FactField = keyof StatedFacts;
/** What a column can state: a fact, or what the fact is about. */
export type MappedField = FactField | 'employeeNumber' | 'company' | 'asOf' | 'fullName' | 'fullNameKana';

export const MAPPED_FIELDS = [
  'employeeNumber',
  'company',
  'fullName',
  'fullNameKana',
  ...FACT_FIELDS,
  'asOf',
] as const satisfies readonly MappedField[];

export type FieldKind =
  | 'number'
  | 'company'
  | 'name'
  | 'text'
  | 'day'
  | 'moment'
  | 'email'
  | 'status'
  | 'boolean'
  | 'rehire'
  | 'list';

export const FIELD_KINDS: Readonly<Record<MappedField, FieldKind>> = {
  employeeNumber: 'number',
  company: 'company',
  fullName: 'name',
  fullNameKana: 'name',
  familyName: 'text',
  givenName: 'text',
  familyNameKana: 'text',
  givenNameKana: 'text',
  displayName: 'text',
  formerFamilyName: 'text',
  formerEmployeeNumber: 'number',
  birthDate: 'day',
  workEmail: 'email',
  personalEmail: 'email',
  phone: 'text',
  postalAddress: 'text',
  hiredOn: 'day',
  lastDay: 'day',
  announcedOn: 'day',
  status: 'status',
  leavingReason: 'text',
  leavingReasonCode: 'text',
  voluntary: 'boolean',
  rehireEligible: 'rehire',
  regretted: 'boolean',
  department: 'text',
  jobTitle: 'text',
  grade: 'text',
  employmentType: 'text',
  location: 'text',
  manager: 'text',
  skills: 'list',
  asOf: 'moment',
};

/** Two spellings of a word in a cell that mean the same: width, letter case, white space. */
export function foldWord(text: string): string {
  return text.normalize('NFKC').trim().replace(/\s+/gu, ' ').toLowerCase();
}
