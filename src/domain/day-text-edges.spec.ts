import { describe, expect, it } from '@jest/globals';
import { readDay, type DayReading, type DayTextOptions } from './day-text.js';
import { resolveSlash } from './day-text-column.js';

const read = (text: string, options: Partial<DayTextOptions> = {}): DayReading =>
  readDay(text, { zone: 'Asia/Tokyo', ...options });

/** The day, or why there is none; `slash` for a cell that an order has to decide. */
function said(reading: DayReading): string {
  if (reading.kind === 'day') return reading.day;
  if (reading.kind === 'invalid') return reading.code;
  return reading.kind === 'noEnd' ? `noEnd ${reading.found}` : reading.kind;
}

describe('what is written like a day and is none', () => {
  it.each([
    ['2026年3月31日2', 'DAY_UNREADABLE'],
    ['xr080331', 'DAY_UNREADABLE'],
    ['R0803311', 'DAY_UNREADABLE'],
    ['123/3/31', 'DAY_UNREADABLE'],
    ['3/31/026', 'DAY_UNREADABLE'],
    ['2026/3/310', 'DAY_UNREADABLE'],
    ['46112.5x', 'DAY_UNREADABLE'],
    ['46112.25', 'DAY_SERIAL_UNDECLARED'],
    ['260331.5', 'DAY_UNREADABLE'],
    ['2026033.1', 'DAY_UNREADABLE'],
    ['2026-03/31', 'DAY_UNREADABLE'],
    ['2026_03_31', 'DAY_UNREADABLE'],
    ['2026x03x31', 'DAY_UNREADABLE'],
    ['2026-0:-10', 'DAY_UNREADABLE'],
    ['2026年十一二月3日', 'DAY_UNREADABLE'],
    ['二〇二六/三/三一', 'DAY_UNREADABLE'],
    ['二十十六年三月三日', 'DAY_UNREADABLE'],
    ['R0.3.31', 'DAY_NOT_IN_ERA'],
    ['令和0年3月31日', 'DAY_NOT_IN_ERA'],
    ['R0.13.1', 'DAY_NOT_IN_ERA'],
    ['R8.13.1', 'DAY_INVALID'],
    ['00/00/00', 'DAY_INVALID'],
    ['00/00/0', 'DAY_INVALID'],
    ['99999999', 'DAY_INVALID'],
    ['13131867', 'DAY_INVALID'],
  ])('%s is refused: %s', (text, expected) => {
    expect(said(read(text))).toBe(expected);
  });

  it('a text of 64 characters is looked at, a longer one is not', () => {
    const padded = (length: number) => `2026/3/31${' '.repeat(length - 9)}`;
    expect(said(read(padded(64)))).toBe('2026-03-31');
    expect(said(read(padded(65)))).toBe('DAY_UNREADABLE');
  });
});

describe('what is a day all the same', () => {
  it.each([
    ['2026年3月31', '2026-03-31'],
    ['2026\u30fb3\u30fb31', '2026-03-31'],
    ['2026ー3ー31', '2026-03-31'],
    ['2026/3/31   10:00', '2026-03-31'],
    ['2026/3/31, 10:00', '2026-03-31'],
    ['Mar 31, 2026, 10:00:00 AM', '2026-03-31'],
    ['31  March   2026', '2026-03-31'],
    ['二千', 'DAY_UNREADABLE'],
    ['二〇二六年十月十日', '2026-10-10'],
    ['二〇二六年十二月二十日', '2026-12-20'],
    ['二〇二六年一月二十一日', '2026-01-21'],
    ['2026/3/31(火)', '2026-03-31'],
    ['2026/3/30 (月)', '2026-03-30'],
    ['1/1/2199', 'slash'],
    ['2199-12-31', '2199-12-31'],
    ['2200-01-01', 'DAY_OUT_OF_RANGE'],
    ['1868-01-01', '1868-01-01'],
    ['1867-12-31', 'DAY_OUT_OF_RANGE'],
    ['31121868', 'slash'],
    ['12311868', 'slash'],
    ['31121867', 'DAY_INVALID'],
    ['12311926', 'slash'],
    ['19261231', '1926-12-31'],
    ['20111210', '2011-12-10'],
  ])('%s is %s', (text, expected) => {
    expect(said(read(text))).toBe(expected);
  });

  it.each([
    ['Monday', 30],
    ['Tue', 31],
    ['Wed', 1],
    ['Thurs', 2],
    ['Fri', 3],
    ['Saturday', 4],
    ['Sun', 5],
  ])('%s is the day of the week of that day and of no other', (name, day) => {
    const [month, year] = day >= 30 ? ['March', 2026] : ['April', 2026];
    expect(said(read(`${name}, ${month} ${day}, ${year}`))).toMatch(/^2026-0[34]-\d\d$/);
    expect(said(read(`${name}, ${month} ${day === 31 ? 30 : day + 1}, ${year}`))).toBe(
      'DAY_WEEKDAY_MISMATCH',
    );
  });
});

describe('the time beside a day, where an offset makes it count', () => {
  // 15:00 UTC is midnight in Tokyo.
  it.each([
    ['2026-03-31 14:59:59 Z', '2026-03-31'],
    ['2026-03-31 15:00 UTC', '2026-04-01'],
    ['2026-03-31 15:00:30 UTC', '2026-04-01'],
    ['2026-03-31T15:00:00.123456789Z', '2026-04-01'],
    ['2026-03-31T14:59:59,999Z', '2026-03-31'],
    ['2026-03-31T24:00Z', 'DAY_TIME_INVALID'],
    ['2026-03-31 02:59:59 PM Z', '2026-03-31'],
    ['2026-03-31 03:00 PM Z', '2026-04-01'],
    ['2026-03-31 03:00 AM Z', '2026-03-31'],
    ['2026-03-31 12:00 AM Z', '2026-03-31'],
    ['2026-03-31 12:30 PM Z', '2026-03-31'],
    ['2026-03-31 11:30 PM Z', '2026-04-01'],
    ['2026-03-31 1:00 AM', '2026-03-31'],
    ['2026-03-31 0:30 AM', 'DAY_TIME_INVALID'],
    ['2026-03-31 13:00 PM', 'DAY_TIME_INVALID'],
    ['2026-03-31 10:00:60', 'DAY_TIME_INVALID'],
    ['2026-03-31 10:59:59', '2026-03-31'],
    ['2026-03-31T15:00:00+00', '2026-04-01'],
    ['2026-03-31T15:00:00+00:30', '2026-03-31'],
    ['2026-03-31T14:30:00-0030', '2026-04-01'],
    ['2026-03-31T14:29:59-00:30', '2026-03-31'],
    ['2026-03-31T20:30:00+05:30', '2026-04-01'],
    ['2026-03-31T20:29:59+05:30', '2026-03-31'],
    ['2026-03-31T10:00:00+14:00', '2026-03-31'],
    ['2026-03-31T10:00:00+14:01', 'DAY_TIME_INVALID'],
    ['2026-03-31T10:00:00+05:59', '2026-03-31'],
    ['2026-03-31T10:00:00+05:60', 'DAY_TIME_INVALID'],
    ['20260331T150000.5Z', '2026-04-01'],
    ['20260331150000.123456789+0000', '2026-04-01'],
    ['20260331 145959Z', '2026-03-31'],
    ['20260331T203000+05:30', '2026-04-01'],
    ['20260331T143000-0030', '2026-04-01'],
    ['20260331T250000', 'DAY_TIME_INVALID'],
    ['120260331T150000', 'DAY_UNREADABLE'],
    ['20260331T150000ZZ', 'DAY_UNREADABLE'],
    ['2026-03-31T15:00:00Z[Etc/UTC]', '2026-04-01'],
    ['2026-03-31T15:00:00Z[Etc/UTC', 'DAY_UNREADABLE'],
    ['2026-03-31 15:00 GMT', '2026-04-01'],
    ['2026年3月31日15:00', '2026-03-31'],
    ['2026年3月31日0:00:00', '2026-03-31'],
    ['2199-12-31T15:00:00Z', 'DAY_OUT_OF_RANGE'],
    ['2200-01-01T00:00:00+10:00', '2199-12-31'],
  ])('%s in Tokyo is %s', (text, expected) => {
    expect(said(read(text))).toBe(expected);
  });
});

describe('the order of numeric days, where not every reading is a day', () => {
  it('a day that the list calls never is one as written and as it is in the zone', () => {
    const noEndDays = ['2026-04-01'];
    expect(said(read('2026-03-31T15:00:00Z', { noEndDays }))).toBe('noEnd 2026-04-01');
    expect(said(read('2026-04-01T15:00:00Z', { noEndDays }))).toBe('noEnd 2026-04-01');
    expect(said(read('2026-04-02T15:00:00Z', { noEndDays }))).toBe('2026-04-03');
  });

  it('of the last day of all nobody asks what day it was elsewhere', () => {
    for (const text of ['9999-12-31T15:00:00Z', '9999-12-31T23:59:59-14:00'])
      expect(said(read(text, { noEndDays: [] }))).toBe('DAY_OUT_OF_RANGE');
  });

  it.each([
    // Of two reasons the more telling one: a real day that cannot be says more than one that does not exist.
    ['31/12/1800', 'DAY_OUT_OF_RANGE'],
    ['31/13/1800', 'DAY_INVALID'],
    ['31/02/2026', 'DAY_INVALID'],
    ['12/31/1800', 'DAY_OUT_OF_RANGE'],
    ['31/12/2026(月)', 'DAY_WEEKDAY_MISMATCH'],
  ])('%s is refused: %s', (text, expected) => {
    expect(said(read(text))).toBe(expected);
  });

  it('shows a day only where an order gives one', () => {
    expect(read('26/3/31')).toEqual({
      kind: 'slash',
      asYmd: '2026-03-31',
      asDmy: '2031-03-26',
      asMdy: null,
      noEnd: [],
    });
    expect(read('1/2/2026')).toMatchObject({ asYmd: null, asMdy: '2026-01-02', asDmy: '2026-02-01' });
    expect(read('3-Mar-26')).toMatchObject({ asYmd: null, asMdy: null, asDmy: '2026-03-03' });
  });
});

describe('spreadsheet serials at their edges', () => {
  it.each([
    ['1899', '1900', '1905-03-13'],
    ['1900', '1900', 'DAY_AMBIGUOUS'],
    ['2199', '1900', 'DAY_AMBIGUOUS'],
    ['2200', '1900', '1906-01-08'],
    ['59', '1900', '1900-02-28'],
    ['61', '1900', '1900-03-01'],
    ['2', '1900', '1900-01-02'],
    ['46112.25', '1900', '2026-03-31'],
    ['46112.', '1900', 'DAY_UNREADABLE'],
    ['61', '1904', '1904-03-02'],
    ['2957003', '1904', 'noEnd 9999-12-31'],
  ] as const)('%s of %s is %s', (text, excelSerial, expected) => {
    expect(said(read(text, { excelSerial }))).toBe(expected);
  });
});

describe('the list of days that mean no end', () => {
  it.each(['x9999-12-31', '9999-12-31x', '9999/12/31', '99991231', '', '9999-13-31'])(
    'does not take %j',
    (entry) => {
      expect(() => read('2026/3/31', { noEndDays: ['9999-12-31', entry] })).toThrow(
        expect.objectContaining({ code: 'DAY_NO_END_INVALID', details: { entry } }),
      );
    },
  );

  it('tells apart days of one sum', () => {
    const noEndDays = ['2026-02-11'];
    for (const other of ['2026-03-10', '2026-01-12', '2025-02-12', '2027-02-10', '2026-11-02'])
      expect(said(read(other, { noEndDays }))).toBe(other);
    expect(said(read('2026-02-11', { noEndDays }))).toBe('noEnd 2026-02-11');
  });
});

describe('edge-cases/31: a cell under the order of its column', () => {
  it('is refused where that order makes no day of it', () => {
    expect(said(resolveSlash(read('31/12/2026'), { kind: 'order', order: 'mdy' }))).toBe(
      'DAY_ORDER_MISMATCH',
    );
  });

  it('is read where the declared order is that of the column, and refused where it is another', () => {
    const cell = read('03/04/2026');
    expect(said(resolveSlash(cell, { kind: 'order', order: 'mdy' }, 'mdy'))).toBe('2026-03-04');
    expect(said(resolveSlash(cell, { kind: 'order', order: 'mdy' }, 'dmy'))).toBe('DAY_ORDER_MISMATCH');
  });
});
