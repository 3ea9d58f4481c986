import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';

/** A cron expression with its zone, compiled; made by `compileCron`. */
export interface Cron {
  readonly text: string;
  readonly zone: string;
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly daysOfMonth: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly daysOfWeek: ReadonlySet<number>;
  /** Both day fields are restricted: then either one is enough, as in every cron. */
  readonly eitherDay: boolean;
}

const FIELDS = [
  { name: 'minutes', from: 0, to: 59 },
  { name: 'hours', from: 0, to: 23 },
  { name: 'daysOfMonth', from: 1, to: 31 },
  { name: 'months', from: 1, to: 12 },
  { name: 'daysOfWeek', from: 0, to: 7 },
] as const;
const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
/** Further than any rule that ever holds: 29 February can be eight years away. */
const MOST_DAYS = 9 * 366;

/**
 * Five fields (minute, hour, day of month, month, day of week), each `*`, a number, a range, a list, with `/step`.
 * Null when the text is none, or never comes due (31 February).
 */
export function compileCron(text: string, zone: string): Cron | null {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) return null;
  const sets = FIELDS.map(({ from, to }, index) => readField(parts[index] ?? '', from, to));
  const [minutes, hours, daysOfMonth, months, rawDays] = sets;
  if (!minutes || !hours || !daysOfMonth || !months || !rawDays) return null;
  const daysOfWeek = new Set([...rawDays].map((day) => day % 7));
  const eitherDay = parts[2] !== '*' && parts[4] !== '*';
  const cron = { text, zone, minutes, hours, daysOfMonth, months, daysOfWeek, eitherDay };
  const everExists = [...months].some((month) => Math.min(...daysOfMonth) <= longestMonth(month));
  return everExists || eitherDay ? cron : null;
}

/** A cron expression as configuration holds it. */
export const cronText = z
  .string()
  .refine(
    (text) => compileCron(text, 'UTC') !== null,
    'a cron expression of five fields, such as "30 2 * * *"',
  );

/**
 * The last due instant at or before `nowMs`, in milliseconds since the epoch; null when there was none in nine years.
 *
 * Times are of the zone's wall clock. One that a clock change leaves out comes due when the clock goes on (02:30 at
 * 03:30); one that comes twice is due the first time only. Where every hour counts (`*`), time itself counts: both of
 * the doubled hours are due, and nothing of the hour that never was.
 */
export function lastDue(cron: Cron, nowMs: number): number | null {
  let day = dayOf(cron, nowMs);
  for (let back = 0; back < MOST_DAYS; back += 1, day = day.subtract({ days: 1 })) {
    const last = matchesDay(cron, day) ? instantsOf(cron, day).findLast((at) => at <= nowMs) : undefined;
    if (last !== undefined) return last;
  }
  return null;
}

/** The due instants after `afterMs` and before `untilMs`, in order; stops at `most`. */
export function dueBetween(cron: Cron, afterMs: number, untilMs: number, most = 100_000): number[] {
  const found: number[] = [];
  const last = dayOf(cron, untilMs);
  for (
    let day = dayOf(cron, afterMs);
    Temporal.PlainDate.compare(day, last) <= 0;
    day = day.add({ days: 1 })
  ) {
    if (!matchesDay(cron, day)) continue;
    for (const at of instantsOf(cron, day)) {
      if (at <= afterMs || at >= untilMs || at <= (found.at(-1) ?? -Infinity)) continue;
      if (found.length >= most) return found;
      found.push(at);
    }
  }
  return found;
}

function readField(text: string, from: number, to: number): Set<number> | null {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part);
    if (match === null) return null;
    const [, first, second, stepText] = match;
    const step = Number(stepText ?? 1);
    const low = first === undefined ? from : Number(first);
    // A number with a step begins a range, as in "5/15".
    const high =
      first === undefined ? to : second === undefined ? (stepText === undefined ? low : to) : Number(second);
    if (step < 1 || low < from || high > to || low > high) return null;
    for (let value = low; value <= high; value += step) values.add(value);
  }
  return values;
}

function longestMonth(month: number): number {
  return new Temporal.PlainDate(2024, month, 1).daysInMonth;
}

function dayOf(cron: Cron, ms: number): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(cron.zone).toPlainDate();
}

function matchesDay(cron: Cron, day: Temporal.PlainDate): boolean {
  if (!cron.months.has(day.month)) return false;
  const ofMonth = cron.daysOfMonth.has(day.day);
  const ofWeek = cron.daysOfWeek.has(day.dayOfWeek % 7);
  return cron.eitherDay ? ofMonth || ofWeek : ofMonth && ofWeek;
}

function instantsOf(cron: Cron, day: Temporal.PlainDate): number[] {
  return cron.hours.size === 24 ? everyHour(cron, day) : atTimes(cron, day);
}

/** By the wall clock. */
function atTimes(cron: Cron, day: Temporal.PlainDate): number[] {
  const instants = new Set<number>();
  for (const hour of cron.hours) {
    for (const minute of cron.minutes) {
      const time = { hour, minute };
      instants.add(
        day.toPlainDateTime(time).toZonedDateTime(cron.zone, { disambiguation: 'compatible' })
          .epochMilliseconds,
      );
    }
  }
  return [...instants].sort((a, b) => a - b);
}

/** Minute by minute through the day as long as it really is. */
function everyHour(cron: Cron, day: Temporal.PlainDate): number[] {
  const start = day.toZonedDateTime(cron.zone);
  const end = day.add({ days: 1 }).toZonedDateTime(cron.zone);
  const length = (end.epochMilliseconds - start.epochMilliseconds) / MINUTE_MS;
  const isPlain =
    length === DAY_MINUTES && start.offset === end.offset && start.hour === 0 && start.minute === 0;
  const instants: number[] = [];
  for (let passed = 0; passed < length; passed += 1) {
    const at = start.epochMilliseconds + passed * MINUTE_MS;
    const minute = isPlain
      ? passed % 60
      : Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(cron.zone).minute;
    if (cron.minutes.has(minute)) instants.push(at);
  }
  return instants;
}
