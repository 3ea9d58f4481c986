import { describe, expect, it } from '@jest/globals';
import { HANAKO, TARO, type Facts } from '../../test/support/people.js';
import { PeopleWorld, type Said } from '../../test/support/people-world.js';
import { hasEffects, type ComponentPlan } from './plan.js';

const TODAY = '2026-05-10';
const LEAVING: Facts = {
  ...HANAKO,
  status: 'departing',
  lastDay: '2026-06-30',
  leavingReason: '転職',
  voluntary: true,
};

function says(facts: Facts, more: Partial<Said> = {}): Said {
  return { company: 'jp', number: '1001', asOf: '2026-05-01', facts, ...more };
}

const effectsOf = (plan: ComponentPlan) =>
  plan.effects.employments.map((e) => [e.spell, e.withdrawn, e.departure?.state ?? null]);

describe('a run that is reverted', () => {
  it('takes a leaver out of everything: registry, follow-ups, matching', () => {
    const world = new PeopleWorld(TODAY).say(says(LEAVING));
    const { changes, effects } = world.forget('jp/1001');
    expect(world.live()).toEqual([]);
    expect(world.verdicts()).toEqual({});
    expect(world.people()).toEqual([]);
    expect(effects.employments).toMatchObject([
      {
        spell: -1,
        withdrawn: true,
        facts: { familyName: '高橋' },
        keys: { name: null, email: null, phone: null },
        departure: { lastDay: '2026-06-30', state: 'rescinded' },
      },
    ]);
    expect(changes).toMatchObject([
      {
        kind: 'rescinded',
        company: 'jp',
        employeeNumber: '1001',
        spell: 1,
        before: { name: '高橋 花子', lastDay: '2026-06-30' },
        after: null,
        changedFields: [],
        verdict: null,
        verdictBefore: 'eligible',
        withheld: [],
      },
    ]);
    expect(changes[0]?.followUps.map((f) => [f.op, f.kind, f.because]).sort()).toEqual([
      ['cancel', 'exit_interview', 'run_reverted'],
      ['cancel', 'exit_survey', 'run_reverted'],
      ['cancel', 'invitation', 'run_reverted'],
    ]);
  });

  it('is over when it is done: nothing is left to do', () => {
    const world = new PeopleWorld(TODAY).say(says(LEAVING));
    world.send('exit_survey');
    world.forget('jp/1001');
    expect(hasEffects(world.plan().effects)).toBe(false);
  });

  it('I12: what went out is corrected', () => {
    const world = new PeopleWorld(TODAY).say(says(LEAVING));
    world.send('exit_survey');
    const { effects, changes } = world.forget('jp/1001');
    expect(world.live()).toEqual(['jp/1001/-1 correction 2026-05-10']);
    expect(effects.followUps.map((op) => op.zone)).toEqual(['Asia/Tokyo', 'Asia/Tokyo', 'Asia/Tokyo']);
    expect(changes[0]?.followUps).toContainEqual({
      op: 'correct',
      kind: 'correction',
      dueOn: '2026-05-10',
      because: 'rescinded',
    });
  });

  it('nobody is corrected who asked not to be contacted', () => {
    const world = new PeopleWorld(TODAY).say(says(LEAVING));
    world.send('exit_survey');
    world.optOut('jp/1001/1');
    world.forget('jp/1001');
    expect(world.live()).toEqual([]);
  });

  it('edge-cases/21: nobody is corrected after a death, stated here or of another employment', () => {
    const here = new PeopleWorld(TODAY).say(says(LEAVING));
    here.send('exit_survey');
    here.say(says({ ...LEAVING, status: 'deceased' }, { asOf: '2026-05-02' }));
    here.forget('jp/1001');
    expect(here.live()).toEqual([]);
    const elsewhere = new PeopleWorld(TODAY).say(says(LEAVING));
    elsewhere.send('exit_survey');
    elsewhere.say(says({ ...HANAKO, status: 'deceased', lastDay: null }, { company: 'en', number: 'E7' }));
    elsewhere.say(says({ ...TARO, status: 'active' }, { number: '3003' }));
    elsewhere.forget('jp/1001');
    expect(elsewhere.live()).toEqual([]);
  });

  it('of somebody who is employed takes back no departure', () => {
    const world = new PeopleWorld(TODAY).say(says({ ...HANAKO, status: 'active' }));
    const plan = world.forget('jp/1001');
    expect(effectsOf(plan)).toEqual([[-1, true, null]]);
    expect(plan.changes).toMatchObject([{ kind: null, verdictBefore: null, followUps: [] }]);
  });

  it('after a departure that was taken back takes back no second one', () => {
    const world = new PeopleWorld(TODAY).say(says(LEAVING));
    world.say(says({ ...HANAKO, status: 'active', lastDay: null }, { asOf: '2026-05-02' }));
    expect(world.forget('jp/1001').changes).toMatchObject([{ kind: null, before: { lastDay: null } }]);
  });

  it('leaves the verdict of another company of the person alone', () => {
    const world = new PeopleWorld(TODAY).say(
      says({ ...LEAVING, lastDay: '2026-04-30' }),
      says({ ...LEAVING, hiredOn: '2020-04-01', lastDay: '2026-05-05' }, { company: 'en', number: 'E7' }),
    );
    const { changes } = world.forget('en/E7');
    expect(Object.keys(world.verdicts())).toEqual(['jp/1001/1']);
    expect(changes.find((c) => c.company === 'en')).toMatchObject({
      kind: 'rescinded',
      verdictBefore: 'eligible',
    });
  });

  it('puts every spell of a number out of the way of those to come', () => {
    const world = new PeopleWorld(TODAY).say(
      says({ ...HANAKO, lastDay: '2020-03-31', status: 'left' }),
      says({ ...HANAKO, hiredOn: '2024-04-01', status: 'active', lastDay: null }, { asOf: '2026-05-02' }),
    );
    expect(effectsOf(world.forget('jp/1001')).map(([spell]) => spell)).toEqual([-1, -2]);
    world.say(says({ ...TARO, status: 'active' }, { asOf: '2026-05-03' }));
    world.forget('jp/1001');
    expect(world.people()).toEqual([]);
  });

  it('a spell that is stated again is the same one, with its follow-ups planned anew', () => {
    const world = new PeopleWorld(TODAY).say(says(LEAVING));
    const [id] = world.plans[0]?.effects.employments.map((e) => e.id) ?? [];
    world.forget('jp/1001');
    world.say(says(LEAVING));
    const back = world.plans.at(-1);
    expect(back?.effects.employments).toMatchObject([{ id, spell: 1, withdrawn: false }]);
    expect(back?.changes).toMatchObject([
      { kind: 'new_leaver', before: null, changedFields: [], verdict: 'eligible' },
    ]);
    expect(world.live()).toHaveLength(3);
    expect(world.verdicts()).toEqual({ 'jp/1001/1': 'eligible' });
  });
});

describe('what the plan shows of a change', () => {
  it('somebody new', () => {
    const plan = new PeopleWorld(TODAY).say(says(LEAVING)).plans.at(-1);
    expect(plan?.effects.persons).toHaveLength(1);
    expect(plan?.changes).toMatchObject([
      {
        kind: 'new_leaver',
        before: null,
        after: { name: '高橋 花子', lastDay: '2026-06-30', category: 'career_change', status: 'departing' },
        changedFields: [],
        verdict: 'eligible',
        verdictBefore: null,
        withheld: [],
      },
    ]);
    expect(plan?.changes[0]?.followUps).toContainEqual({
      op: 'plan',
      kind: 'exit_survey',
      dueOn: '2026-06-23',
      because: 'rule',
    });
  });

  it('a day that moved, with the fields that changed and what was before', () => {
    const world = new PeopleWorld(TODAY).say(says(LEAVING));
    world.say(says({ ...LEAVING, lastDay: '2026-07-31', phone: '03-1111-1111' }, { asOf: '2026-05-02' }));
    const plan = world.plans.at(-1);
    expect(plan?.effects.persons).toEqual([]);
    expect(plan?.changes).toMatchObject([
      {
        kind: 'amended',
        before: { lastDay: '2026-06-30' },
        after: { lastDay: '2026-07-31' },
        changedFields: ['lastDay', 'phone'],
        verdict: 'eligible',
        verdictBefore: 'eligible',
      },
    ]);
    expect(plan?.changes[0]?.followUps).toContainEqual({
      op: 'reschedule',
      kind: 'exit_survey',
      dueOn: '2026-07-24',
      because: 'date_moved',
    });
  });

  it('a departure that is taken back is kept as it stood', () => {
    const world = new PeopleWorld(TODAY).say(says(LEAVING));
    world.say(says({ ...HANAKO, status: 'active', lastDay: null }, { asOf: '2026-05-02' }));
    const plan = world.plans.at(-1);
    expect(plan?.effects.employments).toMatchObject([
      { departure: { lastDay: '2026-06-30', state: 'rescinded' } },
    ]);
    expect(plan?.changes).toMatchObject([{ kind: 'rescinded', verdict: null, verdictBefore: 'eligible' }]);
    expect(plan?.changes[0]?.followUps).toContainEqual({
      op: 'cancel',
      kind: 'exit_survey',
      dueOn: null,
      because: 'rescinded',
    });
  });

  it('nothing of somebody new who stays, and nothing of a fact alone that is not new', () => {
    const world = new PeopleWorld(TODAY).say(says({ ...HANAKO, status: 'active' }));
    expect(world.plans.at(-1)?.changes).toEqual([]);
    world.settle();
    expect(world.plans.at(-1)?.changes).toEqual([]);
  });

  it('changes in the order of company, number and spell, whatever order they were said in', () => {
    const world = new PeopleWorld(TODAY).say(
      says({ ...TARO, status: 'active' }, { company: 'kr', number: '3' }),
      says({ ...HANAKO, status: 'active' }, { number: '2' }),
    );
    expect(world.forget('kr/3', 'jp/2').changes.map((c) => c.company)).toEqual(['jp', 'kr']);
  });

  it('two persons who turn out to be one: what the verdict was, and who hands over', () => {
    const world = new PeopleWorld(TODAY).say(
      says({ ...LEAVING, personalEmail: null, workEmail: null, lastDay: '2026-04-30', status: 'left' }),
      says(
        { ...HANAKO, personalEmail: null, workEmail: null, hiredOn: '2026-06-10', status: 'active' },
        { number: '2002' },
      ),
    );
    const { changes, effects } = world.decide('jp/1001/1', 'jp/2002/1', true);
    expect(effects.movedPersons).toHaveLength(1);
    expect(effects.movedPersons[0]?.company).toBeNull();
    expect(changes).toMatchObject([{ employeeNumber: '1001', verdict: null, verdictBefore: 'eligible' }]);
  });

  it('a fact that changes nothing else is stored and shown', () => {
    const world = new PeopleWorld(TODAY).say(says({ ...HANAKO, status: 'active' }));
    world.say(says({ ...HANAKO, status: 'active', phone: '03-1111-1111' }, { asOf: '2026-05-02' }));
    const plan = world.plans.at(-1);
    expect(plan?.effects.employments).toMatchObject([{ facts: { phone: '03-1111-1111' } }]);
    expect(plan?.changes).toMatchObject([{ kind: 'amended', changedFields: ['phone'], followUps: [] }]);
    expect(hasEffects(world.plan().effects)).toBe(false);
  });

  it('follow-ups that change without the employment are shown', () => {
    const world = new PeopleWorld(TODAY).say(says(LEAVING));
    const { changes } = world.optOut('jp/1001/1');
    expect(changes).toMatchObject([
      { kind: null, changedFields: [], verdict: 'eligible', verdictBefore: 'eligible' },
    ]);
    expect(changes[0]?.followUps.map((f) => [f.op, f.because])).toEqual([
      ['cancel', 'opted_out'],
      ['cancel', 'opted_out'],
      ['cancel', 'opted_out'],
    ]);
  });

  it.each([
    ['whose id is the older one', ['1001', '2002']],
    ['whose id is the newer one', ['2002', '1001']],
  ])('a verdict that changes without the employment is shown, of somebody %s', (_title, order) => {
    const bare = { personalEmail: null, workEmail: null };
    const said: Record<string, Said> = {
      1001: says({ ...LEAVING, ...bare, lastDay: '2020-03-31', status: 'left' }),
      2002: says({ ...HANAKO, ...bare, hiredOn: '2024-04-01', status: 'active' }, { number: '2002' }),
    };
    const world = new PeopleWorld(TODAY, true);
    for (const number of order) world.say(said[number] ?? says({}));
    const { changes } = world.decide('jp/1001/1', 'jp/2002/1', true);
    expect(changes.find((c) => c.employeeNumber === '1001')).toMatchObject({
      kind: null,
      followUps: [],
      verdict: null,
      verdictBefore: 'eligible',
    });
    expect(world.verdicts()).toEqual({});
  });

  it('a change of verdict alone is shown', () => {
    const world = new PeopleWorld(TODAY).say(says(LEAVING));
    world.say(says({ ...LEAVING, rehireEligible: 'no' }, { asOf: '2026-05-02' }));
    expect(world.plans.at(-1)?.changes).toMatchObject([{ verdict: 'ineligible', verdictBefore: 'eligible' }]);
  });

  it('edge-cases/21: a death known of one employment bars the other', () => {
    const world = new PeopleWorld(TODAY).say(
      says({ ...LEAVING, lastDay: '2026-06-30' }),
      says({ ...LEAVING, hiredOn: '2020-04-01' }, { company: 'en', number: 'E7' }),
    );
    world.say(
      says(
        { ...HANAKO, hiredOn: '2020-04-01', status: 'deceased', lastDay: null },
        { company: 'en', number: 'E7', asOf: '2026-05-03' },
      ),
    );
    expect(world.live()).toEqual([]);
    expect(world.verdicts()['jp/1001/1']).toBe('ineligible');
  });

  it('an opt-out holds for an employment that becomes known later', () => {
    const world = new PeopleWorld(TODAY).say(says(LEAVING));
    world.optOut('jp/1001/1');
    world.say(
      says({ ...LEAVING, hiredOn: '2020-04-01' }, { company: 'en', number: 'E7', asOf: '2026-05-03' }),
    );
    expect(world.people()).toEqual([['en/E7/1', 'jp/1001/1']]);
    expect(world.live()).toEqual([]);
  });
});
