/** A text taken apart: what names the day, and what stands beside it. */
export interface DayTextParts {
  readonly date: string;
  /** 1 (Monday) to 7 (Sunday) when a weekday is written beside the day. */
  readonly weekday: number | null;
  /** Null without a time part; 'invalid' when no clock shows it. */
  readonly time: DayTime | 'invalid' | null;
}

export interface DayTime {
  /** Milliseconds after midnight. */
  readonly msOfDay: number;
  /** Minutes east of UTC, or null when the text does not say: then it is the wall clock of the work site. */
  readonly offsetMinutes: number | null;
}

const KANJI_DIGITS = '〇一二三四五六七八九';
const WEEKDAYS_JA = '月火水木金土日';
const WEEKDAYS_EN = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const WEEKDAY_EN =
  '(mon(?:day)?|tue(?:sday|s)?|wed(?:nesday)?|thu(?:rsday|rs|r)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)\\.?';

const PLAIN = /^[\x20-\x7e]*$/;
const CLOCK =
  /^(.+?)(?:(?<=\d)t|(?<=[)日])|[ ,]+)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)? ?(am|pm)? ?(z|utc|gmt|[+-]\d{2}(?::?\d{2})?)?(?:\[[\w/+-]{1,40}\])?$/;
const COMPACT_CLOCK = /^(\d{8})[t ]?(\d{2})(\d{2})(\d{2})(?:\.\d{1,9})?(z|[+-]\d{2}:?\d{2})?$/;
const WEEKDAY_AFTER = [
  /^(.+?) ?\(([月火水木金土日])(?:曜日?)?\)$/,
  /^(.+?) ?([月火水木金土日])曜日?$/,
  new RegExp(`^(.+?) ?\\(${WEEKDAY_EN}\\)$`),
  new RegExp(`^(.+?),? ${WEEKDAY_EN}$`),
] as const;
const WEEKDAY_BEFORE = new RegExp(`^${WEEKDAY_EN}(?:, ?| )(.+)$`);

/**
 * Folds what does not change the meaning of a day: full width, era ligatures (㋿), all sorts of dashes, kanji numerals,
 * repeated and outer white space, letter case.
 */
export function foldDayText(text: string): string {
  const plain = PLAIN.test(text) ? text : foldWide(text);
  return plain.toLowerCase().replace(/\s+/g, ' ').trim();
}

function foldWide(text: string): string {
  const narrow = text
    .normalize('NFKC')
    .replace(/[\u200b-\u200d\u2060\ufeff]/g, '')
    .replace(/[‐‑‒–—―−ー]/g, '-')
    .replace(/・/g, '.');
  return narrow.includes('年') ? narrow.replace(/[〇一二三四五六七八九十]+/g, kanjiNumber) : narrow;
}

/** 三十一 is 31, 二〇二六 is 2026; what is neither stays as it is and is not read. */
function kanjiNumber(text: string): string {
  if (!text.includes('十')) return [...text].map((digit) => KANJI_DIGITS.indexOf(digit)).join('');
  const [tens = '', ones = '', ...more] = text.split('十');
  if (tens.length > 1 || ones.length > 1 || more.length > 0) return text;
  const value = (tens === '' ? 1 : KANJI_DIGITS.indexOf(tens)) * 10;
  return String(value + (ones === '' ? 0 : KANJI_DIGITS.indexOf(ones)));
}

/** Parts a folded text into date, weekday and time. */
export function splitDayText(text: string): DayTextParts {
  const compact = COMPACT_CLOCK.exec(text);
  if (compact !== null) {
    const [, date = '', hour, minute, second, offset] = compact;
    return { date, weekday: null, time: clock(hour, minute, second, undefined, offset) };
  }
  const found = CLOCK.exec(text);
  if (found === null) return { ...splitWeekday(text), time: null };
  const [, date = '', hour, minute, second, half, offset] = found;
  return { ...splitWeekday(date), time: clock(hour, minute, second, half, offset) };
}

function splitWeekday(text: string): { date: string; weekday: number | null } {
  const before = WEEKDAY_BEFORE.exec(text);
  if (before !== null) return { date: before[2] ?? '', weekday: weekdayNumber(before[1]) };
  for (const shape of WEEKDAY_AFTER) {
    const after = shape.exec(text);
    if (after !== null) return { date: after[1] ?? '', weekday: weekdayNumber(after[2]) };
  }
  return { date: text, weekday: null };
}

function weekdayNumber(name = ''): number {
  const japanese = WEEKDAYS_JA.indexOf(name);
  return japanese >= 0 ? japanese + 1 : WEEKDAYS_EN.findIndex((weekday) => name.startsWith(weekday)) + 1;
}

function clock(hour = '', minute = '', second = '', half?: string, offset?: string): DayTime | 'invalid' {
  const h = Number(hour);
  const m = Number(minute);
  const s = Number(second);
  const isHourShown = half === undefined ? h <= 23 : h >= 1 && h <= 12;
  const offsetMinutes = offset === undefined ? null : readOffset(offset);
  if (!isHourShown || m > 59 || s > 59 || Number.isNaN(offsetMinutes)) return 'invalid';
  const hourOfDay = half === undefined ? h : (h % 12) + (half === 'pm' ? 12 : 0);
  return { msOfDay: ((hourOfDay * 60 + m) * 60 + s) * 1000, offsetMinutes };
}

/** Minutes east of UTC; NaN for an offset that no place on earth has. */
function readOffset(text: string): number {
  if (!/^[+-]/.test(text)) return 0;
  const digits = text.slice(1).replace(':', '');
  const minutes = Number(digits.slice(2));
  const total = Number(digits.slice(0, 2)) * 60 + minutes;
  if (minutes > 59 || total > 14 * 60) return Number.NaN;
  return text.startsWith('-') ? -total : total;
}
