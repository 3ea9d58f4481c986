import { beforeEach, describe, expect, it } from '@jest/globals';
import { DoorsService } from '../../src/intake/doors.service.js';
import type { Run } from '../../src/intake/run.js';
import { leaver, worker, workers, type Cells } from '../support/intake-files.js';
import type { IntakeWorld } from '../support/intake-world.js';
import { startWorld, world } from '../support/one-world.js';

/** Enough for the file to be looked at row by row before it is read. */
const MANY = 3_000;

beforeEach(async () => {
  await startWorld();
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

  it('edge-cases/03: waits on when a file leaves out one of those it had recognised, and is let go when none is', async () => {
    const rows = workers(MANY);
    await world.import(rows);
    const changed = rows.map((row, n) => (n === 4 ? { ...row, 部署: '新設部' } : row));
    const held = await nextDay(changed, { expectRows: MANY - 1 });
    expect(held.status).toBe('held');
    const without = await nextDay(changed.filter((_, n) => n !== 77));
    expect([without.status, without.notes]).toEqual(['applied', []]);
    expect((await world.heldRun(held.id)).status).toBe('held');
    const whole = await nextDay(changed);
    expect(whole.notes.map(({ code }) => code)).toEqual(['RUN_SUPERSEDES']);
    expect(await world.count('import_run', `status = 'held'`)).toBe(0);
  });

  it('can be approved after an approval that broke off while doubted rows were staged', async () => {
    const rows = workers(MANY);
    await world.import(rows);
    const planned = await nextDay(
      rows.map((row, n) => (n === 4 ? { ...row, 部署: '新設部' } : row)),
      { dryRun: true },
    );
    await world.import([{ ...worker(7), 部署: '別部' }], { mode: 'delta', asOf: '2026-04-11' });
    await world.db.query(
      `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'cut'; end $$`,
    );
    await world.db.query(
      'create trigger cut before update on staged_known_block for each row execute function refuse()',
    );
    await expect(world.approve(planned)).rejects.toThrow('cut');
    await world.db.query('drop trigger cut on staged_known_block');
    await expect(world.approve(planned)).rejects.toMatchObject({ code: 'PLAN_CHANGED' });
    await world.approve(await world.heldRun(planned.id));
    expect(await world.rebuildDifferences()).toBe(0);
  });
});

describe('records that say the same at two times', () => {
  it.each([[['2026-04-03', '2026-04-05']], [['2026-04-05', '2026-04-03']]])(
    'confirm as of the later one: %s',
    async (days) => {
      const said = (asOf: string) => ({
        employeeNumber: '10001',
        familyName: '佐藤',
        givenName: '太郎',
        department: '営業部',
        asOf,
      });
      const push = (records: readonly unknown[]) =>
        world.get(DoorsService).importRecords({ source: 'demo-jp', records, by: 'hr' });
      await push([said('2026-04-01')]);
      await push(days.map(said));
      expect(
        await world.db.query(`select confirmed_at from observation where employee_number = '10001'`),
      ).toEqual([{ confirmed_at: '2026-04-04T15:00:00.000Z' }]);
    },
  );
});
