import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import type { FollowUps } from '../../src/follow-ups/follow-ups.setup.js';
import { Clock } from '../../src/platform/clock/clock.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { JobQueues } from '../../src/platform/queue/job-queues.js';
import { aLeaver, openRoom, statesOf } from '../support/mail-fixtures.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { startEnishi } from '../support/process.js';
import { hasRedis, startRedis, type RedisOptions, type TestRedis } from '../support/redis.js';
import { startSmtpSink, type SmtpSink } from '../support/smtp-sink.js';

const MAILS = Number(process.env.ENISHI_TEST_MAILS ?? 60);
const OUTAGE_MS = Number(process.env.ENISHI_TEST_OUTAGE_MS ?? 10_000);
const HASTY = { leaseSecs: 20, reconcileAfterMinutes: 1 / 30, concurrency: 4 };
const suite = hasRedis('Redis as the queue') ? describe : describe.skip;

suite('a Redis that could lose jobs', () => {
  const servers: TestRedis[] = [];

  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });

  async function openOn(redis: RedisOptions, production: boolean): Promise<string> {
    const server = await startRedis(redis);
    servers.push(server);
    try {
      const queues = await JobQueues.open({
        databaseUrl: 'postgres://nobody.example/none',
        redisUrls: [server.url],
        production,
        onError: () => undefined,
      });
      await queues.check();
      await queues.close();
      return 'opened';
    } catch (error) {
      return (error as { code: string }).code;
    }
  }

  it.each([
    ['evicts keys', { policy: 'allkeys-lru' }, false, 'REDIS_EVICTS'],
    ['evicts keys, in production', { policy: 'allkeys-lru' }, true, 'REDIS_EVICTS'],
    ['has no append-only file, in production', { appendOnly: false }, true, 'REDIS_NOT_DURABLE'],
    ['has no append-only file, on a developer’s machine', { appendOnly: false }, false, 'opened'],
    ['keeps everything', {}, true, 'opened'],
  ] as const)('R10: one that %s', async (_title, options, production, expected) => {
    expect(await openOn(options, production)).toBe(expected);
  });

  it('R10: the service does not start on it, and names the setting', async () => {
    const home = await testDatabase();
    const server = await startRedis({ appendOnly: false });
    servers.push(server);
    const enishi = startEnishi({
      env: {
        DATABASE_URL: home.url,
        REDIS_URL: server.url,
        NODE_ENV: 'production',
        ENISHI_SECRET_KEY: 'a'.repeat(40),
        ENISHI_LANG: 'ja',
      },
    });
    expect(await enishi.ended).toBe(1);
    const fatal = enishi.log().find((line) => line['level'] === 'fatal');
    expect(fatal?.['problem']).toMatchObject({ code: 'REDIS_NOT_DURABLE', expected: 'appendonly yes' });
    await home.drop();
  });
});

suite('a Redis that comes and goes', () => {
  let home: TestDatabase;
  let database: Database;
  let sink: SmtpSink;
  let redis: TestRedis;
  let room: FollowUps;

  beforeEach(async () => {
    home = await testDatabase();
    await migrate(home.url);
    database = new Database(home.url, 15);
    sink = await startSmtpSink();
    redis = await startRedis();
    room = await openRoom({
      url: home.url,
      database,
      clock: new Clock(),
      redisUrls: [redis.url],
      smtpUrl: sink.url,
      sending: HASTY,
    });
    for (let i = 0; i < MAILS; i += 1) {
      await aLeaver(database, { dueAt: '2020-01-01T00:00:00Z', lastDay: '2099-01-01' });
    }
  });

  afterEach(async () => {
    await room.close();
    await database.pool.end();
    await home.drop();
    await sink.close();
    await redis.stop();
  });

  /** The relay as the service runs it, until every mail is somewhere; what a turn throws is what an outage throws. */
  async function settle(limitMs: number): Promise<number> {
    const from = performance.now();
    for (;;) {
      await room.runner.tick().catch(() => undefined);
      const states = await statesOf(database);
      // A mail that is with the mail server counts as in doubt until it answers.
      const inHand = await database.query(`select 1 from delivery where state in ('claimed', 'sending')`);
      if ((states.sent ?? 0) + (states.uncertain ?? 0) === MAILS && inHand.length === 0)
        return performance.now() - from;
      if (performance.now() - from > limitMs) throw new Error(`not settled: ${JSON.stringify(states)}`);
      await sleep(250);
    }
  }

  async function untilSent(n: number): Promise<void> {
    while (sink.mails.length < n) await sleep(10);
  }

  function expectEachOnce(): void {
    expect(new Set(sink.mails.map((mail) => mail.messageId)).size).toBe(MAILS);
    expect(sink.mails).toHaveLength(MAILS);
  }

  it('R06: FLUSHALL in the middle loses no mail and doubles none', async () => {
    sink.delayMs = 25;
    room.runner.startWorkers();
    await room.runner.tick();
    await untilSent(MAILS * 0.3);
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
    expect(await settle(60_000)).toBeLessThan(60_000);
    expectEachOnce();
    expect(await statesOf(database)).toEqual({ sent: MAILS });
  }, 90_000);

  it('R07: kill -9 of Redis, again and again, loses no mail and doubles none', async () => {
    sink.delayMs = 25;
    room.runner.startWorkers();
    await room.runner.tick();
    for (let kill = 1; kill <= 3; kill += 1) {
      await untilSent((MAILS * kill) / 6);
      await redis.kill();
      await sleep(200);
      await redis.start();
    }
    await settle(60_000);
    expectEachOnce();
  }, 120_000);

  it('R08: workers go on by themselves after Redis was away', async () => {
    sink.delayMs = 20;
    room.runner.startWorkers();
    await room.runner.tick();
    await untilSent(5);
    await redis.halt();
    await expect(room.queues.check()).rejects.toMatchObject({ code: 'REDIS_UNREACHABLE' });
    await sleep(OUTAGE_MS);
    await redis.start();
    const from = performance.now();
    const before = sink.mails.length;
    const settled = settle(60_000);
    await untilSent(before + 1);
    expect(performance.now() - from).toBeLessThan(30_000);
    await settled;
    expectEachOnce();
    await room.queues.check();
  }, 120_000);
});
