import { describe, expect, it } from '@jest/globals';
import { anEmployment, HANAKO, planContext } from '../../test/support/people.js';
import { isoDate } from './calendar.js';
import type { EmploymentState } from './departure.js';
import type { Verdict } from './eligibility.js';
import type { ClassifiedEmployment } from './person.js';
import type { Component, StoredEntry } from './plan.js';
import { compareEntries, decideEntries, staleEntries, type DecidedEntry } from './plan-entries.js';
import { naturalKey, type Slot } from './plan-identity.js';

const CONTEXT = planContext('2026-06-01');

/** An employment that ended on `lastDay`, or goes on. */
function spell(
  hiredOn: string | null,
  lastDay: string | null,
  over: Partial<EmploymentState> = {},
): EmploymentState {
  const state = anEmployment('jp', '1', { ...HANAKO, hiredOn }, lastDay === null ? {} : { lastDay });
  return { ...state, ...over };
}

const UNKNOWN_END = [{ code: 'end_of_earlier_spell_unknown', values: {} }] as const;

function decided(
  states: readonly EmploymentState[],
  over: Partial<ClassifiedEmployment> = {},
  deceased = false,
): [company: string, employment: string][] {
  const slots = states.map((state, index): Slot => {
    return { id: `e${index}`, key: naturalKey(state), state, before: null };
  });
  const classified = states.map((state): ClassifiedEmployment => {
    return {
      state,
      departure: state.departure,
      isEmployed: false,
      goesOnElsewhere: false,
      isReturn: false,
      ...over,
    };
  });
  return [...decideEntries(slots, classified, deceased, CONTEXT)].map(([company, { employmentId }]) => [
    company,
    employmentId,
  ]);
}

/** The same whatever order the employments come in; `e0` is the first of `states`. */
function latest(...states: EmploymentState[]): string | null {
  const [found] = decided(states);
  const turned = decided(states.toReversed())[0];
  expect(turned?.[1] ?? null).toBe(
    found === undefined ? null : `e${states.length - 1 - Number(found[1].slice(1))}`,
  );
  return found?.[1] ?? null;
}

describe(decideEntries, () => {
  it('who has left has an entry in that company', () => {
    expect(decided([spell('2018-04-01', '2026-03-31')])).toEqual([['jp', 'e0']]);
  });

  it('edge-cases/16: the latest departure of a company counts', () => {
    expect(latest(spell('2010-04-01', '2015-03-31'), spell('2018-04-01', '2026-03-31', { spell: 2 }))).toBe(
      'e1',
    );
  });

  it('the end counts, not the beginning', () => {
    expect(latest(spell('2010-04-01', '2026-03-31'), spell('2018-04-01', '2020-01-31', { spell: 2 }))).toBe(
      'e0',
    );
  });

  it('of two that ended on one day the one begun later counts', () => {
    expect(latest(spell('2020-04-01', '2026-03-31', { spell: 2 }), spell('2018-04-01', '2026-03-31'))).toBe(
      'e0',
    );
    expect(latest(spell(null, '2026-03-31'), spell('2018-04-01', '2026-03-31', { spell: 2 }))).toBe('e1');
  });

  it('who is employed there again has no entry there', () => {
    expect(latest(spell('2010-04-01', '2030-03-31'), spell('2018-04-01', null, { spell: 2 }))).toBeNull();
  });

  it('an earlier spell whose end nobody knows hides no departure', () => {
    const unclear = spell('2010-04-01', null, { disputes: UNKNOWN_END });
    expect(latest(unclear, spell('2018-04-01', '2026-03-31', { spell: 2 }))).toBe('e1');
    const disputed = spell('2010-04-01', null, {
      disputes: [{ code: 'conflicting_statements', values: {} }, ...UNKNOWN_END],
    });
    expect(latest(disputed, spell('2018-04-01', '2026-03-31', { spell: 2 }))).toBe('e1');
  });

  it('another dispute does not make an employment one that ended', () => {
    const open = spell('2020-04-01', null, {
      spell: 2,
      disputes: [{ code: 'conflicting_statements', values: {} }],
    });
    expect(latest(spell('2018-04-01', '2026-03-31'), open)).toBeNull();
  });

  it('each company has its own', () => {
    const states = [spell('2018-04-01', '2026-03-31'), spell('2018-04-01', '2026-03-31', { company: 'en' })];
    expect(decided(states)).toEqual([
      ['jp', 'e0'],
      ['en', 'e1'],
    ]);
  });

  it('edge-cases/20: what is out of scope is nothing to the registry', () => {
    expect(decided([spell('2018-04-01', '2026-03-31', { inScope: false })])).toEqual([]);
    const outside = spell('2018-04-01', '2026-04-30', { spell: 2, inScope: false });
    expect(latest(spell('2010-04-01', '2026-03-31'), outside)).toBe('e0');
  });

  it.each(['move', 'continued'] as const)('edge-cases/19: a %s is no departure', (kind) => {
    const state = anEmployment('jp', '1', HANAKO, { lastDay: '2026-03-31', kind });
    expect(decided([state])).toEqual([]);
  });

  it('who works elsewhere in the group is in no registry', () => {
    expect(decided([spell('2018-04-01', '2026-03-31')], { isEmployed: true })).toEqual([]);
    expect(decided([spell('2018-04-01', '2026-03-31')], { goesOnElsewhere: true })).toEqual([['jp', 'e0']]);
  });

  it('edge-cases/21: after a death the verdict says so, whatever reason stands beside it', () => {
    const state = spell('2018-04-01', '2026-03-31');
    const slot: Slot = { id: 'e0', key: naturalKey(state), state, before: null };
    const now = {
      state,
      departure: state.departure,
      isEmployed: false,
      goesOnElsewhere: false,
      isReturn: false,
    };
    const words = [false, true].map(
      (deceased) => decideEntries([slot], [now], deceased, CONTEXT).get('jp')?.verdict.verdict,
    );
    expect(words).toEqual(['eligible', 'ineligible']);
  });
});

describe('entries as they are stored', () => {
  const verdict = (word: Verdict['verdict']): Verdict => ({
    verdict: word,
    fromDay: word === 'eligible' ? isoDate('2026-07-01') : null,
    reviewOn: null,
    rule: 'rule-1',
    because: [],
    missing: [],
    evidence: { voluntary: true, kind: 'leaving' },
  });
  const stored = (company: string, employmentId: string, personId = 'p1'): StoredEntry => {
    return { personId, company, employmentId, verdict: verdict('eligible') };
  };
  const component = (...entries: StoredEntry[]): Component => {
    return { derived: [], stored: [], cases: [], entries, followUps: [], optedOut: new Set() };
  };
  const wanted = (company: string, employmentId: string, word: Verdict['verdict'] = 'eligible') =>
    new Map<string, DecidedEntry>([[company, { employmentId, verdict: verdict(word) }]]);
  const GONE = { employmentId: null, verdict: null };

  it('nothing changes while they are as decided, in whatever order their evidence was stored', () => {
    const [entry] = [stored('jp', 'e1')];
    const turned = { ...entry.verdict, evidence: { kind: 'leaving', voluntary: true } } as Verdict;
    expect(compareEntries('p1', wanted('jp', 'e1'), component({ ...entry, verdict: turned }))).toEqual([]);
  });

  it('a new one, another verdict and another employment are written', () => {
    const eligible = { personId: 'p1', company: 'jp', employmentId: 'e1', verdict: verdict('eligible') };
    expect(compareEntries('p1', wanted('jp', 'e1'), component())).toEqual([eligible]);
    expect(compareEntries('p1', wanted('jp', 'e1', 'review'), component(stored('jp', 'e1')))).toEqual([
      { ...eligible, verdict: verdict('review') },
    ]);
    expect(compareEntries('p1', wanted('jp', 'e2'), component(stored('jp', 'e1')))).toEqual([
      { ...eligible, employmentId: 'e2' },
    ]);
  });

  it('one of another company or person is not mistaken for it', () => {
    const written = compareEntries(
      'p1',
      wanted('jp', 'e1'),
      component(stored('en', 'e1'), stored('jp', 'e1', 'p2')),
    );
    expect(written).toEqual([
      { personId: 'p1', company: 'jp', employmentId: 'e1', verdict: verdict('eligible') },
      { personId: 'p1', company: 'en', ...GONE },
    ]);
    const both = component(stored('en', 'e2'), stored('jp', 'e1'));
    const two = new Map([...wanted('jp', 'e1'), ...wanted('en', 'e2')]);
    expect(compareEntries('p1', two, both)).toEqual([]);
  });

  it('what is not decided any more goes', () => {
    expect(compareEntries('p1', new Map(), component(stored('jp', 'e1')))).toEqual([
      { personId: 'p1', company: 'jp', ...GONE },
    ]);
  });

  it('what belongs to a person who is nobody any more goes', () => {
    const kept = [{ id: 'p1', isNew: false, slots: [] }];
    expect(staleEntries(component(stored('jp', 'e1'), stored('en', 'e2', 'p2')), kept)).toEqual([
      { personId: 'p2', company: 'en', ...GONE },
    ]);
  });
});
