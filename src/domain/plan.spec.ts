import { describe, expect, it } from '@jest/globals';
import { HANAKO, type Facts } from '../../test/support/people.js';
import { isoDate } from './calendar.js';
import type { DepartureFacts } from './departure.js';
import type { StatedFacts } from './observation.js';
import { canonical, displayName, eligibilityFacts, hasEffects, type Effects } from './plan.js';

const NONE: Effects = {
  persons: [],
  employments: [],
  entries: [],
  followUps: [],
  cases: [],
  movedPersons: [],
  optOuts: [],
};

describe(hasEffects, () => {
  it('a plan without effects changes nothing', () => {
    expect(hasEffects(NONE)).toBe(false);
  });

  it.each<[string, Partial<Effects>]>([
    ['a person', { persons: ['p1'] }],
    ['an entry', { entries: [{ personId: 'p1', company: 'jp', employmentId: null, verdict: null }] }],
    ['a case', { cases: [{ a: 'e1', b: 'e2', state: 'open', score: 6, evidence: [] }] }],
    ['a move', { movedPersons: [{ from: 'p1', to: 'p2', company: null }] }],
    ['an opt-out', { optOuts: [{ from: 'p1', to: 'p2' }] }],
    [
      'a follow-up',
      {
        followUps: [{ op: 'cancel', id: 'f1', because: 'rescinded', employmentId: 'e1', zone: 'Asia/Tokyo' }],
      },
    ],
    [
      'an employment',
      {
        employments: [
          {
            id: 'e1',
            personId: 'p1',
            company: 'jp',
            employeeNumber: '1',
            spell: 1,
            spellKey: '',
            facts: {},
            keys: { name: null, email: null, phone: null },
            inScope: true,
            absentSince: null,
            absentCount: 0,
            disputes: [],
            withdrawn: false,
            departure: null,
          },
        ],
      },
    ],
  ])('%s alone changes something', (_title, effects) => {
    expect(hasEffects({ ...NONE, ...effects })).toBe(true);
  });
});

describe(displayName, () => {
  it.each<[string, Facts, string | null]>([
    [
      'the name as a whole goes before its parts',
      { ...HANAKO, displayName: 'Takahashi, Hanako' },
      'Takahashi, Hanako',
    ],
    ['both parts', HANAKO, '高橋 花子'],
    ['one part', { familyName: '高橋' }, '高橋'],
    ['the other part', { familyName: null, givenName: '花子' }, '花子'],
    ['an empty part is none', { familyName: '高橋', givenName: '' }, '高橋'],
    ['no name at all', { familyNameKana: 'タカハシ' }, null],
    ['nothing', {}, null],
  ])('%s', (_title, facts, expected) => {
    expect(displayName(facts as StatedFacts)).toBe(expected);
  });
});

describe(canonical, () => {
  it('is one text for equal values, however their keys are ordered', () => {
    const one = { a: 1, b: { c: [{ d: 1, e: null }], f: 'x' }, g: undefined };
    const other = { b: { f: 'x', c: [{ e: null, d: 1 }] }, a: 1 };
    expect(canonical(one)).toBe(canonical(other));
    expect(canonical({ c: 1, a: 1, b: 1 })).toBe('{"a":1,"b":1,"c":1}');
  });

  it.each([
    ['another value', { a: 1 }, { a: 2 }],
    ['another key', { a: 1 }, { b: 1 }],
    ['nothing and not mentioned', { a: null }, {}],
    ['another order of a list', ['SQL', 'Java'], ['Java', 'SQL']],
    ['a list and what is in it', ['SQL'], 'SQL'],
    ['nothing and an empty record', null, {}],
  ])('tells apart %s', (_title, one, other) => {
    expect(canonical(one)).not.toBe(canonical(other));
  });
});

describe(eligibilityFacts, () => {
  const departure: DepartureFacts = {
    lastDay: isoDate('2026-03-31'),
    announcedOn: isoDate('2026-03-01'),
    category: 'career_change',
    voluntary: true,
    reasonText: null,
    reasonCode: null,
    kind: 'leaving',
  };
  const facts: Facts = { ...HANAKO, regretted: true, employmentType: '正社員', rehireEligible: 'review' };
  const of = (over: Partial<DepartureFacts> = {}, deceased = false) =>
    eligibilityFacts({ facts: facts as StatedFacts }, { ...departure, ...over }, deceased);

  it('are those of the employment and of its departure', () => {
    expect(of()).toEqual({
      reason: 'career_change',
      voluntary: true,
      tenureMonths: 95,
      noticeDays: 30,
      rehireFlag: 'review',
      regretted: true,
      employmentType: '正社員',
      kind: 'leaving',
      hiredOn: '2018-04-01',
      lastDay: '2026-03-31',
    });
  });

  it('what nobody stated is not known', () => {
    expect(eligibilityFacts({ facts: {} }, { ...departure, announcedOn: null }, false)).toMatchObject({
      tenureMonths: null,
      noticeDays: null,
      rehireFlag: null,
      regretted: null,
      employmentType: null,
      hiredOn: null,
    });
  });

  it('announced afterwards is notice below none', () => {
    expect(of({ announcedOn: isoDate('2026-04-05') }).noticeDays).toBe(-5);
  });

  it('edge-cases/21: of somebody who died the reason is the death, whatever was stated', () => {
    expect(of({}, true)).toMatchObject({ reason: 'death', kind: 'death' });
    expect(of({ kind: 'dismissal', category: 'conduct' }, true)).toMatchObject({
      reason: 'death',
      kind: 'death',
    });
  });

  it.each([
    ['move', 'leaving'],
    ['leaving', 'leaving'],
    ['continued', 'continued'],
    ['dismissal', 'dismissal'],
  ] as const)('a policy sees a %s as %s', (kind, seen) => {
    expect(of({ kind })).toMatchObject({ kind: seen, reason: 'career_change' });
  });
});
