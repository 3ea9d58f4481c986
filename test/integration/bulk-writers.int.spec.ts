import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CopyWriter } from '../../src/platform/database/bulk.js';
import { copyOutBytes } from '../../src/platform/database/copy-out.js';
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

describe(copyOutBytes, () => {
  const bytes = (query: string): Promise<string[]> =>
    db.connection(async (sql) => (await copyOutBytes(sql, query)).map((value) => value.toString('hex')));

  it('gives each value as it is stored, in order, and the connection back', async () => {
    await db.query(`create table kept (seq int, data bytea)`);
    const values = [Buffer.from([0, 92, 255, 10]), Buffer.alloc(0), Buffer.alloc(300_000, 7)];
    for (const [seq, value] of values.entries())
      await db.query('insert into kept values ($1, $2)', [seq, value]);
    const asHex = values.map((value) => value.toString('hex'));
    for (let i = 0; i < 3; i += 1) expect(await bytes('select data from kept order by seq')).toEqual(asHex);
    expect(await bytes('select data from kept where seq > 5')).toEqual([]);
  });

  it('fails as the query does', async () => {
    await expect(bytes('select data from nowhere')).rejects.toMatchObject({ code: '42P01' });
    // The second row fails, when the first is on its way.
    const broken = `select decode(repeat('00', 8 / n), 'hex') from (values (1), (0)) v(n)`;
    await expect(bytes(broken)).rejects.toMatchObject({ code: '22012' });
    expect(await bytes('select data from kept where seq = 0')).toHaveLength(1);
  });
});
