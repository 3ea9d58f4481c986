import { AppError } from './app-error.js';
import {
  dayFromParts,
  dayInZone,
  daysBetween,
  addDays,
  isoDate,
  weekdayOf,
  type IsoDate,
} from './calendar.js';
import { foldDayText, splitDayText, type DayTextParts } from './day-text-fold.js';
import {
  DAY_TEXT_YEARS,
  parseDayShape,
  type DayFault,
  type DayOrder,
  type DayParts,
} from './day-text-shapes.js';

export interface DayTextOptions {
  /** IANA zone of the work site: an instant (Z or an offset) is the day that its wall calendar showed. */
  readonly zone: string;
  /**
   * The order of numeric days, when the cell has to be read alone (a pushed record). For a column of a file leave it
   * out and give the declared order to `resolveSlash`: then the column can contradict it.
   */
  readonly order?: DayOrder;
  /** Set when the column holds spreadsheet serials, and from which year the spreadsheet counts. */
  readonly excelSerial?: '1900' | '1904';
  /** Two-digit years below it are 20xx, the others 19xx. Default 70. */
  readonly twoDigitYearPivot?: number;
  /** Days (`YYYY-MM-DD`) that mean "no end" or "never". Default `DEFAULT_NO_END_DAYS`; give [] for birthdays. */
  readonly noEndDays?: readonly string[];
}

/** What one cell says; never a guess: a text that fits two different days is not a `day`. */
export type DayReading =
  | { readonly kind: 'day'; readonly day: IsoDate }
  | { readonly kind: 'blank' }
  /** A day that stands for "no end". `found` is the entry of the list; `orders` as for `slash`, null elsewhere. */
  | { readonly kind: 'noEnd'; readonly found: string; readonly orders: readonly DayOrder[] | null }
  /**
   * Order-dependent: every cell whose shape leaves the order open, also one that a single order explains, because the
   * column is judged as a whole. Null where an order gives no day; `noEnd` names the orders that give a "no end" day.
   */
  | {
      readonly kind: 'slash';
      readonly asDmy: IsoDate | null;
      readonly asMdy: IsoDate | null;
      readonly asYmd: IsoDate | null;
      readonly noEnd: readonly DayOrder[];
    }
  | { readonly kind: 'invalid'; readonly code: DayFault };

/** How Oracle, SAP and payroll systems write "no end" and "never" (edge-cases/28). Shipped default, configuration. */
export const DEFAULT_NO_END_DAYS = [
  '4712-12-31',
  '9999-12-31',
  '2999-12-31',
  '1900-01-01',
  '0000-00-00',
] as const;

const DEFAULT_PIVOT = 70;
const LONGEST_TEXT = 64;
const DAY_MS = 86_400_000;
const EPOCH = isoDate('1970-01-01');
const ORDERS = ['ymd', 'mdy', 'dmy'] as const satisfies readonly DayOrder[];
const BLANK: DayReading = { kind: 'blank' };
const NO_ORDERS: readonly DayOrder[] = [];

/** The "no end" lists already taken apart: the same list comes with every cell of a file. */
const noEndKeys = new WeakMap<readonly string[], ReadonlySet<number>>();

type Found =
  | { readonly kind: 'day'; readonly day: IsoDate }
  | { readonly kind: 'noEnd'; readonly found: string }
  | { readonly kind: 'invalid'; readonly code: DayFault };

/**
 * Reads one cell. Shapes: 2026/3/31, 2026-03-31, 2026.3.31, 20260331, 2026年3月31日, 令和8年3月31日, ㋿8年…, R8.3.31 (and
 * 明治 大正 昭和 平成, M T S H, 元年), 31-Mar-2026, Mar 31, 2026, 3/31/26, date-times, serials; full or half width, with a
 * weekday (which must be the right one) or without. A time of day without offset is dropped.
 * @throws ZONE_UNKNOWN, DAY_NO_END_INVALID (a wrong entry in `noEndDays`): configuration, not data
 */
export function readDay(text: string, options: DayTextOptions): DayReading {
  const noEnd = keysOf(options.noEndDays ?? DEFAULT_NO_END_DAYS);
  const common = readCommonShape(text);
  if (common !== null) return asReading(settle(common, null, options.zone, noEnd));
  // Zero-width characters aside, a longer text is no day; it is not worth a regular expression.
  if (text.length > LONGEST_TEXT) return text.trim() === '' ? BLANK : invalid('DAY_UNREADABLE');
  const folded = foldDayText(text);
  if (folded === '') return BLANK;
  if (options.excelSerial !== undefined && /^\d{1,7}(?:\.\d+)?$/.test(folded)) {
    return readSerial(folded, options.excelSerial, options.zone, noEnd);
  }
  const parts = splitDayText(folded);
  if (parts.time === 'invalid') return invalid('DAY_TIME_INVALID');
  const shape = parseDayShape(parts.date, options.twoDigitYearPivot ?? DEFAULT_PIVOT);
  if (shape.kind === 'fault') return invalid(shape.code);
  if (shape.kind === 'fixed') return asReading(settle(shape.parts, parts, options.zone, noEnd));
  const settled = (order: DayOrder): Found | null => {
    const numbers = shape[order];
    return numbers === null ? null : settle(numbers, parts, options.zone, noEnd);
  };
  return weigh({ ymd: settled('ymd'), mdy: settled('mdy'), dmy: settled('dmy') }, options.order);
}

/** YYYY-MM-DD, YYYY/MM/DD and YYYY.MM.DD without a regular expression: most cells of most files. */
function readCommonShape(text: string): DayParts | null {
  if (text.length !== 10) return null;
  const separator = text.charCodeAt(4);
  if ((separator !== 45 && separator !== 46 && separator !== 47) || text.charCodeAt(7) !== separator)
    return null;
  let digits = 0;
  for (let i = 0; i < 10; i += 1) {
    if (i === 4 || i === 7) continue;
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return null;
    digits = digits * 10 + digit;
  }
  return { year: Math.floor(digits / 10000), month: Math.floor(digits / 100) % 100, day: digits % 100 };
}

/** From three numbers, weekday and time to a day, one of the "no end" days, or the reason why it is neither. */
function settle(
  numbers: DayParts,
  beside: DayTextParts | null,
  zone: string,
  noEnd: ReadonlySet<number>,
): Found {
  if (noEnd.has(keyOf(numbers))) return { kind: 'noEnd', found: noEndText(numbers) };
  const written = dayFromParts(numbers.year, numbers.month, numbers.day);
  if (written === null) return invalid('DAY_INVALID');
  const weekday = beside?.weekday ?? null;
  if (weekday !== null && weekdayOf(written) !== weekday) return invalid('DAY_WEEKDAY_MISMATCH');
  if (numbers.year < DAY_TEXT_YEARS.first) return invalid('DAY_OUT_OF_RANGE');
  const day = localDay(written, beside?.time ?? null, zone);
  const local = day === written ? numbers : partsOf(day);
  if (noEnd.has(keyOf(local))) return { kind: 'noEnd', found: noEndText(local) };
  return local.year > DAY_TEXT_YEARS.last ? invalid('DAY_OUT_OF_RANGE') : { kind: 'day', day };
}

/** The day in `zone`, when the text says at what offset it was written; else the written day itself. */
function localDay(written: IsoDate, time: DayTextParts['time'], zone: string): IsoDate {
  if (time === null || time === 'invalid' || time.offsetMinutes === null) return written;
  // No person has such a day, and the last of them has no next one.
  if (Number(written.slice(0, 4)) > DAY_TEXT_YEARS.last + 1) return written;
  const midnight = daysBetween(EPOCH, written) * DAY_MS;
  return dayInZone(midnight + time.msOfDay - time.offsetMinutes * 60_000, zone);
}

/** Order-dependent numbers: `slash` unless an order is declared or every reading means "no end". */
function weigh(
  readings: Readonly<Record<DayOrder, Found | null>>,
  declared: DayOrder | undefined,
): DayReading {
  const fitting = ORDERS.filter((order) => isTaken(readings[order]));
  const noEnd = fitting.filter((order) => readings[order]?.kind === 'noEnd');
  const first = noEnd[0] === undefined ? null : readings[noEnd[0]];
  if (first?.kind === 'noEnd' && noEnd.length === fitting.length) {
    return { kind: 'noEnd', found: first.found, orders: fitting };
  }
  if (fitting.length === 0) return invalid(worstOf(ORDERS.map((order) => readings[order])));
  if (declared !== undefined) {
    const found = readings[declared];
    return isTaken(found) && found !== null ? asReading(found) : invalid('DAY_ORDER_MISMATCH');
  }
  return {
    kind: 'slash',
    asDmy: dayOf(readings.dmy),
    asMdy: dayOf(readings.mdy),
    asYmd: dayOf(readings.ymd),
    noEnd: noEnd.length === 0 ? NO_ORDERS : noEnd,
  };
}

function isTaken(found: Found | null): boolean {
  return found !== null && found.kind !== 'invalid';
}

/** A "no end" day that is a real one counts as a reading too: `noEnd` says that it is not to be taken for a day. */
function dayOf(found: Found | null): IsoDate | null {
  if (found === null || found.kind === 'invalid') return null;
  return found.kind === 'day' ? found.day : isoDate(found.found);
}

/** The most telling of several reasons: a real day refused says more than a day that does not exist. */
function worstOf(found: readonly (Found | null)[]): DayFault {
  const codes = found.flatMap((one) => (one?.kind === 'invalid' ? [one.code] : []));
  return codes.find((code) => code !== 'DAY_INVALID') ?? 'DAY_INVALID';
}

/**
 * A spreadsheet serial; the fraction is a time of day and is dropped. Spreadsheets that count from 1900 believe in a
 * 29 February 1900 (serial 60), so serials before it lie one day nearer. A number that looks like a year is refused:
 * as a serial it would be a day of 1905.
 * @see https://learn.microsoft.com/office/troubleshoot/excel/wrongly-assumes-1900-is-leap-year
 */
function readSerial(
  text: string,
  system: '1900' | '1904',
  zone: string,
  noEnd: ReadonlySet<number>,
): DayReading {
  const serial = Math.floor(Number(text));
  if (serial >= 1900 && serial <= DAY_TEXT_YEARS.last) return invalid('DAY_AMBIGUOUS');
  if (system === '1900' && (serial === 0 || serial === 60)) return invalid('DAY_INVALID');
  if (serial > 2_958_465) return invalid('DAY_OUT_OF_RANGE');
  const dayZero = system === '1904' ? '1904-01-01' : serial < 60 ? '1899-12-31' : '1899-12-30';
  const day = addDays(isoDate(dayZero), serial);
  const numbers = {
    year: Number(day.slice(0, 4)),
    month: Number(day.slice(5, 7)),
    day: Number(day.slice(8)),
  };
  return asReading(settle(numbers, null, zone, noEnd));
}

function asReading(found: Found): DayReading {
  return found.kind === 'noEnd' ? { kind: 'noEnd', found: found.found, orders: null } : found;
}

function invalid(code: DayFault): { readonly kind: 'invalid'; readonly code: DayFault } {
  return { kind: 'invalid', code };
}

function partsOf(day: IsoDate): DayParts {
  return { year: Number(day.slice(0, 4)), month: Number(day.slice(5, 7)), day: Number(day.slice(8)) };
}

function keyOf({ year, month, day }: DayParts): number {
  return year * 10_000 + month * 100 + day;
}

function noEndText({ year, month, day }: DayParts): string {
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

function keysOf(list: readonly string[]): ReadonlySet<number> {
  const known = noEndKeys.get(list);
  if (known !== undefined) return known;
  const keys = new Set<number>();
  for (const text of list) {
    const numbers = text.charAt(4) === '-' ? readCommonShape(text) : null;
    const isNever = text === '0000-00-00';
    if (numbers === null || (!isNever && dayFromParts(numbers.year, numbers.month, numbers.day) === null)) {
      throw new AppError('DAY_NO_END_INVALID', { details: { entry: text } });
    }
    keys.add(keyOf(numbers));
  }
  noEndKeys.set(list, keys);
  return keys;
}
