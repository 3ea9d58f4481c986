import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { csvOf, CSV_HEADER, leaver, worker, type Cells } from '../support/intake-files.js';
import type { IntakeWorld, WorldOptions } from '../support/intake-world.js';
import { startWorld, world } from '../support/one-world.js';
import type { Run } from '../../src/intake/run.js';

/** Enough for the file to be looked at row by row before it is read. */
const MANY = 3_000;

async function start(options: WorldOptions = {}): Promise<IntakeWorld> {
  await startWorld({
    brakes: (brakes) => {
      for (const limit of Object.values(brakes.limits)) limit.percent = 100;
    },
    ...options,
  });
  return world;
}

/** Every fifth of them shares given name and birth date with somebody, and is decided together with them. */
function everybody(): Cells[] {
  return Array.from({ length: MANY }, (_, n) => {
    const { 名, 名カナ, 生年月日 } = worker(n % 5 === 1 ? n - 1 : n);
    const namesake: Cells = { 名, 名カナ, 生年月日 };
    return n % 3 === 0 ? leaver(n, `20${10 + (n % 15)}-06-30`, namesake) : worker(n, namesake);
  });
}

async function forgetBytes(): Promise<void> {
  await world.db.query('update observation set raw_hash = null');
  await world.db.query('delete from reading_block');
}

async function night(
  rows: readonly Cells[],
  options: Parameters<IntakeWorld['import']>[1] = {},
): Promise<Run> {
  world.clock.addDays(1);
  return world.import(rows, options);
}

describe('a file that the source sends again', () => {
  it.each([30, MANY])(
    'decides anew who was said to be hired twice and is said so once (%d rows)',
    async (count) => {
      await start();
      const rows = everybody().slice(0, count);
      await world.import([...rows, { ...worker(7), 入社日: '2021-04-01' }]);
      expect(await world.rebuildDifferences()).toBe(0);
      const both = await night([...rows, { ...worker(7), 入社日: '2021-04-01' }]);
      expect([both.rows.unchanged, await world.rebuildDifferences()]).toEqual([count + 1, 0]);
      const once = await night(rows);
      expect([once.rows.unchanged, await world.rebuildDifferences()]).toEqual([count - 1, 0]);
      const again = await night(rows);
      expect([again.rows.unchanged, await world.rebuildDifferences()]).toEqual([count, 0]);
    },
  );

  it('confirms everybody by one date, and takes in what changed', async () => {
    await start();
    const rows = everybody();
    await world.import(rows);
    expect(await world.count('observation', 'follows and raw_hash is not null')).toBe(MANY);
    const changed = rows.map((row, n) => (n % 500 === 1 ? { ...row, 部署: '新設部' } : row));
    const run = await night(changed);
    expect([run.status, run.rows.read, run.rows.accepted, run.rows.unchanged]).toEqual([
      'applied',
      MANY,
      MANY,
      MANY - 6,
    ]);
    expect(run.changes.amended).toBe(6);
    expect(await world.count('employment', `department = '新設部'`)).toBe(6);
    expect(await world.rebuildDifferences()).toBe(0);
    // Those that changed are confirmed by themselves the next night, and follow from then on.
    const again = await night(changed);
    expect([again.rows.unchanged, again.itemCount]).toEqual([MANY, 1]);
    expect(await world.count('observation', 'follows')).toBe(MANY);
    expect(await world.rebuildDifferences()).toBe(0);
  });

  it('comes to the same as one that is read row by row', async () => {
    await start();
    const rows = everybody();
    const changed = rows.map((row, n) =>
      n % 300 === 2 ? { ...row, 退職日: '2026-03-31', 在籍状況: '退職' } : row,
    );
    await world.import(rows);
    const quick = await night(changed);
    const registry = await world.registry();
    const domain = await world.domain();
    await world.stop();

    await start();
    await world.import(rows);
    // Without the names of their bytes nothing can be recognised.
    await forgetBytes();
    const slow = await night(changed);
    expect([slow.planHash, slow.changes, slow.rows]).toEqual([quick.planHash, quick.changes, quick.rows]);
    expect(await world.registry()).toBe(registry);
    expect(await world.domain()).toEqual(domain);
  });

  it('numbers its rows as the file does: rejected, blank and quoted ones too', async () => {
    await start();
    const rows = everybody();
    await world.import(rows);
    const lines = csvOf(CSV_HEADER, rows).toString().split('\n');
    lines[10] = lines[10]?.replace(/^[^,]*/, '') ?? '';
    lines.splice(20, 0, ','.repeat(CSV_HEADER.length - 1));
    lines[31] = (lines[31] ?? '')
      .split(',')
      .map((cell) => `"${cell}"`)
      .join(',');
    world.clock.addDays(1);
    const run = await world.import(lines.join('\n'));
    expect(run.rows).toMatchObject({ read: MANY, rejected: 1, accepted: MANY - 1, unchanged: MANY - 1 });
    const rejected = await world.db.query<{ row_no: number }>(
      'select row_no from rejection where run_id = $1',
      [run.id],
    );
    expect(rejected).toEqual([{ row_no: 10 }]);
  });

  it('I01, edge-cases/02: tells of a full file who is missing, and of a cut one nothing', async () => {
    await start({ source: { mode: 'full', confirmAbsenceAfter: 1 } });
    const rows = everybody();
    await world.import(rows);
    const shorter = rows.filter((_, n) => n % 1000 !== 1);
    const run = await night(shorter);
    // One of the three had left long before.
    expect([run.status, run.changes.suspected_absent]).toEqual(['applied', 2]);
    expect(await world.rebuildDifferences()).toBe(0);
    const text = csvOf(CSV_HEADER, shorter).toString();
    world.clock.addDays(1);
    const cut = await world.import(text.slice(0, -30));
    expect([cut.seenToEnd, cut.changes.suspected_absent]).toEqual([false, 0]);
    expect(await world.rebuildDifferences()).toBe(0);
  });

  it('I06: does not confirm anything when it is older than the newest reading', async () => {
    await start();
    const rows = everybody();
    await world.import(rows, { asOf: '2026-04-08' });
    const older = await world.import(
      rows.map((row, n) => (n === 1 ? { ...row, 部署: '旧部' } : row)),
      { asOf: '2026-04-01' },
    );
    expect(older.status).toBe('applied');
    expect(await world.count('employment', `department = '旧部'`)).toBe(0);
    expect(await world.rebuildDifferences()).toBe(0);
  });

  it('is compared again when somebody was heard of between its plan and its approval', async () => {
    await start();
    const rows = everybody();
    await world.import(rows);
    world.clock.addDays(1);
    const planned = await world.import(
      rows.map((row, n) => (n === 4 ? { ...row, 部署: '新設部' } : row)),
      { dryRun: true },
    );
    expect(planned.rows.unchanged).toBe(MANY - 1);
    // In between the source said something else about 10007: what the waiting file repeats of her is news now.
    await world.import([{ ...worker(7), 部署: '別部' }], { mode: 'delta', asOf: '2026-04-11' });
    await expect(world.approve(planned)).rejects.toMatchObject({ code: 'PLAN_CHANGED' });
    const again = await world.heldRun(planned.id);
    expect(again.rows.unchanged).toBe(MANY - 2);
    await world.approve(again);
    expect(await world.rebuildDifferences()).toBe(0);
  });

  it('edge-cases/29: reads a day that had not come yet once more', async () => {
    await start();
    const rows = everybody();
    rows[5] = { ...worker(5), 退職日: '2026-04-12' };
    await world.import(rows);
    await night(rows);
    expect(await world.count('observation', 'raw_hash is null')).toBe(1);
    await night(rows);
    const late = await night(rows);
    expect(late.rows.unchanged).toBe(MANY);
    expect(await world.count('observation', 'raw_hash is null')).toBe(0);
    expect(await world.rebuildDifferences()).toBe(0);
  });

  it('has no effect that depends on how its rows were read, whatever a source says night after night', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            change: fc.array(fc.nat(40), { maxLength: 3 }),
            drop: fc.array(fc.nat(40), { maxLength: 2 }),
            back: fc.boolean(),
          }),
          { minLength: 2, maxLength: 4 },
        ),
        async (nights) => {
          const dumps: string[][] = [];
          for (const recognise of [true, false]) {
            await start({ source: { mode: 'full' } });
            try {
              const base = everybody();
              let rows = base;
              await world.import(rows);
              for (const [n, { change, drop, back }] of nights.entries()) {
                rows = (back ? base : rows)
                  .map((row, at) => (change.includes(at) ? { ...row, 部署: `第${n}部` } : row))
                  .filter((_, at) => !drop.includes(at));
                if (!recognise) await forgetBytes();
                const run = await night(rows);
                expect(run.rows.read).toBe(rows.length);
              }
              expect(await world.rebuildDifferences()).toBe(0);
              dumps.push(await world.domain());
            } finally {
              if (recognise) await world.stop();
            }
          }
          expect(dumps[0]).toEqual(dumps[1]);
          await world.stop();
          await start();
        },
      ),
      { numRuns: 3 },
    );
  });
});
