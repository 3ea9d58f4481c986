import { describe, expect, it } from '@jest/globals';
import { anEmployment, HANAKO, type Facts } from '../../test/support/people.js';
import { isoDate } from './calendar.js';
import type { DepartureFacts, EmploymentState } from './departure.js';
import { classifyPerson, type ClassifiedEmployment } from './person.js';
import { eligibilityFacts } from './plan.js';

const RULES = { moveGapDays: 45 };

function hired(hiredOn: string, more: Facts = {}): Facts {
  return { ...HANAKO, ...more, hiredOn };
}

/** The first of the states, looked at among all of them, in whatever order. */
function classify(first: EmploymentState, ...others: EmploymentState[]): ClassifiedEmployment {
  const found = [first, ...others].map((_, at, all) => {
    const turned = [...all.slice(at), ...all.slice(0, at)];
    return classifyPerson(turned, RULES).find((c) => c.state === first);
  });
  const [now] = found;
  if (now === undefined) throw new Error('not classified');
  for (const same of found) expect(same).toEqual(now);
  return now;
}

function withDispute(
  state: EmploymentState,
  code: EmploymentState['disputes'][number]['code'],
): EmploymentState {
  return { ...state, disputes: [{ code, values: {} }] };
}

describe('an end within the group', () => {
  const left = anEmployment('jp', '1', hired('2018-04-01'), { lastDay: '2026-03-31' });

  it.each([
    ['hired in the group the next day', '2026-04-01', 'move'],
    ['hired a month and a half later', '2026-05-15', 'move'],
    ['recorded on both sides for a month', '2026-03-01', 'move'],
    ['hired two months later', '2026-06-01', 'leaving'],
    ['recorded on both sides for 31 days', '2026-02-28', 'move'],
    ['recorded on both sides for longer', '2026-02-27', 'leaving'],
  ])('edge-cases/19: %s: %s', (_title, day, kind) => {
    expect(classify(left, anEmployment('en', 'E1', hired(day))).departure?.kind).toBe(kind);
  });

  it('an employment whose hire day nobody knows makes no end a move', () => {
    const undated = anEmployment('en', 'E1', { ...HANAKO, hiredOn: null });
    expect(classify(left, undated)).toMatchObject({ departure: { kind: 'leaving' }, goesOnElsewhere: true });
  });

  it('who has one employment has no other that employs them', () => {
    const alone = anEmployment('jp', '1', hired('2018-04-01'));
    expect(classify(alone)).toMatchObject({ isEmployed: false, goesOnElsewhere: false });
  });

  it('edge-cases/19: what goes on in the same company is closer than what begins in another', () => {
    const there = anEmployment('en', 'E1', hired('2026-04-01'));
    const here = { ...anEmployment('jp', '1', hired('2026-04-01')), spell: 2 };
    expect(classify(left, there, here).departure?.kind).toBe('continued');
    expect(classify(left, here, there).departure?.kind).toBe('continued');
  });

  it('edge-cases/19: to and fro is a move each time', () => {
    const there = anEmployment('en', 'E1', hired('2026-04-01'), { lastDay: '2028-03-31' });
    const back = { ...anEmployment('jp', '1', hired('2028-04-01')), spell: 2 };
    expect(classify(left, there, back).departure?.kind).toBe('move');
    expect(classify(there, left, back).departure?.kind).toBe('move');
    expect(classify(back, left, there)).toMatchObject({ departure: null, isReturn: false });
  });

  it('edge-cases/19: what is over by then is nothing to move to', () => {
    const short = anEmployment('en', 'E1', hired('2026-03-05'), { lastDay: '2026-03-20' });
    expect(classify(left, short).departure?.kind).toBe('leaving');
  });

  it('edge-cases/21: a dismissal or a death is no move, whoever is hired next', () => {
    for (const kind of ['dismissal', 'death'] as const) {
      const end = anEmployment('jp', '1', hired('2018-04-01'), { lastDay: '2026-03-31', kind });
      expect(classify(end, anEmployment('en', 'E1', hired('2026-04-01'))).departure?.kind).toBe(kind);
    }
  });

  it('出向: the end of a secondment leaves nobody: the sending company still employs', () => {
    const second = anEmployment('en', 'E1', hired('2024-04-01'), { lastDay: '2026-03-31' });
    const home = anEmployment('jp', '1', hired('2018-04-01'));
    expect(classify(second, home)).toMatchObject({ goesOnElsewhere: true, isEmployed: true });
    expect(classify(home, second)).toMatchObject({ departure: null, isReturn: false });
  });

  it('兼務: who works in two companies and leaves one is no leaver until the other ends too', () => {
    const other = anEmployment('en', 'E1', hired('2020-04-01'));
    expect(classify(left, other)).toMatchObject({ goesOnElsewhere: true, isEmployed: true });
    const ends = anEmployment('en', 'E1', hired('2020-04-01'), { lastDay: '2026-12-31' });
    expect(classify(left, ends)).toMatchObject({ goesOnElsewhere: true, isEmployed: false });
    expect(classify(ends, left)).toMatchObject({ goesOnElsewhere: false, isEmployed: false });
  });

  it('an employment whose end nobody knows employs nobody', () => {
    for (const code of ['end_of_earlier_spell_unknown', 'left_without_day'] as const) {
      const unclear = withDispute(anEmployment('en', 'E1', hired('2020-04-01')), code);
      expect(classify(left, unclear)).toMatchObject({ goesOnElsewhere: false, isEmployed: false });
    }
  });
});

describe('what else the person has', () => {
  const end = (kind: DepartureFacts['kind'] = 'leaving') =>
    anEmployment('jp', '1', hired('2018-04-01'), { lastDay: '2026-03-31', kind });

  it('of two that end on one day neither goes on past the other', () => {
    const second = anEmployment('en', 'E1', hired('2020-04-01'), { lastDay: '2026-03-31' });
    expect(classify(end(), second)).toMatchObject({ departure: { kind: 'leaving' }, goesOnElsewhere: false });
    expect(classify(second, end())).toMatchObject({ departure: { kind: 'leaving' }, goesOnElsewhere: false });
  });

  it('an employment that is disputed in another way still employs', () => {
    const other = withDispute(anEmployment('en', 'E1', hired('2020-04-01')), 'conflicting_statements');
    expect(classify(end(), other)).toMatchObject({ goesOnElsewhere: true, isEmployed: true });
  });

  it('edge-cases/16: hired the day after a dismissal is a return, on the day itself it is none', () => {
    const again = (day: string) => anEmployment('en', 'E1', hired(day));
    expect(classify(again('2026-04-01'), end('dismissal')).isReturn).toBe(true);
    expect(classify(again('2026-03-31'), end('dismissal')).isReturn).toBe(false);
  });

  it('edge-cases/20: who comes back out of scope is not back', () => {
    const contract = { ...anEmployment('en', 'E1', hired('2026-06-15')), inScope: false };
    expect(classify(contract, end()).isReturn).toBe(false);
  });
});

describe('an end within one company', () => {
  const at = (lastDay: string, category: DepartureFacts['category']) =>
    anEmployment('jp', '1', hired('1990-04-01'), { lastDay, category });

  it.each([
    ['定年再雇用 the next day', 'retirement_age', '2026-04-01', 'continued'],
    ['定年再雇用 after two months', 'retirement_age', '2026-06-01', 'continued'],
    ['back after two months for another reason', 'personal', '2026-06-01', 'leaving'],
    ['a contract renewed at once', 'contract_end', '2026-04-01', 'continued'],
    ['a contract renewed after a week', 'contract_end', '2026-04-07', 'continued'],
    ['back after more than a week', 'contract_end', '2026-04-08', 'leaving'],
    ['定年再雇用 after three months', 'retirement_age', '2026-07-01', 'continued'],
    ['back after the age limit, more than three months later', 'retirement_age', '2026-07-02', 'leaving'],
  ] as const)('%s (%s, %s) is %s', (_title, category, day, kind) => {
    const again = { ...anEmployment('jp', '1', hired(day)), spell: 2 };
    const now = classify(at('2026-03-31', category), again);
    expect(now.departure?.kind).toBe(kind);
    expect(classify(again, at('2026-03-31', category)).isReturn).toBe(kind === 'leaving');
  });

  it('two spells of one number that overlap for up to 31 days are one after the other', () => {
    const overlapping = (day: string) => ({ ...anEmployment('jp', '1', hired(day)), spell: 2 });
    const end = at('2026-03-31', 'personal');
    expect(classify(end, overlapping('2026-02-28')).departure?.kind).toBe('continued');
    expect(classify(end, overlapping('2026-02-27')).departure?.kind).toBe('leaving');
  });

  it('edge-cases/16: back under another number after a while has left in between', () => {
    const again = anEmployment('jp', '88', hired('2026-06-01'));
    expect(classify(at('2026-03-31', 'personal'), again).departure?.kind).toBe('leaving');
  });

  it('a second profile that ends as well, only later, continues nothing', () => {
    const second = anEmployment('jp', '78', hired('2025-10-01'), { lastDay: '2026-12-31' });
    expect(classify(at('2026-03-31', 'personal'), second)).toMatchObject({
      departure: { kind: 'leaving' },
      goesOnElsewhere: true,
    });
  });

  it('edge-cases/20: of two profiles of one worker the active one wins', () => {
    const contract = anEmployment('jp', 'C9', hired('2024-01-01'), {
      lastDay: '2026-03-31',
      category: 'contract_end',
    });
    const employee = anEmployment('jp', '77', hired('2026-04-01'));
    expect(classify(contract, employee).departure?.kind).toBe('continued');
    const earlier = anEmployment('jp', '78', hired('2025-10-01'));
    expect(classify(contract, earlier).departure?.kind).toBe('continued');
  });

  it('edge-cases/20: a contract that is out of scope neither leaves nor holds', () => {
    const contract = { ...anEmployment('jp', 'C9', hired('2026-04-01')), inScope: false };
    const left = anEmployment('jp', '1', hired('2018-04-01'), { lastDay: '2026-03-31' });
    expect(classify(left, contract)).toMatchObject({
      goesOnElsewhere: false,
      departure: { kind: 'leaving' },
    });
  });

  it('edge-cases/16: hired again after years is a return', () => {
    const first = anEmployment('jp', '1', hired('2010-04-01'), { lastDay: '2015-03-31' });
    const again = { ...anEmployment('jp', '1', hired('2026-04-01')), spell: 2 };
    expect(classify(again, first).isReturn).toBe(true);
    expect(classify(first, again)).toMatchObject({ goesOnElsewhere: true, isEmployed: true });
  });
});

describe('the facts of a verdict', () => {
  const departure: DepartureFacts = {
    lastDay: isoDate('2026-03-31'),
    announcedOn: null,
    category: 'personal',
    voluntary: true,
    reasonText: null,
    reasonCode: null,
    kind: 'leaving',
  };

  it.each([
    ['2018-04-01', 95],
    ['2026-03-31', 0],
    ['2026-04-01', null],
    ['2030-01-01', null],
  ])('hired %s: %s months of service', (hiredOn, months) => {
    const facts = { ...HANAKO, hiredOn } as Parameters<typeof eligibilityFacts>[0]['facts'];
    expect(eligibilityFacts({ facts }, departure, false).tenureMonths).toBe(months);
  });

  it('edge-cases/06: a rehire flag that is not set is not known, neither yes nor no', () => {
    expect(eligibilityFacts({ facts: {} }, departure, false).rehireFlag).toBeNull();
  });
});
