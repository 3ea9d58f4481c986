import { describe, expect, it } from '@jest/globals';
import { HANAKO, type Facts } from '../../test/support/people.js';
import { matchKeys, pairKey } from './identity.js';
import type { StatedFacts } from './observation.js';

const keys = (facts: Facts) => matchKeys(facts as StatedFacts);
const BORN = { birthDate: '1990-05-05' };

describe(matchKeys, () => {
  it('says nothing where nothing is stated', () => {
    expect(keys({})).toEqual({ name: null, email: null, phone: null });
    expect(keys({ givenName: null, birthDate: null, personalEmail: null, phone: null })).toEqual(keys({}));
  });

  it('a name is looked for together with a birth date, never alone', () => {
    expect(keys({ givenName: '花子' }).name).toBeNull();
    expect(keys(BORN).name).toBeNull();
    expect(keys({ ...BORN, givenName: '花子' }).name).not.toBeNull();
    expect(keys({ ...BORN, givenName: '花子' }).name).not.toBe(
      keys({ birthDate: '1990-05-06', givenName: '花子' }).name,
    );
    expect(keys({ ...BORN, givenName: '花子' }).name).not.toBe(keys({ ...BORN, givenName: '葉子' }).name);
  });

  it('a name without a letter is none', () => {
    expect(keys({ ...BORN, givenName: ' ' }).name).toBeNull();
    expect(keys({ ...BORN, givenNameKana: '　' }).name).toBeNull();
  });

  it('edge-cases/17: the family name is left out, for it may change', () => {
    expect(keys({ ...HANAKO, familyName: '鈴木', familyNameKana: 'スズキ' })).toEqual(keys(HANAKO));
  });

  it('goes by the reading where there is one, whatever characters the name is written in', () => {
    const [one, other] = ['花子', '華子'].map((givenName) =>
      keys({ ...BORN, givenName, givenNameKana: 'ハナコ' }),
    );
    expect(one).toEqual(other);
    expect(keys({ ...BORN, givenNameKana: 'はなこ' })).toEqual(one);
  });

  it('an address and a telephone number are looked for however they are written', () => {
    expect(keys({ personalEmail: ' Hanako@Home.example' }).email).toBe('hanako@home.example');
    expect(keys({ phone: '+81 90-1234-5678' }).phone).toBe('09012345678');
  });

  it('an address of the company finds nobody', () => {
    expect(keys({ workEmail: 'hanako@jp.group.example' })).toEqual(keys({}));
  });
});

describe(pairKey, () => {
  it('is one text for a pair, whichever way round, and another for another pair', () => {
    expect(pairKey('a', 'b')).toBe(pairKey('b', 'a'));
    expect(new Set([pairKey('a', 'b'), pairKey('a', 'c'), pairKey('b', 'c'), pairKey('ab', 'c')]).size).toBe(
      4,
    );
  });
});
