import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NumberKey } from '../../src/departures/closure.queries.js';
import { withListedNumbers } from '../../src/intake/listed-numbers.js';
import { Database } from '../../src/platform/database/database.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

const QUERY = `select 'jp' as company, n::text as employee_number from generate_series(1, $1::int) n
  union all select 'en', '7' union all select 'en', '7'`;

let home: TestDatabase;
let db: Database;

beforeAll(async () => {
  home = await testDatabase();
  // One connection, so that what one call leaves behind meets the next.
  db = new Database(home.url, 1);
});

afterAll(async () => {
  await db.onApplicationShutdown();
  await home.drop();
});

async function pages(limit: number): Promise<NumberKey[][]> {
  return withListedNumbers(db, QUERY, [25], async (pager) => {
    const all: NumberKey[][] = [];
    for (let after: NumberKey | null = null; ;) {
      const page: NumberKey[] = [...(await pager(after, limit))];
      const last = page.at(-1);
      if (last === undefined) return all;
      after = last;
      all.push(page);
    }
  });
}

describe(withListedNumbers, () => {
  it('gives each number once, by company and number, page by page', async () => {
    const numbers = Array.from({ length: 25 }, (_, n) => String(n + 1)).sort();
    const expected = [
      { company: 'en', employeeNumber: '7' },
      ...numbers.map((employeeNumber) => ({ company: 'jp', employeeNumber })),
    ];
    for (const limit of [1, 10, 13, 26, 100]) {
      const found = await pages(limit);
      expect(found.flat()).toEqual(expected);
      expect(found.slice(0, -1).every((page) => page.length === limit)).toBe(true);
    }
  });

  it('leaves nothing behind when the work fails', async () => {
    const failed = withListedNumbers(db, QUERY, [3], () => Promise.reject(new Error('broken off')));
    await expect(failed).rejects.toThrow('broken off');
    await expect(withListedNumbers(db, 'select nothing', [], () => Promise.resolve())).rejects.toMatchObject({
      code: '42703',
    });
    expect(await pages(100)).toHaveLength(1);
  });
});
