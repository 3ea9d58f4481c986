import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDays, isoDate } from '../../src/domain/calendar.js';
import { openDeparturesHouse, outcome, push, type Pushed } from '../support/departures-house.js';
import { dropTemplate, type IntakeWorld } from '../support/intake-world.js';
import type { Facts } from '../support/people.js';

const houses: IntakeWorld[] = [];

async function open(): Promise<IntakeWorld> {
  const house = await openDeparturesHouse();
  houses.push(house);
  return house;
}

afterEach(async () => {
  for (const house of houses.splice(0)) await house.stop();
});

afterAll(dropTemplate);

const HISTORIES = Number(process.env.ENISHI_TEST_HISTORIES ?? '25');
const SEED = Number(process.env.ENISHI_TEST_SEED ?? '20260410');

/** Two people of a history, who share nothing with those of other histories. */
function humans(history: number): readonly Facts[] {
  const kana = [...String(history)].map((digit) => 'アイウエオカキクケコ'[Number(digit)]).join('');
  return [
    { familyName: '高橋', givenName: `花${history}`, givenNameKana: `ハナ${kana}`, birthDate: '1990-05-05' },
    {
      familyName: '鈴木',
      givenName: `花${history}`,
      givenNameKana: `ハナ${kana}`,
      birthDate: '1990-05-05',
      formerFamilyName: '高橋',
    },
    {
      familyName: '山田',
      givenName: `太${history}`,
      birthDate: '1985-11-23',
      personalEmail: `mail${history}@home.example`,
    },
    {
      familyName: '山田',
      givenName: `太${history}`,
      personalEmail: `mail${history}@home.example`,
      phone: `090${history}0000`.padEnd(11, '1'),
    },
  ];
}

const record = fc.record({
  who: fc.nat(3),
  whole: fc.boolean(),
  source: fc.constantFrom('demo-jp' as const, 'demo-jp' as const, 'demo-en' as const, 'payroll-jp' as const),
  number: fc.constantFrom('1', '2'),
  day: fc.integer({ min: 0, max: 30 }),
  facts: fc.record(
    {
      hiredOn: fc.constantFrom('2018-04-01', '2018-04-15', '2026-04-02'),
      lastDay: fc.constantFrom('2026-04-05', '2026-05-31', '2026-06-30', null),
      status: fc.constantFrom('active', 'departing', 'left', 'deceased', null),
      leavingReason: fc.constantFrom('転職', '懲戒解雇', '転籍', 'Involuntary', null),
      rehireEligible: fc.constantFrom('yes', 'no', null),
      department: fc.constantFrom('総務', '営業'),
    },
    { requiredKeys: [] },
  ),
});

function sample(history: number): Pushed[] {
  const [records = []] = fc.sample(fc.array(record, { minLength: 2, maxLength: 7 }), {
    seed: SEED * 1_000 + history,
    numRuns: 1,
  });
  return records.flatMap(({ who, whole, source, number, day, facts }): Pushed[] => {
    // An end before the hire is refused at the door and tells nothing here.
    if (typeof facts.lastDay === 'string' && (facts.hiredOn ?? '') > facts.lastDay) return [];
    const stated = { ...(whole ? humans(history)[who] : {}), ...facts } as Facts;
    const asOf = addDays(isoDate('2026-03-10'), day);
    return [{ source, employeeNumber: `${history}-${number}`, asOf, facts: stated }];
  });
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const [order = []] = fc.sample(fc.array(fc.nat(), { minLength: items.length, maxLength: items.length }), {
    seed,
    numRuns: 1,
  });
  return items
    .map((item, i) => [order[i] ?? 0, item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

describe('the order of delivery never matters', () => {
  it(`I05, I06, I11, W03: ${HISTORIES} random histories in another order, repeated and bundled, end in the same registry`, async () => {
    const histories = Array.from({ length: HISTORIES }, (_, i) => sample(i));
    const [one, other] = [await open(), await open()];
    for (const records of histories) for (const said of records) await push(one, said);

    // Interleaved, a fifth of them twice, and by the day: everything of one source in one run.
    const all = shuffled(histories.flat(), SEED);
    const again = [...all, ...all.filter((_, i) => i % 5 === 0)];
    for (let at = 0; at < again.length; at += 4) {
      const bundle = again.slice(at, at + 4);
      for (const source of ['demo-jp', 'demo-en', 'payroll-jp'] as const) {
        const own = bundle.filter((said) => said.source === source);
        if (own.length > 0) await push(other, ...own);
      }
    }
    const expected = await outcome(one);
    expect(expected.length).toBeGreaterThan(HISTORIES);
    expect({ seed: SEED, lines: await outcome(other) }).toEqual({ seed: SEED, lines: expected });
    expect(await other.registry()).toBe(await one.registry());
    expect([await one.rebuildDifferences(), await other.rebuildDifferences()]).toEqual([0, 0]);
  }, 600_000);
});
