import { Temporal } from 'temporal-polyfill';
import { AppError } from './app-error.js';

declare const isoDateBrand: unique symbol;

/**
 * A calendar day as `YYYY-MM-DD`, years 0001 to 9999, without zone or time. Sorts as text in the order of time.
 * Which instants belong to it is only known together with a zone: see `startOfDay` and `endOfDay`.
 */
export type IsoDate = string & { readonly [isoDateBrand]: true };

const MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
const FIRST_DAY_NUMBER = dayNumber(1, 1, 1);
const LAST_DAY_NUMBER = dayNumber(9999, 12, 31);
/** The furthest from 1970 that an instant can be, either way (ECMAScript, as Temporal). */
const FURTHEST_INSTANT_MS = 8.64e15;

/** True for a day of the Gregorian calendar, years 1 to 9999; anything but whole numbers is false. */
export function isRealDay(year: number, month: number, dayOfMonth: number): boolean {
  return (
    Number.isInteger(year) &&
    Number.isInteger(month) &&
    Number.isInteger(dayOfMonth) &&
    year >= 1 &&
    year <= 9999 &&
    month >= 1 &&
    month <= 12 &&
    dayOfMonth >= 1 &&
    dayOfMonth <= monthLength(year, month)
  );
}

/** The day with these numbers, or null when the calendar has no such day. Months count from 1. */
export function dayFromParts(year: number, month: number, dayOfMonth: number): IsoDate | null {
  return isRealDay(year, month, dayOfMonth) ? format(year, month, dayOfMonth) : null;
}

/** Reads exactly `YYYY-MM-DD`; null for any other shape and for days that do not exist. */
export function parseIsoDate(text: string): IsoDate | null {
  if (text.length !== 10 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return null;
  // What is no number is -1, which no calendar has.
  return isRealDay(digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10)) ? (text as IsoDate) : null;
}

/**
 * Reads exactly `YYYY-MM-DD`.
 * @throws DAY_INVALID (no details: a day may be a birthday, and details end up in logs)
 */
export function isoDate(text: string): IsoDate {
  const day = parseIsoDate(text);
  if (day === null) throw new AppError('DAY_INVALID');
  return day;
}

/**
 * The day `count` days later (earlier when negative).
 * @throws DAY_OUT_OF_RANGE when that leaves the years 1 to 9999, or `count` is not whole
 */
export function addDays(day: IsoDate, count: number): IsoDate {
  return fromDayNumber(numberOf(day) + count);
}

/**
 * The same day of the month `count` months later (earlier when negative); the last day of that month when it is
 * shorter: 31 January + 1 is 28 or 29 February.
 * @throws DAY_OUT_OF_RANGE when that leaves the years 1 to 9999, or `count` is not whole
 */
export function addMonths(day: IsoDate, count: number): IsoDate {
  const months = yearOf(day) * 12 + monthOf(day) - 1 + count;
  const year = Math.floor(months / 12);
  if (!Number.isInteger(count) || year < 1 || year > 9999) throw outOfRange(count);
  const month = months - year * 12 + 1;
  return format(year, month, Math.min(dayOfMonthOf(day), monthLength(year, month)));
}

/** Days from `from` to `to`: 0 for the same day, negative when `to` is earlier. */
export function daysBetween(from: IsoDate, to: IsoDate): number {
  return numberOf(to) - numberOf(from);
}

/**
 * Whole months from `from` to `to`: the largest n with `addMonths(from, n) <= to`, so that a month that began on the
 * 31st is complete on the last day of a shorter month (Civil Code of Japan, article 143). Negative when `to` is
 * earlier: the months from `to` to `from`, negated.
 */
export function monthsBetween(from: IsoDate, to: IsoDate): number {
  if (to < from) return 0 - monthsBetween(to, from);
  const months = (yearOf(to) - yearOf(from)) * 12 + monthOf(to) - monthOf(from);
  return addMonths(from, months) > to ? months - 1 : months;
}

/** -1, 0 or 1 as `a` is before, on or after `b`. */
export function compareDays(a: IsoDate, b: IsoDate): -1 | 0 | 1 {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** 1 (Monday) to 7 (Sunday), as ISO 8601 counts. */
export function weekdayOf(day: IsoDate): number {
  return ((((numberOf(day) + 3) % 7) + 7) % 7) + 1;
}

/**
 * The day on the wall calendar of `zone` (IANA name) at an instant (epoch milliseconds).
 * @throws ZONE_UNKNOWN
 * @throws DAY_OUT_OF_RANGE when the instant is outside the years 1 to 9999
 */
export function dayInZone(instantMs: number, zone: string): IsoDate {
  const second = Math.floor(instantMs / 1_000);
  const last = lastAsked.get(zone);
  if (last?.second === second) return last.day;
  const day = inZone(zone, () => {
    if (!(Math.abs(instantMs) <= FURTHEST_INSTANT_MS)) return null;
    const {
      year,
      month,
      day: dayOfMonth,
    } = Temporal.Instant.fromEpochMilliseconds(Math.floor(instantMs)).toZonedDateTimeISO(zone);
    return dayFromParts(year, month, dayOfMonth);
  });
  if (day === null) throw outOfRange(instantMs);
  lastAsked.set(zone, { second, day });
  return day;
}

/**
 * What was asked last of each zone: a file asks about one instant for each row. No zone changes its day within a second
 * (offsets of the tz database are whole seconds).
 */
const lastAsked = new Map<string, { readonly second: number; readonly day: IsoDate }>();

/**
 * The first instant (epoch milliseconds) of a day in `zone`; 01:00 where the clocks skip midnight. For a day that a
 * zone left out (Apia, 2011-12-30) it is the start of the next one, so that such a day is empty, not lost.
 * @throws ZONE_UNKNOWN
 */
export function startOfDay(day: IsoDate, zone: string): number {
  return inZone(zone, () => Temporal.PlainDate.from(day).toZonedDateTime(zone).epochMilliseconds);
}

/**
 * The first instant (epoch milliseconds) after a day in `zone`, that is the start of the next one: a day holds
 * `startOfDay <= t < endOfDay`, 23 to 25 hours.
 * @throws ZONE_UNKNOWN
 */
export function endOfDay(day: IsoDate, zone: string): number {
  return inZone(
    zone,
    () => Temporal.PlainDate.from(day).add({ days: 1 }).toZonedDateTime(zone).epochMilliseconds,
  );
}

/** True for a zone that this machine knows: an IANA name or a fixed offset. */
export function isZone(zone: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function inZone<T>(zone: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isZone(zone) ? error : new AppError('ZONE_UNKNOWN', { details: { zone }, cause: error });
  }
}

function outOfRange(value: number): AppError {
  return new AppError('DAY_OUT_OF_RANGE', { details: { value: String(value) } });
}

function yearOf(day: IsoDate): number {
  return digits(day, 0, 4);
}

function monthOf(day: IsoDate): number {
  return digits(day, 5, 7);
}

function dayOfMonthOf(day: IsoDate): number {
  return digits(day, 8, 10);
}

/** The number in ASCII digits, or -1 when another character stands there. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i += 1) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function monthLength(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (MONTH_LENGTHS[month - 1] ?? 0);
}

function format(year: number, month: number, dayOfMonth: number): IsoDate {
  const y = year >= 1000 ? String(year) : String(year).padStart(4, '0');
  return `${y}-${month < 10 ? '0' : ''}${month}-${dayOfMonth < 10 ? '0' : ''}${dayOfMonth}` as IsoDate;
}

function numberOf(day: IsoDate): number {
  return dayNumber(yearOf(day), monthOf(day), dayOfMonthOf(day));
}

/**
 * Days since 1970-01-01. The year is counted from March, so that the leap day is its last.
 * @see https://howardhinnant.github.io/date_algorithms.html (days_from_civil)
 */
function dayNumber(year: number, month: number, dayOfMonth: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + dayOfMonth - 1;
  return (
    era * 146097 +
    yearOfEra * 365 +
    Math.floor(yearOfEra / 4) -
    Math.floor(yearOfEra / 100) +
    dayOfYear -
    719468
  );
}

function fromDayNumber(number: number): IsoDate {
  if (!Number.isInteger(number) || number < FIRST_DAY_NUMBER || number > LAST_DAY_NUMBER) {
    throw outOfRange(number);
  }
  const z = number + 719468;
  const era = Math.floor(z / 146097);
  const dayOfEra = z - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return format(
    yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  );
}
