import { foldNameKanji } from './name-kanji.js';

/**
 * Keys to match people by, and masks. None of these is for display: what a source wrote is kept and shown exactly as it
 * came (髙 stays 髙); a key only answers whether two texts may mean the same.
 */

export interface NameParts {
  readonly family: string;
  readonly given: string;
}

// Middle dots of all blocks, as they stand in katakana names; NFKC has made ･ a ・ already.
const DOTS = /[・·•‧∙⋅]/g;
const ZERO_WIDTH = /[\u00ad\u200b-\u200f\u2060\ufeff]/g;
/** Variation selectors: they choose a glyph of one character (邊󠄀), not another character. */
const VARIATION_SELECTORS = /[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;
const DASHES = /[‐‑‒–—―−]/g;
const JAPANESE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}々ー]/u;

/**
 * The key of a name as written: equal for full and half width, hiragana and katakana, forms of one kanji (髙/高, 﨑/崎,
 * 澤/沢, 佐々木/佐佐木), ヶ/ケ, letter case, and with or without spaces and middle dots. Accents are kept (José is not
 * Jose), and so are different characters that people mix up (斉/斎). Empty when the text holds nothing else.
 */
export function nameKey(text: string): string {
  const bare = text
    .replace(VARIATION_SELECTORS, '')
    .normalize('NFKC')
    .replace(ZERO_WIDTH, '')
    .replace(DOTS, '')
    .replace(/\s+/gu, '')
    .replace(DASHES, '-')
    .replace(/[’‘ʼ´`]/g, "'");
  const key = foldNameKanji(toKatakana(caseFold(bare)))
    .replace(/(\p{Script=Han})(々+)/gu, (_all, kanji: string, marks: string) =>
      kanji.repeat(marks.length + 1),
    )
    .replace(/ヶ/g, 'ケ')
    .replace(/ヵ/g, 'カ');
  // Sound marks that stood apart from their kana join it only now that the space between is gone.
  return key.normalize('NFC');
}

const SMALL_KANA = 'ァィゥェォッャュョヮ';
const LARGE_KANA = 'アイウエオツヤユヨワ';
const SAME_SOUND: ReadonlyMap<string, string> = new Map([
  ['ヂ', 'ジ'],
  ['ヅ', 'ズ'],
  ['ヲ', 'オ'],
  ['ヰ', 'イ'],
  ['ヱ', 'エ'],
  ['ヴ', 'ブ'],
]);
const VU: ReadonlyMap<string, string> = new Map([
  ['ヴァ', 'バ'],
  ['ヴィ', 'ビ'],
  ['ヴェ', 'ベ'],
  ['ヴォ', 'ボ'],
]);
const VOWEL_ROWS = [
  ['ア', 'アカサタナハマヤラワガザダバパ'],
  ['イ', 'イキシチニヒミリギジビピ'],
  ['ウ', 'ウクスツヌフムユルグズブプ'],
  ['エ', 'エケセテネヘメレゲゼデベペ'],
  ['オ', 'オコソトノホモヨロゴゾドボポ'],
] as const;
const VOWEL_OF: ReadonlyMap<string, string> = new Map(
  VOWEL_ROWS.flatMap(([vowel, row]) => [...row].map((kana): [string, string] => [kana, vowel])),
);

/**
 * The key of a reading: `nameKey`, and further equal for ヂ/ジ, ヅ/ズ, ヲ/オ, ヰ/イ, ヱ/エ, ヴァ/バ, small and large kana
 * (systems that write キヨウコ for キョウコ), and the three ways to write one long vowel (コウ コオ コー, ケイ ケエ ケー).
 * A long vowel never equals a short one: オノ (小野) and オオノ (大野) are two names.
 */
export function kanaKey(text: string): string {
  const plain = nameKey(text)
    .replace(/ヴ[ァィェォ]/g, (sound) => VU.get(sound) ?? sound)
    .replace(/[ァィゥェォッャュョヮ]/g, (kana) => LARGE_KANA[SMALL_KANA.indexOf(kana)] ?? kana)
    .replace(/[ヂヅヲヰヱヴ]/g, (kana) => SAME_SOUND.get(kana) ?? kana);
  let key = '';
  let previous = '';
  for (const kana of plain) {
    const vowel = VOWEL_OF.get(previous);
    // Files hold a hyphen where the long-vowel mark should be; after kana it can be nothing else.
    const isMark = kana === 'ー' || kana === '-';
    const isLong = isMark || (vowel === 'オ' && kana === 'ウ') || (vowel === 'エ' && kana === 'イ');
    previous = isLong && vowel !== undefined ? vowel : kana;
    key += previous;
  }
  return key;
}

/**
 * An employee number to match by: outer white space gone, full-width digits and letters made half width. Leading zeros,
 * letter case and everything else inside stay: 00123 and 123 are two numbers.
 */
export function numberKey(text: string): string {
  return text
    .trim()
    .replace(/[０-９Ａ-Ｚａ-ｚ]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
}

/** An e-mail address to match by. Dots and +tags stay: only the provider knows what they mean. */
export function emailKey(text: string): string {
  return text.normalize('NFKC').replace(ZERO_WIDTH, '').trim().toLowerCase();
}

/**
 * The digits of a telephone number; +81 becomes the leading 0, an extension (内線, ext.) is left out. Null when what
 * remains is no number to reach a person by: fewer than 9 digits, or more than 15 (two numbers in one cell).
 */
export function phoneKey(text: string): string | null {
  const [number = ''] = text.normalize('NFKC').split(/内線|ext|#|x/i);
  const isJapanese = /^\D*\+\s*81/.test(number);
  const digits = number.replace(/\D/g, '');
  const key = isJapanese ? `0${digits.slice(2).replace(/^0/, '')}` : digits;
  return key.length < 9 || key.length > 15 ? null : key;
}

/**
 * Parts a full name in one cell: at the first space when both sides are written in Japanese (or Korean), or at the comma
 * of "Family, Given". Null when the text does not say which part is which: no space, or Latin "Given Family". The parts
 * keep their exact characters.
 */
export function splitFullName(text: string): NameParts | null {
  const [first = '', second = '', ...more] = text.split(/[,，]/);
  if (second !== '') return more.length === 0 ? partsOf(first, second) : null;
  const found = /^\s*(\S+)\s+(\S.*?)\s*$/su.exec(text);
  if (found === null) return null;
  const [, family = '', given = ''] = found;
  return JAPANESE.test(family) && JAPANESE.test(given) ? { family, given } : null;
}

function partsOf(family: string, given: string): NameParts | null {
  const parts = { family: family.trim(), given: given.trim() };
  return parts.family === '' || parts.given === '' ? null : parts;
}

/**
 * What may be shown of a value in a message or a log: its first character and ***; an e-mail address is a***@***.
 * Empty stays empty.
 */
export function maskText(text: string): string {
  const trimmed = text.trim();
  const [first = ''] = trimmed;
  if (first === '') return '';
  if (!trimmed.includes('@')) return `${first}***`;
  return first === '@' ? '***@***' : `${first}***@***`;
}

function toKatakana(text: string): string {
  return text.replace(/[\u3041-\u3096\u309d\u309e]/g, (kana) =>
    String.fromCharCode(kana.charCodeAt(0) + 0x60),
  );
}

/** By way of the upper case, so that ß and ẞ become ss as in Unicode's full case folding. */
function caseFold(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase();
}
