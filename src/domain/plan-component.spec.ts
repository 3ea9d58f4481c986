import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HANAKO, TARO, type Facts } from '../../test/support/people.js';
import { runs } from '../../test/support/runs.js';
import { PeopleWorld, type Said } from '../../test/support/people-world.js';
import { addDays, isoDate } from './calendar.js';
import { hasEffects } from './plan.js';

const TODAY = '2026-05-10';
const LEAVING: Facts = {
  ...HANAKO,
  status: 'departing',
  lastDay: '2026-06-30',
  leavingReason: '転職',
  voluntary: true,
};

function says(asOf: string, facts: Facts, more: Partial<Said> = {}): Said {
  return { company: 'jp', number: '1001', asOf, facts, ...more };
}

const THREE = [
  'jp/1001/1 exit_interview 2026-06-16',
  'jp/1001/1 exit_survey 2026-06-23',
  'jp/1001/1 invitation 2026-07-07',
];

describe('a departure', () => {
  it('I05: said five times is one, with one of each follow-up', () => {
    const world = new PeopleWorld(TODAY);
    for (let i = 0; i < 5; i += 1) world.say(says('2026-05-01', LEAVING));
    expect(world.live()).toEqual(THREE);
    expect(world.verdicts()).toEqual({ 'jp/1001/1': 'eligible' });
    expect(world.plans.filter((p) => hasEffects(p.effects))).toHaveLength(1);
  });

  it('I06: an older snapshot after a newer one brings nothing back', () => {
    const world = new PeopleWorld(TODAY).say(
      says('2026-05-03', { ...HANAKO, status: 'active', lastDay: null }),
    );
    world.say(says('2026-05-01', LEAVING));
    expect(world.live()).toEqual([]);
    expect(world.verdicts()).toEqual({});
  });

  it('edge-cases/09, I12: rescinded before anything went out: all cancelled, nothing sent, nobody in the registry', () => {
    const world = new PeopleWorld(TODAY).say(says('2026-05-01', LEAVING));
    world.say(says('2026-05-05', { ...HANAKO, status: 'active', lastDay: null }));
    expect(world.intents()).toEqual([
      'exit_interview cancelled',
      'exit_survey cancelled',
      'invitation cancelled',
    ]);
    expect(world.verdicts()).toEqual({});
    expect(world.plans.at(-1)?.changes.map((c) => c.kind)).toEqual(['rescinded']);
  });

  it('I12: rescinded after a mail went out: one correction', () => {
    const world = new PeopleWorld(TODAY).say(says('2026-05-01', LEAVING));
    world.send('exit_survey');
    world.say(says('2026-05-05', { ...HANAKO, status: 'active', lastDay: null }));
    expect(world.live()).toEqual(['jp/1001/1 correction 2026-05-10']);
  });

  it('edge-cases/10: a row that is gone from a full snapshot is suspected, and nothing is taken back by guess', () => {
    const world = new PeopleWorld(TODAY).say(says('2026-05-01', { ...HANAKO, status: 'active' }));
    world.say(says('2026-05-02', {}, { absent: true }));
    expect(world.plans.at(-1)?.changes.map((c) => c.kind)).toEqual(['suspected_absent']);
    expect(world.live()).toEqual([]);
    const leaver = new PeopleWorld(TODAY).say(says('2026-05-01', LEAVING));
    leaver.say(says('2026-05-02', {}, { absent: true }));
    expect(leaver.live()).toEqual(THREE);
  });

  it('edge-cases/11: a day moved twice moves the one intent of each purpose; past it, it is due today', () => {
    const world = new PeopleWorld('2026-06-20');
    world.say(says('2026-05-01', LEAVING), says('2026-05-02', { ...LEAVING, lastDay: '2026-07-31' }));
    world.say(says('2026-05-03', { ...LEAVING, lastDay: '2026-06-15' }));
    expect(world.live()).toEqual([
      'jp/1001/1 exit_interview 2026-06-20',
      'jp/1001/1 exit_survey 2026-06-20',
      'jp/1001/1 invitation 2026-06-22',
    ]);
  });

  it('edge-cases/12: said at any hour of any zone, the days are those of the company', () => {
    for (const at of ['2026-04-30T15:00:00.000Z', '2026-05-01T14:59:59.000Z', '2026-05-01T23:00:00.000Z']) {
      const world = new PeopleWorld(TODAY).say(says(at, LEAVING));
      expect(world.live()).toEqual(THREE);
    }
    const year = { ...LEAVING, lastDay: '2026-12-31' };
    expect(new PeopleWorld(TODAY).say(says('2026-05-01', year)).live()).toContain(
      'jp/1001/1 invitation 2027-01-07',
    );
  });

  it('edge-cases/14: without a private address the card takes the place of the invitation', () => {
    const world = new PeopleWorld(TODAY).say(says('2026-05-01', { ...LEAVING, personalEmail: null }));
    expect(world.live()).toContain('jp/1001/1 card 2026-07-07');
    expect(world.verdicts()).toEqual({ 'jp/1001/1': 'eligible' });
  });

  it('edge-cases/15: a couple with one address is asked about, and both are followed up apart', () => {
    const world = new PeopleWorld(TODAY).say(
      says('2026-05-01', LEAVING),
      says('2026-05-01', { ...TARO, personalEmail: HANAKO.personalEmail ?? null }, { number: '2002' }),
    );
    expect(world.people()).toHaveLength(2);
    expect(world.openCases()).toBe(1);
  });

  it('edge-cases/16: hired again under the same number, and when that is taken back, a leaver again', () => {
    const world = new PeopleWorld(TODAY).say(
      says('2026-04-30', { ...LEAVING, lastDay: '2026-04-30', status: 'left' }),
      says('2026-05-02', { ...HANAKO, hiredOn: '2026-06-10', status: 'active', lastDay: null }),
    );
    expect(world.people()).toEqual([['jp/1001/1', 'jp/1001/2']]);
    expect(world.verdicts()).toEqual({});
    expect(world.live()).toEqual([]);
    world.say(
      says('2026-05-03', { hiredOn: '2026-06-10', lastDay: '2026-06-10', leavingReason: '入社辞退' }),
    );
    expect(Object.keys(world.verdicts())).toEqual(['jp/1001/2']);
  });

  it('edge-cases/17: a decision about two numbers can be undone', () => {
    const world = new PeopleWorld(TODAY).say(
      says('2026-04-30', {
        ...LEAVING,
        personalEmail: null,
        workEmail: null,
        lastDay: '2026-04-30',
        status: 'left',
      }),
      says(
        '2026-05-02',
        { ...HANAKO, personalEmail: null, workEmail: null, hiredOn: '2026-06-10', status: 'active' },
        { number: '2002' },
      ),
    );
    expect([world.people().length, world.openCases(), world.verdicts()]).toEqual([
      2,
      1,
      { 'jp/1001/1': 'eligible' },
    ]);
    const apart = world.view();
    world.decide('jp/1001/1', 'jp/2002/1', true);
    expect([world.people().length, world.openCases(), world.verdicts()]).toEqual([1, 0, {}]);
    world.decide('jp/1001/1', 'jp/2002/1', false);
    expect(world.view()).toEqual({ ...(apart as object), cases: [] });
  });

  it('edge-cases/18: one number in two companies is two people', () => {
    const world = new PeopleWorld(TODAY).say(
      says('2026-05-01', LEAVING),
      says('2026-05-01', TARO, { company: 'en' }),
    );
    expect(world.people()).toEqual([['en/1001/1'], ['jp/1001/1']]);
    expect(world.openCases()).toBe(0);
  });

  it('edge-cases/19: a transfer within the group: no mail, no entry, whichever side is known first', () => {
    const left = says('2026-05-01', { ...LEAVING, leavingReason: '一身上の都合' });
    const hired = says(
      '2026-05-01',
      { ...HANAKO, hiredOn: '2026-07-01', status: 'active' },
      { company: 'en', number: 'E7' },
    );
    for (const order of [
      [left, hired],
      [hired, left],
    ]) {
      const world = new PeopleWorld(TODAY).say(...order);
      expect(world.live()).toEqual([]);
      expect(world.verdicts()).toEqual({});
      expect(world.plans.at(-1)?.changes.map((c) => c.kind)).toContain('transferred');
    }
  });

  it('edge-cases/20: of a contract that became an employment only the contract ends', () => {
    const world = new PeopleWorld(TODAY).say(
      says(
        '2026-05-01',
        { ...HANAKO, employmentType: '業務委託', lastDay: '2026-04-30', status: 'left' },
        { number: 'C9' },
      ),
      says('2026-05-01', { ...HANAKO, hiredOn: '2026-05-01', status: 'active' }),
    );
    expect(world.live()).toEqual([]);
    expect(world.verdicts()).toEqual({});
  });

  it.each([
    ['death', { status: 'deceased' }],
    ['death', { leavingReason: '死亡' }],
    ['dismissal', { leavingReason: '懲戒解雇', voluntary: false }],
  ] as const)(
    'edge-cases/21: after a %s (%j) everything that waits is cancelled, and no correction is sent',
    (_kind, facts) => {
      const world = new PeopleWorld(TODAY).say(says('2026-05-01', LEAVING));
      world.send('exit_interview');
      world.say(says('2026-05-05', { ...LEAVING, voluntary: null, ...facts }));
      expect(world.live()).toEqual([]);
      expect(world.intents()).not.toContain('correction planned');
      expect(world.verdicts()).toEqual({ 'jp/1001/1': 'ineligible' });
    },
  );

  it('edge-cases/21: a death whose day is not known cancels as well', () => {
    const world = new PeopleWorld(TODAY).say(says('2026-05-01', LEAVING));
    world.send('exit_survey');
    world.say(says('2026-05-05', { status: 'deceased', lastDay: null }));
    expect(world.live()).toEqual([]);
    expect(world.intents()).toEqual(['exit_interview cancelled', 'exit_survey sent', 'invitation cancelled']);
  });

  it('edge-cases/23: an address that HR states again is kept as observed and moves nothing', () => {
    const world = new PeopleWorld(TODAY).say(says('2026-05-01', LEAVING));
    const before = world.view();
    world.say(says('2026-05-08', LEAVING));
    expect(world.view()).toEqual(before);
  });

  it.each([
    ['a reason that contradicts itself', { leavingReasonCode: 'conduct' }],
    ['let go, and nobody says why', { leavingReason: 'Termination (Involuntary)', voluntary: null }],
  ])('%s: nobody is contacted and no verdict is guessed before somebody has looked', (_title, facts) => {
    const world = new PeopleWorld(TODAY).say(says('2026-05-01', LEAVING));
    world.say(says('2026-05-05', { ...LEAVING, ...facts }));
    expect(world.live()).toEqual([]);
    expect(world.plans.at(-1)?.changes[0]).toMatchObject({
      kind: 'disputed',
      withheld: [{ kind: 'all', because: 'disputed' }],
    });
    expect(Object.values(world.verdicts())).not.toContain('eligible');
    world.say(says('2026-05-06', { ...LEAVING, leavingReasonCode: null }));
    expect(world.live()).toEqual(THREE);
  });

  it('an opt-out holds for everybody that somebody turns out to be, and through a split', () => {
    const world = new PeopleWorld(TODAY).say(
      says('2026-05-01', { ...LEAVING, personalEmail: null, workEmail: null }),
      says('2026-05-01', { ...LEAVING, personalEmail: null, workEmail: null }, { number: '2002' }),
    );
    world.optOut('jp/1001/1');
    world.decide('jp/1001/1', 'jp/2002/1', true);
    world.decide('jp/1001/1', 'jp/2002/1', false);
    expect(world.live()).toEqual([]);
    expect(hasEffects(world.plan().effects)).toBe(false);
  });

  it('兼務: two companies, one of them left: no mail until the other ends too', () => {
    const world = new PeopleWorld(TODAY).say(
      says('2026-05-01', LEAVING),
      says(
        '2026-05-01',
        { ...HANAKO, hiredOn: '2020-04-01', status: 'active' },
        { company: 'en', number: 'E7' },
      ),
    );
    expect(world.people()).toHaveLength(1);
    expect([world.live(), world.verdicts()]).toEqual([[], {}]);
    world.say(
      says(
        '2026-05-03',
        { ...LEAVING, hiredOn: '2020-04-01', lastDay: '2026-09-30' },
        { company: 'en', number: 'E7' },
      ),
    );
    expect(Object.keys(world.verdicts())).toEqual(['en/E7/1', 'jp/1001/1']);
    expect(world.live().every((one) => one.startsWith('en/E7/1'))).toBe(true);
  });
});

const HUMANS: readonly Facts[] = [
  HANAKO,
  TARO,
  { ...HANAKO, familyName: '鈴木', familyNameKana: 'スズキ', formerFamilyName: '高橋', workEmail: null },
  { familyName: 'Taro', givenName: 'Yamada', birthDate: '1985-11-23', personalEmail: 'taro@home.example' },
];
const said: fc.Arbitrary<Said> = fc
  .record({
    who: fc.nat(HUMANS.length - 1),
    whole: fc.boolean(),
    company: fc.constantFrom('jp', 'en'),
    number: fc.constantFrom('1', '2'),
    asOf: fc.integer({ min: 0, max: 40 }).map((n): string => addDays(isoDate('2026-04-01'), n)),
    source: fc.constantFrom('hr', 'hr', 'push', 'payroll'),
    absent: fc.nat(14).map((n) => n === 0),
    facts: fc.record(
      {
        hiredOn: fc.constantFrom('2018-04-01', '2018-04-15', '2026-04-10'),
        lastDay: fc.constantFrom('2025-03-31', '2026-04-05', '2026-06-30', '2026-07-31', null),
        status: fc.constantFrom('active', 'departing', 'left', 'deceased', null),
        leavingReason: fc.constantFrom('転職', '懲戒解雇', '転籍', 'Involuntary', null),
        voluntary: fc.constantFrom(true, false),
        rehireEligible: fc.constantFrom('yes', 'no', null),
        personalEmail: fc.constantFrom('hanako@home.example', null),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ who, whole, facts, absent, ...one }): Said => {
    if (absent) return { ...one, facts: {}, absent };
    return { ...one, facts: whole ? { ...HUMANS[who], ...facts } : facts };
  });

function shuffled<T>(items: readonly T[], random: { next(): { value: number } }): T[] {
  return items
    .map((item) => [random.next().value, item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

describe('the order of delivery never matters', () => {
  it('I05, I06, I11: the same statements in any order, any number of times, end in the same people, verdicts and intents', () => {
    const run = fc.property(
      fc.array(said, { minLength: 1, maxLength: 9 }),
      fc.infiniteStream(fc.nat()),
      (all, random) => {
        const expected = new PeopleWorld(TODAY).say(...all);
        const repeated = [...all, ...shuffled(all, random as { next(): { value: number } }).slice(0, 4)];
        const other = new PeopleWorld(TODAY).say(
          ...shuffled(repeated, random as { next(): { value: number } }),
        );
        expect(other.view()).toEqual(expected.view());
        // Nothing is left to do, also where a repetition was only confirmed.
        for (const world of [expected, other]) expect(hasEffects(world.plan().effects)).toBe(false);
      },
    );
    fc.assert(run, { numRuns: runs(1_000) });
  });
});
