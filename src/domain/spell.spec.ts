import { describe, expect, it } from '@jest/globals';
import { aStatement, derive, HANAKO, TARO, type Facts } from '../../test/support/people.js';
import { isoDate } from './calendar.js';
import type { EmploymentState } from './departure.js';
import { compareNullableDays } from './spell.js';

type Said = readonly [day: string, facts: Facts, source?: string];

/** The spells of one number, oldest first; the same whatever is delivered first. */
function spells(...said: readonly Said[]): EmploymentState[] {
  const statements = said.map(([day, facts, source = 'hr']) => aStatement(day, facts, { source }));
  const states = derive(statements);
  expect(derive(statements.toReversed())).toEqual(states);
  return states;
}

function only(...said: readonly Said[]): EmploymentState {
  const [state, ...others] = spells(...said);
  if (state === undefined || others.length > 0) throw new Error('one spell was expected');
  return state;
}

const keys = (states: readonly EmploymentState[]) => states.map((s) => s.spellKey);
const codes = (state: EmploymentState | undefined) => state?.disputes.map((d) => d.code);
const hired = (hiredOn: string | null, more: Facts = {}): Facts => ({ ...HANAKO, hiredOn, ...more });
const OF_TWO = 'number_stated_for_two_people';

describe('the spell that a hire day is about', () => {
  it.each([
    ['45 days later', '2018-05-16', ['2018-05-16']],
    ['46 days later', '2018-05-17', ['2018-04-01', '2018-05-17']],
    ['45 days earlier', '2018-02-15', ['2018-02-15']],
    ['years earlier, of somebody who is here', '2010-04-01', ['2010-04-01']],
  ])('hired %s', (_title, day, expected) => {
    expect(keys(spells(['2020-01-01', hired('2018-04-01')], ['2020-02-01', hired(day)]))).toEqual(expected);
  });

  it('edge-cases/16: an earlier hire day of somebody who had left by then is an earlier spell', () => {
    const now: Said = ['2020-01-01', hired('2018-04-01', { status: 'active' })];
    const left = (facts: Facts): Said => ['2020-02-01', hired('2010-04-01', facts)];
    expect(keys(spells(now, left({ status: 'left' })))).toEqual(['2010-04-01', '2018-04-01']);
    expect(keys(spells(now, left({ status: null, lastDay: '2018-03-31' })))).toEqual([
      '2010-04-01',
      '2018-04-01',
    ]);
    expect(keys(spells(now, left({ status: null, lastDay: '2018-04-01' })))).toEqual(['2010-04-01']);
    expect(keys(spells(now, left({ status: null, lastDay: '2030-03-31' })))).toEqual(['2010-04-01']);
  });

  it('a hire day that was not known is filled in', () => {
    expect(keys(spells(['2020-01-01', hired(null)], ['2020-02-01', hired('2018-04-01')]))).toEqual([
      '2018-04-01',
    ]);
  });

  it('edge-cases/16: hired after an end is hired again, also where the first hire day is not known', () => {
    const left: Said = ['2020-01-31', hired(null, { lastDay: '2020-01-31', status: 'left' })];
    expect(keys(spells(left, ['2026-04-01', hired('2026-04-01', { status: 'active' })]))).toEqual([
      '',
      '2026-04-01',
    ]);
    expect(keys(spells(left, ['2020-02-05', hired('2020-01-31')]))).toEqual(['2020-01-31']);
  });

  it('of a short spell, hired on the last day is no second hire', () => {
    const short: Said = ['2020-04-20', hired('2020-04-01', { lastDay: '2020-04-20', status: 'left' })];
    expect(keys(spells(short, ['2020-05-01', hired('2020-04-20')]))).toEqual(['2020-04-20']);
    expect(keys(spells(short, ['2020-05-01', hired('2020-04-21')]))).toEqual(['2020-04-01', '2020-04-21']);
  });

  it('a short spell that ended before this one began is another, however close', () => {
    const now: Said = ['2020-05-10', hired('2020-05-10', { status: 'active' })];
    const before = (lastDay: string): Said => [
      '2020-06-01',
      hired('2020-04-01', { lastDay, status: 'left' }),
    ];
    expect(keys(spells(now, before('2020-05-09')))).toEqual(['2020-04-01', '2020-05-10']);
    expect(keys(spells(now, before('2020-05-10')))).toEqual(['2020-04-01']);
  });

  it('a corrected hire day corrects the spell that it is closest to', () => {
    const two: Said[] = [
      ['2020-01-01', hired('2018-04-01')],
      ['2020-01-02', hired('2018-05-20')],
    ];
    expect(keys(spells(...two, ['2020-01-03', hired('2018-05-10')]))).toEqual(['2018-04-01', '2018-05-10']);
    expect(keys(spells(...two, ['2020-01-03', hired('2018-04-10')]))).toEqual(['2018-04-10', '2018-05-20']);
  });

  it('a hire day that was corrected still names its spell', () => {
    const said: Said[] = [
      ['2020-01-01', hired('2018-04-01')],
      ['2020-01-02', hired('2018-05-10')],
      ['2020-01-03', hired('2018-06-15')],
    ];
    expect(keys(spells(...said))).toEqual(['2018-06-15']);
    const again = spells(...said, ['2020-01-04', { hiredOn: '2018-04-01', phone: '03-1111-1111' }]);
    expect(again.map((s) => s.facts.phone)).toEqual(['03-1111-1111']);
  });
});

describe('a statement without a hire day', () => {
  const TWO: Said[] = [
    ['2026-04-01', hired('2026-04-01', { status: 'active' })],
    ['2026-04-02', hired('2010-04-01', { status: 'left', lastDay: '2015-03-31' })],
  ];
  const phones = (...said: Said[]) => spells(...said).map((s) => s.facts.phone ?? null);

  it('is about the latest spell, whichever became known last', () => {
    const inTurn: Said[] = [
      ['2015-04-01', hired('2010-04-01', { status: 'left', lastDay: '2015-03-31' })],
      ['2026-04-01', hired('2026-04-01', { status: 'active' })],
    ];
    for (const two of [TWO, inTurn])
      expect(phones(...two, ['2026-05-01', { phone: '03-1111-1111' }])).toEqual([null, '03-1111-1111']);
  });

  it('is about the latest spell of its own file too', () => {
    const rows: Said[] = [
      ['2026-04-01', hired('2010-04-01', { status: 'left', lastDay: '2015-03-31' })],
      ['2026-04-01', hired('2026-04-01', { status: 'active' })],
      ['2026-04-01', { phone: '03-1111-1111' }],
    ];
    expect(phones(...rows)).toEqual([null, '03-1111-1111']);
  });

  it('is about a spell whose hire day is not known only where no other had begun', () => {
    const undated: Said[] = [
      ['2020-01-31', hired(null, { lastDay: '2020-01-31', status: 'left' })],
      ['2026-04-01', hired('2026-04-01', { status: 'active' })],
    ];
    expect(phones(...undated, ['2026-05-01', { phone: '03-1111-1111' }])).toEqual([null, '03-1111-1111']);
    const corrected = spells(...undated, ['2026-05-01', { lastDay: '2020-02-29' }]);
    expect(corrected.map((s) => s.facts.lastDay ?? null)).toEqual(['2020-02-29', null]);
  });

  it('of two spells whose hire days are not known is about the one that began when the other was over', () => {
    const said: Said[] = [
      ['2020-01-10', hired(null, { lastDay: '2020-01-31', status: 'left' })],
      ['2020-02-01', { ...TARO, hiredOn: null }],
    ];
    expect(phones(...said, ['2020-03-01', { phone: '03-1111-1111' }])).toEqual([null, '03-1111-1111']);
  });

  it('is about the latest spell that had begun by the last day it states', () => {
    const ends = (lastDay: string) =>
      spells(...TWO, ['2026-05-01', { lastDay, leavingReason: '転職' }]).map((s) => s.facts.lastDay ?? null);
    expect(ends('2026-06-30')).toEqual(['2015-03-31', '2026-06-30']);
    expect(ends('2026-04-01')).toEqual(['2015-03-31', '2026-04-01']);
    expect(ends('2015-04-30')).toEqual(['2015-04-30', null]);
  });

  it('is about the spell of the human whom it names', () => {
    const said: Said[] = [
      ['2020-01-31', hired('2018-04-01', { lastDay: '2020-01-31', status: 'left' })],
      ['2024-04-01', { ...TARO, hiredOn: '2024-04-01' }],
    ];
    expect(phones(...said, ['2024-05-01', hired(null, { phone: '03-1111-1111' })])).toEqual([
      '03-1111-1111',
      null,
    ]);
  });

  it('I11: another human after an end is another spell; before it, somebody to ask about', () => {
    const left: Said = ['2020-01-10', hired('2018-04-01', { lastDay: '2020-01-31', status: 'departing' })];
    const other = (day: string): Said => [day, { ...TARO, hiredOn: null }];
    const apart = spells(left, other('2020-02-01'));
    expect(apart.map((s) => s.facts.familyName).sort()).toEqual(['山田', '高橋'].sort());
    expect(apart.flatMap(codes)).not.toContain(OF_TWO);
    // The company's day: still the last one, though in UTC the instant is no different.
    const onLastDay = only(left, other('2020-01-31T14:59:00.000Z'));
    expect([onLastDay.facts.familyName, codes(onLastDay)]).toEqual(['高橋', [OF_TWO]]);
    expect(spells(left, other('2020-01-31T15:00:00.000Z'))).toHaveLength(2);
    // Also where one file names both.
    for (const day of ['2024-02-01', '2020-01-10']) {
      const stays = only(['2020-01-10', hired('2018-04-01', { status: 'active' })], other(day));
      expect([stays.facts.familyName, codes(stays)]).toEqual(['高橋', [OF_TWO]]);
    }
  });
});

describe('I11: one number, another human', () => {
  const KANJI: Facts = { familyName: '高橋', givenName: '花子' };
  const KANA: Facts = { givenNameKana: 'ハナコ' };
  const BORN: Facts = { birthDate: '1990-05-05' };
  const OTHER_DAY: Facts = { birthDate: '1985-11-23' };

  it.each<[string, Facts, Facts, boolean]>([
    ['another birth date and name', { ...KANJI, ...BORN }, { givenName: '太郎', ...OTHER_DAY }, true],
    ['another birth date, one name', { ...KANJI, ...BORN }, { ...KANJI, ...OTHER_DAY }, false],
    ['one birth date, another name', { ...KANJI, ...BORN }, { givenName: '葉子', ...BORN }, false],
    ['another name, no birth date known', KANJI, { givenName: '太郎', ...OTHER_DAY }, false],
    ['another name, no birth date stated', { ...KANJI, ...BORN }, { givenName: '太郎' }, false],
    ['another birth date, no name known', BORN, { givenName: '太郎', ...OTHER_DAY }, false],
    ['another birth date, no name stated', { ...KANJI, ...BORN }, OTHER_DAY, false],
    [
      'another birth date, another reading',
      { ...KANA, ...BORN },
      { givenNameKana: 'タロウ', ...OTHER_DAY },
      true,
    ],
    [
      'another birth date, one reading in other characters',
      { ...KANJI, ...KANA, ...BORN },
      { givenName: '華子', givenNameKana: 'はなこ', ...OTHER_DAY },
      false,
    ],
    [
      'another birth date, one name in variant characters',
      { givenName: '髙子', ...BORN },
      { givenName: '高子', ...OTHER_DAY },
      false,
    ],
    [
      'another birth date, a reading on one side only and another name',
      { ...KANJI, ...KANA, ...BORN },
      { givenName: '太郎', ...OTHER_DAY },
      true,
    ],
  ])('%s', (_title, one, other, isOther) => {
    const state = only(
      ['2020-01-01', { ...one, hiredOn: '2018-04-01' }],
      ['2020-02-01', { ...other, hiredOn: '2018-04-01', phone: '03-1111-1111' }],
    );
    expect(codes(state)).toEqual(isOther ? [OF_TWO] : []);
    expect(state.facts.phone).toBe(isOther ? undefined : '03-1111-1111');
  });
});

describe('what stands of the facts', () => {
  it('a hire day that is cleared goes on naming the spell', () => {
    const state = only(['2020-01-01', hired('2018-04-01')], ['2020-02-01', { hiredOn: null }]);
    expect([state.spellKey, state.facts.hiredOn]).toEqual(['2018-04-01', '2018-04-01']);
    expect(Object.keys(only(['2020-01-01', { familyName: '高橋' }]).facts)).toEqual(['familyName']);
  });

  it('a field without a value is not mentioned, and clears nothing', () => {
    const state = only(
      ['2020-01-01', hired('2018-04-01', { phone: '03-1111-1111' })],
      ['2020-02-01', hired('2018-04-01', { phone: undefined })],
    );
    expect(state.facts.phone).toBe('03-1111-1111');
  });
});

describe('said in two ways at one instant', () => {
  const DAY = '2026-05-01';
  const both = (one: Facts, other: Facts) =>
    only([DAY, { ...HANAKO, ...one }], [DAY, { ...HANAKO, ...other }]);
  const LEAVES: Facts = { status: 'departing', leavingReason: '転職' };

  it('a day in one row and none mentioned in the other is no contradiction', () => {
    const state = both({ ...LEAVES, lastDay: '2026-06-30' }, { department: '総務' });
    expect(state).toMatchObject({ departure: { lastDay: '2026-06-30' }, disputes: [] });
  });

  it('a day in one row and a cleared one in the other is one', () => {
    const state = both({ lastDay: '2026-06-30' }, { lastDay: null });
    expect(state.departure).toBeNull();
    expect(state.disputes).toEqual([
      { code: 'conflicting_statements', values: { lastDay: '"2026-06-30" / null' } },
    ]);
  });

  it('rows without a hire day contradict each other like those with one', () => {
    const state = only(
      [DAY, { familyName: '高橋', lastDay: '2026-06-30' }],
      [DAY, { familyName: '高橋', lastDay: '2026-07-31' }],
    );
    expect([state.departure, state.facts.lastDay]).toEqual([null, undefined]);
    expect(codes(state)).toEqual(['conflicting_statements']);
  });

  it('only what is contradictory is left out', () => {
    const state = both({ ...LEAVES, lastDay: '2026-06-30' }, { ...LEAVES, lastDay: '2026-07-31' });
    expect(state.facts).toMatchObject({ familyName: '高橋', status: 'departing', leavingReason: '転職' });
    expect(state.facts.lastDay).toBeUndefined();
  });

  it.each<[string, Facts, Facts, Record<string, string | null>]>([
    ['status', { status: 'active' }, { status: 'leave' }, { status: '"active" / "leave"' }],
    [
      'announcedOn',
      { announcedOn: '2026-04-02' },
      { announcedOn: '2026-04-01' },
      { announcedOn: '"2026-04-01" / "2026-04-02"' },
    ],
    ['phone', { phone: '03-1111-1111' }, { phone: '03-2222-2222' }, { phone: null }],
    ['personalEmail', { personalEmail: 'a@home.example' }, { personalEmail: null }, { personalEmail: null }],
    ['leavingReason', { leavingReason: '転職' }, { leavingReason: '定年' }, { leavingReason: null }],
  ])('%s is shown; with its values where they tell nothing about who it is', (_field, one, other, values) => {
    expect(both(one, other).disputes).toContainEqual({ code: 'conflicting_statements', values });
  });

  it('the values are shown in one order, whatever else the rows say', () => {
    const values = { status: '"active" / "leave"' };
    for (const [one, other] of [
      ['営業', '総務'],
      ['総務', '営業'],
    ]) {
      const state = both({ status: 'active', department: one }, { status: 'leave', department: other });
      expect(state.disputes).toContainEqual({ code: 'conflicting_statements', values });
    }
  });

  it('is shown source by source, whichever of them spoke last', () => {
    const twice = (day: string, source: string, one: Facts, other: Facts): Said[] => [
      [day, one, source],
      [day, other, source],
    ];
    const hr = (day: string) => twice(day, 'hr', { phone: '03-1111-1111' }, { phone: '03-2222-2222' });
    const push = (day: string) =>
      twice(day, 'push', { personalEmail: 'a@home.example' }, { personalEmail: 'b@home.example' });
    const known: Said = ['2026-04-01', HANAKO, 'payroll'];
    const values = [{ phone: null }, { personalEmail: null }];
    for (const said of [
      [...hr(DAY), ...push('2026-05-02')],
      [...push(DAY), ...hr('2026-05-02')],
    ])
      expect(only(known, ...said).disputes.map((d) => d.values)).toEqual(values);
  });

  it.each<[string, Facts, Facts]>([
    ['department', { department: '営業' }, { department: '企画' }],
    ['jobTitle', { jobTitle: '部長' }, { jobTitle: '課長' }],
    ['grade', { grade: '5' }, { grade: '6' }],
    ['location', { location: '東京' }, { location: '大阪' }],
    ['manager', { manager: '2001' }, { manager: '2002' }],
    ['skills', { skills: ['SQL'] }, { skills: ['Java'] }],
    ['a field that one row does not have', { phone: '03-1111-1111' }, {}],
  ])('兼務: two rows that differ in %s contradict nothing', (_field, one, other) => {
    expect(both(one, other).disputes).toEqual([]);
  });

  it('rows of two spells side by side contradict nothing', () => {
    const states = spells(
      [DAY, hired('2010-04-01', { lastDay: '2015-03-31', status: 'left' })],
      [DAY, hired('2020-04-01', { lastDay: null, status: 'active' })],
    );
    expect(states.map((s) => [s.departure?.lastDay ?? null, codes(s)])).toEqual([
      ['2015-03-31', []],
      [null, []],
    ]);
  });

  it('two sources contradict each other, not themselves', () => {
    const state = only([DAY, { ...HANAKO, phone: '03-1111-1111' }], [DAY, { phone: '03-2222-2222' }, 'push']);
    expect(state.disputes).toEqual([]);
  });

  it('is over with the next word of the source', () => {
    const state = only(
      [DAY, { ...HANAKO, phone: '03-1111-1111' }],
      [DAY, { ...HANAKO, phone: '03-2222-2222' }],
      ['2026-05-02', { ...HANAKO, phone: '03-3333-3333' }],
    );
    expect([state.disputes, state.facts.phone]).toEqual([[], '03-3333-3333']);
  });
});

describe('said before', () => {
  it('contradicts nothing that its source says now, whatever else it goes on saying', () => {
    const former = (phone: string) => hired('2010-04-01', { phone });
    const statements = [
      aStatement('2026-05-01', hired('2018-04-01'), { confirmed: '2026-05-20' }),
      aStatement('2026-05-05', former('03-1111-1111')),
      aStatement('2026-05-20', former('03-2222-2222')),
    ];
    const [state, ...others] = derive(statements);
    expect([state?.facts.phone, others]).toEqual(['03-2222-2222', []]);
    expect(state?.disputes.flatMap((d) => Object.keys(d.values))).not.toContain('phone');
  });
});

describe('two sources and one last day', () => {
  const hr: Said = ['2026-05-01', { ...HANAKO, lastDay: '2026-06-30' }];

  it('are shown in the order of the days, whoever said which', () => {
    const days = ['2026-06-30', '2026-07-31'];
    for (const [one, other] of [days, days.toReversed()]) {
      const state = only(
        ['2026-05-01', { ...HANAKO, lastDay: one }],
        ['2026-05-02', { lastDay: other }, 'push'],
      );
      expect(state.disputes).toEqual([
        { code: 'sources_disagree_on_last_day', values: { lastDay: '2026-06-30 / 2026-07-31' } },
      ]);
    }
  });

  it('one that cleared it disagrees with nobody', () => {
    expect(codes(only(hr, ['2026-05-02', { lastDay: null }, 'push']))).toEqual([]);
  });

  it('one that says the same agrees', () => {
    expect(codes(only(hr, ['2026-05-02', { lastDay: '2026-06-30' }, 'push']))).toEqual([]);
  });

  it('one of less authority is not asked', () => {
    const state = only(hr, ['2026-05-02', { lastDay: '2026-07-31' }, 'payroll']);
    expect(state).toMatchObject({ departure: { lastDay: '2026-06-30' }, disputes: [] });
  });
});

describe(compareNullableDays, () => {
  it('puts what is not known first', () => {
    const days = [isoDate('2026-04-01'), null, isoDate('2018-04-01'), null];
    expect(days.sort(compareNullableDays)).toEqual([null, null, '2018-04-01', '2026-04-01']);
    expect(compareNullableDays(null, null)).toBe(0);
    expect(compareNullableDays(isoDate('2018-04-01'), isoDate('2018-04-01'))).toBe(0);
  });
});
