import { resolveSlash } from '../../domain/day-text-column.js';
import type { DayReading } from '../../domain/day-text.js';
import { startOfDay, type IsoDate } from '../../domain/calendar.js';
import { maskText, numberKey } from '../../domain/name-text.js';
import { EMPLOYMENT_STATUSES, REHIRE_FLAGS, type RejectionReason } from '../../domain/observation.js';
import type { BoundField } from './bind.js';
import { readDayCell, type DayEvidence, type DayOrders } from './day-columns.js';
import { foldWord } from './fields.js';
import { KNOWN_BOOLEANS, KNOWN_REHIRE_FLAGS, KNOWN_STATUSES } from './value-words.js';

export type CellValue = string | boolean | readonly string[] | null;

/** What one cell states. `silent`: nothing. `undecided`: a day whose column must be seen whole first. */
export type CellReading =
  | { readonly kind: 'silent' }
  | { readonly kind: 'value'; readonly value: CellValue }
  | { readonly kind: 'undecided' }
  | { readonly kind: 'rejected'; readonly reason: RejectionReason };

export interface CellContext {
  /** IANA zone of the company. */
  readonly zone: string;
  readonly orders: DayOrders;
  /** Gathers what day columns say about their order; null when that was done before. */
  readonly evidence: DayEvidence | null;
}

const LONGEST_TEXT = 2_000;
const LONGEST_NUMBER = 64;
const SILENT: CellReading = { kind: 'silent' };
const UNDECIDED: CellReading = { kind: 'undecided' };
const EMAIL = /^[^\s@<>()[\],;:"\\＠]+@[^\s@.＠]+(?:\.[^\s@.＠]+)+$/;

/** True for what mail can be addressed to: one address, nothing around it. */
export function isEmail(text: string): boolean {
  return text.length <= 254 && EMAIL.test(text);
}

/** Reads one cell by its kind and the options of its column. Nothing is guessed: what is not understood is rejected. */
export function readCell(bound: BoundField, cell: string, context: CellContext): CellReading {
  const text = cell.trim();
  const { kind, spec } = bound;
  if (text === '') return spec.blank === 'clear' ? { kind: 'value', value: null } : SILENT;
  if (text.length > LONGEST_TEXT) return reject(bound, text, 'TEXT_TOO_LONG', { limit: LONGEST_TEXT });
  if (kind === 'day' || kind === 'moment') return readDayOrMoment(bound, text, context);
  if (kind === 'number') return readNumber(bound, text);
  const listed = spec.values === undefined ? undefined : listedValues(spec.values).get(foldWord(text));
  if (listed !== undefined) return { kind: 'value', value: listed };
  switch (kind) {
    case 'email':
      return isEmail(text) ? { kind: 'value', value: text } : reject(bound, text, 'EMAIL_INVALID');
    case 'status':
      return readWord(bound, text, KNOWN_STATUSES, 'STATUS_UNKNOWN', EMPLOYMENT_STATUSES);
    case 'rehire':
      return readWord(bound, text, KNOWN_REHIRE_FLAGS, 'REHIRE_FLAG_UNKNOWN', REHIRE_FLAGS);
    case 'boolean':
      return readWord(bound, text, KNOWN_BOOLEANS, 'VALUE_UNKNOWN', ['true', 'false']);
    case 'list':
      return { kind: 'value', value: splitList(text, spec.separator) };
    case 'text':
    case 'name':
    case 'company':
      return spec.values === undefined
        ? { kind: 'value', value: text }
        : reject(bound, text, 'VALUE_UNKNOWN', { expected: Object.keys(spec.values).join(', ') });
  }
}

function readWord(
  bound: BoundField,
  text: string,
  known: ReadonlyMap<string, CellValue>,
  code: string,
  plain: readonly string[],
): CellReading {
  const { values } = bound.spec;
  // A profile that lists the words means these and no others: `Yes` under an inverted flag must never be a yes.
  const value = values === undefined ? known.get(foldWord(text)) : undefined;
  if (value !== undefined) return { kind: 'value', value };
  return reject(bound, text, code, {
    expected: (values === undefined ? plain : Object.keys(values)).join(', '),
  });
}

function readNumber(bound: BoundField, text: string): CellReading {
  const number = numberKey(text);
  // 1.23E+05: a spreadsheet made a number of it, the digits behind are gone.
  if (/^\d(?:\.\d+)?E[+-]?\d+$/i.test(number)) return reject(bound, text, 'NUMBER_DAMAGED');
  if (number.length > LONGEST_NUMBER) return reject(bound, text, 'TEXT_TOO_LONG', { limit: LONGEST_NUMBER });
  const { padTo } = bound.spec;
  return { kind: 'value', value: padTo === undefined ? number : number.padStart(padTo, '0') };
}

function readDayOrMoment(bound: BoundField, text: string, context: CellContext): CellReading {
  if (bound.kind === 'moment') {
    const instant = readInstant(text);
    if (instant !== null) return { kind: 'value', value: instant };
  }
  const reading = settleOrder(
    bound,
    readDayCell(bound, text, context.zone, context.evidence),
    context.orders,
  );
  switch (reading.kind) {
    case 'day':
      return {
        kind: 'value',
        value: bound.kind === 'moment' ? startOf(reading.day, context.zone) : reading.day,
      };
    case 'slash':
      return UNDECIDED;
    case 'blank':
      return SILENT;
    case 'noEnd':
      // "Never" as the end of an employment is a statement; as a day of hire it is the absence of one.
      return bound.field === 'lastDay' ? { kind: 'value', value: null } : SILENT;
    case 'invalid':
      return reject(bound, text, reading.code);
  }
}

function settleOrder(bound: BoundField, reading: DayReading, orders: DayOrders): DayReading {
  if (reading.kind !== 'slash') return reading;
  const verdict = orders.get(bound.field);
  if (verdict !== undefined) return resolveSlash(reading, verdict, bound.spec.dayOrder ?? null);
  // All orders say the same day (05/05/2026): no column is needed for that.
  const alone = resolveSlash(reading, { kind: 'undecided', orders: ['ymd', 'mdy', 'dmy'] });
  return alone.kind === 'day' ? alone : reading;
}

/** ISO 8601 with zone to UTC; null for anything else. */
export function readInstant(text: string): string | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/.test(text))
    return null;
  const ms = Date.parse(text.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'));
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

/** The first instant of a day in a zone, as UTC text. */
export function startOf(day: IsoDate, zone: string): string {
  return new Date(startOfDay(day, zone)).toISOString();
}

export function splitList(text: string, separator: string | undefined): string[] {
  const parts = separator === undefined ? text.split(/[、,，;；\n]/) : text.split(separator);
  return [...new Set(parts.map((part) => part.trim()).filter((part) => part !== ''))];
}

const listedByRecord = new WeakMap<object, ReadonlyMap<string, CellValue>>();

function listedValues(values: Readonly<Record<string, CellValue>>): ReadonlyMap<string, CellValue> {
  const known = listedByRecord.get(values);
  if (known !== undefined) return known;
  const listed = new Map(Object.entries(values).map(([text, value]) => [foldWord(text), value]));
  listedByRecord.set(values, listed);
  return listed;
}

function reject(
  bound: BoundField,
  text: string,
  code: string,
  details?: Readonly<Record<string, string | number>>,
): CellReading {
  const reason = { code, field: bound.field, column: bound.header, found: maskText(text) };
  return { kind: 'rejected', reason: details === undefined ? reason : { ...reason, details } };
}
