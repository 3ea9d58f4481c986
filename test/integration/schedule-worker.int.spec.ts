import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { aLeaver } from '../support/mail-fixtures.js';
import { startEnishi } from '../support/process.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

let at: TestDatabase;
let db: Database;

beforeAll(async () => {
  at = await testDatabase();
  await migrate(at.url);
  db = new Database(at.url, 2);
});
afterAll(async () => {
  await db.onApplicationShutdown();
  await at.drop();
});

async function until(what: string, found: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 90_000; Date.now() < end; await sleep(100)) if (await found()) return;
  throw new Error(`Not within 90 s: ${what}`);
}

it('workers tick by themselves, an api does not, and all of them stop in time', async () => {
  const env = { DATABASE_URL: at.url };
  const all = [
    startEnishi({ args: ['--role', 'worker'], env }),
    startEnishi({ args: ['--role', 'worker'], env }),
    startEnishi({ args: ['--role', 'api'], env }),
  ];
  try {
    await Promise.all(all.map((one) => one.listening()));
    await until(
      'the first minute',
      async () => (await db.one(`select 1 from tick where name = 'alerts' and state = 'done'`)) !== null,
    );
    const { followUpId } = await aLeaver(db, { dueAt: '2026-01-01T00:00:00Z', lastDay: '2026-11-30' });
    await until(
      'relayed by the minute tick',
      async () =>
        (await db.one(`select 1 from follow_up where id = $1 and state <> 'planned'`, [followUpId])) !== null,
    );
    const holders = await db.query<{ holder: string }>('select distinct holder from tick');
    expect(holders.filter(({ holder }) => holder.includes(`:${all[2]?.child.pid}:`))).toEqual([]);
    expect(await db.query(`select name, error_code from tick where state = 'failed'`)).toEqual([]);
  } finally {
    for (const { status, tookMs } of await Promise.all(all.map((one) => one.stop()))) {
      expect(status).toBe(0);
      expect(tookMs).toBeLessThan(30_000);
    }
  }
}, 240_000);
