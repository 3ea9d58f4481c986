import { describe, expect, it } from '@jest/globals';
import { anIdentity, HANAKO, matching, TARO, type Facts } from '../../test/support/people.js';
import type { IdentityFacts, MatchEvidence, PairScore } from './identity.js';
import { BIRTH_DATE_PENALTY, comparable, matchTexts, scorePair, sharedContacts } from './match-evidence.js';

const A = 'jp/100/001';
const B = 'en/200/001';

/** The same whichever way round. */
function pair(a: IdentityFacts, b: IdentityFacts, shared: readonly string[] = []): PairScore {
  const [left, right] = [comparable(a), comparable(b)];
  const found = scorePair(left, right, matching, new Set(shared));
  expect(scorePair(right, left, matching, new Set(shared))).toEqual(found);
  return found;
}

const evidence = (a: Facts, b: Facts, keys: readonly [string, string] = [A, B]): readonly MatchEvidence[] =>
  pair(anIdentity(keys[0], a), anIdentity(keys[1], b)).evidence;

describe('evidence that two employments are one human', () => {
  it('nothing stated is no evidence, for or against', () => {
    expect(pair(anIdentity(A, {}), anIdentity(B, {}))).toEqual({ score: 0, evidence: [], conflict: false });
    expect(evidence(HANAKO, {})).toEqual([]);
  });

  it.each<[string, Facts, Facts, MatchEvidence[]]>([
    ['one birth date', { birthDate: '1990-05-05' }, { birthDate: '1990-05-05' }, ['birth_date_equal']],
    ['two birth dates', { birthDate: '1990-05-05' }, { birthDate: '1990-05-06' }, ['birth_date_differs']],
    ['a birth date and none', { birthDate: '1990-05-05' }, { birthDate: null }, []],
    ['a former number', {}, { formerEmployeeNumber: '１００' }, ['former_number_equal']],
    ['the number of nobody here', {}, { formerEmployeeNumber: '101' }, []],
    [
      'one private address',
      { personalEmail: 'a@home.example' },
      { personalEmail: 'A@HOME.example' },
      ['personal_email_equal'],
    ],
    ['two private addresses', { personalEmail: 'a@home.example' }, { personalEmail: 'b@home.example' }, []],
    ['one work address', { workEmail: 'a@co.example' }, { workEmail: 'a@co.example' }, ['work_email_equal']],
    [
      'a work address that is private elsewhere',
      { workEmail: 'a@co.example' },
      { personalEmail: 'a@co.example' },
      [],
    ],
    ['one telephone', { phone: '090-1234-5678' }, { phone: '+81 90 1234 5678' }, ['phone_equal']],
    ['two telephones', { phone: '090-1234-5678' }, { phone: '090-1234-5679' }, []],
    [
      'cells that only look filled',
      { phone: '-', personalEmail: ' ', familyName: ' ', givenName: ' ' },
      { phone: '-', personalEmail: ' ', familyName: ' ', givenName: ' ' },
      [],
    ],
  ])('%s', (_title, a, b, expected) => {
    expect(evidence(a, b)).toEqual(expected);
  });

  it('edge-cases/18: one number is evidence within one company only', () => {
    expect(evidence({}, {}, ['jp/100/001', 'jp/100/002'])).toEqual(['number_equal']);
    expect(evidence({}, {}, ['jp/100/001', 'en/100/001'])).toEqual([]);
    expect(evidence({}, {}, ['jp/100/001', 'jp/101/001'])).toEqual([]);
  });

  it.each<[string, Facts, Facts, MatchEvidence[]]>([
    [
      'the whole name',
      { familyName: '高橋', givenName: '花子' },
      { familyName: '髙橋', givenName: '花子' },
      ['name_equal'],
    ],
    [
      'the given name',
      { familyName: '高橋', givenName: '花子' },
      { familyName: '鈴木', givenName: '花子' },
      ['given_name_equal'],
    ],
    ['the given name and no other', { givenName: '花子' }, { givenName: '花子' }, ['given_name_equal']],
    [
      'another given name',
      { familyName: '高橋', givenName: '花子' },
      { familyName: '高橋', givenName: '葉子' },
      ['given_name_differs'],
    ],
    ['a family name alone', { familyName: '高橋' }, { familyName: '高橋' }, []],
    [
      'edge-cases/17: a name before marriage',
      { familyName: '高橋', givenName: '花子' },
      { familyName: '鈴木', givenName: '花子', formerFamilyName: '髙橋' },
      ['given_name_equal', 'former_name_equal'],
    ],
    [
      'a former name of somebody else',
      { familyName: '高橋', givenName: '花子' },
      { familyName: '鈴木', givenName: '花子', formerFamilyName: '佐藤' },
      ['given_name_equal'],
    ],
    [
      'one reading in the same characters',
      { familyName: '高橋', givenName: '花子', familyNameKana: 'タカハシ', givenNameKana: 'ハナコ' },
      { familyName: '高橋', givenName: '花子', familyNameKana: 'たかはし', givenNameKana: 'はなこ' },
      ['name_equal'],
    ],
    [
      'one reading in other characters',
      { familyName: '山田', givenName: '太郎', familyNameKana: 'ヤマダ', givenNameKana: 'タロウ' },
      { familyName: '山田', givenName: '太朗', familyNameKana: 'ヤマダ', givenNameKana: 'タロウ' },
      ['given_name_equal'],
    ],
    [
      'one name that two systems read in two ways',
      { familyName: '東', givenName: '裕子', familyNameKana: 'ヒガシ', givenNameKana: 'ユウコ' },
      { familyName: '東', givenName: '裕子', familyNameKana: 'アズマ', givenNameKana: 'ヒロコ' },
      ['name_equal'],
    ],
    [
      'two readings, and no characters to look at',
      { familyNameKana: 'ヤマダ', givenNameKana: 'タロウ' },
      { familyNameKana: 'ヤマダ', givenNameKana: 'ジロウ' },
      ['given_name_differs'],
    ],
    [
      'one reading, and no characters to look at',
      { familyNameKana: 'ヤマダ', givenNameKana: 'タロウ' },
      { familyNameKana: 'ヤマダ', givenNameKana: 'タロウ' },
      ['name_equal'],
    ],
    [
      'a name in Latin letters beside one in kanji',
      { familyName: '山田', givenName: '太郎' },
      { familyName: 'Yamada', givenName: 'Taro' },
      [],
    ],
    ['a name in Latin letters beside none', { familyName: 'Yamada', givenName: 'Taro' }, {}, []],
    [
      'two given names in Latin letters, one of them of two parts',
      { familyName: 'Yamada', givenName: 'Anna-Maria' },
      { familyName: 'Yamada', givenName: 'Anna' },
      ['given_name_differs'],
    ],
    [
      'two names in Latin letters',
      { familyName: 'Yamada', givenName: 'Taro' },
      { familyName: 'YAMADA', givenName: 'taro' },
      ['name_equal'],
    ],
  ])('names: %s', (_title, a, b, expected) => {
    expect(evidence(a, b)).toEqual(expected);
  });

  it.each([
    ['on the last day', '2026-03-31', true],
    ['the next day', '2026-04-01', true],
    ['on the last day of the gap', '2026-05-15', true],
    ['after the gap', '2026-05-16', false],
    ['before the end', '2026-03-30', false],
  ])('edge-cases/19: hired elsewhere in the group %s', (_title, hiredOn, expected) => {
    const left = anIdentity(A, { hiredOn: '2018-04-01' }, '2026-03-31');
    expect(pair(left, anIdentity(B, { hiredOn })).evidence.includes('hired_right_after_end')).toBe(expected);
    expect(pair(left, anIdentity('jp/200/001', { hiredOn })).evidence).toEqual([]);
  });

  it('who has not left, or was hired nobody knows when, has not moved', () => {
    expect(pair(anIdentity(A, {}), anIdentity(B, { hiredOn: '2026-04-01' })).evidence).toEqual([]);
    expect(pair(anIdentity(A, {}, '2026-03-31'), anIdentity(B, { hiredOn: null })).evidence).toEqual([]);
  });
});

describe('what evidence weighs', () => {
  const score = (a: Facts, b: Facts) => pair(anIdentity(A, a), anIdentity(B, b)).score;

  it('adds up', () => {
    const name = { familyName: '高橋', givenName: '花子' };
    const phone = { phone: '090-1234-5678' };
    expect(score({ ...name, ...phone }, { ...name, ...phone })).toBe(score(name, name) + score(phone, phone));
  });

  it('a difference speaks against', () => {
    expect(score({ givenName: '花子' }, { givenName: '葉子' })).toBeLessThan(0);
    const [one, other] = [{ birthDate: '1990-05-05' }, { birthDate: '1990-05-06' }];
    expect(score(one, other)).toBe(-BIRTH_DATE_PENALTY);
    expect(score(one, other)).toBeLessThan(0);
  });

  it('I11: another birth date is a conflict, another name is none', () => {
    const conflict = (a: Facts, b: Facts) => pair(anIdentity(A, a), anIdentity(B, b)).conflict;
    expect(conflict(HANAKO, { ...HANAKO, birthDate: '1990-05-06' })).toBe(true);
    expect(conflict(HANAKO, { ...TARO, birthDate: HANAKO.birthDate ?? null })).toBe(false);
  });
});

describe('contacts of many', () => {
  const { sharedContactLimit: limit } = matching;
  const holders = (count: number, facts: Facts, spell = '001') =>
    Array.from({ length: count }, (_, i) => comparable(anIdentity(`jp/${i}/${spell}`, facts)));
  const shared = (items: ReturnType<typeof holders>) => [...sharedContacts(items, matching)].sort();

  it('edge-cases/15: are those that more numbers state than the limit says', () => {
    const all = { personalEmail: 'all@home.example', phone: '03-1234-5678' };
    expect(shared(holders(limit, all))).toEqual([]);
    expect(shared(holders(limit + 1, all))).toEqual(['m all@home.example', 't 0312345678']);
  });

  it('are counted by number, not by spell', () => {
    const all = { personalEmail: 'all@home.example' };
    expect(shared([...holders(limit, all), ...holders(limit, all, '002')])).toEqual([]);
  });

  it('are counted whether the address is of the company or private', () => {
    const some = holders(limit, { personalEmail: 'desk@co.example' });
    const other = comparable(anIdentity('en/9/001', { workEmail: 'Desk@co.example' }));
    expect(shared([...some, other])).toEqual(['m desk@co.example']);
  });

  it('leaves alone what is stated by few, and what nobody states', () => {
    const others = holders(limit + 1, {});
    const few = [comparable(anIdentity('en/1/001', { phone: '03-1234-5678' }))];
    expect(shared([...others, ...few])).toEqual([]);
  });

  it('are no evidence', () => {
    const facts = { personalEmail: 'all@home.example', workEmail: 'all@co.example', phone: '03-1234-5678' };
    const [one, other] = [anIdentity(A, facts), anIdentity(B, facts)];
    expect(pair(one, other).evidence).toEqual(['personal_email_equal', 'work_email_equal', 'phone_equal']);
    expect(pair(one, other, ['m all@home.example']).evidence).toEqual(['work_email_equal', 'phone_equal']);
    expect(pair(one, other, ['m all@co.example', 't 0312345678']).evidence).toEqual(['personal_email_equal']);
    expect(pair(one, other, ['t all@home.example', 'm 0312345678']).evidence).toHaveLength(3);
  });
});

describe(matchTexts, () => {
  it('names each key by its kind, and leaves out what is not known', () => {
    const texts = (facts: Facts) => matchTexts(anIdentity(A, facts).facts);
    expect(texts({})).toEqual([]);
    expect(texts({ personalEmail: 'a@home.example' })).toEqual(['m a@home.example']);
    expect(texts({ phone: '03-1234-5678' })).toEqual(['t 0312345678']);
    expect(texts({ givenName: '花子', birthDate: '1990-05-05' })).toEqual(['n 花子|1990-05-05']);
  });
});
