import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  aStatement,
  anAbsence,
  derive,
  deriveContext,
  HANAKO,
  TARO,
  type Facts,
} from '../../test/support/people.js';
import { runs } from '../../test/support/runs.js';
import { addDays, isoDate } from './calendar.js';
import { deriveEmployments } from './derive-employments.js';
import { canonical } from './plan.js';
import type { Statement } from './statement.js';

/** The only spell. */
function only(...statements: Statement[]) {
  const states = derive(statements);
  expect(states).toHaveLength(1);
  const [state] = states;
  if (state === undefined) throw new Error('no spell');
  return state;
}

const codes = (...statements: Statement[]) => only(...statements).disputes.map((d) => d.code);
const LEAVES = { ...HANAKO, lastDay: '2026-06-30', leavingReason: '転職', status: 'departing' } as const;

describe('the end of an employment', () => {
  it('edge-cases/09: a departure that is taken back stands no longer, and is remembered', () => {
    const state = only(
      aStatement('2026-05-01', LEAVES),
      aStatement('2026-05-20', { ...HANAKO, status: 'active', lastDay: null }),
    );
    expect(state.departure).toBeNull();
    expect(state.rescinded).toMatchObject({ lastDay: '2026-06-30', category: 'career_change' });
    expect(state.disputes).toEqual([]);
  });

  it('edge-cases/09: a departure that stands again is not one that was taken back', () => {
    const back = aStatement('2026-05-20', { ...HANAKO, status: 'active', lastDay: null });
    const again = aStatement('2026-05-25', { ...LEAVES, lastDay: '2026-07-31' });
    expect(only(aStatement('2026-05-01', LEAVES), back, again)).toMatchObject({
      departure: { lastDay: '2026-07-31' },
      rescinded: null,
    });
  });

  it('edge-cases/11: of a day moved twice the last stands', () => {
    const moves = ['2026-06-30', '2026-07-31', '2026-06-15'];
    const said = moves.map((lastDay, i) => aStatement(`2026-05-0${i + 1}`, { ...LEAVES, lastDay }));
    expect(only(...said).departure?.lastDay).toBe('2026-06-15');
    expect(only(...said.reverse()).departure?.lastDay).toBe('2026-06-15');
  });

  it('edge-cases/29: active with an end in the past is shown with both, and nothing stands', () => {
    const state = only(aStatement('2026-07-10', { ...HANAKO, status: 'active', lastDay: '2026-06-30' }));
    expect(state.departure).toBeNull();
    expect(state.disputes).toEqual([
      { code: 'active_with_past_end', values: { status: 'active', lastDay: '2026-06-30' } },
    ]);
  });

  it('edge-cases/29: left without a day is shown', () => {
    expect(codes(aStatement('2026-07-10', { ...HANAKO, status: 'left' }))).toEqual(['left_without_day']);
  });

  it('edge-cases/29: a status that only lags behind takes nothing back, however often it is repeated', () => {
    const announced = { ...HANAKO, status: 'active', lastDay: '2026-06-30' } as const;
    const once = only(aStatement('2026-06-01', announced, { confirmed: '2026-07-20' }));
    const amended = only(
      aStatement('2026-06-01', announced),
      aStatement('2026-07-20', { ...announced, department: '総務' }),
    );
    for (const state of [once, amended]) {
      expect(state.departure?.lastDay).toBe('2026-06-30');
      expect(state.disputes).toEqual([]);
    }
  });

  it('edge-cases/29: active said again after somebody had left is a contradiction, and the departure stays', () => {
    const state = only(
      aStatement('2026-06-01', { ...HANAKO, status: 'active', lastDay: '2026-06-30' }),
      aStatement('2026-07-01', { ...HANAKO, status: 'left', lastDay: '2026-06-30' }),
      aStatement('2026-09-01', { ...HANAKO, status: 'active', lastDay: '2026-06-30' }),
    );
    expect(state.departure?.lastDay).toBe('2026-06-30');
    expect(state.disputes.map((d) => d.code)).toEqual(['active_with_past_end']);
  });

  it('an end before the hire day is no end', () => {
    const state = only(
      aStatement('2026-06-01', HANAKO),
      aStatement('2026-06-02', { hiredOn: '2018-04-01', lastDay: '2018-03-01' }),
    );
    expect(state.departure).toBeNull();
    expect(state.disputes.map((d) => d.code)).toEqual(['end_before_hire']);
  });

  it('the end of a leave is no departure', () => {
    const said = aStatement('2026-06-01', {
      ...HANAKO,
      status: 'leave',
      lastDay: '2026-09-30',
      leavingReason: '休職',
    });
    expect(only(said).departure).toBeNull();
    expect(codes(said)).toEqual(['on_leave_with_end']);
  });

  it('edge-cases/27: only enough complete snapshots in a row make somebody absent, never a departure', () => {
    const said = [aStatement('2026-06-01', HANAKO), anAbsence('2026-06-02')];
    expect(only(...said)).toMatchObject({ absentSince: '2026-06-02T03:00:00.000Z', departure: null });
    const strict = deriveEmployments('jp', '1001', said, deriveContext('jp', 2));
    expect(strict[0]).toMatchObject({ absentSince: null, absentCount: 1 });
    expect(only(...said, aStatement('2026-06-03', HANAKO)).absentSince).toBeNull();
    expect(only(...said, aStatement('2026-05-01', HANAKO, { source: 'push' })).absentSince).toBeNull();
  });
});

describe('the reason of a departure', () => {
  const leaving = (facts: Facts) =>
    only(aStatement('2026-05-01', { ...HANAKO, lastDay: '2026-06-30', ...facts }));

  it('a text and a code that contradict each other are nobody to guess between', () => {
    const state = leaving({ leavingReason: '転職', leavingReasonCode: 'conduct' });
    expect(state.departure).toMatchObject({ category: 'unknown', voluntary: null, kind: 'leaving' });
    expect(state.disputes).toEqual([
      {
        code: 'reason_contradicts_itself',
        values: { leavingReason: '転職', leavingReasonCode: 'conduct', voluntary: null },
      },
    ]);
  });

  it('a flag that says the opposite of a reason about whose wish it was leaves that open', () => {
    const state = leaving({ leavingReason: '一身上の都合', voluntary: false });
    expect(state.departure).toMatchObject({ category: 'personal', voluntary: null });
    expect(state.disputes.map((d) => d.code)).toEqual(['reason_contradicts_itself']);
    expect(leaving({ leavingReason: 'Involuntary', voluntary: true }).departure?.voluntary).toBeNull();
  });

  it('a flag that only differs from what is usual for the reason counts', () => {
    const state = leaving({ leavingReason: '早期退職制度', voluntary: false });
    expect(state).toMatchObject({
      departure: { category: 'retirement_early', voluntary: false },
      disputes: [],
    });
  });

  it.each(['Termination (Involuntary)', 'Involuntary'])(
    '%s says that somebody was let go and not why',
    (leavingReason) => {
      const state = leaving({ leavingReason });
      expect(state.departure).toMatchObject({ category: 'unknown', voluntary: false });
      expect(state.disputes.map((d) => d.code)).toEqual(['involuntary_for_unknown_reason']);
    },
  );

  it('an unknown reason alone is no dispute', () => {
    expect(leaving({ leavingReason: 'XQ-9' })).toMatchObject({
      departure: { category: 'unknown' },
      disputes: [],
    });
  });

  it.each([
    ['定年再雇用', 'continued'],
    ['定年退職（再雇用）', 'continued'],
    ['定年後再雇用', 'continued'],
    ['定年', 'leaving'],
    ['定年退職', 'leaving'],
    ['定年退職（再雇用希望なし）', 'leaving'],
    ['転籍', 'move'],
    ['出向', 'move'],
    ['懲戒解雇', 'dismissal'],
    ['死亡', 'death'],
  ])('%s is %s', (leavingReason, kind) => {
    expect(leaving({ leavingReason }).departure?.kind).toBe(kind);
  });

  it('a code is looked up for the source that stated it', () => {
    const asked: (string | null)[] = [];
    const context = deriveContext();
    const spied = {
      ...context,
      categorise: (stated: Parameters<typeof context.categorise>[0]) => {
        asked.push(stated.source);
        return context.categorise(stated);
      },
    };
    const said = [
      aStatement(
        '2026-05-01',
        { ...HANAKO, lastDay: '2026-06-30', leavingReasonCode: 'A01' },
        { source: 'payroll' },
      ),
      aStatement('2026-05-02', { leavingReason: '転職' }),
    ];
    deriveEmployments('jp', '1001', said, spied);
    expect(new Set(asked)).toEqual(new Set(['payroll']));
  });

  it('a death without a day is no departure, and is known', () => {
    const state = only(aStatement('2026-05-01', { ...HANAKO, leavingReason: '死亡' }));
    expect(state).toMatchObject({ deceased: true, departure: null });
    expect(state.disputes.map((d) => d.code)).toEqual(['left_without_day']);
  });
});

describe('several statements', () => {
  it('edge-cases/30: a row for each of ten years is one employment, and the latest counts', () => {
    const years = Array.from({ length: 10 }, (_, i) =>
      aStatement(`${2016 + i}-04-01`, { ...TARO, department: `部門${i}`, grade: String(i) }),
    );
    const state = only(...years.reverse());
    expect(state.facts).toMatchObject({ department: '部門9', grade: '9' });
    expect(state.disputes).toEqual([]);
  });

  it('edge-cases/16: a rehire under the same number is a new spell', () => {
    const states = derive([
      aStatement('2020-01-10', { ...HANAKO, lastDay: '2020-01-31', leavingReason: '育児', status: 'left' }),
      aStatement('2026-04-01', { ...HANAKO, hiredOn: '2026-04-01', status: 'active' }),
    ]);
    expect(states.map((s) => [s.spellKey, s.departure?.lastDay ?? null])).toEqual([
      ['2018-04-01', '2020-01-31'],
      ['2026-04-01', null],
    ]);
  });

  it('W03: rehired before left, whichever arrives first', () => {
    const left = aStatement('2026-06-30', { hiredOn: '2018-04-01', lastDay: '2026-06-30', status: 'left' });
    const rehired = aStatement('2026-09-01', { ...HANAKO, hiredOn: '2026-09-01', status: 'active' });
    const first = aStatement('2018-04-01', HANAKO);
    expect(derive([rehired, left, first])).toEqual(derive([first, left, rehired]));
    expect(derive([first, left, rehired]).map((s) => s.departure?.lastDay ?? null)).toEqual([
      '2026-06-30',
      null,
    ]);
  });

  it('spells are counted from the oldest, also where an older one becomes known last', () => {
    const states = derive([
      aStatement('2026-04-01', { ...HANAKO, hiredOn: '2026-04-01', status: 'active' }),
      aStatement('2026-05-01', { ...HANAKO, hiredOn: '2010-04-01', lastDay: '2015-03-31', status: 'left' }),
    ]);
    expect(states.map((s) => [s.spell, s.spellKey])).toEqual([
      [1, '2010-04-01'],
      [2, '2026-04-01'],
    ]);
  });

  it('edge-cases/27: only who is employed can be missed: neither an earlier spell nor a leaver', () => {
    const earlier = aStatement('2015-03-31', {
      ...HANAKO,
      hiredOn: '2010-04-01',
      lastDay: '2015-03-31',
      status: 'left',
    });
    const again = aStatement('2026-04-01', {
      ...HANAKO,
      hiredOn: '2026-04-01',
      status: 'active',
      lastDay: null,
    });
    const missed = anAbsence('2026-06-01');
    const absences = (...statements: Statement[]) =>
      derive(statements).map((s) => [s.absentSince === null ? 'seen' : 'missed', s.absentCount]);
    expect(absences(earlier, again, missed)).toEqual([
      ['seen', 0],
      ['missed', 1],
    ]);
    expect(absences(earlier, missed)).toEqual([['seen', 0]]);
    const open = aStatement('2010-04-01', { ...HANAKO, hiredOn: '2010-04-01' });
    expect(absences(open, again, missed)).toEqual([
      ['seen', 0],
      ['missed', 1],
    ]);
  });

  it('an earlier spell whose end nobody stated is shown as such', () => {
    const [earlier, later] = derive([
      aStatement('2010-04-01', { ...HANAKO, hiredOn: '2010-04-01' }),
      aStatement('2026-04-01', { ...HANAKO, hiredOn: '2026-04-01', status: 'active' }),
    ]);
    expect(earlier?.disputes).toEqual([
      { code: 'end_of_earlier_spell_unknown', values: { hiredOn: '2010-04-01' } },
    ]);
    expect(later?.disputes).toEqual([]);
  });

  it('an earlier end that stands is known, also while its day is disputed', () => {
    const [earlier] = derive([
      aStatement('2020-01-10', { ...HANAKO, lastDay: '2020-01-31', status: 'left' }),
      aStatement('2020-02-10', { ...HANAKO, lastDay: null, status: 'left' }),
      aStatement('2026-04-01', { ...HANAKO, hiredOn: '2026-04-01', status: 'active' }),
    ]);
    expect(earlier?.departure?.lastDay).toBe('2020-01-31');
    expect(earlier?.disputes.map((d) => d.code)).toEqual(['left_without_day']);
  });

  it('an end that is entered after the rehire belongs to the spell before', () => {
    const states = derive([
      aStatement('2018-04-01', HANAKO),
      aStatement('2026-09-01', { ...HANAKO, hiredOn: '2026-09-01', status: 'active' }),
      aStatement('2026-09-05', { lastDay: '2026-06-30' }),
    ]);
    expect(states.map((s) => s.departure?.lastDay ?? null)).toEqual(['2026-06-30', null]);
  });

  it('a hire date that moves by days is corrected, and who is hired after an end is hired again', () => {
    expect(
      only(aStatement('2020-04-01', HANAKO), aStatement('2020-05-01', { ...HANAKO, hiredOn: '2018-04-16' }))
        .spellKey,
    ).toBe('2018-04-16');
    const short = { ...HANAKO, hiredOn: '2020-04-01', lastDay: '2020-04-20', status: 'left' } as const;
    const again = { ...HANAKO, hiredOn: '2020-05-10', status: 'active' } as const;
    expect(derive([aStatement('2020-04-20', short), aStatement('2020-05-10', again)])).toHaveLength(2);
  });

  it('I11: a number given to another human is another spell, or asked about, never the same one', () => {
    const old = { ...HANAKO, lastDay: '2020-01-31', status: 'left' } as const;
    const reused = derive([
      aStatement('2020-01-31', old),
      aStatement('2024-04-01', { ...TARO, hiredOn: '2024-04-01' }),
    ]);
    expect(reused.map((s) => s.facts.familyName)).toEqual(['高橋', '山田']);
    expect(reused.flatMap((s) => s.disputes)).toEqual([]);
    const unclear = only(
      aStatement('2024-01-01', HANAKO),
      aStatement('2024-02-01', { ...TARO, hiredOn: '2018-04-01' }),
    );
    expect(unclear.facts.familyName).toBe('高橋');
    const before = derive([
      aStatement('2024-01-01', HANAKO),
      aStatement('2024-02-01', { ...TARO, hiredOn: '2012-04-01' }),
    ]);
    expect(before.map((s) => [s.facts.familyName, s.disputes.map((d) => d.code)])).toEqual([
      ['山田', ['number_stated_for_two_people', 'end_of_earlier_spell_unknown']],
      ['高橋', []],
    ]);
    const undated = derive([
      aStatement('2020-01-31', { ...HANAKO, hiredOn: null }),
      aStatement('2024-04-01', { ...TARO, hiredOn: '2024-04-01' }),
    ]);
    expect(undated.at(-1)).toMatchObject({ facts: { familyName: '山田' }, disputes: [] });
    expect(unclear.disputes.map((d) => d.code)).toEqual(['number_stated_for_two_people']);
  });

  it('one source that says two things at once is shown, and neither counts', () => {
    const state = only(
      aStatement('2026-05-01', { ...HANAKO, lastDay: '2026-06-30' }),
      aStatement('2026-05-01', { ...HANAKO, lastDay: '2026-07-31' }),
    );
    expect(state.departure).toBeNull();
    expect(state.disputes).toEqual([
      { code: 'conflicting_statements', values: { lastDay: '"2026-06-30" / "2026-07-31"' } },
    ]);
    const settled = only(
      aStatement('2026-05-01', { ...HANAKO, lastDay: '2026-06-30' }),
      aStatement('2026-05-01', { ...HANAKO, lastDay: '2026-07-31' }),
      aStatement('2026-05-02', { ...HANAKO, lastDay: '2026-07-31' }),
    );
    expect(settled).toMatchObject({ departure: { lastDay: '2026-07-31' }, disputes: [] });
  });

  it('a row for each of two departments is no contradiction', () => {
    const rows = ['営業', '企画'].map((department) => aStatement('2026-05-01', { ...HANAKO, department }));
    expect(codes(...rows)).toEqual([]);
  });

  it('two sources of one authority that disagree on the day are both shown; the higher authority decides', () => {
    const hr = aStatement('2026-05-01', { ...HANAKO, lastDay: '2026-06-30' });
    const push = aStatement('2026-05-02', { lastDay: '2026-07-31' }, { source: 'push' });
    const again = aStatement('2026-05-03', { lastDay: '2026-07-31', department: '総務' }, { source: 'push' });
    const values = { lastDay: '2026-06-30 / 2026-07-31' };
    expect(only(hr, push).disputes).toEqual([{ code: 'sources_disagree_on_last_day', values }]);
    expect(only(hr, push, again).disputes).toEqual([{ code: 'sources_disagree_on_last_day', values }]);
    const master = aStatement('2026-04-01', { lastDay: '2026-08-31' }, { source: 'master' });
    expect(only(hr, push, master)).toMatchObject({ departure: { lastDay: '2026-08-31' }, disputes: [] });
  });

  it('what another source has said since is not undone by a snapshot that only repeats itself', () => {
    const nightly = aStatement(
      '2026-05-01',
      { ...HANAKO, phone: '03-1111-1111' },
      { confirmed: '2026-06-01' },
    );
    const pushed = aStatement('2026-05-10', { phone: '03-2222-2222' }, { source: 'push' });
    expect(only(nightly, pushed).facts.phone).toBe('03-2222-2222');
    const back = aStatement('2026-06-02', { ...HANAKO, phone: '03-3333-3333' });
    expect(only(nightly, pushed, back).facts.phone).toBe('03-3333-3333');
  });

  it('cleared is not the same as not mentioned', () => {
    const said = [
      aStatement('2026-05-01', { ...HANAKO, phone: '03-1111-1111' }),
      aStatement('2026-05-02', { department: '総務' }),
    ];
    expect(only(...said).facts.phone).toBe('03-1111-1111');
    expect(only(...said, aStatement('2026-05-03', { phone: null })).facts.phone).toBeUndefined();
  });
});

const day = (from: string, to: number) =>
  fc.integer({ min: 0, max: to }).map((n) => addDays(isoDate(from), n) as string);
const facts: fc.Arbitrary<Facts> = fc.record(
  {
    hiredOn: fc.constantFrom('2018-04-01', '2018-04-20', '2023-10-01', null),
    lastDay: fc.oneof(fc.constantFrom('2020-03-31', '2026-06-30', '2026-07-31'), fc.constant(null)),
    status: fc.constantFrom('active', 'leave', 'departing', 'left', 'transferred', 'deceased', null),
    leavingReason: fc.constantFrom('転職', '懲戒解雇', '休職', '定年', 'XQ-9', null),
    leavingReasonCode: fc.constantFrom('personal', 'conduct', null),
    voluntary: fc.constantFrom(true, false, null),
    givenName: fc.constantFrom('花子', '太郎'),
    birthDate: fc.constantFrom('1990-05-05', '1985-11-23', null),
    phone: fc.constantFrom('03-1111-1111', null),
    department: fc.constantFrom('総務', '営業'),
  },
  { requiredKeys: [] },
);
const statement = fc
  .record({
    asOf: day('2026-05-01', 90),
    facts,
    source: fc.constantFrom('hr', 'push', 'payroll', 'master'),
    absent: fc.nat(9).map((n) => n === 0),
  })
  .map(({ asOf, facts: stated, source, absent }) =>
    absent ? anAbsence(asOf, source) : aStatement(asOf, stated, { source }),
  );

describe('whatever is said', () => {
  it('I05: any order and any repetition gives the same employments', () => {
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 9 }), fc.infiniteStream(fc.nat()), (said, random) => {
        const expected = canonical(derive(said));
        const shuffled = [...said, ...said.slice(0, 3)]
          .map((s) => [random.next().value as number, s] as const)
          .sort(([a], [b]) => a - b)
          .map(([, s]) => s);
        expect(canonical(derive(shuffled))).toBe(expected);
      }),
      { numRuns: runs(1_500) },
    );
  });

  it('I06: it does not matter whether a repetition was kept as one observation or as several', () => {
    fc.assert(
      fc.property(
        fc.array(statement, { minLength: 1, maxLength: 7 }),
        day('2026-05-01', 120),
        (said, later) => {
          const [first] = said;
          if (first === undefined || first.absent) return;
          const until = `${later}T03:00:00.000Z`;
          const confirmedAt = until > first.asOfAt ? until : first.asOfAt;
          const apart = [...said, { ...first, asOfAt: confirmedAt, confirmedAt }];
          const together = [{ ...first, confirmedAt }, ...said.slice(1)];
          expect(canonical(derive(apart))).toBe(canonical(derive(together)));
        },
      ),
      { numRuns: runs(1_500) },
    );
  });

  it('a source that repeats its latest word changes nothing', () => {
    fc.assert(
      fc.property(
        fc.array(statement, { minLength: 1, maxLength: 7 }),
        fc.integer({ min: 1, max: 200 }),
        (said, days) => {
          const present = said.filter((s) => !s.absent && s.source === said[0]?.source);
          const newest = present.reduce((max, s) => (s.confirmedAt > max ? s.confirmedAt : max), '');
          const [latest, ...rivals] = present.filter((s) => s.confirmedAt === newest);
          if (latest === undefined || rivals.length > 0 || said.some((s) => s.absent)) return;
          const confirmedAt = new Date(Date.parse(newest) + days * 86_400_000).toISOString();
          const repeated = said.map((s) => (s === latest ? { ...s, confirmedAt } : s));
          expect(canonical(derive(repeated))).toBe(canonical(derive(said)));
        },
      ),
      { numRuns: runs(1_500) },
    );
  });

  it('I09: a day never shifts: every day stated is the day derived, in every zone', () => {
    fc.assert(
      fc.property(
        day('1995-01-01', 15_000),
        fc.constantFrom(
          'Asia/Tokyo',
          'UTC',
          'America/Los_Angeles',
          'Pacific/Kiritimati',
          'Pacific/Pago_Pago',
        ),
        (lastDay, zone) => {
          const said = [
            aStatement(lastDay, { lastDay, announcedOn: lastDay, hiredOn: '1990-01-01', status: 'left' }),
          ];
          const [state] = deriveEmployments('jp', '1', said, { ...deriveContext(), zone });
          expect(state?.departure).toMatchObject({ lastDay, announcedOn: lastDay });
          expect(state?.spellKey).toBe('1990-01-01');
        },
      ),
      { numRuns: runs(10_000) },
    );
  });
});
