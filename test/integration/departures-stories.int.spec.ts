import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PeopleQueries } from '../../src/departures/people.queries.js';
import { isoDate } from '../../src/domain/calendar.js';
import { MatchesService } from '../../src/intake/matches.service.js';
import { OverridesService } from '../../src/rehire-registry/overrides.service.js';
import {
  liveIntents,
  matches,
  openDeparturesHouse,
  outcome,
  people,
  push,
  verdicts,
  type Pushed,
} from '../support/departures-house.js';
import { dropTemplate, type IntakeWorld } from '../support/intake-world.js';
import { HANAKO, TARO, type Facts } from '../support/people.js';

let house: IntakeWorld;

beforeEach(async () => {
  house = await openDeparturesHouse();
});

afterEach(async () => {
  // Whatever the story was, the registry is what its observations give.
  expect(await house.rebuildDifferences()).toBe(0);
  await house.stop();
});

afterAll(dropTemplate);

function jp(asOf: string, facts: Facts, employeeNumber = '1001'): Pushed {
  return { source: 'demo-jp', employeeNumber, asOf, facts };
}

function en(asOf: string, facts: Facts, employeeNumber = 'E7'): Pushed {
  return { source: 'demo-en', employeeNumber, asOf, facts };
}

const NO_CONTACT: Facts = { ...HANAKO, personalEmail: null, workEmail: null };
const LEAVING: Facts = { ...HANAKO, status: 'departing', lastDay: '2026-05-31', leavingReason: '転職' };
const LEFT: Facts = { ...NO_CONTACT, status: 'left', lastDay: '2026-03-31', leavingReason: '転職' };
const THREE = ['1001 exit_interview 2026-05-17', '1001 exit_survey 2026-05-24', '1001 invitation 2026-06-07'];

describe('a departure', () => {
  it('I05: announced, and pushed again and again: one departure, one of each follow-up', async () => {
    await push(house, jp('2026-04-01', LEAVING));
    const once = await outcome(house);
    const again = await push(house, jp('2026-04-01', LEAVING), jp('2026-04-02', LEAVING));
    expect([again.rows.unchanged, again.changes.new_leaver]).toEqual([2, 0]);
    expect(await outcome(house)).toEqual(once);
    expect(await liveIntents(house)).toEqual(THREE);
  });

  it('edge-cases/09, edge-cases/11: moved twice, then rescinded: no live intent, nobody in the registry', async () => {
    await push(house, jp('2026-04-01', LEAVING));
    await push(house, jp('2026-04-02', { ...LEAVING, lastDay: '2026-07-31' }));
    await push(house, jp('2026-04-03', { ...LEAVING, lastDay: '2026-05-31' }));
    expect(await liveIntents(house)).toEqual(THREE);
    const rescinded = await push(house, jp('2026-04-04', { status: 'active', lastDay: null }));
    expect(rescinded.changes.rescinded).toBe(1);
    expect([await liveIntents(house), await verdicts(house)]).toEqual([[], []]);
    expect(await house.count('follow_up', `state = 'cancelled'`)).toBe(3);
  });

  it('edge-cases/21: a death after all was planned cancels all of it, queued mail too', async () => {
    await push(house, jp('2026-04-01', LEAVING));
    await house.db.query(
      `update follow_up set state = 'queued', queued_at = now() where kind = 'exit_survey'`,
    );
    await push(house, jp('2026-04-05', { status: 'deceased', lastDay: '2026-04-04' }));
    expect(await house.count('follow_up', `state <> 'cancelled'`)).toBe(0);
    expect(await verdicts(house)).toEqual(['jp/1001 ineligible']);
  });

  it('a reason of two minds is a dispute and reaches nobody until HR has settled it', async () => {
    await push(house, jp('2026-04-01', { ...LEAVING, leavingReasonCode: 'conduct' }));
    const shown = await house.get(PeopleQueries).show('jp/1001');
    expect(shown.employments[0]?.disputes.map((d) => d.code)).toEqual(['reason_contradicts_itself']);
    expect(await liveIntents(house)).toEqual([]);
    expect(await verdicts(house)).toEqual(['jp/1001 unknown']);
    await push(house, jp('2026-04-02', { leavingReasonCode: null }));
    expect(await liveIntents(house)).toEqual(THREE);
  });

  it('an opt-out ends all contact, and no later record brings it back', async () => {
    await push(house, jp('2026-04-01', LEAVING));
    await house.db.query('update person set opted_out_at = now()');
    await push(house, jp('2026-04-02', { ...LEAVING, lastDay: '2026-06-30' }));
    expect(await liveIntents(house)).toEqual([]);
    await push(house, jp('2026-04-03', { ...LEAVING, lastDay: '2026-07-31' }));
    expect(await liveIntents(house)).toEqual([]);
  });
});

describe('spells and companies', () => {
  it('edge-cases/16: hired again under the same number: one person, no entry; hired and gone again: an entry again', async () => {
    await push(house, jp('2026-04-01', LEFT));
    expect(await verdicts(house)).toEqual(['jp/1001 eligible']);
    const again = await push(
      house,
      jp('2026-04-05', { ...NO_CONTACT, hiredOn: '2026-04-20', status: 'active' }),
    );
    expect(again.changes.rehired).toBe(1);
    expect(await people(house)).toEqual(['jp/1001/1 jp/1001/2']);
    expect(await verdicts(house)).toEqual([]);
    await push(
      house,
      jp('2026-04-06', { hiredOn: '2026-04-20', status: 'departing', lastDay: '2026-09-30' }),
    );
    expect((await verdicts(house)).length).toBe(1);
  });

  it.each([0, 1])(
    'edge-cases/19: a transfer from jp to en, the side %i first: a move, and no mail',
    async (first) => {
      const sides = [
        jp('2026-04-01', { ...LEAVING, leavingReason: '一身上の都合' }),
        en('2026-04-01', { ...HANAKO, hiredOn: '2026-06-01', status: 'active' }),
      ];
      for (const side of first === 0 ? sides : sides.reverse()) await push(house, side);
      expect(await people(house)).toEqual(['en/E7/1 jp/1001/1']);
      expect([await liveIntents(house), await verdicts(house)]).toEqual([[], []]);
      expect(await house.count('departure', `kind = 'move'`)).toBe(1);
    },
  );

  it('I11, edge-cases/18: a number given to another human stays two people', async () => {
    await push(house, jp('2026-04-01', LEFT));
    await push(house, jp('2026-04-02', { ...TARO, hiredOn: '2026-04-02', status: 'active' }));
    await push(house, en('2026-04-02', { ...TARO, birthDate: '1970-01-02' }, '1001'));
    expect(await people(house)).toEqual(['en/1001/1', 'jp/1001/1', 'jp/1001/2']);
  });
});

describe('the human queue of identity', () => {
  const married = jp(
    '2026-04-02',
    {
      ...NO_CONTACT,
      familyName: '鈴木',
      familyNameKana: 'スズキ',
      formerFamilyName: '高橋',
      hiredOn: '2026-04-01',
      status: 'active',
    },
    '2002',
  );

  it('edge-cases/17: asked, decided the same, taken back: each time as if it had been so all along', async () => {
    await push(house, jp('2026-04-01', LEFT));
    await push(house, married);
    const [asked] = await matches(house);
    expect(asked).toMatchObject({ score: 7, evidence: expect.arrayContaining(['former_name_equal']) });
    expect(await verdicts(house)).toEqual(['jp/1001 eligible']);
    await house.get(MatchesService).decide(asked?.id ?? '', true, 'tanaka');
    expect(await people(house)).toEqual(['jp/1001/1 jp/2002/1']);
    expect([await verdicts(house), await matches(house)]).toEqual([[], []]);
    await house.get(MatchesService).decide(asked?.id ?? '', false, 'tanaka');
    expect(await people(house)).toEqual(['jp/1001/1', 'jp/2002/1']);
    expect(await verdicts(house)).toEqual(['jp/1001 eligible']);
    await push(house, { ...married, asOf: '2026-04-03', facts: { ...married.facts, department: '総務' } });
    expect([await people(house), await matches(house)]).toEqual([['jp/1001/1', 'jp/2002/1'], []]);
  });

  it('a person who was split stays split through later records, a rehire under one of the numbers included', async () => {
    await push(house, jp('2026-04-01', { ...LEFT, personalEmail: 'hanako@home.example' }));
    await push(
      house,
      en('2026-04-01', { ...LEFT, personalEmail: 'hanako@home.example', lastDay: '2026-02-28' }),
    );
    expect(await people(house)).toEqual(['en/E7/1 jp/1001/1']);
    await house.get(MatchesService).split('jp/1001', ['en/E7'], 'tanaka');
    expect(await people(house)).toEqual(['en/E7/1', 'jp/1001/1']);
    await push(house, en('2026-04-08', { ...HANAKO, hiredOn: '2026-04-08', status: 'active' }));
    expect(await people(house)).toEqual(['en/E7/1 en/E7/2', 'jp/1001/1']);
  });

  it('an override goes with the person through a merge, the stricter one stays; a split gives it to its own company', async () => {
    await push(house, jp('2026-04-01', LEFT));
    await push(house, jp('2026-04-01', { ...LEFT, hiredOn: '2015-04-01', lastDay: '2017-03-31' }, '2002'));
    const [asked] = await matches(house);
    const override = (personId: string, verdict: 'ineligible' | 'review') =>
      house.get(OverridesService).set({
        personId,
        company: 'jp',
        verdict,
        reason: 'agreed with HR',
        author: 'tanaka',
        untilDay: null,
        today: isoDate('2026-04-10'),
      });
    await override(asked?.a.personId ?? '', 'review');
    await override(asked?.b.personId ?? '', 'ineligible');
    await house.get(MatchesService).decide(asked?.id ?? '', true, 'tanaka');
    const live = await house.db.query<{ verdict: string; entries: number }>(
      `select verdict, (select count(*)::int from registry_entry e where e.person_id = o.person_id) as entries
       from rehire_override o where state <> 'closed'`,
    );
    expect(live).toEqual([{ verdict: 'ineligible', entries: 1 }]);
    await house.get(MatchesService).decide(asked?.id ?? '', false, 'tanaka');
    const after = await house.db.query<{ number: string }>(
      `select m.employee_number as number from rehire_override o join registry_entry e
         on e.person_id = o.person_id and e.company = o.company join employment m on m.id = e.employment_id
       where o.state <> 'closed'`,
    );
    // The entry of the merged person stood on the later departure: the override speaks of that one.
    expect(after).toEqual([{ number: '1001' }]);
  });

  it('edge-cases/15: a mailbox of hundreds asks about nobody, in whichever order they came', async () => {
    const someone = (i: number): Pushed =>
      jp(
        '2026-04-01',
        {
          familyName: `姓${i}`,
          givenName: `名${i}`,
          personalEmail: 'all@home.example',
          hiredOn: '2020-04-01',
        },
        `S${i}`,
      );
    const all = Array.from({ length: 240 }, (_, i) => someone(i));
    for (const one of all.slice(0, 4)) await push(house, one);
    expect(await matches(house)).toHaveLength(6);
    const from = performance.now();
    await push(house, ...all.slice(4));
    expect(performance.now() - from).toBeLessThan(20_000);
    expect(await matches(house)).toEqual([]);
    expect(await house.count('person')).toBe(240);
    await push(
      house,
      ...all.map((one) => ({ ...one, asOf: '2026-04-02', facts: { ...one.facts, department: '総務' } })),
    );
    expect(await matches(house)).toEqual([]);
    // All but five give it up: what is left is few enough to ask about.
    const gone = all.slice(5).map((one) => ({ ...one, asOf: '2026-04-03', facts: { personalEmail: null } }));
    await push(house, ...gone);
    expect(await matches(house)).toHaveLength(10);
  });
});

describe('the same words at other times', () => {
  const phone = async (): Promise<unknown> =>
    (await house.db.one<{ phone: string | null }>(`select facts->>'phone' as phone from employment`))?.phone;

  it('what a source goes back to after saying something else counts again', async () => {
    await push(house, jp('2026-04-01', { phone: '03-1111-1111' }));
    await push(house, jp('2026-04-02', { ...HANAKO, phone: '03-2222-2222' }));
    await push(house, jp('2026-04-03', { phone: '03-1111-1111' }));
    expect(await phone()).toBe('03-1111-1111');
  });

  it('one run that says something new and then the old thing again ends with the old thing', async () => {
    await push(house, jp('2026-04-01', { ...HANAKO, phone: '03-1111-1111' }));
    await push(
      house,
      jp('2026-04-02', { ...HANAKO, phone: '03-2222-2222' }),
      jp('2026-04-03', { ...HANAKO, phone: '03-1111-1111' }),
    );
    expect(await phone()).toBe('03-1111-1111');
  });

  it('an earlier day on which the same was said already is news to nobody but the other sources', async () => {
    await push(house, jp('2026-04-05', { ...HANAKO, phone: '03-1111-1111' }));
    await push(house, {
      source: 'payroll-jp',
      employeeNumber: '1001',
      asOf: '2026-04-03',
      facts: { phone: '03-2222-2222' },
    });
    expect(await phone()).toBe('03-1111-1111');
    await push(house, jp('2026-04-01', { ...HANAKO, phone: '03-1111-1111' }));
    expect(await phone()).toBe('03-2222-2222');
  });

  it('a nightly repetition does not undo what another source has said since', async () => {
    await push(house, jp('2026-04-01', { ...HANAKO, phone: '03-1111-1111' }));
    await push(house, {
      source: 'payroll-jp',
      employeeNumber: '1001',
      asOf: '2026-04-03',
      facts: { phone: '03-2222-2222' },
    });
    for (const night of ['2026-04-04', '2026-04-05'])
      await push(house, jp(night, { ...HANAKO, phone: '03-1111-1111' }));
    expect(await phone()).toBe('03-2222-2222');
  });

  it('edge-cases/29: a status that lags behind takes no departure back while it is repeated', async () => {
    await push(house, jp('2026-03-01', { ...LEAVING, status: 'active', lastDay: '2026-03-31' }));
    const before = await outcome(house);
    await push(house, jp('2026-04-09', { ...LEAVING, status: 'active', lastDay: '2026-03-31' }));
    expect(await outcome(house)).toEqual(before);
    expect(await verdicts(house)).toEqual(['jp/1001 eligible']);
  });
});
