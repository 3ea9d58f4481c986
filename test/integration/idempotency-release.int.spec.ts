import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Clock } from '../../src/platform/clock/clock.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { IdempotencyService } from '../../src/platform/http/idempotency.service.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

let home: TestDatabase;
let database: Database;

beforeAll(async () => {
  home = await testDatabase();
  await migrate(home.url);
  database = new Database(home.url, 2);
});

afterAll(async () => {
  await database.onApplicationShutdown();
  await home.drop();
});

it('a key that could not be given back is free as soon as the database is there again, not a minute later', async () => {
  const service = new IdempotencyService(database, new Clock());
  const owner = randomUUID();
  const claimed = await service.claim(owner, 'key', 'route', 'body');
  if (claimed.kind !== 'mine') throw new Error('The key is new.');
  await database.query('alter table idempotency_key rename to away');
  await expect(service.release(claimed.claim)).rejects.toThrow('idempotency_key');
  await database.query('alter table away rename to idempotency_key');
  const isInUse = async (): Promise<boolean> =>
    (await database.query('select 1 from idempotency_key where owner = $1', [owner])).length > 0;
  const until = performance.now() + 10_000;
  while ((await isInUse()) && performance.now() < until) await sleep(100);
  expect(await service.claim(owner, 'key', 'route', 'body')).toMatchObject({ kind: 'mine' });
});
