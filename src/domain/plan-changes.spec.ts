import { describe, expect, it } from '@jest/globals';
import { anEmployment, HANAKO } from '../../test/support/people.js';
import { isoDate } from './calendar.js';
import type { DepartureFacts, Dispute } from './departure.js';
import { matchKeys } from './identity.js';
import type { StatedFacts } from './observation.js';
import type { EmploymentEffect, PlanChange, StoredEmployment } from './plan.js';
import { changeKind, compareChanges, fieldsThatDiffer, stateDiffers, viewOf } from './plan-changes.js';

const FACTS = HANAKO as StatedFacts;
const LEAVING: DepartureFacts = {
  lastDay: isoDate('2026-06-30'),
  announcedOn: null,
  category: 'personal',
  voluntary: true,
  reasonText: '一身上の都合',
  reasonCode: null,
  kind: 'leaving',
};
const DISPUTE: Dispute = { code: 'left_without_day', values: { status: 'left', lastDay: null } };
const STANDING = { ...LEAVING, state: 'standing' } as const;
const MOVED = { ...STANDING, kind: 'move' } as const;

function stored(over: Partial<StoredEmployment> = {}): StoredEmployment {
  return {
    id: 'e1',
    personId: 'p1',
    company: 'jp',
    employeeNumber: '1',
    spell: 1,
    spellKey: '2018-04-01',
    facts: FACTS,
    inScope: true,
    absentSince: null,
    absentCount: 0,
    disputes: [],
    withdrawn: false,
    departure: null,
    ...over,
  };
}

function effect(over: Partial<StoredEmployment> = {}): EmploymentEffect {
  return { ...stored(over), keys: matchKeys(FACTS) };
}

function kind(
  before: StoredEmployment | null,
  after: Partial<StoredEmployment>,
  changedFields: string[] = [],
  isReturn = false,
): string | null {
  const departure = after.departure?.state === 'standing' ? after.departure : null;
  const state = anEmployment('jp', '1', HANAKO);
  const now = { state, departure, isEmployed: false, goesOnElsewhere: false, isReturn };
  return changeKind(before, now, effect(after), changedFields);
}

describe(changeKind, () => {
  const TAKEN_BACK = { ...LEAVING, state: 'rescinded' } as const;
  const LATER = { ...STANDING, lastDay: isoDate('2026-07-31') };
  const ABSENT = { absentSince: '2026-06-02T03:00:00.000Z', absentCount: 1 };

  it.each<[string, string | null, StoredEmployment | null, Partial<StoredEmployment>, string[]]>([
    ['leaves, and was never seen before', 'new_leaver', null, { departure: STANDING }, []],
    ['leaves', 'new_leaver', stored(), { departure: STANDING }, []],
    ['leaves after all', 'new_leaver', stored({ departure: TAKEN_BACK }), { departure: STANDING }, []],
    [
      'is stated again as leaving after the run was reverted',
      'new_leaver',
      stored({ withdrawn: true, departure: STANDING }),
      { departure: STANDING },
      [],
    ],
    ['leaves, out of scope', 'out_of_scope', null, { departure: STANDING, inScope: false }, []],
    ['moves, out of scope', 'out_of_scope', null, { departure: MOVED, inScope: false }, []],
    ['moves', 'transferred', stored(), { departure: MOVED }, []],
    ['goes on', 'transferred', stored(), { departure: { ...STANDING, kind: 'continued' } }, []],
    ['is dismissed', 'new_leaver', stored(), { departure: { ...STANDING, kind: 'dismissal' } }, []],
    ['turns out to move', 'transferred', stored({ departure: STANDING }), { departure: MOVED }, []],
    ['turns out to leave', 'amended', stored({ departure: MOVED }), { departure: STANDING }, []],
    ['moves as known', null, stored({ departure: MOVED }), { departure: MOVED }, []],
    [
      'moves as known, with another phone',
      'amended',
      stored({ departure: MOVED }),
      { departure: MOVED },
      ['phone'],
    ],
    ['leaves as known', null, stored({ departure: STANDING }), { departure: STANDING }, []],
    [
      'leaves as known, with another phone',
      'amended',
      stored({ departure: STANDING }),
      { departure: STANDING },
      ['phone'],
    ],
    ['leaves on another day', 'amended', stored({ departure: STANDING }), { departure: LATER }, []],
    ['stays after all', 'rescinded', stored({ departure: STANDING }), { departure: TAKEN_BACK }, []],
    ['stays', null, stored(), {}, []],
    [
      'stays, after it was taken back',
      null,
      stored({ departure: TAKEN_BACK }),
      { departure: TAKEN_BACK },
      [],
    ],
    ['stays, with another phone', 'amended', stored(), {}, ['phone']],
    ['is new', null, null, {}, []],
    ['is missed', 'suspected_absent', stored(), ABSENT, []],
    ['is still missed', null, stored(ABSENT), ABSENT, []],
    ['is missed, and the rest of the row is other', 'suspected_absent', stored(), ABSENT, ['phone']],
    ['is still missed, with another phone', 'amended', stored(ABSENT), ABSENT, ['phone']],
    ['is there again', null, stored(ABSENT), {}, []],
    ['is disputed', 'disputed', stored(), { disputes: [DISPUTE] }, []],
    ['is new and disputed', 'disputed', null, { disputes: [DISPUTE] }, []],
    [
      'is disputed, and stands',
      'disputed',
      stored({ departure: STANDING }),
      { departure: STANDING, disputes: [DISPUTE] },
      [],
    ],
    [
      'is disputed as it was before its run was reverted',
      'disputed',
      stored({ withdrawn: true, disputes: [DISPUTE] }),
      { disputes: [DISPUTE] },
      [],
    ],
    ['is disputed as known', null, stored({ disputes: [DISPUTE] }), { disputes: [DISPUTE] }, []],
    ['is disputed no longer', null, stored({ disputes: [DISPUTE] }), {}, []],
    [
      'leaves, and is disputed no longer',
      'new_leaver',
      stored({ disputes: [DISPUTE] }),
      { departure: STANDING },
      [],
    ],
  ])('who %s: %s', (_title, expected, before, after, changedFields) => {
    expect(kind(before, after, changedFields)).toBe(expected);
  });

  it('edge-cases/16: somebody new who had left the group before is back', () => {
    expect(kind(null, {}, [], true)).toBe('rehired');
    expect(kind(stored({ withdrawn: true }), {}, [], true)).toBe('rehired');
    expect(kind(stored(), {}, [], true)).toBeNull();
  });
});

describe('what differs', () => {
  it('names the facts in order, whether they came, went or changed', () => {
    const before = stored({ facts: { phone: '1', familyName: '高橋', grade: '5', skills: ['SQL'] } });
    const after = effect({
      facts: { workEmail: 'a@co.example', familyName: '鈴木', grade: '5', skills: ['SQL'] },
    });
    expect(fieldsThatDiffer(before, after)).toEqual(['familyName', 'phone', 'workEmail']);
  });

  it('cleared and not mentioned are one to what is stored', () => {
    expect(fieldsThatDiffer(stored({ facts: { phone: null } }), effect({ facts: {} }))).toEqual([]);
    expect(fieldsThatDiffer(stored({ facts: {} }), effect({ facts: { phone: null } }))).toEqual([]);
  });

  it('a list is compared by what is in it', () => {
    const skills = (...list: string[]) => ({ facts: { skills: list } });
    expect(fieldsThatDiffer(stored(skills('SQL', 'Java')), effect(skills('SQL', 'Java')))).toEqual([]);
    expect(fieldsThatDiffer(stored(skills('SQL', 'Java')), effect(skills('SQL')))).toEqual(['skills']);
  });

  it.each<[string, Partial<StoredEmployment>]>([
    ['the person', { personId: 'p2' }],
    ['the spell', { spell: 2 }],
    ['the hire day that names it', { spellKey: '2018-04-02' }],
    ['the scope', { inScope: false }],
    ['since when it is missed', { absentSince: '2026-06-02T03:00:00.000Z' }],
    ['how often it was missed', { absentCount: 1 }],
    ['a dispute', { disputes: [DISPUTE] }],
    ['that it is back', { withdrawn: true }],
    ['the departure', { departure: STANDING }],
  ])('sees %s', (_title, over) => {
    expect(stateDiffers(stored(), effect(over))).toBe(true);
    expect(stateDiffers(stored(over), effect(over))).toBe(false);
  });

  it('leaves the facts to their own list', () => {
    expect(stateDiffers(stored(), effect({ facts: {} }))).toBe(false);
  });
});

describe(viewOf, () => {
  it('shows a departure that stands', () => {
    const shown = viewOf(
      stored({ departure: STANDING, disputes: [DISPUTE], facts: { ...FACTS, status: 'left' } }),
    );
    expect(shown).toEqual({
      name: '高橋 花子',
      lastDay: '2026-06-30',
      category: 'personal',
      kind: 'leaving',
      status: 'left',
      disputes: ['left_without_day'],
    });
  });

  it.each([null, { ...LEAVING, state: 'rescinded' as const }])(
    'shows none that does not stand: %j',
    (departure) => {
      expect(viewOf(stored({ departure, facts: {} }))).toEqual({
        name: null,
        lastDay: null,
        category: null,
        kind: null,
        status: null,
        disputes: [],
      });
    },
  );
});

describe(compareChanges, () => {
  const change = (company: string, employeeNumber: string, spell: number) =>
    ({ company, employeeNumber, spell }) as PlanChange;

  it('orders by company, number and spell, the tenth spell after the second', () => {
    const ordered = [
      change('en', '2', 1),
      change('jp', '1', 1),
      change('jp', '1', 2),
      change('jp', '1', 10),
      change('jp', '2', 1),
    ];
    expect([...ordered].reverse().sort(compareChanges)).toEqual(ordered);
    expect([...ordered].sort(compareChanges)).toEqual(ordered);
    expect(compareChanges(change('jp', '1', 1), change('jp', '1', 1))).toBe(0);
  });
});
