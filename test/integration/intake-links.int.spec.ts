import { describe, expect, it } from '@jest/globals';
import type { Run } from '../../src/intake/run.js';
import { leaver, shuffled, worker, type Cells } from '../support/intake-files.js';
import { startWorld, world } from '../support/one-world.js';

/** Enough to be looked at by what they have in common before anybody is decided. */
const MANY = 700;
/** Too few for that. */
const FEW = 100;

/** The source has spoken before: nobody is history only because of the order. */
async function start(): Promise<void> {
  await startWorld();
  await world.import([worker(9_999)]);
}

/** Imports and, so many people at once being more than the brakes let through, approves. */
async function take(rows: readonly Cells[]): Promise<Run> {
  const run = await world.import(rows);
  return run.status === 'held' ? world.approve(run) : run;
}

/** What stands, whatever was believed on the way. */
async function standing(): Promise<string[]> {
  return (await world.domain()).filter((line) => /^(employment|departure|entry|case)\|/.test(line));
}

/**
 * People who share given names and birthdays with many, some of them whole names, some a phone or an address: strangers,
 * pairs to ask about, one and the same under two numbers, and a phone of a whole department.
 */
function everybody(): Cells[] {
  return Array.from({ length: MANY }, (_, n) => {
    const { 名, 名カナ } = worker((n * 7) % 100);
    const shared: Cells = {
      名,
      名カナ,
      生年月日: `19${60 + (n % 9)}-04-01`,
      ...(n % 11 === 0 ? { 電話: `0312${String(100_000 + Math.floor(n / 40))}` } : {}),
      ...(n % 50 === 3 ? { 電話: '0399990000' } : {}),
      ...(n % 90 === 1 ? { 個人メール: `p${n + 10}@mail.example` } : {}),
    };
    // The same human with a second number.
    if (n % 35 === 34) return { ...worker(n), ...samePerson(n - 1) };
    return n % 3 === 0 ? leaver(n, `20${10 + (n % 15)}-06-30`, shared) : worker(n, shared);
  });

  function samePerson(n: number): Cells {
    const { 姓, 姓カナ, 電話, 個人メール } = worker(n);
    const { 名, 名カナ } = worker((n * 7) % 100);
    return { 姓, 姓カナ, 電話, 個人メール, 名, 名カナ, 生年月日: `19${60 + (n % 9)}-04-01` };
  }
}

describe('people of one file who have something in common', () => {
  it('come to the same as when they are told of a few at a time', async () => {
    await start();
    const rows = everybody();
    const run = await take(rows);
    expect([run.status, run.rows.accepted]).toEqual(['applied', MANY]);
    expect(await world.rebuildDifferences()).toBe(0);
    const counts = await world.effects();
    const [domain, registry] = [await standing(), await world.registry()];
    await world.stop();

    await start();
    const few = shuffled(rows, 7);
    for (let from = 0; from < MANY; from += FEW) await take(few.slice(from, from + FEW));
    expect(await standing()).toEqual(domain);
    expect(await world.registry()).toBe(registry);
    // None of the ways to belong together is missing from the file.
    expect(counts['match_case']).toBeGreaterThan(20);
    expect(counts['person']).toBeLessThan(MANY - 10);
  });

  it('are decided together where somebody in the house belongs to them', async () => {
    await start();
    const rows = everybody();
    await take(rows.filter((_, n) => n % 4 === 0));
    const run = await take(rows);
    expect([run.rows.accepted, run.rows.unchanged]).toEqual([MANY, MANY / 4]);
    expect(await world.rebuildDifferences()).toBe(0);
    const domain = await standing();
    await world.stop();

    await start();
    await take(rows);
    expect(await standing()).toEqual(domain);
  });
});
