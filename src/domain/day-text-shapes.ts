import { dayFromParts } from './calendar.js';

/** How the three numbers of a numeric day follow one another. */
export type DayOrder = 'ymd' | 'mdy' | 'dmy';

/** Why a text is not a day. Stable codes: rejections carry them. */
export type DayFault =
  /** The shape is known, the calendar has no such day (31 February, serial 60). */
  | 'DAY_INVALID'
  /** No known shape. */
  | 'DAY_UNREADABLE'
  /** A year, a month or a day is not there. */
  | 'DAY_INCOMPLETE'
  /** Several readings give different days and nothing decides between them. */
  | 'DAY_AMBIGUOUS'
  /** The column holds several orders; no single one explains it. */
  | 'DAY_ORDER_MIXED'
  /** Another order than the declared one would explain the cell or the column. */
  | 'DAY_ORDER_MISMATCH'
  /** Outside the years that the Japanese era had (Heisei 31-05-01), or before the solar calendar (1873). */
  | 'DAY_NOT_IN_ERA'
  /** The weekday written beside the day is another day's. */
  | 'DAY_WEEKDAY_MISMATCH'
  /** A time part that no clock shows. */
  | 'DAY_TIME_INVALID'
  /** A bare number that could be a spreadsheet serial, in a column that is not declared to hold them. */
  | 'DAY_SERIAL_UNDECLARED'
  /** A real day that no person of today's HR files can have (see `DAY_TEXT_YEARS`). */
  | 'DAY_OUT_OF_RANGE';

/** Three numbers as written; not necessarily a real day (0000-00-00). */
export interface DayParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

export type DayShape =
  | { readonly kind: 'fixed'; readonly parts: DayParts }
  | ({ readonly kind: 'ordered' } & Readonly<Record<DayOrder, DayParts | null>>)
  | { readonly kind: 'fault'; readonly code: DayFault };

/** First and last year that `readDay` takes for a day of a person; Meiji 1 to far beyond any pension. */
export const DAY_TEXT_YEARS = { first: 1868, last: 2199 } as const;

const ERAS = [
  // Days before 1873 were counted by the moon: "Meiji 5-12-02" is not a Gregorian month and day.
  { names: ['明治', '明', 'm'], offset: 1867, first: '1873-01-01', last: '1912-07-30' },
  // The day of change of 1912 and 1926 was written with either era; both say the same day.
  { names: ['大正', '大', 't'], offset: 1911, first: '1912-07-30', last: '1926-12-25' },
  { names: ['昭和', '昭', 's'], offset: 1925, first: '1926-12-25', last: '1989-01-07' },
  { names: ['平成', '平', 'h'], offset: 1988, first: '1989-01-08', last: '2019-04-30' },
  { names: ['令和', '令', 'r'], offset: 2018, first: '2019-05-01', last: '9999-12-31' },
] as const;

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] as const;
const MONTH =
  '(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|' +
  'oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?';
const ERA = '(明治|大正|昭和|平成|令和|[明大昭平令mtshr])';
const ORDINAL = '(?:st|nd|rd|th)?';

const NUMERIC = /^(\d{1,4}) ?([./-]) ?(\d{1,2}) ?\2 ?(\d{1,4}) ?\2?$/;
const KANJI_DAY = /^(\d{4}|\d{1,2}) ?年 ?(\d{1,2}) ?月 ?(\d{1,2}) ?日?$/;
const ERA_KANJI = new RegExp(`^${ERA} ?(元|\\d{1,2}) ?年 ?(\\d{1,2}) ?月 ?(\\d{1,2}) ?日?$`);
const ERA_PUNCTUATED = new RegExp(`^${ERA} ?\\.? ?(元|\\d{1,2}) ?([./-]) ?(\\d{1,2}) ?\\3 ?(\\d{1,2})$`);
const ERA_COMPACT = /^([mtshr])(\d{2})(\d{2})(\d{2})$/;
const DAY_MONTH_YEAR = new RegExp(`^(\\d{1,2})${ORDINAL}[ ./-]?${MONTH},?[ ./-]?(\\d{4}|\\d{2})$`);
const MONTH_DAY_YEAR = new RegExp(`^${MONTH}[ ./-]?(\\d{1,2})${ORDINAL}(?:, ?|[ ./-])(\\d{4}|\\d{2})$`);
const YEAR_MONTH_DAY = new RegExp(`^(\\d{4})[ ./-]?${MONTH}[ ./-]?(\\d{1,2})$`);
const INCOMPLETE = [
  /^\d{1,4} ?[./-] ?\d{1,4}$/,
  /^\d{4} ?年?$/,
  /^\d{4} ?年 ?\d{1,2} ?月?$/,
  /^\d{1,2} ?月 ?\d{1,2} ?日?$/,
  new RegExp(`^${ERA} ?\\.? ?(?:元|\\d{1,2}) ?(?:年|[./-])(?: ?\\d{1,2} ?月?)?$`),
  new RegExp(`^(?:\\d{1,2}${ORDINAL}[ ./-]?)?${MONTH}(?:[ ./-]?\\d{1,4}${ORDINAL})?$`),
] as const;

/**
 * Reads the date part of a folded text (see `foldDayText`): which numbers stand for year, month and day, not whether
 * the calendar has such a day (but for era borders). `pivot`: two-digit years below it are 20xx.
 */
export function parseDayShape(text: string, pivot: number): DayShape {
  return (
    parseNumeric(text, pivot) ??
    parseCompact(text) ??
    parseKanji(text) ??
    parseEra(text) ??
    parseEnglish(text, pivot) ??
    fault(INCOMPLETE.some((shape) => shape.test(text)) ? 'DAY_INCOMPLETE' : 'DAY_UNREADABLE')
  );
}

function parseNumeric(text: string, pivot: number): DayShape | null {
  const found = NUMERIC.exec(text);
  if (found === null) return null;
  const [, first = '', , middle = '', last = ''] = found;
  if (first.length === 4 && last.length <= 2) return fixed(Number(first), Number(middle), Number(last));
  if (first.length > 2 || last.length === 3) return fault('DAY_UNREADABLE');
  const endYear = last.length === 1 ? null : last.length === 4 ? Number(last) : fullYear(last, pivot);
  const startYear = first.length === 2 && last.length <= 2 ? fullYear(first, pivot) : null;
  // 3/4/5: no number of two digits that could be a year.
  if (endYear === null && startYear === null) return fault('DAY_AMBIGUOUS');
  return {
    kind: 'ordered',
    ymd: startYear === null ? null : { year: startYear, month: Number(middle), day: Number(last) },
    mdy: endYear === null ? null : { year: endYear, month: Number(first), day: Number(middle) },
    dmy: endYear === null ? null : { year: endYear, month: Number(middle), day: Number(first) },
  };
}

/**
 * Digits alone. Eight are year-month-day, or day and month first where the last four are a year: no text is both, for
 * such a year would begin with a month from 18 on. Six could be yymmdd, ddmmyy, yyyymm or a serial.
 */
function parseCompact(text: string): DayShape | null {
  if (!/^\d{5,8}(?:\.\d+)?$/.test(text)) return null;
  if (/^\d{5}(?:\.\d+)?$/.test(text)) return fault('DAY_SERIAL_UNDECLARED');
  if (text.length === 6) return fault('DAY_AMBIGUOUS');
  if (text.length !== 8 || text.includes('.')) return fault('DAY_UNREADABLE');
  const year = Number(text.slice(4));
  if (year < DAY_TEXT_YEARS.first) {
    return fixed(Number(text.slice(0, 4)), Number(text.slice(4, 6)), Number(text.slice(6)));
  }
  const a = Number(text.slice(0, 2));
  const b = Number(text.slice(2, 4));
  return { kind: 'ordered', ymd: null, mdy: { year, month: a, day: b }, dmy: { year, month: b, day: a } };
}

function parseKanji(text: string): DayShape | null {
  const found = KANJI_DAY.exec(text);
  if (found === null) return null;
  const [, year = '', month, day] = found;
  // "8年3月31日": Reiwa, Heisei, Showa or 2008?
  return year.length < 4 ? fault('DAY_AMBIGUOUS') : fixed(Number(year), Number(month), Number(day));
}

function parseEra(text: string): DayShape | null {
  const kanji = ERA_KANJI.exec(text) ?? ERA_COMPACT.exec(text);
  if (kanji !== null) return eraDay(kanji[1], kanji[2], kanji[3], kanji[4]);
  const punctuated = ERA_PUNCTUATED.exec(text);
  return punctuated === null ? null : eraDay(punctuated[1], punctuated[2], punctuated[4], punctuated[5]);
}

function eraDay(name = '', yearText = '', month = '', day = ''): DayShape {
  const era = ERAS.find(({ names }) => names.some((known) => known === name));
  const eraYear = yearText === '元' ? 1 : Number(yearText);
  if (era === undefined || eraYear === 0) return fault('DAY_NOT_IN_ERA');
  const parts = { year: era.offset + eraYear, month: Number(month), day: Number(day) };
  const found = dayFromParts(parts.year, parts.month, parts.day);
  if (found === null) return fault('DAY_INVALID');
  return found < era.first || found > era.last ? fault('DAY_NOT_IN_ERA') : { kind: 'fixed', parts };
}

function parseEnglish(text: string, pivot: number): DayShape | null {
  const isoLike = YEAR_MONTH_DAY.exec(text);
  if (isoLike !== null) return fixed(Number(isoLike[1]), monthNumber(isoLike[2]), Number(isoLike[3]));
  const american = MONTH_DAY_YEAR.exec(text);
  if (american !== null) {
    const [, name, day, year = ''] = american;
    const month = monthNumber(name);
    if (year.length === 4) return fixed(Number(year), month, Number(day));
    return {
      kind: 'ordered',
      ymd: null,
      dmy: null,
      mdy: { year: fullYear(year, pivot), month, day: Number(day) },
    };
  }
  const british = DAY_MONTH_YEAR.exec(text);
  if (british === null) return null;
  const [, first = '', name, last = ''] = british;
  const month = monthNumber(name);
  if (last.length === 4) return fixed(Number(last), month, Number(first));
  // 26-Mar-31: the 26th of 2031, or the 31st of 2026.
  return {
    kind: 'ordered',
    mdy: null,
    dmy: { year: fullYear(last, pivot), month, day: Number(first) },
    ymd: first.length === 2 ? { year: fullYear(first, pivot), month, day: Number(last) } : null,
  };
}

function monthNumber(name = ''): number {
  return MONTHS.findIndex((month) => name.startsWith(month)) + 1;
}

function fullYear(twoDigits: string, pivot: number): number {
  const year = Number(twoDigits);
  return year < pivot ? 2000 + year : 1900 + year;
}

function fixed(year: number, month: number, day: number): DayShape {
  return { kind: 'fixed', parts: { year, month, day } };
}

function fault(code: DayFault): DayShape {
  return { kind: 'fault', code };
}
