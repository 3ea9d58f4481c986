import { beforeEach, expect, it } from '@jest/globals';
import { csvOf, CSV_HEADER, leaver, workers } from '../support/intake-files.js';
import type { Run } from '../../src/intake/run.js';
import type { IntakeWorld } from '../support/intake-world.js';
import { startWorld, world } from '../support/one-world.js';
import { CONFIRMED_AT } from '../../src/departures/closure-rows.queries.js';

beforeEach(async () => {
  await startWorld();
});

async function confirmedAt(): Promise<unknown[]> {
  const rows = await world.db.query<{ at: string }>(
    `select distinct ${CONFIRMED_AT} as at from observation o join source_state st using (source)
     where not o.reverted order by 1`,
  );
  return rows.map(({ at }) => at);
}

/** A file of a day to come waits for a person, who lets it through. */
async function mistaken(...args: Parameters<IntakeWorld['import']>): Promise<Run> {
  const run = await world.import(...args);
  expect([run.status, run.brakes.filter(({ tripped }) => tripped).map(({ name }) => name)]).toEqual([
    'held',
    ['days_ahead'],
  ]);
  return world.approve(run);
}

it('confirms nobody any more once it is reverted, and gives its place to the reading before', async () => {
  const rows = workers(100);
  await world.import(rows);
  const before = await confirmedAt();
  world.clock.addDays(1);
  const wrong = await mistaken([...rows, leaver(200, '2026-03-31')], { asOf: '2026-06-30' });
  expect(wrong.status).toBe('applied');
  expect(await confirmedAt()).not.toEqual(before);
  await world.revert(wrong);
  expect(await confirmedAt()).toEqual(before);
  expect(await world.count('observation', 'follows')).toBe(100);
  expect(await world.rebuildDifferences()).toBe(0);
});

it('lets count what is said after a reverted run of a later day', async () => {
  const rows = workers(100);
  await world.import(rows);
  world.clock.addDays(1);
  const wrong = await mistaken([...rows, leaver(200, '2026-03-31')], { asOf: '2026-06-30' });
  await world.revert(wrong);
  world.clock.addDays(1);
  const changed = rows.map((row, n) => {
    if (n === 1) return { ...row, 部署: '新設部' };
    return n === 2 ? leaver(2, '2026-04-30') : row;
  });
  const right = await world.import(changed);
  expect([right.status, right.rows.unchanged]).toEqual(['applied', 98]);
  expect(await world.count('employment', `department = '新設部'`)).toBe(1);
  expect(await world.count('departure', `last_day = '2026-04-30'`)).toBe(1);
  expect(await world.rebuildDifferences()).toBe(0);
});

it('of two that are reverted one after the other, the newest left over is the newest reading', async () => {
  const rows = workers(100);
  await world.import(rows);
  const before = await confirmedAt();
  const wrong = [];
  for (const day of ['2026-06-30', '2026-07-31']) {
    world.clock.addDays(1);
    wrong.push(await mistaken([...rows, leaver(200 + wrong.length, '2026-03-31')], { asOf: day }));
  }
  for (const run of wrong) await world.revert(run);
  expect(await confirmedAt()).toEqual(before);
  expect(await world.rebuildDifferences()).toBe(0);
});

it('leaves those whose rows were only written otherwise in it confirmed by the reading before', async () => {
  const rows = workers(100);
  await world.import(rows);
  world.clock.addDays(1);
  await world.import(rows);
  const before = await confirmedAt();
  world.clock.addDays(1);
  const lines = csvOf(CSV_HEADER, rows).split('\n');
  lines[8] = (lines[8] ?? '').replaceAll(/[^,]+/g, '"$&"');
  const quoted = await world.import(lines.join('\n'));
  expect([quoted.status, quoted.rows.unchanged]).toEqual(['applied', 100]);
  await world.revert(quoted);
  expect(await confirmedAt()).toEqual(before);
  expect(await world.rebuildDifferences()).toBe(0);
});

it('takes back what a smaller file confirmed of some, too', async () => {
  const rows = workers(100);
  await world.import(rows);
  world.clock.addDays(1);
  const some = await mistaken([...rows.slice(0, 10), leaver(200, '2026-03-31')], {
    mode: 'delta',
    asOf: '2026-06-30',
  });
  expect(some.status).toBe('applied');
  await world.revert(some);
  world.clock.addDays(1);
  await world.import(rows.map((row, n) => (n === 3 ? { ...row, 部署: '新設部' } : row)));
  expect(await world.count('employment', `department = '新設部'`)).toBe(1);
  expect(await world.rebuildDifferences()).toBe(0);
});
