import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileCron, dueBetween, lastDue, type Cron } from './due-times.js';

const ZONES = ['Asia/Tokyo', 'Europe/London', 'America/New_York', 'Australia/Lord_Howe', 'UTC'];

function cron(text: string, zone = 'UTC'): Cron {
  const compiled = compileCron(text, zone);
  if (compiled === null) throw new Error(text);
  return compiled;
}

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
const between = (of: Cron, from: string, to: string): (string | null)[] =>
  dueBetween(of, Date.parse(from), Date.parse(to)).map(iso);

describe(compileCron, () => {
  it.each([
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '0 0 0 * *',
    '0 0 * 13 *',
    '5-1 * * * *',
    '*/0 * * * *',
    'a * * * *',
    '0 0 31 2 *',
    '0 0 31 4,6 *',
  ])('refuses %p', (text) => expect(compileCron(text, 'UTC')).toBeNull());

  it.each(['* * * * *', '*/15 0-6 1,15 * 1-5', '0 0 29 2 *', '0 0 31 2 1', '5/20 * * * 7'])(
    'takes %p',
    (text) => expect(compileCron(text, 'Asia/Tokyo')).not.toBeNull(),
  );
});

describe(lastDue, () => {
  it.each([
    ['the minute itself is due', '* * * * *', 'UTC', '2026-03-01T00:00:00Z', '2026-03-01T00:00:00.000Z'],
    [
      'seconds are not rounded up',
      '* * * * *',
      'UTC',
      '2026-03-01T00:00:59.999Z',
      '2026-03-01T00:00:00.000Z',
    ],
    ['02:30 in Tokyo', '30 2 * * *', 'Asia/Tokyo', '2026-03-01T00:00:00Z', '2026-02-28T17:30:00.000Z'],
    ['year end in Tokyo', '0 0 1 1 *', 'Asia/Tokyo', '2026-12-31T14:59:59Z', '2025-12-31T15:00:00.000Z'],
    ['year begins in Tokyo', '0 0 1 1 *', 'Asia/Tokyo', '2026-12-31T15:00:00Z', '2026-12-31T15:00:00.000Z'],
    ['leap day', '0 12 29 2 *', 'UTC', '2027-06-01T00:00:00Z', '2024-02-29T12:00:00.000Z'],
    ['leap day across 2100', '0 12 29 2 *', 'UTC', '2104-02-29T11:59:00Z', '2096-02-29T12:00:00.000Z'],
    ['either day field', '0 0 13 * 5', 'UTC', '2026-03-12T00:00:00Z', '2026-03-06T00:00:00.000Z'],
    ['Sunday is 0 and 7', '0 0 * * 7', 'UTC', '2026-03-07T00:00:00Z', '2026-03-01T00:00:00.000Z'],
  ])('R17: %s', (_title, text, zone, now, expected) => {
    expect(iso(lastDue(cron(text, zone), Date.parse(now)))).toBe(expected);
  });
});

describe('R17: clock changes of the zone', () => {
  it('a time that is left out comes due when the clock goes on', () => {
    expect(
      between(cron('30 2 * * *', 'America/New_York'), '2026-03-07T12:00:00Z', '2026-03-09T12:00:00Z'),
    ).toEqual(['2026-03-08T07:30:00.000Z', '2026-03-09T06:30:00.000Z']);
  });

  it('a time that comes twice is due once', () => {
    expect(
      between(cron('30 1 * * *', 'Europe/London'), '2026-10-24T12:00:00Z', '2026-10-26T12:00:00Z'),
    ).toEqual(['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z']);
  });

  it('every minute is every minute: of a day of 23, 24 and 25 hours', () => {
    for (const [day, next, minutes] of [
      ['2026-03-29T00:00:00Z', '2026-03-29T23:00:00Z', 1_380],
      ['2026-06-01T23:00:00Z', '2026-06-02T23:00:00Z', 1_440],
      ['2026-10-24T23:00:00Z', '2026-10-26T00:00:00Z', 1_500],
    ] as const) {
      expect(
        dueBetween(cron('* * * * *', 'Europe/London'), Date.parse(day) - 1, Date.parse(next)),
      ).toHaveLength(minutes);
    }
  });
});

describe('R17: properties', () => {
  const anyCron = fc
    .tuple(
      fc.constantFrom('*', '0', '30', '*/7', '0,59'),
      fc.constantFrom('*', '0', '2', '1-3', '23'),
      fc.constantFrom('*', '1', '29', '31'),
      fc.constantFrom('*', '2', '12', '1,3'),
      fc.constantFrom('*', '0', '1-5'),
      fc.constantFrom(...ZONES),
    )
    .map(([m, h, d, month, w, zone]) => compileCron(`${m} ${h} ${d} ${month} ${w}`, zone))
    .filter((compiled) => compiled !== null);
  const instant = fc.integer({ min: Date.parse('2023-12-30'), max: Date.parse('2029-01-02') });

  it('walking in steps of any size finds each due instant once: none skipped, none doubled', () => {
    fc.assert(
      fc.property(
        anyCron,
        instant,
        fc.array(fc.integer({ min: 1, max: 40 * 3_600_000 }), { maxLength: 12 }),
        (of, start, steps) => {
          let now = start;
          const found: number[] = [];
          for (const step of steps) {
            found.push(...dueBetween(of, now, now + step + 1));
            now += step;
          }
          expect(found).toEqual(dueBetween(of, start, now + (steps.length === 0 ? 0 : 1)));
          expect(new Set(found).size).toBe(found.length);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('the last due instant is the end of what was due until now', () => {
    fc.assert(
      fc.property(anyCron, instant, (of, now) => {
        const last = lastDue(of, now);
        const due = dueBetween(of, now - 3 * 86_400_000, now + 1);
        if (due.length > 0) expect(last).toBe(due.at(-1));
        if (last !== null) expect(last).toBeLessThanOrEqual(now);
      }),
      { numRuns: 150 },
    );
  });
});
