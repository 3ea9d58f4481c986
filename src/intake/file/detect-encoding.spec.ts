import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { detectEncoding } from './detect-encoding.js';

const ENCODINGS = { cp932: 'shift_jis', 'euc-jp': 'euc-jp', utf8: 'utf-8' } as const;

const between = (first: number, last: number) =>
  fc.integer({ min: first, max: last }).map((code) => String.fromCharCode(code));
const KANJI = [
  ...'佐藤鈴木高橋田中渡辺伊藤山本中村小林加藤吉田佐々木営業部総務課人事東京大阪社員正契約退職定年自己都合薔薇麒麟躑躅',
];
const word = (letter: fc.Arbitrary<string>) => fc.string({ unit: letter, minLength: 1, maxLength: 6 });
const words = fc.oneof(
  word(fc.constantFrom(...KANJI)),
  word(between(0x3042, 0x3091)),
  word(between(0x30a2, 0x30f1)),
  word(between(0xff71, 0xff9d)),
);

describe(detectEncoding, () => {
  it('I07: never takes a file, however small, for another encoding: it is right or it is unsure', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('cp932', 'euc-jp', 'utf8'),
        fc.constantFrom('id,name\n', '社員番号,姓\n'),
        fc.array(words, { minLength: 1, maxLength: 5 }),
        (encoding, header, names) => {
          const text = header + names.map((name, i) => `${i},${name}\n`).join('');
          const { encoding: found } = detectEncoding(iconv.encode(text, encoding), true);
          expect([ENCODINGS[encoding], 'unsure']).toContain(found);
        },
      ),
      { numRuns: 1_500 },
    );
  });

  it('is unsure where half-width kana alone could be kanji of the other Japanese encoding', () => {
    expect(detectEncoding(iconv.encode('id,name\n1,ﾔﾏﾀﾛｳ\n', 'euc-jp'), true).encoding).toBe('unsure');
  });

  it('does not judge a character that the sample cuts in two', () => {
    const bytes = Buffer.from('id,名前\n1,山田\n2,佐藤');
    expect(detectEncoding(bytes.subarray(0, bytes.length - 1), false).encoding).toBe('utf-8');
  });
});
