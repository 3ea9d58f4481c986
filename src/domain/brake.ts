import { daysBetween, type IsoDate } from './calendar.js';

export const BRAKE_NAMES = [
  'leavers',
  'leavers_on_peak_days',
  'rescissions',
  'verdict_flips',
  'absences',
  'amendments',
  'rejected_rows',
  'expected_rows',
  'unusable_file',
  'days_ahead',
] as const;
export type BrakeName = (typeof BRAKE_NAMES)[number];

/** Limits whose size a company sets; the others follow from the run itself. */
export const LIMITED = [
  'leavers',
  'rescissions',
  'verdict_flips',
  'absences',
  'amendments',
  'rejected_rows',
] as const;
export type LimitedBrake = (typeof LIMITED)[number];

export interface BrakeLimit {
  /** More than so many in one run and company holds the plan. */
  readonly absolute: number;
  /** More than so many per hundred of the base holds it. */
  readonly percent: number;
  /** Up to this many never hold by percent: five leavers of a company of twenty are not a disaster. */
  readonly ignoreUpTo: number;
  /** Several runs together, so that a slow bleed under the limit of each run is seen too. */
  readonly window?: { readonly days: number; readonly percent: number } | undefined;
}

export interface PeakDay {
  /** Month and day on which many leave together, such as 03-31. */
  readonly day: string;
  readonly percent: number;
  readonly absolute: number;
}

export interface BrakeConfig {
  readonly limits: Readonly<Record<LimitedBrake, BrakeLimit>>;
  readonly peakDays: readonly PeakDay[];
}

/** What one run would do in one company. */
export interface BrakeCounts {
  readonly company: string;
  /** People the percentages are of: employed there before the run, or rows accepted when that is more. */
  readonly base: number;
  /** Registry entries there before the run. */
  readonly entries: number;
  readonly rowsRead: number;
  readonly rowsRejected: number;
  /** New leavers by last day, without those whose departure is history. */
  readonly leaversByDay: ReadonlyMap<IsoDate, number>;
  readonly rescissions: number;
  readonly verdictFlips: number;
  readonly absences: number;
  readonly amendments: number;
  /** The same counts of earlier applied runs inside each window. */
  readonly earlier: Readonly<Partial<Record<LimitedBrake, number>>>;
}

export interface BrakeReading {
  readonly name: BrakeName;
  readonly company: string;
  readonly scope: 'run' | 'window';
  readonly limit: number;
  readonly value: number;
  readonly tripped: boolean;
}

/** Reads every brake for one company. Order of the result is fixed; a brake that has nothing to measure reads 0. */
export function readBrakes(counts: BrakeCounts, config: BrakeConfig): BrakeReading[] {
  const peaks = new Map(config.peakDays.map((peak) => [peak.day, peak]));
  const byPeak = new Map<string, number>();
  let ordinary = 0;
  for (const [day, count] of counts.leaversByDay) {
    const monthDay = day.slice(5);
    if (peaks.has(monthDay)) byPeak.set(monthDay, (byPeak.get(monthDay) ?? 0) + count);
    else ordinary += count;
  }
  const readings: BrakeReading[] = [
    ...limited('leavers', ordinary, counts.base, counts, config),
    ...[...byPeak].map(([day, value]) => {
      const peak = peaks.get(day);
      const limit = Math.min(peak?.absolute ?? 0, Math.floor((counts.base * (peak?.percent ?? 0)) / 100));
      const floor = config.limits.leavers.ignoreUpTo;
      return reading('leavers_on_peak_days', counts.company, 'run', Math.max(limit, floor), value);
    }),
    ...limited('rescissions', counts.rescissions, counts.base, counts, config),
    ...limited('verdict_flips', counts.verdictFlips, counts.entries, counts, config),
    ...limited('absences', counts.absences, counts.base, counts, config),
    ...limited('amendments', counts.amendments, counts.base, counts, config),
    rejectedRows(counts, config.limits.rejected_rows),
  ];
  return readings;
}

/** A day's grace: somewhere it is tomorrow already. */
const MOST_DAYS_AHEAD = 1;

/**
 * A file that speaks of a day to come overrules whatever its source says until then, and a mistyped year is soon
 * typed: it waits for a person. Null where `asOf` is not later than tomorrow.
 */
export function daysAhead(company: string, asOf: IsoDate, today: IsoDate): BrakeReading | null {
  const ahead = reading('days_ahead', company, 'run', MOST_DAYS_AHEAD, daysBetween(today, asOf));
  return ahead.tripped ? ahead : null;
}

/** Whether the plan has to wait for a person. */
export function isHeld(readings: readonly BrakeReading[]): boolean {
  return readings.some((r) => r.tripped);
}

function limited(
  name: LimitedBrake & BrakeName,
  value: number,
  base: number,
  counts: BrakeCounts,
  config: BrakeConfig,
): BrakeReading[] {
  const limit = config.limits[name];
  const run = reading(
    name,
    counts.company,
    'run',
    limitOf(limit.absolute, limit.percent, limit.ignoreUpTo, base),
    value,
  );
  if (limit.window === undefined) return [run];
  const total = value + (counts.earlier[name] ?? 0);
  const most = limitOf(Number.MAX_SAFE_INTEGER, limit.window.percent, limit.ignoreUpTo, base);
  // What this run does not touch it is not held for, even when earlier runs filled the window.
  const window = reading(name, counts.company, 'window', most, total);
  return [run, { ...window, tripped: window.tripped && value > 0 }];
}

function limitOf(absolute: number, percent: number, ignoreUpTo: number, base: number): number {
  return Math.min(absolute, Math.max(ignoreUpTo, Math.floor((base * percent) / 100)));
}

function rejectedRows(counts: BrakeCounts, limit: BrakeLimit): BrakeReading {
  const most = limitOf(limit.absolute, limit.percent, limit.ignoreUpTo, counts.rowsRead);
  const nothingLeft = counts.rowsRead > 0 && counts.rowsRejected === counts.rowsRead;
  const read = reading('rejected_rows', counts.company, 'run', most, counts.rowsRejected);
  return nothingLeft ? { ...read, limit: Math.min(most, counts.rowsRead - 1), tripped: true } : read;
}

function reading(
  name: BrakeName,
  company: string,
  scope: 'run' | 'window',
  limit: number,
  value: number,
): BrakeReading {
  return { name, company, scope, limit, value, tripped: value > limit };
}

/** Whether any limit of `next` lets more through than `known` did. */
export function isLooser(known: BrakeConfig, next: BrakeConfig): boolean {
  const wider = LIMITED.some((name) => {
    const a = known.limits[name];
    const b = next.limits[name];
    const window = (b.window?.percent ?? Infinity) > (a.window?.percent ?? Infinity);
    const days = (b.window?.days ?? 0) < (a.window?.days ?? 0);
    return b.absolute > a.absolute || b.percent > a.percent || b.ignoreUpTo > a.ignoreUpTo || window || days;
  });
  const before = new Map(known.peakDays.map((p) => [p.day, p]));
  return (
    wider ||
    next.peakDays.some((p) => {
      const old = before.get(p.day);
      return old === undefined || p.percent > old.percent || p.absolute > old.absolute;
    })
  );
}
