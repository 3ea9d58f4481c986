import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runs } from '../../test/support/runs.js';
import { addDays, isoDate, type IsoDate } from './calendar.js';
import {
  addEvidence,
  emptyEvidence,
  judgeOrder,
  resolveSlash,
  type DayOrderVerdict,
} from './day-text-column.js';
import { readDay, type DayReading } from './day-text.js';
import type { DayOrder } from './day-text-shapes.js';

const read = (text: string): DayReading => readDay(text, { zone: 'Asia/Tokyo' });

function judge(cells: readonly string[]): DayOrderVerdict {
  return judgeOrder(cells.map(read).reduce(addEvidence, emptyEvidence()));
}

function resolve(cells: readonly string[], declared: DayOrder | null = null): string[] {
  const verdict = judge(cells);
  return cells.map((cell) => {
    const reading = resolveSlash(read(cell), verdict, declared);
    if (reading.kind === 'day') return reading.day;
    return reading.kind === 'invalid' ? reading.code : reading.kind;
  });
}

describe(judgeOrder, () => {
  it.each([
    ['one cell that decides', ['03/04/2026', '12/25/2026'], { kind: 'order', order: 'mdy' }],
    ['the other order', ['03/04/2026', '25/12/2026'], { kind: 'order', order: 'dmy' }],
    ['years in front', ['26/3/31', '85/4/1'], { kind: 'order', order: 'ymd' }],
    ['nothing decides', ['03/04/2026', '05/06/2026'], { kind: 'undecided', orders: ['mdy', 'dmy'] }],
    ['both orders', ['31/12/2026', '12/31/2026', '03/04/2026'], { kind: 'mixed' }],
    [
      'no such cells',
      ['2026/3/31', '', '令和8年3月31日', 'x'],
      { kind: 'undecided', orders: ['ymd', 'mdy', 'dmy'] },
    ],
    ['a "no end" cell is evidence too', ['03/04/2026', '31/12/9999'], { kind: 'order', order: 'dmy' }],
    [
      'a cell no order explains is not',
      ['03/04/2026', '31/02/2026'],
      { kind: 'undecided', orders: ['mdy', 'dmy'] },
    ],
  ] as const)('%s', (_title, cells, verdict) => {
    expect(judge(cells)).toEqual(verdict);
  });

  it.each(['2026/3/31', '2026-03-31', '9999-12-31', '', 'x'])('takes no notice of %j', (cell) => {
    expect(addEvidence(emptyEvidence(), read(cell))).toEqual(emptyEvidence());
  });

  it('does not depend on the order of the cells', () => {
    const cells = ['03/04/2026', '12/25/2026', '2026/3/31', '31/12/9999', '26/3/31'];
    fc.assert(
      fc.property(fc.shuffledSubarray(cells, { minLength: cells.length }), (shuffled) => {
        expect(judge(shuffled)).toEqual(judge(cells));
      }),
    );
  });
});

describe(resolveSlash, () => {
  it('reads the whole column by the one order that explains it', () => {
    expect(resolve(['03/04/2026', '12/25/2026', '2026/3/31', ''])).toEqual([
      '2026-03-04',
      '2026-12-25',
      '2026-03-31',
      'blank',
    ]);
  });

  it('lets a declared order decide what the column leaves open', () => {
    expect(resolve(['03/04/2026'])).toEqual(['DAY_AMBIGUOUS']);
    expect(resolve(['03/04/2026'], 'dmy')).toEqual(['2026-04-03']);
    expect(resolve(['03/04/2026'], 'mdy')).toEqual(['2026-03-04']);
    expect(resolve(['03/04/2026'], 'ymd')).toEqual(['DAY_ORDER_MISMATCH']);
  });

  it('believes neither a declared order nor a cell that the column contradicts', () => {
    expect(resolve(['03/04/2026', '25/12/2026'], 'mdy')).toEqual([
      'DAY_ORDER_MISMATCH',
      'DAY_ORDER_MISMATCH',
    ]);
    expect(resolve(['03/04/2026', '25/12/2026', '12/25/2026', '2026-03-31'], 'mdy')).toEqual([
      'DAY_ORDER_MIXED',
      'DAY_ORDER_MIXED',
      'DAY_ORDER_MIXED',
      '2026-03-31',
    ]);
  });

  it('takes a cell that says the same day in every order', () => {
    expect(resolve(['05/05/2026', '03/04/2026'])).toEqual(['2026-05-05', 'DAY_AMBIGUOUS']);
  });

  it('does not turn "no end" into a day', () => {
    const open: DayOrderVerdict = { kind: 'undecided', orders: ['mdy', 'dmy'] };
    const reading = readDay('02/01/2100', { zone: 'UTC', noEndDays: ['2100-01-02'] });
    expect(resolveSlash(reading, open, 'dmy')).toEqual({
      kind: 'noEnd',
      found: '2100-01-02',
      orders: ['dmy'],
    });
    expect(resolveSlash(reading, open, 'mdy')).toEqual({ kind: 'day', day: '2100-02-01' });
  });
});

const anyDay = fc.integer({ min: 0, max: 40_000 }).map((n) => addDays(isoDate('1960-01-01'), n));

function write(day: IsoDate, order: DayOrder, hasShortYear: boolean): string {
  const [year = '', month, dayOfMonth] = day.split('-');
  const y = hasShortYear ? year.slice(2) : year;
  if (order === 'ymd') return `${year.slice(2)}/${month}/${dayOfMonth}`;
  return order === 'mdy' ? `${month}/${dayOfMonth}/${y}` : `${dayOfMonth}/${month}/${y}`;
}

describe('edge-cases/31', () => {
  it('edge-cases/31: a column is read by one order or not at all, never half one way and half the other', () => {
    const cell = fc.record({
      day: anyDay,
      order: fc.constantFrom<DayOrder>('ymd', 'mdy', 'dmy'),
      hasShortYear: fc.boolean(),
    });
    const column = fc.array(cell, { minLength: 1, maxLength: 12 });
    const declaration = fc.constantFrom<DayOrder | null>(null, 'ymd', 'mdy', 'dmy');
    fc.assert(
      fc.property(column, declaration, fc.boolean(), (cells, declared, isPure) => {
        const texts = cells.map(({ day, order, hasShortYear }) =>
          write(day, isPure ? (cells[0]?.order ?? order) : order, hasShortYear),
        );
        const readings = texts.map(read);
        const verdict = judgeOrder(readings.reduce(addEvidence, emptyEvidence()));
        const orders = (['ymd', 'mdy', 'dmy'] as const).filter((order) => fits(readings, order));
        const taken = readings.flatMap((reading) => {
          const resolved = resolveSlash(reading, verdict, declared);
          return reading.kind === 'slash' && resolved.kind === 'day' ? [{ reading, day: resolved.day }] : [];
        });
        // One order accounts for every day that was taken.
        expect(
          (['ymd', 'mdy', 'dmy'] as const).some((order) =>
            taken.every(({ reading, day }) => under(reading, order, day)),
          ),
        ).toBe(true);
        // What is taken without a declaration was decided by the column alone.
        if (declared === null && taken.some(({ reading }) => isOpen(reading))) expect(orders).toHaveLength(1);
      }),
      { numRuns: runs(10_000) },
    );
  });

  it('edge-cases/31: a column in one order with a cell that decides gives back every day', () => {
    const order = fc.constantFrom<DayOrder>('mdy', 'dmy');
    fc.assert(
      fc.property(fc.array(anyDay, { maxLength: 20 }), order, (days, written) => {
        const column = [...days, isoDate('2026-12-31')];
        expect(resolve(column.map((day) => write(day, written, false)))).toEqual(column);
      }),
      { numRuns: runs(2000) },
    );
  });
});

function under(reading: DayReading, order: DayOrder, day: IsoDate): boolean {
  if (reading.kind !== 'slash') return true;
  return { ymd: reading.asYmd, mdy: reading.asMdy, dmy: reading.asDmy }[order] === day;
}

function fits(readings: readonly DayReading[], order: DayOrder): boolean {
  return readings.every(
    (reading) =>
      reading.kind !== 'slash' ||
      { ymd: reading.asYmd, mdy: reading.asMdy, dmy: reading.asDmy }[order] !== null,
  );
}

/** True when two orders give different days. */
function isOpen(reading: DayReading): boolean {
  if (reading.kind !== 'slash') return false;
  const days = [reading.asYmd, reading.asMdy, reading.asDmy].filter((day) => day !== null);
  return new Set(days).size > 1;
}
