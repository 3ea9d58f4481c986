import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runs } from '../../test/support/runs.js';
import { addDays, isoDate, weekdayOf, type IsoDate } from './calendar.js';
import { readDay, type DayReading, type DayTextOptions } from './day-text.js';

const TOKYO: DayTextOptions = { zone: 'Asia/Tokyo' };
const read = (text: string, options: Partial<DayTextOptions> = {}): DayReading =>
  readDay(text, { ...TOKYO, ...options });

/** One word for a reading, so that tables stay readable. */
function said(reading: DayReading): string {
  switch (reading.kind) {
    case 'day':
      return reading.day;
    case 'invalid':
      return reading.code;
    case 'noEnd':
      return `noEnd ${reading.found}`;
    case 'slash':
      return `slash dmy=${reading.asDmy ?? '-'} mdy=${reading.asMdy ?? '-'} ymd=${reading.asYmd ?? '-'}`;
    case 'blank':
      return 'blank';
  }
}

describe('one day in all its shapes', () => {
  it.each([
    '2026-03-31',
    '2026/03/31',
    '2026/3/31',
    '2026/ 3/31',
    '2026.3.31',
    '2026.03.31',
    '2026. 3. 31.',
    '20260331',
    '2026年3月31日',
    '2026年03月31日',
    '2026年 3月31日',
    '２０２６年３月３１日',
    '２０２６／０３／３１',
    '２０２６－０３－３１',
    '2026‐03‐31',
    '2026−03−31',
    ' 2026/3/31 ',
    '\u30002026/3/31\u00a0',
    '\ufeff2026/3/31',
    '2026/3/31(火)',
    '2026/03/31（火）',
    '2026年3月31日（火曜日）',
    '2026年3月31日 火曜日',
    '2026年3月31日火曜日',
    '2026年3月31日㈫',
    'R8.3.31',
    'r8.3.31',
    'R8/3/31',
    'R08-03-31',
    'R 8. 3.31',
    'R.8.3.31',
    'R080331',
    'Ｒ８．３．３１',
    '令和8年3月31日',
    '令和８年３月３１日（火）',
    '令和八年三月三十一日',
    '二〇二六年三月三十一日',
    '令8.3.31',
    '㋿8年3月31日',
    '㋿8.3.31',
    '31-Mar-2026',
    '31-MAR-2026',
    '31 March 2026',
    '31st March 2026',
    '31Mar2026',
    'Mar 31, 2026',
    'March 31, 2026',
    'Mar. 31 2026',
    'Tue, 31 Mar 2026',
    'Tuesday, March 31, 2026',
    '2026-Mar-31',
    '2026-03-31T00:00:00',
    '2026-03-31T00:00:00.000',
    '2026-03-31 00:00',
    '2026/3/31 0:00:00',
    '2026/3/31(火) 0:00',
    '2026/03/31 23:59:59',
    '2026-03-31T00:00:00+09:00',
    '2026-03-31T00:00:00+09:00[Asia/Tokyo]',
    '2026-03-30T15:00:00Z',
    '2026-03-31T14:59:59.999Z',
    '2026-03-30T08:00:00.000-07:00',
    '20260331T000000',
    '20260331000000',
    '20260330150000Z',
    '31032026',
  ])('%s', (text) => {
    expect(said(read(text, { order: 'dmy' }))).toBe('2026-03-31');
  });

  it.each([
    ['令和元年5月1日', '2019-05-01'],
    ['R1.5.1', '2019-05-01'],
    ['平成31年4月30日', '2019-04-30'],
    ['H31.4.30', '2019-04-30'],
    ['㍻元年1月8日', '1989-01-08'],
    ['昭和64年1月7日', '1989-01-07'],
    ['S39.10.10', '1964-10-10'],
    ['大正15年12月25日', '1926-12-25'],
    ['昭和元年12月25日', '1926-12-25'],
    ['T1.7.30', '1912-07-30'],
    ['明治45年7月30日', '1912-07-30'],
    ['M45/7/29', '1912-07-29'],
    ['2024/2/29', '2024-02-29'],
    ['H12.2.29', '2000-02-29'],
  ])('%s is %s', (text, day) => {
    expect(said(read(text))).toBe(day);
  });

  it.each([
    ['H31.5.1', 'DAY_NOT_IN_ERA'],
    ['R1.4.30', 'DAY_NOT_IN_ERA'],
    ['昭和64年1月8日', 'DAY_NOT_IN_ERA'],
    ['平成元年1月7日', 'DAY_NOT_IN_ERA'],
    ['平成32年3月31日', 'DAY_NOT_IN_ERA'],
    ['S0.3.31', 'DAY_NOT_IN_ERA'],
    ['明治5年12月2日', 'DAY_NOT_IN_ERA'],
    ['R8.2.29', 'DAY_INVALID'],
    ['2026/2/29', 'DAY_INVALID'],
    ['31/02/2026', 'DAY_INVALID'],
    ['31-Feb-2026', 'DAY_INVALID'],
    ['2026/31/3', 'DAY_INVALID'],
    ['20260231', 'DAY_INVALID'],
    ['31/02', 'DAY_INCOMPLETE'],
    ['3月31日', 'DAY_INCOMPLETE'],
    ['2026年3月', 'DAY_INCOMPLETE'],
    ['R8.3', 'DAY_INCOMPLETE'],
    ['2026', 'DAY_INCOMPLETE'],
    ['Mar 2026', 'DAY_INCOMPLETE'],
    ['8年3月31日', 'DAY_AMBIGUOUS'],
    ['26年3月31日', 'DAY_AMBIGUOUS'],
    ['260331', 'DAY_AMBIGUOUS'],
    ['3/4/5', 'DAY_AMBIGUOUS'],
    ['46112', 'DAY_SERIAL_UNDECLARED'],
    ['46112.5', 'DAY_SERIAL_UNDECLARED'],
    ['2026/3/31(水)', 'DAY_WEEKDAY_MISMATCH'],
    ['Monday, March 31, 2026', 'DAY_WEEKDAY_MISMATCH'],
    ['2026-03-31T24:00:00', 'DAY_TIME_INVALID'],
    ['2026-03-31 10:60', 'DAY_TIME_INVALID'],
    ['2026-03-31T00:00:00+15:00', 'DAY_TIME_INVALID'],
    ['2026/3-31', 'DAY_UNREADABLE'],
    ['2026/003/31', 'DAY_UNREADABLE'],
    ['12026/3/31', 'DAY_UNREADABLE'],
    ['5080331', 'DAY_UNREADABLE'],
    ['未定', 'DAY_UNREADABLE'],
    ['2026/3/31退職', 'DAY_UNREADABLE'],
    ['2026/3/31～', 'DAY_UNREADABLE'],
    ['2026/3/31 2026/4/1', 'DAY_UNREADABLE'],
    ['-2026-03-31', 'DAY_UNREADABLE'],
    ['R8.3.31年', 'DAY_UNREADABLE'],
    ['0202-03-31', 'DAY_OUT_OF_RANGE'],
    ['2926-03-31', 'DAY_OUT_OF_RANGE'],
    ['0001-01-01T00:00:00', 'DAY_OUT_OF_RANGE'],
    [`2026-03-31${'0'.repeat(60_000)}`, 'DAY_UNREADABLE'],
  ])('%.40s is refused: %s', (text, code) => {
    expect(said(read(text))).toBe(code);
  });

  it.each(['', ' ', '\u3000', '\t', ' '.repeat(100)])('"%s" is blank', (text) => {
    expect(read(text)).toEqual({ kind: 'blank' });
  });
});

describe('the order of numeric days', () => {
  it.each([
    ['3/31/26', 'slash dmy=- mdy=2026-03-31 ymd=-'],
    ['03/04/2026', 'slash dmy=2026-04-03 mdy=2026-03-04 ymd=-'],
    ['31.12.2026', 'slash dmy=2026-12-31 mdy=- ymd=-'],
    ['26/3/31', 'slash dmy=2031-03-26 mdy=- ymd=2026-03-31'],
    ['85/3/31', 'slash dmy=- mdy=- ymd=1985-03-31'],
    ['03/04/26', 'slash dmy=2026-04-03 mdy=2026-03-04 ymd=2003-04-26'],
    ['03042026', 'slash dmy=2026-04-03 mdy=2026-03-04 ymd=-'],
    ['31-Mar-26', 'slash dmy=2026-03-31 mdy=- ymd=2031-03-26'],
    ['Mar 31, 26', 'slash dmy=- mdy=2026-03-31 ymd=-'],
    ['3/31/2026 12:00:00 AM', 'slash dmy=- mdy=2026-03-31 ymd=-'],
    ['05/05/2026', 'slash dmy=2026-05-05 mdy=2026-05-05 ymd=-'],
    // 4 March 2026 is a Wednesday, 3 April a Friday: the weekday rules one reading out.
    ['03/04/2026(水)', 'slash dmy=- mdy=2026-03-04 ymd=-'],
  ])('%s alone decides nothing: %s', (text, expected) => {
    expect(said(read(text))).toBe(expected);
  });

  it.each([
    ['3/31/26', 'mdy', '2026-03-31'],
    ['31/3/26', 'dmy', '2026-03-31'],
    ['26/3/31', 'ymd', '2026-03-31'],
    ['03/04/2026', 'mdy', '2026-03-04'],
    ['03/04/2026', 'dmy', '2026-04-03'],
    ['31-Mar-26', 'dmy', '2026-03-31'],
    ['3/31/2026 11:30:00 PM', 'mdy', '2026-03-31'],
    ['31/12/2026', 'mdy', 'DAY_ORDER_MISMATCH'],
    ['03/04/2026', 'ymd', 'DAY_ORDER_MISMATCH'],
    ['31/02/2026', 'dmy', 'DAY_INVALID'],
    // A year of four digits in front leaves no order open.
    ['2026/3/31', 'dmy', '2026-03-31'],
  ] as const)('%s under the declared order %s is %s', (text, order, expected) => {
    expect(said(read(text, { order }))).toBe(expected);
  });

  it('takes the declared pivot for years of two digits', () => {
    expect(said(read('1/2/69', { order: 'mdy' }))).toBe('2069-01-02');
    expect(said(read('1/2/70', { order: 'mdy' }))).toBe('1970-01-02');
    expect(said(read('1/2/40', { order: 'mdy', twoDigitYearPivot: 30 }))).toBe('1940-01-02');
  });
});

describe('edge-cases/12: an instant is the day of the work site', () => {
  it.each([
    ['2026-03-31T15:30:00Z', 'Asia/Tokyo', '2026-04-01'],
    ['2026-03-31T15:30:00Z', 'America/Los_Angeles', '2026-03-31'],
    ['2026-04-01T00:00:00+09:00', 'America/Los_Angeles', '2026-03-31'],
    ['2026-03-31T23:30:00-07:00', 'Asia/Tokyo', '2026-04-01'],
    ['2026-03-31T00:00:00', 'America/Los_Angeles', '2026-03-31'],
    ['2026-06-30T23:30:00Z', 'Europe/London', '2026-07-01'],
  ])('%s in %s is %s', (text, zone, day) => {
    expect(said(read(text, { zone }))).toBe(day);
  });

  it('names a wrong zone as the configuration error that it is', () => {
    expect(() => read('2026-03-31T00:00:00Z', { zone: 'Asia/Tokio' })).toThrow(
      expect.objectContaining({ code: 'ZONE_UNKNOWN' }),
    );
  });
});

describe('spreadsheet serials', () => {
  it.each([
    ['46112', '1900', '2026-03-31'],
    ['46112.999', '1900', '2026-03-31'],
    ['４６１１２', '1900', '2026-03-31'],
    ['59', '1900', '1900-02-28'],
    ['60', '1900', 'DAY_INVALID'],
    ['60.5', '1900', 'DAY_INVALID'],
    ['61', '1900', '1900-03-01'],
    ['0', '1900', 'DAY_INVALID'],
    ['1', '1900', 'noEnd 1900-01-01'],
    ['2958465', '1900', 'noEnd 9999-12-31'],
    ['2958466', '1900', 'DAY_OUT_OF_RANGE'],
    ['260331', '1900', 'DAY_OUT_OF_RANGE'],
    ['2026', '1900', 'DAY_AMBIGUOUS'],
    ['44650', '1904', '2026-03-31'],
    ['0', '1904', '1904-01-01'],
    ['60', '1904', '1904-03-01'],
    ['20260331', '1900', '2026-03-31'],
    ['2026/3/31', '1900', '2026-03-31'],
    ['-1', '1900', 'DAY_UNREADABLE'],
    ['4.6112E4', '1900', 'DAY_UNREADABLE'],
  ] as const)('%s of %s is %s', (text, excelSerial, expected) => {
    expect(said(read(text, { excelSerial }))).toBe(expected);
  });
});

describe('edge-cases/28: days that mean no end', () => {
  it.each([
    ['4712-12-31', '4712-12-31'],
    ['9999-12-31', '9999-12-31'],
    ['9999/12/31', '9999-12-31'],
    ['99991231', '9999-12-31'],
    ['9999年12月31日', '9999-12-31'],
    ['２９９９／１２／３１', '2999-12-31'],
    ['31/12/9999', '9999-12-31'],
    ['12/31/9999', '9999-12-31'],
    ['31-Dec-4712', '4712-12-31'],
    ['Dec 31, 9999', '9999-12-31'],
    ['1900/1/1', '1900-01-01'],
    ['01/01/1900', '1900-01-01'],
    ['明治33年1月1日', '1900-01-01'],
    ['0000-00-00', '0000-00-00'],
    ['0000/00/00', '0000-00-00'],
    ['0000年0月0日', '0000-00-00'],
    ['00000000', '0000-00-00'],
    ['00/00/0000', '0000-00-00'],
    ['0000-00-00 00:00:00', '0000-00-00'],
    ['9999-12-31T00:00:00Z', '9999-12-31'],
    ['9999-12-31T23:59:59-08:00', '9999-12-31'],
    ['4712-12-31T00:00:00.000+09:00', '4712-12-31'],
  ])('%s', (text, found) => {
    expect(said(read(text))).toBe(`noEnd ${found}`);
  });

  it('is a list that the configuration holds', () => {
    expect(said(read('2099/12/31'))).toBe('2099-12-31');
    expect(said(read('2099/12/31', { noEndDays: ['2099-12-31'] }))).toBe('noEnd 2099-12-31');
    expect(said(read('1900/1/1', { noEndDays: [] }))).toBe('1900-01-01');
    expect(said(read('9999-12-31', { noEndDays: [] }))).toBe('DAY_OUT_OF_RANGE');
    expect(said(read('0000-00-00', { noEndDays: [] }))).toBe('DAY_INVALID');
    expect(() => read('2026/3/31', { noEndDays: ['31.12.9999'] })).toThrow(
      expect.objectContaining({ code: 'DAY_NO_END_INVALID' }),
    );
    expect(() => read('2026/3/31', { noEndDays: ['2026-02-30'] })).toThrow(
      expect.objectContaining({ code: 'DAY_NO_END_INVALID' }),
    );
  });

  it('keeps an ambiguous cell open when one order alone means no end', () => {
    const reading = read('02/01/2100', { noEndDays: ['2100-01-02'] });
    expect(reading).toEqual({
      kind: 'slash',
      asDmy: '2100-01-02',
      asMdy: '2100-02-01',
      asYmd: null,
      noEnd: ['dmy'],
    });
  });
});

const anyDay = fc.integer({ min: 0, max: 62_000 }).map((n) => addDays(isoDate('1930-01-02'), n));
const pad = (n: number): string => String(n).padStart(2, '0');
const wide = (text: string): string =>
  text.replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0));
const parts = (day: IsoDate): [number, number, number] => [
  Number(day.slice(0, 4)),
  Number(day.slice(5, 7)),
  Number(day.slice(8)),
];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The era by its own table of first days, so that the test does not repeat the code's borders. */
function era(day: IsoDate): [kanji: string, letter: string, year: number] {
  const [year] = parts(day);
  if (day >= '2019-05-01') return ['令和', 'R', year - 2018];
  if (day >= '1989-01-08') return ['平成', 'H', year - 1988];
  return ['昭和', 'S', year - 1925];
}

const SHAPES: readonly ((day: IsoDate) => string)[] = [
  (day) => day,
  (day) => day.replaceAll('-', '/'),
  (day) => day.replaceAll('-', ''),
  (day) => parts(day).join('/'),
  (day) => parts(day).join('.'),
  (day) => wide(parts(day).join('/')),
  (day) => `${parts(day)[0]}年${parts(day)[1]}月${parts(day)[2]}日`,
  (day) =>
    `${wide(day.slice(0, 4))}年${parts(day)[1]}月${parts(day)[2]}日（${'月火水木金土日'[weekdayOf(day) - 1]}）`,
  (day) => `${era(day)[0]}${era(day)[2] === 1 ? '元' : era(day)[2]}年${parts(day)[1]}月${parts(day)[2]}日`,
  (day) => `${era(day)[1]}${era(day)[2]}.${parts(day)[1]}.${parts(day)[2]}`,
  (day) => wide(`${era(day)[1]}${pad(era(day)[2])}-${day.slice(5)}`),
  (day) => `${day.slice(8)}-${MONTHS[parts(day)[1] - 1]}-${day.slice(0, 4)}`,
  (day) => `${MONTHS[parts(day)[1] - 1]} ${parts(day)[2]}, ${day.slice(0, 4)}`,
  (day) => `${day}T00:00:00`,
  (day) => `${day}T00:00:00+09:00`,
  (day) => `${addDays(day, -1)}T15:00:00Z`,
];

describe('I09', () => {
  it('I09: 20,000 unambiguous cells in 16 shapes are read right, all of them', () => {
    fc.assert(
      fc.property(anyDay, fc.constantFrom(...SHAPES), (day, shape) => {
        expect(read(shape(day))).toEqual({ kind: 'day', day });
      }),
      { numRuns: runs(20_000) },
    );
  });

  it('I09: 10,000 cells whose order is open are never a day, with two or four digits of the year', () => {
    const separators = fc.constantFrom('/', '-', '.', ' / ');
    const shape = fc.constantFrom(
      ([y, m, d]: readonly string[], s: string) => [m, d, y].join(s),
      ([y, m, d]: readonly string[], s: string) => [d, m, y].join(s),
      ([y, m, d]: readonly string[], s: string) => [m, d, y?.slice(2)].join(s),
      ([y, m, d]: readonly string[], s: string) => [d, m, y?.slice(2)].join(s),
      ([y, m, d]: readonly string[], s: string) => [y?.slice(2), m, d].join(s),
    );
    fc.assert(
      fc.property(anyDay, separators, shape, fc.boolean(), (day, separator, write, isWide) => {
        const text = write(day.split('-'), separator);
        const reading = read(isWide ? wide(text) : text);
        expect(reading.kind).toBe('slash');
        if (reading.kind === 'slash') {
          const found = [reading.asYmd, reading.asMdy, reading.asDmy].map((one) => one?.slice(2));
          expect(found).toContain(day.slice(2));
        }
      }),
      { numRuns: runs(10_000) },
    );
  });

  it('I09: serials of both systems are the days that the spreadsheet shows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2200, max: 100_000 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (n, part) => {
          const text = part === 0 ? String(n) : (n + part).toFixed(6);
          const since1900 = addDays(isoDate('1900-03-01'), n - 61);
          expect(read(text, { excelSerial: '1900' })).toEqual({ kind: 'day', day: since1900 });
          expect(read(text, { excelSerial: '1904' })).toEqual({ kind: 'day', day: addDays(since1900, 1462) });
          expect(read(text).kind).not.toBe('day');
        },
      ),
      { numRuns: runs(5000) },
    );
  });

  it('X26: hostile texts are never read as a day, however long', () => {
    const pieces = fc.constantFrom(
      '1',
      '2026',
      '年',
      '月',
      '日',
      '/',
      '-',
      '.',
      ' ',
      '令和',
      'R',
      'mar',
      ',',
      '(',
      ')',
      'T',
      ':',
      'Z',
      '元',
      '十',
    );
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 40 }),
        fc.constantFrom('', 'x'.repeat(50_000)),
        (list, tail) => {
          const reading = read(list.join('') + tail);
          if (tail !== '') expect(reading.kind).toBe('invalid');
        },
      ),
      { numRuns: runs(3000) },
    );
  });
});
