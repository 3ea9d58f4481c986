import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AppError } from '../../domain/app-error.js';
import { parseStrictJson } from './strict-json.js';

const parse = (text: string): unknown => parseStrictJson(Buffer.from(text));

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'NONE';
}

describe(parseStrictJson, () => {
  it('reads every JSON value as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('\\u0000') && !text.includes('"__proto__"') && !/\\ud[89a-f]/.test(text));
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('finds a key that stands twice wherever it is, however it is written', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.nat(5), (key, depth) => {
        fc.pre(key !== '__proto__' && key.isWellFormed() && !key.includes('\0'));
        const name = JSON.stringify(key);
        const escaped = `"${[...key].map((c) => [...Array(c.length).keys()].map((i) => `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')).join('')}"`;
        const text = `${'['.repeat(depth)}{${name}: 1, "x${key.length}": {${name}:2}, ${escaped} : 3}${']'.repeat(depth)}`;
        fc.pre(key !== `x${key.length}`);
        expect(codeOf(() => parse(text))).toBe('JSON_KEY_TWICE');
      }),
    );
  });

  it.each([
    ['the same key in two objects is fine', '[{"a":1},{"a":{"a":2}}]', 'NONE'],
    ['a value that looks like a key is fine', '{"a":"b","b":"a","c":"\\"a\\":"}', 'NONE'],
    ['__proto__', '{"__proto__":1}', 'JSON_KEY_FORBIDDEN'],
    ['33 levels', '['.repeat(33) + ']'.repeat(33), 'JSON_TOO_DEEP'],
    ['a comma too many', '[1,]', 'JSON_INVALID'],
    ['a comment', '{/* */"a":1}', 'JSON_INVALID'],
    ['NaN', '[NaN]', 'JSON_INVALID'],
    ['an open text', '{"a', 'JSON_INVALID'],
    ['a broken escape as a key', '{"\\u00zz":1,"\\u00zz":2}', 'JSON_KEY_TWICE'],
    ['two values', '{}{}', 'JSON_INVALID'],
  ])('%s', (_title, text, code) => {
    expect(codeOf(() => parse(text))).toBe(code);
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(codeOf(() => parseStrictJson(Buffer.from([0x22, 0xff, 0x22])))).toBe('BODY_NOT_UTF8');
  });
});
