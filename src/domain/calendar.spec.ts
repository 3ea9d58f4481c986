import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runs } from '../../test/support/runs.js';
import { Temporal } from 'temporal-polyfill';
import { AppError } from './app-error.js';
import {
  addDays,
  addMonths,
  compareDays,
  dayFromParts,
  dayInZone,
  daysBetween,
  endOfDay,
  isRealDay,
  isZone,
  isoDate,
  monthsBetween,
  parseIsoDate,
  startOfDay,
  weekdayOf,
  type IsoDate,
} from './calendar.js';

const ZONES = ['Asia/Tokyo', 'UTC', 'America/Los_Angeles', 'Pacific/Apia', 'Europe/London'] as const;
const day = isoDate;
const utc = (text: string): number => Date.parse(text);

/** Days 1900-01-01 to 2099-12-31. */
const anyDay = fc.integer({ min: 0, max: 73048 }).map((n) => addDays(day('1900-01-01'), n));
/** Days 0001-01-01 to 9999-12-31. */
const anyDayAtAll = fc.integer({ min: 0, max: 3652058 }).map((n) => addDays(day('0001-01-01'), n));

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('a day', () => {
  it.each(['2026-03-31', '2024-02-29', '2000-02-29', '0001-01-01', '9999-12-31'])('%s is real', (text) => {
    expect(parseIsoDate(text)).toBe(text);
    expect(isoDate(text)).toBe(text);
  });

  it.each([
    '2026-02-29',
    '1900-02-29',
    '2026-04-31',
    '2026-13-01',
    '2026-00-10',
    '2026-01-00',
    '0000-01-01',
    '0000-00-00',
    '2026-3-31',
    '2026/03/31',
    ' 2026-03-31',
    '2026-03-31T00:00:00Z',
    '２０２６-03-31',
    '-026-03-31',
    '2026-+3-31',
    '2026/03-31',
    '2026-03/31',
    '2026-0:-10',
    '2026-1/-10',
    '202:-03-31',
    '',
  ])('"%s" is not one', (text) => {
    expect(parseIsoDate(text)).toBeNull();
    expect(codeOf(() => isoDate(text))).toBe('DAY_INVALID');
  });

  it('takes whole numbers only', () => {
    expect(isRealDay(2026, 3, 31)).toBe(true);
    expect(isRealDay(2026, 3, 31.5)).toBe(false);
    expect(isRealDay(Number.NaN, 3, 31)).toBe(false);
    expect(isRealDay(2026.5, 3, 31)).toBe(false);
    expect(isRealDay(2026, 3.5, 31)).toBe(false);
    expect(isRealDay(2026, 0, 31)).toBe(false);
    expect(isRealDay(2026, 13, 31)).toBe(false);
    expect(dayFromParts(33, 1, 2)).toBe('0033-01-02');
    expect(dayFromParts(10000, 1, 1)).toBeNull();
  });

  it('agrees with Temporal about which days exist', () => {
    fc.assert(
      fc.property(fc.nat(10001), fc.nat(14), fc.nat(33), (year, month, dayOfMonth) => {
        const text = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(dayOfMonth).padStart(2, '0')}`;
        let expected: string | null = null;
        try {
          if (year >= 1 && year <= 9999) {
            expected = Temporal.PlainDate.from(
              { year, month, day: dayOfMonth },
              { overflow: 'reject' },
            ).toString();
          }
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
        }
        expect(parseIsoDate(text)).toBe(expected);
        expect(dayFromParts(year, month, dayOfMonth)).toBe(expected);
      }),
      { numRuns: runs(5000) },
    );
  });
});

describe('arithmetic of days', () => {
  it.each([
    ['2026-02-28', 1, '2026-03-01'],
    ['2024-02-28', 1, '2024-02-29'],
    ['2026-03-31', 1, '2026-04-01'],
    ['2026-12-31', 1, '2027-01-01'],
    ['2026-01-01', -1, '2025-12-31'],
    ['2000-03-01', -1, '2000-02-29'],
    ['1900-03-01', -1, '1900-02-28'],
  ])('%s %i days is %s', (from, count, to) => {
    expect(addDays(day(from), count)).toBe(to);
    expect(daysBetween(day(from), day(to))).toBe(count);
  });

  it.each([
    ['2026-01-31', 1, '2026-02-28'],
    ['2024-01-31', 1, '2024-02-29'],
    ['2026-03-31', -1, '2026-02-28'],
    ['2024-02-29', 12, '2025-02-28'],
    ['2026-11-30', 3, '2027-02-28'],
    ['2026-01-15', -13, '2024-12-15'],
    ['2026-05-31', 0, '2026-05-31'],
  ])('%s and %i months is %s', (from, count, to) => {
    expect(addMonths(day(from), count)).toBe(to);
  });

  it.each([
    ['2026-01-31', '2026-02-27', 0],
    ['2026-01-31', '2026-02-28', 1],
    ['2020-04-01', '2026-03-31', 71],
    ['2020-04-01', '2026-04-01', 72],
    ['2024-02-29', '2025-02-28', 12],
    ['2026-03-31', '2026-03-31', 0],
    ['2026-04-01', '2020-04-01', -72],
    ['2026-03-02', '2026-03-01', 0],
  ])('from %s to %s are %i whole months', (from, to, months) => {
    expect(monthsBetween(day(from), day(to))).toBe(months);
  });

  it('agrees with Temporal on adding, distance and weekday', () => {
    fc.assert(
      fc.property(anyDayAtAll, fc.integer({ min: -400000, max: 400000 }), (from, count) => {
        const plain = Temporal.PlainDate.from(from);
        expect(weekdayOf(from)).toBe(plain.dayOfWeek);
        const to = plain.add({ days: count });
        if (to.year < 1 || to.year > 9999) {
          expect(codeOf(() => addDays(from, count))).toBe('DAY_OUT_OF_RANGE');
          return;
        }
        expect(addDays(from, count)).toBe(to.toString());
        expect(daysBetween(from, addDays(from, count))).toBe(count);
      }),
      { numRuns: runs(3000) },
    );
    fc.assert(
      fc.property(anyDay, fc.integer({ min: -600, max: 600 }), (from, count) => {
        expect(addMonths(from, count)).toBe(Temporal.PlainDate.from(from).add({ months: count }).toString());
      }),
      { numRuns: runs(3000) },
    );
  });

  it('counts whole months as the largest step that does not pass the end', () => {
    fc.assert(
      fc.property(anyDay, anyDay, (a, b) => {
        const [from, to] = a <= b ? [a, b] : [b, a];
        const months = monthsBetween(from, to);
        expect(compareDays(addMonths(from, months), to)).not.toBe(1);
        expect(compareDays(addMonths(from, months + 1), to)).toBe(1);
        expect(monthsBetween(to, from) + months).toBe(0);
      }),
      { numRuns: runs(3000) },
    );
  });

  it('orders days as time does', () => {
    fc.assert(
      fc.property(anyDayAtAll, anyDayAtAll, (a, b) => {
        expect(compareDays(a, b)).toBe(Math.sign(daysBetween(b, a)));
      }),
    );
    expect(compareDays(day('2026-03-31'), day('2026-03-31'))).toBe(0);
  });

  it('refuses to leave the years 1 to 9999 or to take half a day', () => {
    expect(codeOf(() => addDays(day('9999-12-31'), 1))).toBe('DAY_OUT_OF_RANGE');
    expect(codeOf(() => addDays(day('2026-01-01'), 0.5))).toBe('DAY_OUT_OF_RANGE');
    expect(codeOf(() => addMonths(day('0001-01-01'), -1))).toBe('DAY_OUT_OF_RANGE');
    expect(codeOf(() => addMonths(day('2026-01-01'), Number.NaN))).toBe('DAY_OUT_OF_RANGE');
    expect(codeOf(() => addMonths(day('9999-12-01'), 1))).toBe('DAY_OUT_OF_RANGE');
    expect(codeOf(() => addDays(day('0001-01-01'), -1))).toBe('DAY_OUT_OF_RANGE');
  });

  it('reaches the first and the last day there is', () => {
    expect(addDays(day('0001-01-02'), -1)).toBe('0001-01-01');
    expect(addDays(day('9999-12-30'), 1)).toBe('9999-12-31');
    expect(addMonths(day('0001-02-01'), -1)).toBe('0001-01-01');
    expect(addMonths(day('9999-11-30'), 1)).toBe('9999-12-30');
  });

  it('says how far it was asked to go', () => {
    expect(() => addMonths(day('9999-12-01'), 14)).toThrow(
      expect.objectContaining({ details: { value: '14' } }),
    );
  });
});

describe('days in zones', () => {
  it('R17: a day never shifts, 10,000 days x 5 zones', () => {
    // Apia crossed the date line and had no 30 December 2011: the one day here that holds no instant.
    const leftOut = (d: IsoDate, zone: string) => zone === 'Pacific/Apia' && d === '2011-12-30';
    fc.assert(
      fc.property(
        anyDay,
        fc.constantFrom(...ZONES),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (d, zone, part) => {
          fc.pre(!leftOut(d, zone));
          const start = startOfDay(d, zone);
          const end = endOfDay(d, zone);
          const within = start + Math.floor((end - start - 1) * part);
          expect([dayInZone(start, zone), dayInZone(within, zone), dayInZone(end - 1, zone)]).toEqual([
            d,
            d,
            d,
          ]);
          expect(dayInZone(start - 1, zone) < d && dayInZone(end, zone) > d).toBe(true);
        },
      ),
      { numRuns: runs(50_000) },
    );
  });

  it.each([
    ['Asia/Tokyo', '2026-03-31', '2026-03-30T15:00:00Z', '2026-03-31T15:00:00Z'],
    ['UTC', '2026-03-31', '2026-03-31T00:00:00Z', '2026-04-01T00:00:00Z'],
    ['America/Los_Angeles', '2026-03-08', '2026-03-08T08:00:00Z', '2026-03-09T07:00:00Z'],
    ['America/Los_Angeles', '2026-11-01', '2026-11-01T07:00:00Z', '2026-11-02T08:00:00Z'],
    ['Europe/London', '2026-03-29', '2026-03-29T00:00:00Z', '2026-03-29T23:00:00Z'],
    ['Europe/London', '2026-10-25', '2026-10-24T23:00:00Z', '2026-10-26T00:00:00Z'],
    ['Pacific/Apia', '2011-12-29', '2011-12-29T10:00:00Z', '2011-12-30T10:00:00Z'],
    ['Pacific/Apia', '2011-12-30', '2011-12-30T10:00:00Z', '2011-12-30T10:00:00Z'],
    ['Pacific/Apia', '2011-12-31', '2011-12-30T10:00:00Z', '2011-12-31T10:00:00Z'],
    // Clocks went from 23:59:59 to 01:00 here: the day starts without a midnight.
    ['America/Sao_Paulo', '2018-11-04', '2018-11-04T03:00:00Z', '2018-11-05T02:00:00Z'],
  ])('%s %s is %s to %s', (zone, text, start, end) => {
    expect(startOfDay(day(text), zone)).toBe(utc(start));
    expect(endOfDay(day(text), zone)).toBe(utc(end));
  });

  it('edge-cases/12: one instant is two days for Tokyo and Los Angeles at a month end', () => {
    const instant = utc('2026-03-31T15:30:00Z');
    expect(dayInZone(instant, 'Asia/Tokyo')).toBe('2026-04-01');
    expect(dayInZone(instant, 'America/Los_Angeles')).toBe('2026-03-31');
  });

  it('names an unknown zone', () => {
    expect(isZone('Asia/Tokyo')).toBe(true);
    expect(isZone('Asia/Tokio')).toBe(false);
    expect(codeOf(() => dayInZone(0, 'Asia/Tokio'))).toBe('ZONE_UNKNOWN');
    expect(codeOf(() => startOfDay(day('2026-03-31'), ''))).toBe('ZONE_UNKNOWN');
    expect(codeOf(() => endOfDay(day('2026-03-31'), 'Mars/Base'))).toBe('ZONE_UNKNOWN');
    expect(codeOf(() => dayInZone(Number.NaN, 'UTC'))).toBe('DAY_OUT_OF_RANGE');
    expect(codeOf(() => dayInZone(8e15, 'UTC'))).toBe('DAY_OUT_OF_RANGE');
    // Beyond what a Date can hold.
    expect(codeOf(() => dayInZone(9e15, 'UTC'))).toBe('DAY_OUT_OF_RANGE');
    expect(codeOf(() => dayInZone(-9e15, 'Asia/Tokyo'))).toBe('DAY_OUT_OF_RANGE');
    expect(() => startOfDay(day('2026-03-31'), 'Mars/Base')).toThrow(
      expect.objectContaining({ details: { zone: 'Mars/Base' }, cause: expect.any(RangeError) as unknown }),
    );
  });
});
