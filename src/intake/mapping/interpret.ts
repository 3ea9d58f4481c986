import { dayInZone, endOfDay, startOfDay, type IsoDate } from '../../domain/calendar.js';
import { maskText, splitFullName } from '../../domain/name-text.js';
import type { Observation, RejectionReason, StatedFacts } from '../../domain/observation.js';
import type { TableRow } from '../file/table.js';
import type { BoundField, BoundProfile } from './bind.js';
import { checkFacts } from './check-facts.js';
import { settleContradiction } from './contradiction.js';
import type { MappedField } from './fields.js';
import { readCell, type CellContext, type CellValue } from './interpret-cell.js';

export interface InterpretContext extends CellContext {
  /** The company of the source: of every row that does not name one. */
  readonly company: string;
  /** Companies that the source may speak for. */
  readonly companies: ReadonlySet<string>;
  /** When the file was true at the source (UTC instant): of every row that does not say so itself. */
  readonly asOfAt: string;
}

export type Interpretation =
  | { readonly kind: 'observation'; readonly observation: Observation }
  | { readonly kind: 'rejection'; readonly reasons: readonly RejectionReason[] }
  /** To be interpreted again when `judgeDayColumns` has seen every row. */
  | { readonly kind: 'deferred' };

interface Gathered {
  readonly values: Map<MappedField, CellValue>;
  readonly reasons: RejectionReason[];
  isUndecided: boolean;
}

/**
 * Turns one row into what it states, or into every reason why it cannot be taken. Pure but for `context.evidence`, which
 * it adds the row's day cells to. With all orders judged it never defers.
 */
export function interpretRow(bound: BoundProfile, row: TableRow, context: InterpretContext): Interpretation {
  if (row.problems.length > 0) return { kind: 'rejection', reasons: row.problems };
  const gathered = readCells(bound, row, context);
  if (gathered.isUndecided) return { kind: 'deferred' };
  const { values, reasons } = gathered;
  const employeeNumber = values.get('employeeNumber');
  const number = bound.fields.find(({ field }) => field === 'employeeNumber');
  const isRead = typeof employeeNumber === 'string' && employeeNumber !== '';
  if (!isRead && !reasons.some(({ field }) => field === 'employeeNumber')) {
    reasons.push({
      code: 'EMPLOYEE_NUMBER_MISSING',
      field: 'employeeNumber',
      column: number?.header ?? null,
      found: null,
    });
  }
  const company = resolveCompany(bound, values, context, reasons);
  const asOf = values.get('asOf');
  const asOfAt = typeof asOf === 'string' ? asOf : context.asOfAt;
  const today = todayOf(asOfAt, context.zone);
  const facts = settleContradiction(toFacts(bound, values), today, bound.profile.contradiction);
  reasons.push(...checkFacts(facts, today, (field) => columnOf(bound, field)));
  if (reasons.length > 0 || !isRead) return { kind: 'rejection', reasons };
  return { kind: 'observation', observation: { company, employeeNumber, asOfAt, facts } };
}

let lastDay = { zone: '', from: 0, until: 0, day: '' as IsoDate };

/** Nearly everything is asked on one day, whose bounds are worked out once. */
export function todayOf(asOfAt: string, zone: string): IsoDate {
  const at = Date.parse(asOfAt);
  if (lastDay.zone !== zone || !(lastDay.from <= at && at < lastDay.until)) {
    const day = dayInZone(at, zone);
    lastDay = { zone, from: startOfDay(day, zone), until: endOfDay(day, zone), day };
  }
  return lastDay.day;
}

function readCells(bound: BoundProfile, row: TableRow, context: InterpretContext): Gathered {
  const gathered: Gathered = { values: new Map(), reasons: [], isUndecided: false };
  for (const field of bound.fields) {
    const reading = readCell(field, row.cells[field.index] ?? '', context);
    if (reading.kind === 'value') gathered.values.set(field.field, reading.value);
    else if (reading.kind === 'rejected') gathered.reasons.push(reading.reason);
    else if (reading.kind === 'undecided') gathered.isUndecided = true;
  }
  return gathered;
}

function resolveCompany(
  bound: BoundProfile,
  values: ReadonlyMap<MappedField, CellValue>,
  context: InterpretContext,
  reasons: RejectionReason[],
): string {
  const column = bound.fields.find(({ field }) => field === 'company');
  const stated = values.get('company');
  if (typeof stated === 'string') {
    if (!context.companies.has(stated)) reasons.push(wrongCompany(stated, column ?? null, context));
    return stated;
  }
  // One file for several companies, and this row does not say which: the same number may exist in each of them.
  if (column !== undefined && context.companies.size > 1) {
    reasons.push({ code: 'COMPANY_MISSING', field: 'company', column: column.header, found: null });
  }
  const company = bound.profile.constants.company ?? context.company;
  if (!context.companies.has(company)) reasons.push(wrongCompany(company, null, context));
  return company;
}

function wrongCompany(found: string, column: BoundField | null, context: InterpretContext): RejectionReason {
  return {
    code: 'WRONG_COMPANY',
    field: 'company',
    column: column?.header ?? null,
    found: maskText(found),
    details: { expected: [...context.companies].join(', ') },
  };
}

function toFacts(bound: BoundProfile, values: ReadonlyMap<MappedField, CellValue>): StatedFacts {
  const { company: _company, ...constants } = bound.profile.constants;
  const facts: Record<string, CellValue> = { ...constants };
  for (const [field, value] of values) {
    if (field === 'employeeNumber' || field === 'company' || field === 'asOf') continue;
    if (field !== 'fullName' && field !== 'fullNameKana') facts[field] = value;
  }
  const fullName = values.get('fullName');
  if (fullName !== undefined) {
    facts['displayName'] ??= fullName;
    if (typeof fullName === 'string') addParts(facts, fullName, 'familyName', 'givenName');
  }
  const kana = values.get('fullNameKana');
  // A reading that cannot be parted stays unsaid: the whole of it is neither the family's nor the given name's.
  if (typeof kana === 'string') addParts(facts, kana, 'familyNameKana', 'givenNameKana');
  return facts;
}

function addParts(facts: Record<string, CellValue>, whole: string, family: string, given: string): void {
  const parts = splitFullName(whole);
  if (parts === null || facts[family] !== undefined || facts[given] !== undefined) return;
  facts[family] = parts.family;
  facts[given] = parts.given;
}

function columnOf(bound: BoundProfile, field: MappedField): string | null {
  return bound.fields.find((candidate) => candidate.field === field)?.header ?? null;
}
