import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anIdentity, HANAKO, matching, TARO, type Facts } from '../../test/support/people.js';
import { runs } from '../../test/support/runs.js';
import { groupPeople } from './group-people.js';
import type { IdentityDecision, IdentityFacts } from './identity.js';

const group = (items: IdentityFacts[], decisions: IdentityDecision[] = []) =>
  groupPeople(items, decisions, matching);
const A = 'jp/100/001';
const B = 'jp/200/001';
const E = 'en/900/001';

function outcome(a: IdentityFacts, b: IdentityFacts): 'one' | 'asked' | 'two' {
  const { groups, doubtful } = group([a, b]);
  expect(group([b, a])).toEqual({ groups, doubtful });
  return groups.length === 1 ? 'one' : doubtful.length > 0 ? 'asked' : 'two';
}

const without = (facts: Facts, ...fields: (keyof Facts)[]): Facts =>
  Object.fromEntries(Object.entries(facts).filter(([field]) => !fields.includes(field as keyof Facts)));

const NO_CONTACT = without(HANAKO, 'personalEmail', 'workEmail');
const MARRIED: Facts = { ...NO_CONTACT, familyName: '鈴木', familyNameKana: 'スズキ', hiredOn: '2026-04-01' };

describe('two employments', () => {
  it.each<[string, IdentityFacts, IdentityFacts, 'one' | 'asked' | 'two']>([
    [
      'edge-cases/15: a couple with one address',
      anIdentity(A, HANAKO),
      anIdentity(B, { ...TARO, personalEmail: HANAKO.personalEmail ?? null }),
      'asked',
    ],
    [
      'edge-cases/15: an address alone, and nothing else known',
      anIdentity(A, { personalEmail: 'one@home.example' }),
      anIdentity(E, { personalEmail: 'ONE@home.example' }),
      'asked',
    ],
    [
      'edge-cases/16: the same number, name and birth date',
      anIdentity(A, HANAKO, '2020-01-31'),
      anIdentity('jp/100/002', { ...HANAKO, hiredOn: '2026-04-01' }),
      'one',
    ],
    [
      'edge-cases/17: a new number and a married name, the former one stated',
      anIdentity(A, NO_CONTACT, '2020-01-31'),
      anIdentity(B, { ...MARRIED, formerFamilyName: '高橋' }),
      'asked',
    ],
    [
      'one given name and birth date, which among many people are no evidence',
      anIdentity(A, NO_CONTACT, '2020-01-31'),
      anIdentity(B, MARRIED),
      'two',
    ],
    [
      'edge-cases/17: the old number stated beside it',
      anIdentity(A, NO_CONTACT, '2020-01-31'),
      anIdentity(B, { ...MARRIED, formerEmployeeNumber: '１００' }),
      'asked',
    ],
    [
      'edge-cases/17: the old number and the former name stated',
      anIdentity(A, NO_CONTACT, '2020-01-31'),
      anIdentity(B, { ...MARRIED, formerEmployeeNumber: '100', formerFamilyName: '髙橋' }),
      'one',
    ],
    [
      'edge-cases/18: one number in two companies',
      anIdentity('jp/100/001', HANAKO),
      anIdentity('en/100/001', TARO),
      'two',
    ],
    [
      'edge-cases/18: one number in two companies, nothing else stated',
      anIdentity('jp/100/001', {}),
      anIdentity('en/100/001', {}),
      'two',
    ],
    [
      'edge-cases/19: the same human hired in the group right after the end',
      anIdentity(A, NO_CONTACT, '2026-03-31'),
      anIdentity(E, { ...NO_CONTACT, hiredOn: '2026-04-01' }),
      'one',
    ],
    ['one name and birth date', anIdentity(A, NO_CONTACT), anIdentity(B, NO_CONTACT), 'asked'],
    [
      'I11: a number reused by another human',
      anIdentity(A, HANAKO, '2020-01-31'),
      anIdentity('jp/100/002', { ...TARO, hiredOn: '2024-04-01' }),
      'two',
    ],
    [
      'one number and name with another birth date: somebody has to look',
      anIdentity(A, HANAKO, '2020-01-31'),
      anIdentity('jp/100/002', { ...HANAKO, birthDate: '1990-05-06', hiredOn: '2026-04-01' }),
      'asked',
    ],
    [
      'a romanised name is no other name',
      anIdentity(A, HANAKO, '2026-03-31'),
      anIdentity(E, {
        familyName: 'Takahashi',
        givenName: 'Hanako',
        birthDate: '1990-05-05',
        personalEmail: 'hanako@home.example',
        hiredOn: '2026-04-01',
      }),
      'one',
    ],
    [
      'one reading in other characters is less than one name',
      anIdentity(A, { ...TARO, personalEmail: null }),
      anIdentity(B, { ...TARO, givenName: '太朗', personalEmail: null }),
      'two',
    ],
  ])('%s', (_title, a, b, expected) => {
    expect(outcome(a, b)).toBe(expected);
  });

  it('edge-cases/17: what a person decided stands, both ways, and is not asked again', () => {
    const pair = [anIdentity(A, NO_CONTACT, '2020-01-31'), anIdentity(B, MARRIED)];
    expect(group(pair, [{ a: B, b: A, same: true }])).toEqual({ groups: [[A, B]], doubtful: [] });
    expect(group(pair, [{ a: A, b: B, same: false }])).toEqual({ groups: [[A], [B]], doubtful: [] });
  });

  it('who was called different stays apart, also by way of a third', () => {
    const three = [A, B, E].map((key) => anIdentity(key, { ...HANAKO, hiredOn: '2026-04-01' }));
    const { groups } = group(three, [
      { a: A, b: B, same: false },
      { a: A, b: E, same: true },
      { a: B, b: E, same: true },
    ]);
    expect(groups.some((g) => g.includes(A) && g.includes(B))).toBe(false);
  });
});

describe('three employments', () => {
  const KEYS = [A, B, E];
  const turns = KEYS.flatMap((one) =>
    KEYS.filter((key) => key !== one).map((two): string[] => {
      return [one, two, ...KEYS.filter((key) => key !== one && key !== two)];
    }),
  );
  const CLOSE = { ...HANAKO, phone: '090-1234-5678' };
  const UNBORN = without(CLOSE, 'birthDate');
  const together = (groups: readonly (readonly string[])[], a: string, b: string) =>
    groups.some((keys) => keys.includes(a) && keys.includes(b));

  it.each(turns)(
    'I11: %s and %s of two birth dates do not meet by way of %s',
    (a = '', b = '', other = '') => {
      const { groups, doubtful } = group([
        anIdentity(a, CLOSE),
        anIdentity(b, { ...CLOSE, birthDate: '1990-05-06' }),
        anIdentity(other, UNBORN),
      ]);
      expect(together(groups, a, b)).toBe(false);
      expect(together(groups, a, other) || together(groups, b, other)).toBe(true);
      expect(groups.flat().sort()).toEqual([...KEYS].sort());
      expect(doubtful.length).toBeGreaterThan(0);
    },
  );

  it.each(turns)('the better of two pairs joins first: %s, not %s, with %s', (a = '', b = '', other = '') => {
    const { groups } = group([
      anIdentity(a, { ...CLOSE, formerEmployeeNumber: other.split('/')[1] ?? '' }),
      anIdentity(b, { ...CLOSE, birthDate: '1990-05-06' }),
      anIdentity(other, UNBORN),
    ]);
    expect([together(groups, a, other), together(groups, b, other)]).toEqual([true, false]);
  });

  it.each(turns)(
    'edge-cases/17: a person may call %s and %s of two birth dates one, also with %s',
    (a = '', b = '', other = '') => {
      const items = [
        anIdentity(a, CLOSE),
        anIdentity(b, { ...CLOSE, birthDate: '1990-05-06' }),
        anIdentity(other, CLOSE),
      ];
      const called = group(items, [{ a, b, same: true }]);
      expect(called.groups).toHaveLength(2);
      expect(together(called.groups, a, b)).toBe(true);
      // Who conflicts with one of the two joins neither by evidence: a person is asked about them too.
      expect(called.doubtful.map((pair) => [pair.a, pair.b].sort())).toContainEqual([a, other].sort());
      const both = [
        { a, b, same: true },
        { a: other, b: a, same: true },
      ];
      expect(group(items, both)).toEqual({ groups: [[...KEYS].sort()], doubtful: [] });
      expect(together(group(items).groups, a, other)).toBe(true);
    },
  );

  it.each(turns)(
    'who was called different from %s is not asked about with %s, who is one with them (%s)',
    (a = '', b = '', other = '') => {
      const items = [
        anIdentity(a, CLOSE),
        anIdentity(b, CLOSE),
        anIdentity(other, without(CLOSE, 'workEmail', 'phone')),
      ];
      const { groups, doubtful } = group(items, [{ a, b: other, same: false }]);
      expect(together(groups, a, b)).toBe(true);
      expect([groups.length, doubtful]).toEqual([2, []]);
    },
  );

  it('of one human are one person, and each of them once', () => {
    const items = KEYS.map((key) => anIdentity(key, CLOSE));
    expect(group(items)).toEqual({ groups: [[...KEYS].sort()], doubtful: [] });
  });

  it('of two equally good pairs the one of the lower keys joins', () => {
    const [low = '', middle = '', high = ''] = [...KEYS].sort();
    for (const [one, two] of [
      [middle, high],
      [high, middle],
    ] as const) {
      const items = [
        anIdentity(low, CLOSE),
        anIdentity(one, UNBORN),
        anIdentity(two, { ...CLOSE, birthDate: '1990-05-06' }),
      ];
      expect(together(group(items).groups, low, one)).toBe(true);
      expect(group(items.toReversed())).toEqual(group(items));
    }
  });

  it('one difference keeps nobody else apart', () => {
    const four = [
      anIdentity(A, CLOSE),
      anIdentity(B, { ...CLOSE, birthDate: '1990-05-06' }),
      anIdentity('jp/7/001', TARO),
      anIdentity('jp/7/002', TARO),
    ];
    expect(group(four).groups).toEqual([[A], [B], ['jp/7/001', 'jp/7/002']]);
    expect(group(four, [{ a: A, b: B, same: false }]).groups).toHaveLength(3);
  });
});

describe('how much is enough', () => {
  const BIRTH = { birthDate: '1990-05-05' };
  const NAME = { familyName: '高橋', givenName: '花子' };
  const PHONE = { phone: '090-1234-5678' };

  it('exactly enough to join joins, and a little less is asked about', () => {
    const nine = { ...NAME, ...BIRTH, ...PHONE };
    expect(outcome(anIdentity(A, nine), anIdentity(B, nine))).toBe('one');
    const seven = { ...NAME, ...BIRTH };
    expect(outcome(anIdentity(A, seven), anIdentity(B, seven))).toBe('asked');
    expect(group([anIdentity(A, seven), anIdentity(B, seven)]).doubtful).toEqual([
      { a: A, b: B, score: 7, evidence: ['name_equal', 'birth_date_equal'] },
    ]);
  });

  it('exactly enough to ask is asked about, and less is two', () => {
    expect(outcome(anIdentity(A, { ...BIRTH, ...PHONE }), anIdentity(B, { ...BIRTH, ...PHONE }))).toBe(
      'asked',
    );
    expect(outcome(anIdentity(A, { ...NAME, ...PHONE }), anIdentity(B, { ...NAME, ...PHONE }))).toBe('two');
  });

  it.each<[string, Facts, 'asked' | 'two']>([
    ['everything else is equal', {}, 'asked'],
    ['the number alone is equal', { givenName: null, familyName: null }, 'two'],
    [
      'all else but the given name is equal',
      { givenName: '葉子', workEmail: 'one@co.example', formerEmployeeNumber: '100', ...PHONE },
      'two',
    ],
  ])('one number with another birth date, and %s', (_title, facts, expected) => {
    const left = anIdentity(A, { ...NAME, ...BIRTH, workEmail: 'one@co.example', ...PHONE });
    const right = anIdentity('jp/100/002', { ...NAME, ...facts, birthDate: '1990-05-06' });
    expect(outcome(left, right)).toBe(expected);
  });

  it('a birth date and all else that differs is nothing to ask about', () => {
    expect(
      outcome(anIdentity(A, { ...NAME, ...BIRTH }), anIdentity(B, { ...NAME, birthDate: '1990-05-06' })),
    ).toBe('two');
  });
});

describe('a contact of many', () => {
  const mailbox = (n: number, i: number): IdentityFacts =>
    anIdentity(`jp/${1000 + i}/001`, {
      familyName: `姓${i}`,
      givenName: `名${i}`,
      personalEmail: `all${n}@home.example`,
    });

  it('edge-cases/15: up to the limit every pair is asked about, past it nobody', () => {
    const { sharedContactLimit: limit } = matching;
    const few = Array.from({ length: limit }, (_, i) => mailbox(1, i));
    expect(group(few).doubtful).toHaveLength((limit * (limit - 1)) / 2);
    const many = [...few, mailbox(1, limit)];
    expect(group(many)).toMatchObject({ doubtful: [] });
    expect(groupPeople(few, [], matching, new Set(['m all1@home.example']))).toMatchObject({ doubtful: [] });
  });

  it('edge-cases/15: hundreds of them stay hundreds of people, and nobody is asked about them', () => {
    const hundreds = Array.from({ length: 200 }, (_, i) => mailbox(1, i));
    const { groups, doubtful } = group(hundreds);
    expect([groups.length, doubtful]).toEqual([200, []]);
  });
});

/** A human as histories tell of them: several numbers and companies, a marriage, gaps in what is stated. */
interface Human {
  readonly family: string;
  readonly given: string;
  readonly birthDate: string;
  readonly mail: string;
}

const FAMILIES = ['佐藤', '鈴木', '高橋', '髙橋', '田中', '伊藤'];
const GIVENS = ['翔', '葵', '健一', '裕子', '祐子', '太郎'];
const human = fc.record({
  family: fc.constantFrom(...FAMILIES),
  given: fc.constantFrom(...GIVENS),
  birth: fc.integer({ min: 0, max: 400 }),
});
const spell = fc.record({
  who: fc.nat(2),
  company: fc.constantFrom('jp', 'en'),
  number: fc.integer({ min: 1, max: 3 }),
  year: fc.integer({ min: 2000, max: 2025 }),
  married: fc.boolean(),
  states: fc.record({ birth: fc.boolean(), mail: fc.boolean(), former: fc.boolean(), name: fc.boolean() }),
});

describe('I11: many histories', () => {
  it('no two humans are ever merged, and the outcome does not depend on the order', () => {
    const run = fc.property(
      fc.array(human, { minLength: 3, maxLength: 3 }),
      fc.array(spell, { minLength: 2, maxLength: 6 }),
      (born, spells) => {
        const humans = born.map(({ family, given, birth }, i): Human => {
          const birthDate = `${1960 + (birth % 40)}-0${1 + (birth % 9)}-1${i}`;
          return { family, given, birthDate, mail: `person${i}@home.example` };
        });
        const items = spells.map(
          ({ who, company, number, year, married, states }, i): IdentityFacts & { who: number } => {
            const { family, given, birthDate, mail } = humans[who] ?? {
              family: '',
              given: '',
              birthDate: '',
              mail: '',
            };
            const facts: Facts = {
              hiredOn: `${year}-04-01`,
              ...(states.name ? { familyName: married ? '渡辺' : family, givenName: given } : {}),
              ...(states.birth ? { birthDate } : {}),
              ...(states.mail ? { personalEmail: mail } : {}),
              ...(states.former && married ? { formerFamilyName: family } : {}),
            };
            return {
              who,
              ...anIdentity(`${company}/${number}/${String(i).padStart(3, '0')}`, facts, `${year + 1}-03-31`),
            };
          },
        );
        const { groups, doubtful } = group(items);
        const whoOf = new Map(items.map((item) => [item.key, item]));
        for (const keys of groups) {
          const members = keys.map((key) => whoOf.get(key));
          const births = new Set(members.map((m) => m?.facts.birthDate).filter((d) => d !== undefined));
          // Nothing that is stated may contradict a merge; two humans who state nothing that differs cannot be told apart.
          expect(births.size).toBeLessThanOrEqual(1);
          const known = members.filter((m) => m?.facts.birthDate !== undefined);
          expect(new Set(known.map((m) => m?.who)).size).toBeLessThanOrEqual(1);
        }
        const asked = new Set(doubtful.map((d) => `${d.a} ${d.b}`));
        for (const { a, b } of doubtful)
          expect(groups.some((g) => g.includes(a) && g.includes(b))).toBe(false);
        expect(asked.size).toBe(doubtful.length);
        expect(group([...items].reverse())).toEqual({ groups, doubtful });
      },
    );
    fc.assert(run, { numRuns: runs(1_000) });
  });
});
