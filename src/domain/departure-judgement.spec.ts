import { describe, expect, it } from '@jest/globals';
import { aStatement, derive, HANAKO, type Facts } from '../../test/support/people.js';
import type { Dispute, EmploymentState } from './departure.js';

const LEAVES: Facts = { ...HANAKO, lastDay: '2026-06-30', leavingReason: '転職', status: 'departing' };

/** What stands after everything was said in this order, each on its day. */
function after(...said: readonly (readonly [string, Facts])[]): EmploymentState {
  const [state, ...others] = derive(said.map(([day, facts]) => aStatement(day, facts)));
  if (state === undefined || others.length > 0) throw new Error('one spell was expected');
  return state;
}

const codes = (state: EmploymentState): string[] => state.disputes.map((d) => d.code);

describe('what stands while something contradicts it', () => {
  it.each<[string, Facts, Dispute]>([
    [
      'left without a day',
      { lastDay: null, status: 'left' },
      { code: 'left_without_day', values: { status: 'left', lastDay: null } },
    ],
    [
      'an end before the hire',
      { lastDay: '2018-03-31' },
      { code: 'end_before_hire', values: { hiredOn: '2018-04-01', lastDay: '2018-03-31' } },
    ],
    [
      'the end of a leave',
      { leavingReason: '休職', status: 'leave' },
      { code: 'on_leave_with_end', values: { status: 'leave', lastDay: '2026-06-30' } },
    ],
  ])('%s takes back no departure, and is shown with what was said', (_title, facts, dispute) => {
    const state = after(['2026-05-01', LEAVES], ['2026-05-02', facts]);
    expect(state.departure).toMatchObject({ lastDay: '2026-06-30', category: 'career_change' });
    expect(state.disputes).toEqual([dispute]);
  });

  it('edge-cases/09: what was taken back is remembered, whatever else is said later', () => {
    const stays: Facts = { ...HANAKO, status: 'active', lastDay: null };
    const state = after(
      ['2026-05-01', LEAVES],
      ['2026-05-20', stays],
      ['2026-05-25', { ...stays, department: '総務' }],
    );
    expect(state).toMatchObject({ departure: null, rescinded: { lastDay: '2026-06-30' } });
  });

  it('is settled by the next statement that makes sense', () => {
    const state = after(['2026-05-01', { ...LEAVES, lastDay: null }], ['2026-05-02', LEAVES]);
    expect(state).toMatchObject({ departure: { lastDay: '2026-06-30' }, disputes: [] });
  });
});

describe('over, and nobody says since when', () => {
  it.each(['left', 'departing', 'transferred', 'deceased'] as const)(
    'edge-cases/29: the status %s without a day is shown',
    (status) => {
      const state = after(['2026-05-01', { ...HANAKO, status }]);
      expect(state.departure).toBeNull();
      expect(state.disputes).toEqual([{ code: 'left_without_day', values: { status, lastDay: null } }]);
    },
  );

  it.each(['active', 'leave', null] as const)('the status %s without a day is no end', (status) => {
    expect(after(['2026-05-01', { ...HANAKO, status }])).toMatchObject({ departure: null, disputes: [] });
  });

  it.each<[string, Facts]>([
    ['in words', { leavingReason: '死亡' }],
    ['by a code', { leavingReasonCode: 'death' }],
  ])('edge-cases/21: a death without a day, told %s', (_title, facts) => {
    const state = after(['2026-05-01', { ...HANAKO, status: 'active', ...facts }]);
    expect(state).toMatchObject({ departure: null, deceased: true });
    expect(state.disputes).toEqual([
      { code: 'left_without_day', values: { status: 'active', lastDay: null, category: 'death' } },
    ]);
  });

  it('another reason without a day says nothing: it may be one of an earlier time', () => {
    expect(after(['2026-05-01', { ...HANAKO, leavingReason: '転職' }])).toMatchObject({
      departure: null,
      deceased: false,
      disputes: [],
    });
  });
});

describe('edge-cases/29: still here, and an end in the past', () => {
  const announced: Facts = { ...HANAKO, status: 'active', lastDay: '2026-06-30' };

  it.each(['active', 'leave'] as const)('the status %s said after the last day contradicts it', (status) => {
    const state = after(['2026-07-01', { ...HANAKO, status, lastDay: '2026-06-30' }]);
    expect(state.departure).toBeNull();
    expect(state.disputes).toEqual([
      { code: 'active_with_past_end', values: { status, lastDay: '2026-06-30' } },
    ]);
  });

  it('on the last day itself they are still here', () => {
    expect(after(['2026-06-30', announced])).toMatchObject({
      departure: { lastDay: '2026-06-30' },
      disputes: [],
    });
  });

  it('edge-cases/12: the day is that of the company: 1 July in Tokyo is past, though not yet in UTC', () => {
    expect(codes(after(['2026-06-30T14:59:00.000Z', announced]))).toEqual([]);
    expect(codes(after(['2026-06-30T15:00:00.000Z', announced]))).toEqual(['active_with_past_end']);
  });

  it('on leave, said after the last day of somebody who was active, is news', () => {
    expect(
      codes(after(['2026-06-01', announced], ['2026-07-20', { ...announced, status: 'leave' }])),
    ).toEqual(['active_with_past_end']);
  });

  it('a day that is moved, and over by then, is news', () => {
    const moved = { ...announced, lastDay: '2026-07-10' };
    const state = after(['2026-06-01', announced], ['2026-07-20', moved]);
    expect(codes(state)).toEqual(['active_with_past_end']);
    expect(state.departure?.lastDay).toBe('2026-06-30');
  });

  it('a day alone, entered late, is no word about the status', () => {
    const state = after(
      ['2026-06-01', { ...HANAKO, status: 'active' }],
      ['2026-07-20', { lastDay: '2026-06-30' }],
    );
    expect(state).toMatchObject({ departure: { lastDay: '2026-06-30' }, disputes: [] });
  });
});

describe('whose wish it was', () => {
  const leaving = (facts: Facts) => after(['2026-05-01', { ...HANAKO, lastDay: '2026-06-30', ...facts }]);

  it('a flag beside a reason that nobody knows is all that is known', () => {
    expect(leaving({ leavingReason: 'XQ-9', voluntary: true })).toMatchObject({
      departure: { category: 'unknown', voluntary: true },
      disputes: [],
    });
  });

  it('a flag against a reason that says whose wish it was is shown with both', () => {
    expect(leaving({ leavingReason: '一身上の都合', voluntary: false }).disputes).toEqual([
      {
        code: 'reason_contradicts_itself',
        values: { leavingReason: '一身上の都合', leavingReasonCode: null, voluntary: 'false' },
      },
    ]);
  });

  it('a flag that agrees is no contradiction', () => {
    expect(leaving({ leavingReason: '一身上の都合', voluntary: true })).toMatchObject({
      departure: { category: 'personal', voluntary: true },
      disputes: [],
    });
  });

  it('let go, and nobody says why: shown with the words that were found', () => {
    expect(leaving({ leavingReason: 'Involuntary' }).disputes).toEqual([
      {
        code: 'involuntary_for_unknown_reason',
        values: { leavingReason: 'Involuntary', leavingReasonCode: null },
      },
    ]);
  });
});

describe('the kind of a departure', () => {
  const kind = (facts: Facts) =>
    after(['2026-05-01', { ...HANAKO, lastDay: '2026-06-30', ...facts }]).departure?.kind;

  it.each(['conduct', 'abandonment', 'performance'])('edge-cases/21: %s is a dismissal', (code) => {
    expect(kind({ leavingReasonCode: code })).toBe('dismissal');
  });

  it.each<[string, Facts]>([
    ['by the status', { status: 'transferred' }],
    ['by the status, whatever reason stands beside it', { status: 'transferred', leavingReason: '転職' }],
    ['by a code', { leavingReasonCode: 'transfer_group' }],
    ['by a secondment', { leavingReasonCode: 'secondment' }],
  ])('edge-cases/19: transferred %s is a move', (_title, facts) => {
    expect(kind(facts)).toBe('move');
  });

  it('an age limit without words goes nowhere', () => {
    expect(kind({ leavingReasonCode: 'retirement_age' })).toBe('leaving');
  });

  it('words that a code contradicts continue nothing', () => {
    expect(kind({ leavingReason: '定年再雇用', leavingReasonCode: 'career_change' })).toBe('leaving');
  });

  it.each(['60歳定年再雇用', '満60歳定年退職（再雇用終了）'])(
    '%s says more than that the employment goes on',
    (leavingReason) => {
      expect(kind({ leavingReason, leavingReasonCode: 'retirement_age' })).toBe('leaving');
    },
  );
});

describe('deceased', () => {
  it('edge-cases/21: by the status alone, whatever reason stands beside it', () => {
    const state = after(['2026-07-01', { ...LEAVES, status: 'deceased' }]);
    expect(state).toMatchObject({ deceased: true, departure: { kind: 'death', category: 'death' } });
  });
});
