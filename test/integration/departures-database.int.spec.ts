import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database } from '../../src/platform/database/database.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

let at: TestDatabase;
let db: Database;

beforeAll(async () => {
  at = await testDatabase();
  db = new Database(at.url, 2);
});

afterAll(async () => {
  await db.onApplicationShutdown();
  await at.drop();
});

describe('a transaction', () => {
  it('whose connection is gone tells the error that led to it, not that of the roll-back', async () => {
    let reason: unknown = null;
    const broken = db.transaction(async (sql) => {
      const { rows } = await sql.query<{ pid: number }>('select pg_backend_pid() as pid');
      await db.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
      await sql.query('select 1').catch((error: unknown) => {
        reason = error;
        throw error;
      });
    });
    const told = await broken.catch((error: unknown) => error);
    expect(told).toBeInstanceOf(Error);
    expect(told).toBe(reason);
    expect(await db.one('select 1 as one')).toEqual({ one: 1 });
  });

  it('gives back what its work throws, whatever that is', async () => {
    const reason = { code: 'NOT_AN_ERROR' };
    const failing = db.transaction(async (sql) => {
      await sql.query('select 1');
      throw reason as unknown as Error;
    });
    await expect(failing).rejects.toBe(reason);
  });
});
