import { describe, expect, it } from '@jest/globals';
import { anEmployment, HANAKO, planContext } from '../../test/support/people.js';
import type { EmploymentState } from './departure.js';
import type { StatedFacts } from './observation.js';
import type { Component, StoredCase, StoredEmployment, StoredEntry } from './plan.js';
import {
  assignIds,
  assignPersons,
  decisionsOf,
  naturalKey,
  planCases,
  planMoves,
  planOptOuts,
  type PlannedPerson,
  type Slot,
} from './plan-identity.js';

function derived(spell: number, spellKey: string, number = '1', company = 'jp'): EmploymentState {
  return { ...anEmployment(company, number, { ...HANAKO, hiredOn: spellKey }), spell, spellKey };
}

function stored(id: string, over: Partial<StoredEmployment> = {}): StoredEmployment {
  return {
    id,
    personId: `p-${id}`,
    company: 'jp',
    employeeNumber: '1',
    spell: 1,
    spellKey: '2018-04-01',
    facts: HANAKO as StatedFacts,
    inScope: true,
    absentSince: null,
    absentCount: 0,
    disputes: [],
    withdrawn: false,
    departure: null,
    ...over,
  };
}

function component(over: Partial<Component> = {}): Component {
  return { derived: [], stored: [], cases: [], entries: [], followUps: [], optedOut: new Set(), ...over };
}

function slot(id: string, company = 'jp', personId: string | null = `p-${id}`): Slot {
  const state = derived(1, '2018-04-01', id, company);
  const before = personId === null ? null : stored(id, { personId, company, employeeNumber: id });
  return { id, key: naturalKey(state), state, before };
}

const person = (id: string, ...slots: Slot[]): PlannedPerson => ({ id, isNew: false, slots });

describe(assignIds, () => {
  const ids = (states: EmploymentState[], known: StoredEmployment[]) => {
    const { slots, orphans } = assignIds(
      component({ derived: states, stored: known }),
      planContext('2026-06-01'),
    );
    return { ids: slots.map((s) => s.id), orphans: orphans.map((o) => o.id) };
  };

  it('what is new gets an id of its own', () => {
    expect(ids([derived(1, '2018-04-01'), derived(2, '2026-04-01')], [])).toEqual({
      ids: ['id-000001', 'id-000002'],
      orphans: [],
    });
  });

  it('a spell keeps its id by its hire day, though others come before it', () => {
    const known = [stored('late', { spellKey: '2026-04-01' })];
    expect(ids([derived(1, '2010-04-01'), derived(2, '2026-04-01')], known)).toEqual({
      ids: ['id-000001', 'late'],
      orphans: [],
    });
  });

  it('a spell keeps its id while its hire day is corrected', () => {
    expect(ids([derived(1, '2018-04-16')], [stored('e1')])).toEqual({ ids: ['e1'], orphans: [] });
  });

  it('of two that were corrected each keeps its own, whatever order they are read in', () => {
    const known = [stored('second', { spell: 2, spellKey: '2020-04-01' }), stored('first')];
    const now = [derived(1, '2018-04-16'), derived(2, '2020-04-16')];
    expect(ids(now, known)).toEqual({ ids: ['first', 'second'], orphans: [] });
    expect(ids(now, known.toReversed())).toEqual({ ids: ['first', 'second'], orphans: [] });
  });

  it('a spell that nobody states any more is left over, once', () => {
    const known = [stored('gone', { spellKey: '2010-04-01' }), stored('e1', { spell: 2 })];
    expect(ids([derived(1, '2018-04-01')], known)).toEqual({ ids: ['e1'], orphans: ['gone'] });
    expect(ids([], [stored('gone', { withdrawn: true, spell: -1 })])).toEqual({ ids: [], orphans: [] });
  });

  it('a spell that was withdrawn comes back under its id', () => {
    const gone = stored('gone', { withdrawn: true, spell: -1 });
    expect(ids([derived(1, '2018-04-01')], [gone])).toEqual({ ids: ['gone'], orphans: [] });
  });

  it('a corrected hire day goes before one that was withdrawn', () => {
    const known = [stored('gone', { withdrawn: true, spell: -1, spellKey: '2018-04-16' }), stored('e1')];
    expect(ids([derived(1, '2018-04-16')], known)).toEqual({ ids: ['e1'], orphans: [] });
    expect(ids([derived(1, '2018-04-16')], known.toReversed())).toEqual({ ids: ['e1'], orphans: [] });
  });

  it('edge-cases/18: never takes the id of another number or company', () => {
    const known = [stored('e1', { employeeNumber: '2' }), stored('e2', { company: 'en' })];
    expect(ids([derived(1, '2018-04-01')], known)).toEqual({ ids: ['id-000001'], orphans: ['e1', 'e2'] });
  });
});

describe(decisionsOf, () => {
  const slots = [slot('e1'), slot('e2')];
  const one = (state: StoredCase['state'], a = 'e1', b = 'e2'): StoredCase => {
    return { a, b, state, score: 6, evidence: [] };
  };
  const decided = (...cases: StoredCase[]) => decisionsOf(component({ cases }), slots);

  it('is what people said, by natural keys', () => {
    const [a, b] = ['jp/e1/001', 'jp/e2/001'];
    expect(decided(one('same'))).toEqual([{ a, b, same: true }]);
    expect(decided(one('different'))).toEqual([{ a, b, same: false }]);
  });

  it('is nothing where nobody has decided, or where one of the two is not here', () => {
    expect(decided()).toEqual([]);
    expect(decided(one('open'), one('closed'))).toEqual([]);
    expect(decided(one('same', 'e1', 'gone'), one('same', 'gone', 'e2'))).toEqual([]);
  });
});

describe(assignPersons, () => {
  const assign = (groups: Slot[][], known: StoredEmployment[]) =>
    assignPersons(
      groups.map((group) => group.map((s) => s.key)),
      new Map(groups.flat().map((s) => [s.key, s])),
      component({ stored: known }),
      planContext('2026-06-01'),
    ).map((p) => [p.id, p.isNew, p.slots.map((s) => s.id)]);

  it('a group keeps the oldest of its ids', () => {
    const two = [slot('e1', 'jp', 'p-9'), slot('e2', 'en', 'p-3')];
    const known = two.flatMap((s) => s.before ?? []);
    expect(assign([two], known)).toEqual([['p-3', false, ['e1', 'e2']]]);
  });

  it('somebody new gets an id of their own', () => {
    expect(assign([[slot('e1', 'jp', null)]], [])).toEqual([['id-000001', true, ['e1']]]);
  });

  it('who joins somebody known is not new', () => {
    const two = [slot('e1', 'jp', null), slot('e2', 'en', 'p-3')];
    expect(
      assign(
        [two],
        two.flatMap((s) => s.before ?? []),
      ),
    ).toEqual([['p-3', false, ['e1', 'e2']]]);
  });

  it('of a person who turns out to be two the first group keeps the id', () => {
    const [one, other] = [slot('e1', 'jp', 'p-3'), slot('e2', 'en', 'p-3')];
    const known = [one, other].flatMap((s) => s.before ?? []);
    expect(assign([[one], [other]], known)).toEqual([
      ['p-3', false, ['e1']],
      ['id-000001', true, ['e2']],
    ]);
  });
});

describe(planCases, () => {
  const slots = [slot('e1'), slot('e2'), slot('e3')];
  const pair = {
    a: 'jp/e2/001',
    b: 'jp/e1/001',
    score: 7,
    evidence: ['name_equal', 'birth_date_equal'],
  } as const;
  const asked: StoredCase = { a: 'e1', b: 'e2', state: 'open', score: 7, evidence: [...pair.evidence] };
  const cases = (doubtful: readonly (typeof pair)[], ...known: StoredCase[]) =>
    planCases(component({ cases: known }), doubtful, slots);
  const opened = { a: 'e1', b: 'e2', state: 'open', score: 7, evidence: pair.evidence };

  it('nothing is asked where nothing is doubtful', () => {
    expect(cases([])).toEqual([]);
  });

  it('asks about a pair once, whichever way round it is found', () => {
    expect(cases([pair])).toEqual([opened]);
    expect(cases([{ ...pair, a: pair.b, b: pair.a } as unknown as typeof pair])).toEqual([opened]);
    expect(cases([pair], asked)).toEqual([]);
  });

  it.each<[string, StoredCase]>([
    ['more speaks for it than before', { ...asked, score: 6 }],
    ['something else speaks for it', { ...asked, evidence: ['phone_equal', 'birth_date_equal'] }],
    ['it had been closed', { ...asked, state: 'closed' }],
  ])('asks anew when %s', (_title, known) => {
    expect(cases([pair], known)).toEqual([opened]);
  });

  it('closes what is not doubtful any more', () => {
    const closed = [{ a: 'e1', b: 'e2', state: 'closed', score: 0, evidence: [] }];
    expect(cases([], asked)).toEqual(closed);
    expect(cases([], { ...asked, b: 'gone' })).toEqual([{ ...closed[0], b: 'gone' }]);
    // Nobody states either of them any more.
    expect(cases([], { ...asked, a: 'gone', b: 'away' })).toEqual([{ ...closed[0], a: 'gone', b: 'away' }]);
  });

  it.each<[string, StoredCase]>([
    ['somebody decided', { ...asked, state: 'same' }],
    ['somebody decided otherwise', { ...asked, state: 'different' }],
    ['is closed', { ...asked, state: 'closed' }],
  ])('leaves alone what %s', (_title, known) => {
    expect(cases([], known)).toEqual([]);
  });
});

describe(planMoves, () => {
  const entry = (personId: string, company: string, employmentId: string) =>
    ({ personId, company, employmentId }) as StoredEntry;
  const moves = (people: PlannedPerson[], ...entries: StoredEntry[]) =>
    planMoves(people, component({ entries }));

  it('who stays who they are hands over nothing', () => {
    expect(moves([person('p1', slot('e1', 'jp', 'p1'), slot('e2', 'en', null))])).toEqual([]);
  });

  it('of two who turn out to be one, one hands over everything', () => {
    const one = person('p1', slot('e1', 'jp', 'p1'), slot('e2', 'en', 'p2'), slot('e3', 'jp', 'p2'));
    expect(moves([one])).toEqual([{ from: 'p2', to: 'p1', company: null }]);
  });

  it('of one who turns out to be two, what belongs to the company goes along', () => {
    const [stays, goes] = [person('p1', slot('e1', 'jp', 'p1')), person('p2', slot('e2', 'en', 'p1'))];
    expect(moves([stays, goes])).toEqual([{ from: 'p1', to: 'p2', company: 'en' }]);
  });

  it('within one company it stays with the employment that the entry stands on', () => {
    const [stays, goes] = [person('p1', slot('e1', 'jp', 'p1')), person('p2', slot('e2', 'jp', 'p1'))];
    expect(moves([stays, goes])).toEqual([]);
    expect(moves([stays, goes], entry('p1', 'jp', 'e1'))).toEqual([]);
    expect(moves([stays, goes], entry('p1', 'jp', 'e2'))).toEqual([{ from: 'p1', to: 'p2', company: 'jp' }]);
    expect(moves([goes, stays])).toEqual([]);
    expect(moves([person('p9', slot('e9', 'kr', 'p9')), stays, goes])).toEqual([]);
    // Entries of somebody else, or of another company, say nothing about it.
    expect(moves([stays, goes], entry('p9', 'jp', 'e2'), entry('p1', 'en', 'e2'))).toEqual([]);
  });

  it('it also stays where the entry stands on an employment of another company', () => {
    const [stays, goes] = [
      person('p1', slot('e1', 'jp', 'p1'), slot('e3', 'en', 'p1')),
      person('p2', slot('e2', 'en', 'p1')),
    ];
    expect(moves([stays, goes])).toEqual([]);
    expect(moves([stays, goes], entry('p1', 'en', 'e3'))).toEqual([]);
    expect(moves([stays, goes], entry('p1', 'en', 'e2'))).toEqual([{ from: 'p1', to: 'p2', company: 'en' }]);
  });

  it('of one who turns out to be three, the first takes over what two might', () => {
    const [stays, one, other] = [
      person('p1', slot('e1', 'jp', 'p1')),
      person('p2', slot('e2', 'en', 'p1')),
      person('p3', slot('e3', 'en', 'p1')),
    ];
    expect(moves([stays, one, other])).toEqual([{ from: 'p1', to: 'p2', company: 'en' }]);
  });

  it('each company is handed over once', () => {
    const goes = person('p2', slot('e2', 'en', 'p1'), slot('e3', 'en', 'p1'), slot('e4', 'kr', 'p1'));
    expect(moves([person('p1', slot('e1', 'jp', 'p1')), goes])).toEqual([
      { from: 'p1', to: 'p2', company: 'en' },
      { from: 'p1', to: 'p2', company: 'kr' },
    ]);
  });
});

describe(planOptOuts, () => {
  const optOuts = (optedOut: string[], ...people: PlannedPerson[]) =>
    planOptOuts(people, component({ optedOut: new Set(optedOut) }));
  const merged = person('p1', slot('e1', 'jp', 'p1'), slot('e0', 'jp', null), slot('e2', 'en', 'p2'));

  it('nobody inherits what nobody asked', () => {
    expect(optOuts([], merged)).toEqual([]);
    expect(optOuts(['p9'], merged)).toEqual([]);
  });

  it('who turns out to be somebody who asked not to be contacted has asked it', () => {
    expect(optOuts(['p2'], merged)).toEqual([{ from: 'p2', to: 'p1' }]);
  });

  it('who asked it themselves inherits nothing', () => {
    expect(optOuts(['p1', 'p2'], merged)).toEqual([]);
  });

  it('both of one who turns out to be two have asked it', () => {
    const [stays, goes] = [person('p1', slot('e1', 'jp', 'p1')), person('p2', slot('e2', 'en', 'p1'))];
    expect(optOuts(['p1'], stays, goes)).toEqual([{ from: 'p1', to: 'p2' }]);
  });
});
