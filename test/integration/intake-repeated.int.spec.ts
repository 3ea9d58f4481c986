import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { worker, workers, type Cells } from '../support/intake-files.js';
import { startWorld, world } from '../support/one-world.js';

/** More than any person has in one file. */
const TOO_MANY = 1_001;

/** One number in so many rows that all say something else: a department in the column of the number. */
const misread = (count: number): Cells[] =>
  Array.from({ length: count }, (_, n) => ({ ...worker(n), 社員番号: '営業部' }));

describe('one number in many rows', () => {
  it('rows that say the same word for word are accounted for and decide nothing', async () => {
    await startWorld();
    const run = await world.import([...workers(3), ...Array<Cells>(50).fill(worker(1)), worker(2)]);
    expect([run.status, run.rows.read, run.rows.accepted, run.rows.rejected, run.rows.unchanged]).toEqual([
      'applied',
      54,
      54,
      0,
      51,
    ]);
    expect([await world.count('employment'), await world.count('observation')]).toEqual([3, 3]);
    // The next night they are known like any others.
    world.clock.addDays(1);
    const again = await world.import([...workers(3), ...Array<Cells>(50).fill(worker(1)), worker(2)]);
    expect([again.status, again.rows.accepted, again.rows.unchanged]).toEqual(['applied', 54, 54]);
  });

  it('wherever a row is repeated among others of its number, it ends in the same tables', async () => {
    const own = [worker(1), { ...worker(1), 部署: '第二営業部' }, { ...worker(1), 入社日: '2021-10-01' }];
    await startWorld();
    await world.import([worker(7), ...own]);
    const usual = await world.domain();
    await world.stop();
    const orders = fc.sample(fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 5 }), {
      numRuns: 4,
      seed: 7,
    });
    for (const [at, more] of orders.entries()) {
      await startWorld();
      await world.import([worker(7), ...own, ...more.flatMap((n) => own[n] ?? [])]);
      expect(await world.domain()).toEqual(usual);
      if (at < orders.length - 1) await world.stop();
    }
  });

  it.each([['full'], ['delta']] as const)(
    'more that differ than anybody has are refused before anything is recorded (%s)',
    async (mode) => {
      await startWorld({ source: { mode } });
      await world.import(workers(20));
      const before = await world.effects();
      world.clock.addDays(1);
      await expect(world.import([...workers(20), ...misread(TOO_MANY)])).rejects.toMatchObject({
        code: 'FILE_NUMBER_REPEATED',
        details: { rows: TOO_MANY, row: 21, limit: TOO_MANY - 1 },
      });
      expect(await world.effects()).toEqual(before);
      expect(
        await world.db.query('select status, error from import_run order by started_at desc limit 1'),
      ).toEqual([{ status: 'failed', error: expect.objectContaining({ code: 'FILE_NUMBER_REPEATED' }) }]);
      expect(await world.count('staged_observation')).toBe(0);
    },
  );
});
