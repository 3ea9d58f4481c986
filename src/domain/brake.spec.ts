import { describe, expect, it } from '@jest/globals';
import { isoDate, type IsoDate } from './calendar.js';
import { daysAhead, isHeld, isLooser, readBrakes, type BrakeConfig, type BrakeCounts } from './brake.js';

const limit = { absolute: 1_000, percent: 5, ignoreUpTo: 10 };
const CONFIG: BrakeConfig = {
  limits: {
    leavers: { ...limit, window: { days: 14, percent: 10 } },
    rescissions: { ...limit, percent: 2 },
    verdict_flips: limit,
    absences: limit,
    amendments: { ...limit, absolute: 50_000, percent: 40 },
    rejected_rows: { ...limit, percent: 20 },
  },
  peakDays: [{ day: '03-31', percent: 12, absolute: 20_000 }],
};

function counts(more: Partial<BrakeCounts>): BrakeCounts {
  return {
    company: 'jp',
    base: 2_000,
    entries: 500,
    rowsRead: 2_000,
    rowsRejected: 0,
    leaversByDay: new Map(),
    rescissions: 0,
    verdictFlips: 0,
    absences: 0,
    amendments: 0,
    earlier: {},
    ...more,
  };
}

const leavers = (...days: [string, number][]): ReadonlyMap<IsoDate, number> =>
  new Map(days.map(([day, count]) => [isoDate(day), count]));
const tripped = (more: Partial<BrakeCounts>): string[] =>
  readBrakes(counts(more), CONFIG)
    .filter((r) => r.tripped)
    .map((r) => `${r.name} ${r.scope}`);

describe(readBrakes, () => {
  it.each<[string, Partial<BrakeCounts>, string[]]>([
    ['an ordinary day passes', { leaversByDay: leavers(['2026-04-10', 100]) }, []],
    [
      'edge-cases/03: a thousand at once are held',
      { leaversByDay: leavers(['2026-04-10', 1_000]) },
      ['leavers run', 'leavers window'],
    ],
    [
      'edge-cases/04: three per cent again and again are held by the window',
      { leaversByDay: leavers(['2026-04-10', 60]), earlier: { leavers: 180 } },
      ['leavers window'],
    ],
    [
      'edge-cases/04: a run that touches nobody is not held for earlier ones',
      { earlier: { leavers: 900 } },
      [],
    ],
    ['edge-cases/05: eight per cent on 31 March pass', { leaversByDay: leavers(['2026-03-31', 160]) }, []],
    [
      'edge-cases/05: a fifth of all on 31 March does not',
      { leaversByDay: leavers(['2026-03-31', 400]) },
      ['leavers_on_peak_days run'],
    ],
    ['a small company can work', { base: 20, leaversByDay: leavers(['2026-04-10', 10]) }, []],
    ['the absolute limit holds in a large one', { base: 1_000_000, absences: 1_001 }, ['absences run']],
    ['rejected rows are of the rows read', { rowsRejected: 401 }, ['rejected_rows run']],
    [
      'a file without one good row is held however small',
      { rowsRead: 3, rowsRejected: 3 },
      ['rejected_rows run'],
    ],
  ])('%s', (_title, more, expected) => {
    expect(tripped(more)).toEqual(expected);
    expect(isHeld(readBrakes(counts(more), CONFIG))).toBe(expected.length > 0);
  });

  const reading = (name: string, more: Partial<BrakeCounts>) =>
    readBrakes(counts(more), CONFIG).find((r) => r.name === name && r.scope === 'run');

  it('a run that read nothing is not held', () => {
    const empty = counts({ base: 0, entries: 0, rowsRead: 0 });
    expect(isHeld(readBrakes(empty, CONFIG))).toBe(false);
  });

  it('shows a limit that the value is above, also for a small file without one good row', () => {
    const small = reading('rejected_rows', { rowsRead: 3, rowsRejected: 3 });
    expect(small).toMatchObject({ value: 3, limit: 2, tripped: true });
    const large = reading('rejected_rows', { rowsRead: 2_000, rowsRejected: 2_000 });
    expect(large).toMatchObject({ value: 2_000, limit: 400, tripped: true });
  });
});

describe(isLooser, () => {
  const changed = (more: Partial<BrakeConfig['limits']['leavers']>): BrakeConfig => ({
    ...CONFIG,
    limits: { ...CONFIG.limits, leavers: { ...CONFIG.limits.leavers, ...more } },
  });

  it.each<[string, BrakeConfig, boolean]>([
    ['the same', CONFIG, false],
    ['I14: a higher absolute limit', changed({ absolute: 1_001 }), true],
    ['I14: a higher percentage', changed({ percent: 6 }), true],
    ['I14: a shorter window', changed({ window: { days: 7, percent: 10 } }), true],
    ['I14: no window any more', changed({ window: undefined }), true],
    [
      'I14: another peak day',
      { ...CONFIG, peakDays: [...CONFIG.peakDays, { day: '04-10', percent: 1, absolute: 1 }] },
      true,
    ],
    ['I14: a window that lets more through', changed({ window: { days: 14, percent: 11 } }), true],
    ['I14: more that never hold by percent', changed({ ignoreUpTo: 11 }), true],
    [
      'I14: a peak day of more per hundred',
      { ...CONFIG, peakDays: [{ day: '03-31', percent: 13, absolute: 20_000 }] },
      true,
    ],
    [
      'I14: a peak day of more at all',
      { ...CONFIG, peakDays: [{ day: '03-31', percent: 12, absolute: 20_001 }] },
      true,
    ],
    ['a peak day of less', { ...CONFIG, peakDays: [{ day: '03-31', percent: 1, absolute: 1 }] }, false],
    ['a peak day less', { ...CONFIG, peakDays: [] }, false],
    ['a window where there was none', changed({ window: { days: 14, percent: 5 } }), false],
    ['a lower limit', changed({ percent: 4 }), false],
    ['a longer window', changed({ window: { days: 30, percent: 10 } }), false],
  ])('%s', (_title, next, expected) => {
    expect(isLooser(CONFIG, next)).toBe(expected);
  });
});

it('holds a file that speaks of a day to come, but for tomorrow', () => {
  const [today, tomorrow, later] = [isoDate('2026-03-31'), isoDate('2026-04-01'), isoDate('2027-03-31')];
  expect(daysAhead('jp', isoDate('2020-01-01'), today)).toBeNull();
  expect(daysAhead('jp', tomorrow, today)).toBeNull();
  expect(daysAhead('jp', isoDate('2026-04-02'), today)).toMatchObject({ value: 2, limit: 1, tripped: true });
  expect(daysAhead('jp', later, today)).toEqual({
    name: 'days_ahead',
    company: 'jp',
    scope: 'run',
    limit: 1,
    value: 365,
    tripped: true,
  });
});
