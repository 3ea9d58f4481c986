import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Run } from '../../src/intake/run.js';
import { leaver, workers, type Cells } from '../support/intake-files.js';
import { dropTemplate, IntakeWorld } from '../support/intake-world.js';

/** Enough for the file to be looked at row by row before it is read. */
const MANY = 3_000;

let world: IntakeWorld;

beforeEach(async () => {
  world = await IntakeWorld.start();
});

afterEach(async () => {
  await world.stop();
});

afterAll(async () => {
  await dropTemplate();
});

function nextDay(rows: readonly Cells[], options: Parameters<IntakeWorld['import']>[1] = {}): Promise<Run> {
  world.clock.addDays(1);
  return world.import(rows, options);
}

describe('a waiting run and rows that are recognised by their bytes', () => {
  it('edge-cases/03: is let go by a repaired file of which every row was recognised', async () => {
    const rows = workers(MANY);
    await world.import(rows);
    const mistaken = rows.map((row, n) => (n < 400 ? leaver(n, '2026-04-08') : row));
    const held = await nextDay(mistaken);
    expect([held.status, held.changes.new_leaver]).toEqual(['held', 400]);
    const repaired = await nextDay(rows);
    expect([repaired.status, repaired.rows.unchanged]).toEqual(['applied', MANY]);
    expect(await world.count('import_run', `status = 'held'`)).toBe(0);
    await expect(world.approve(held)).rejects.toMatchObject({ code: 'RUN_NOT_HELD' });
  });
});
