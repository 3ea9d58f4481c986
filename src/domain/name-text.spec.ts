import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runs } from '../../test/support/runs.js';
import { foldNameKanji } from './name-kanji.js';
import { emailKey, kanaKey, maskText, nameKey, numberKey, phoneKey, splitFullName } from './name-text.js';

describe(nameKey, () => {
  it.each([
    ['髙橋', '高橋'],
    ['山﨑', '山崎'],
    ['𠮷田', '吉田'],
    ['渡邊', '渡辺'],
    ['渡邉', '渡辺'],
    ['渡邊\u{e0101}', '渡辺'],
    ['齋藤', '斎藤'],
    ['齊藤', '斉藤'],
    ['濵田', '浜田'],
    ['澤', '沢'],
    ['廣瀨', '広瀬'],
    ['大塚', '大塚'],
    ['福田', '福田'],
    ['⾼橋', '高橋'],
    ['佐々木', '佐佐木'],
    ['三ヶ尻', '三ケ尻'],
    ['山田 太郎', '山田太郎'],
    ['山田　太郎', '山田太郎'],
    ['山田\u200b太郎', '山田太郎'],
    ['ジョン・スミス', 'ジョンスミス'],
    ['ｼﾞｮﾝ･ｽﾐｽ', 'ジョン スミス'],
    ['ﾀﾞｲﾎﾟ', 'ダイポ'],
    ['カ ゛', 'ガ'],
    ['やまだ', 'ヤマダ'],
    ['ＹＡＭＡＤＡ', 'yamada'],
    ['STRAẞE', 'strasse'],
    ['O’Brien', "o'brien"],
    ['Smith–Jones', 'Smith-Jones'],
  ])('I10: %s is matched with %s', (a, b) => {
    expect(nameKey(a)).toBe(nameKey(b));
  });

  it.each([
    ['斉藤', '斎藤'],
    ['山崎', '山埼'],
    ['太田', '大田'],
    ['José', 'Jose'],
    ['安倍', '阿部'],
    ['山田', '山本'],
  ])('%s is not %s', (a, b) => {
    expect(nameKey(a)).not.toBe(nameKey(b));
  });

  it('I10: makes a key and leaves the name as it is; a key is its own key', () => {
    const name = fc
      .array(fc.constantFrom(...'髙﨑𠮷邊齋濵々ヶー・ 　やまだﾀﾞﾎﾟＡｂß-'), { maxLength: 12 })
      .map((list) => list.join(''));
    fc.assert(
      fc.property(fc.oneof(name, fc.string({ unit: 'grapheme' })), (text) => {
        const copy = [...text].join('');
        const key = nameKey(text);
        expect(text).toBe(copy);
        expect(nameKey(` ${text}　`)).toBe(key);
      }),
      { numRuns: runs(5000) },
    );
    fc.assert(
      fc.property(name, (text) => expect(nameKey(nameKey(text))).toBe(nameKey(text))),
      { numRuns: runs(5000) },
    );
  });

  it('folds each kanji to one that is not folded further', () => {
    for (let code = 0x2e80; code < 0x2fa20; code += 1) {
      const kanji = String.fromCodePoint(code);
      const folded = foldNameKanji(kanji);
      if (folded !== foldNameKanji(folded)) throw new Error(`${kanji} folds in two steps`);
      if ([...folded].length !== 1) throw new Error(`${kanji} folds to ${folded}`);
    }
    expect(foldNameKanji('髙')).toBe('高');
  });
});

describe(kanaKey, () => {
  it.each([
    ['ヂ', 'ジ'],
    ['アヅマ', 'アズマ'],
    ['キヨウコ', 'キョウコ'],
    ['ｷｮｳｺ', 'きょうこ'],
    ['コウイチ', 'コーイチ'],
    ['コオイチ', 'コーイチ'],
    ['コ−イチ', 'コーイチ'],
    ['ケイコ', 'ケーコ'],
    ['オオノ', 'オーノ'],
    ['カヲル', 'カオル'],
    ['ヴァレリー', 'バレリー'],
    ['ワタナベ　タロウ', 'わたなべたろう'],
  ])('I10: %s is matched with %s', (a, b) => {
    expect(kanaKey(a)).toBe(kanaKey(b));
  });

  it.each([
    ['オノ', 'オオノ'],
    ['ユキ', 'ユウキ'],
    ['シオリ', 'ショウリ'],
    ['ハト', 'ハット'],
    ['タカシ', 'タガシ'],
  ])('%s is not %s', (a, b) => {
    expect(kanaKey(a)).not.toBe(kanaKey(b));
  });
});

describe(numberKey, () => {
  it.each([
    ['00123', '00123'],
    [' 00123 ', '00123'],
    ['　００１２３　', '00123'],
    ['Ａ－００１', 'A－001'],
    ['ａb-001', 'ab-001'],
    ['E 001', 'E 001'],
    ['①', '①'],
  ])('I10: "%s" is "%s"', (text, key) => {
    expect(numberKey(text)).toBe(key);
  });

  it('I10: an ASCII number is unchanged but for outer white space', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(numberKey(text)).toBe(text.trim())));
  });
});

describe(emailKey, () => {
  it.each([
    [' Hanako.Sato@Example.COM ', 'hanako.sato@example.com'],
    ['ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｃｏｍ', 'hanako@example.com'],
    ['a.b+c@example.com', 'a.b+c@example.com'],
  ])('%s is %s', (text, key) => {
    expect(emailKey(text)).toBe(key);
  });
});

describe(phoneKey, () => {
  it.each([
    ['090-0000-1234', '09000001234'],
    ['０９０（０００）０１２３４', '09000001234'],
    ['+81 90-0000-1234', '09000001234'],
    ['＋81 (0)90 0000 1234', '09000001234'],
    ['(+81)90-0000-1234', '09000001234'],
    ['03-0000-1234 内線 12', '0300001234'],
    ['03-0000-1234 ext. 12', '0300001234'],
    ['+1 415 555 0100', '14155550100'],
    ['0000-1234', null],
    ['', null],
    ['なし', null],
    ['090-0000-1234 / 03-0000-1234', null],
  ])('%s is %s', (text, key) => {
    expect(phoneKey(text)).toBe(key);
  });
});

describe(splitFullName, () => {
  it.each([
    ['山田 太郎', '山田', '太郎'],
    ['髙﨑　𠮷乃', '髙﨑', '𠮷乃'],
    ['  佐々木  花子 ', '佐々木', '花子'],
    ['ヤマダ タロウ', 'ヤマダ', 'タロウ'],
    ['ﾔﾏﾀﾞ ﾀﾛｳ', 'ﾔﾏﾀﾞ', 'ﾀﾛｳ'],
    ['山田 太郎 ジョン', '山田', '太郎 ジョン'],
    ['Yamada, Taro', 'Yamada', 'Taro'],
    ['van der Berg, Anna Maria', 'van der Berg', 'Anna Maria'],
    ['김 철수', '김', '철수'],
  ])('%s is %s and %s', (text, family, given) => {
    expect(splitFullName(text)).toEqual({ family, given });
  });

  it.each([
    '山田太郎',
    'Taro Yamada',
    'John 太郎',
    'スミス John',
    'ジョン・スミス',
    'Smith, John, Jr.',
    'Smith,',
    ', John',
    '',
    ' ',
    '山田',
  ])('"%s" does not say which part is which', (text) => {
    expect(splitFullName(text)).toBeNull();
  });
});

describe(maskText, () => {
  it.each([
    ['山田太郎', '山***'],
    ['𠮷田', '𠮷***'],
    [' 090-0000-1234', '0***'],
    ['hanako@example.com', 'h***@***'],
    ['@example.com', '***@***'],
    ['', ''],
    [' ', ''],
  ])('"%s" is shown as "%s"', (text, mask) => {
    expect(maskText(text)).toBe(mask);
  });
});

describe('keys of rare writings', () => {
  it.each([
    ['子々々', '子子子'],
    ['一ヵ谷', '一カ谷'],
    ['霞ヶ関', '霞ケ関'],
    ['佐 々 木', '佐佐木'],
    ['黑栁', '黒柳'],
    ['澁澤', '渋沢'],
    ['會田', '会田'],
    ['楳木', '梅木'],
    ['冲', '沖'],
    ['吳', '呉'],
    ['藏郞', '蔵郎'],
    ['高\u200b橋', '高橋'],
  ])('%s is matched with %s', (one, other) => {
    expect(nameKey(one)).toBe(nameKey(other));
  });

  it.each([
    ['ヰ', 'イ'],
    ['ヱ', 'エ'],
    ['ヲ', 'オ'],
    ['ヂ', 'ジ'],
    ['ヅ', 'ズ'],
    ['ヴ', 'ブ'],
    ['ヴァ', 'バ'],
    ['ヴィ', 'ビ'],
    ['ヴェ', 'ベ'],
    ['ヴォ', 'ボ'],
    ['キヨウコ', 'キョウコ'],
    ['コウ', 'コオ'],
    ['ケイ', 'ケエ'],
  ])('the reading %s is matched with %s', (one, other) => {
    expect(kanaKey(one)).toBe(kanaKey(other));
  });

  it.each([
    ['カウ', 'カア'],
    ['カイ', 'カア'],
    ['コタ', 'コカ'],
    ['コイ', 'コウ'],
    ['ケタ', 'ケカ'],
    ['ケウ', 'ケイ'],
    ['クウ', 'クオ'],
    ['オノ', 'オオノ'],
    ['ヴァ', 'ブア'],
  ])('the reading %s is not that of %s', (one, other) => {
    expect(kanaKey(one)).not.toBe(kanaKey(other));
  });

  it('a mark that lengthens nothing stays a mark', () => {
    expect([kanaKey(''), kanaKey('ー'), kanaKey('-'), kanaKey('ンー')]).toEqual(['', 'ー', '-', 'ンー']);
  });

  it('an address keeps nothing that cannot be seen', () => {
    expect(emailKey('ha\u200bnako@home.example\ufeff')).toBe('hanako@home.example');
  });

  it.each([
    ['123456789', '123456789'],
    ['12345678', null],
    ['123456789012345', '123456789012345'],
    ['1234567890123456', null],
    [' +81 90 1234 5678', '09012345678'],
    ['(+81) 90-1234-5678', '09012345678'],
    ['+ 81 90-1234-5678', '09012345678'],
    ['TEL: +81 90-1234-5678', '09012345678'],
    ['携帯 +81 (0)90-1234-5678', '09012345678'],
    ['03-1234-5678 +81', '031234567881'],
    ['+81 (0)90-1234-5678', '09012345678'],
    ['+1 650 555 0100', '16505550100'],
    ['03-1234-5678 内線12', '0312345678'],
    ['03-1234-5678 ext. 12', '0312345678'],
  ])('the telephone %s is %s', (text, expected) => {
    expect(phoneKey(text)).toBe(expected);
  });

  it('a full name with one part is not parted', () => {
    expect([splitFullName('Takahashi, '), splitFullName(' , Hanako'), splitFullName('Takahashi,')]).toEqual([
      null,
      null,
      null,
    ]);
    expect(splitFullName(' Takahashi , Hanako ')).toEqual({ family: 'Takahashi', given: 'Hanako' });
    expect(splitFullName('Takahashi, Hanako, PhD')).toBeNull();
  });
});
