import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CopyWriter } from '../../src/platform/database/bulk.js';
import { Database } from '../../src/platform/database/database.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

const NOT_A_NUMBER = '22P02';

let home: TestDatabase;
let db: Database;

beforeAll(async () => {
  home = await testDatabase();
  db = new Database(home.url, 2);
  await db.query('create table numbers (n int)');
});

afterAll(async () => {
  await db.onApplicationShutdown();
  await home.drop();
});

describe('writers that share a connection', () => {
  it('tell what went wrong first, whichever of them is asked', async () => {
    const done = db.transaction(async (sql) => {
      const [good, bad] = [new CopyWriter(sql, 'numbers', ['n']), new CopyWriter(sql, 'numbers', ['n'])];
      await bad.write(['one']);
      await bad.flush();
      await good.write([1]);
      await good.end();
      await bad.end();
    });
    await expect(done).rejects.toMatchObject({ code: NOT_A_NUMBER });
    expect(await db.query('select n from numbers')).toEqual([]);
  });

  it('write on after a failure that was undone', async () => {
    const done = db.transaction(async (sql) => {
      const bad = new CopyWriter(sql, 'numbers', ['n']);
      await sql.query('savepoint before');
      await bad.write(['one']);
      await expect(bad.end()).rejects.toMatchObject({ code: NOT_A_NUMBER });
      await sql.query('rollback to before');
      const good = new CopyWriter(sql, 'numbers', ['n']);
      await good.write([1]);
      await good.end();
    });
    await done;
    expect(await db.query('select n from numbers')).toEqual([{ n: 1 }]);
  });
});
