import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect } from '@jest/globals';
import { Redis } from 'ioredis';
import { AlertChecks } from '../../src/alerts/alert-checks.service.js';
import { FaultHouse, until } from '../support/fault-house.js';
import { faultCase, isFullSize, size, type FaultRun } from '../support/fault-report.js';
import { dropTemplate } from '../support/intake-world.js';
import type { EnishiProcess } from '../support/process.js';
import { hasRedis, startRedis, type TestRedis } from '../support/redis.js';

const MAILS = size('ENISHI_TEST_MAILS', 150, 10_000);
const KILLS = size('ENISHI_TEST_REDIS_KILLS', 3, 10);
const SHORT_SECS = size('ENISHI_TEST_REDIS_OUTAGE_SECS', 2, 10);
const LONG_SECS = size('ENISHI_TEST_REDIS_LONG_OUTAGE_SECS', 6, 600);
const SETTLE_MS = isFullSize ? 900_000 : 60_000;

afterAll(dropTemplate);

(hasRedis('Redis that fails') ? describe : describe.skip)('a Redis that fails', () => {
  let house: FaultHouse | null = null;

  afterEach(async () => {
    await house?.close();
    house = null;
  });

  async function working(
    workers: number,
  ): Promise<{ at: FaultHouse; redis: TestRedis; one: EnishiProcess | undefined }> {
    const redis = await startRedis({ flags: ['--appendfsync', 'everysec'] });
    const at = await FaultHouse.open({ redis });
    house = at;
    await at.invite(MAILS);
    at.sink.delayMs = isFullSize ? 10 : 60;
    const [one] = await Promise.all(Array.from({ length: workers }, () => at.worker()));
    return { at, redis, one };
  }

  /** After how long the service says that it is not ready; null at the small size, whose workers answer no page. */
  async function secsUntilRed(one: EnishiProcess | undefined): Promise<number | null> {
    if (!isFullSize || one === undefined) return null;
    const from = performance.now();
    const page = `${await one.listening()}/health/ready`;
    await until(async () => (await fetch(page)).status === 503, 60_000);
    return Math.round((performance.now() - from) / 100) / 10;
  }

  /** Every mail went out once, no one by two; what holds after any loss of the queue. */
  async function account(fault: FaultRun, at: FaultHouse): Promise<void> {
    fault.count('states', JSON.stringify(await at.states()));
    fault.count('duplicates', at.duplicates);
    fault.count('uniqueMailed', at.sink.mails.length - at.duplicates);
    expect(await at.states()).toEqual({ sent: MAILS });
    expect([at.sink.mails.length, at.duplicates]).toEqual([MAILS, 0]);
    expect(await at.violations()).toEqual([]);
  }

  faultCase(
    'R06',
    'FLUSHALL at 30 %: every intent is back in the queue within 60 s, all are mailed once, and somebody is told',
    { mails: MAILS },
    async (fault) => {
      const { at, redis } = await working(2);
      await at.untilMailed(Math.floor(MAILS * 0.3));
      const client = new Redis(redis.url);
      await client.flushall();
      const from = performance.now();
      client.disconnect();
      const waiting = await at.count(`follow_up where state = 'queued'`);
      fault.count('queuedWhenFlushed', waiting);
      expect(waiting).toBeGreaterThan(0);
      // A row that is queued again has been handed to the queue a second time.
      while ((await at.count(`follow_up where state = 'queued' and sends = 1`)) > 0) {
        if (performance.now() - from > SETTLE_MS) break;
        await sleep(100);
      }
      const restoredSecs = (performance.now() - from) / 1_000;
      fault.count('restoredSecs', Math.round(restoredSecs * 10) / 10);
      expect(restoredSecs).toBeLessThan(60);
      await at.settle(SETTLE_MS);
      at.world.clock.set(new Date().toISOString());
      await at.world.get(AlertChecks).look();
      const told = await at.db.query<{ data: { count: number } }>(
        `select data from alert where kind = 'queue_lost' and resolved_at is null`,
      );
      fault.count('toldLost', told[0]?.data.count ?? 0);
      expect(told).toHaveLength(1);
      expect(told[0]?.data.count).toBeGreaterThan(0);
      expect(told[0]?.data.count).toBeLessThanOrEqual(waiting);
      await account(fault, at);
    },
  );

  faultCase(
    'R07',
    'kill -9 of Redis with an append-only file, again and again: all are mailed once',
    { mails: MAILS, kills: KILLS },
    async (fault) => {
      const { at, redis } = await working(2);
      for (let kill = 0; kill < KILLS; kill += 1) {
        const step = (MAILS * 0.8) / KILLS;
        await at.untilMailed(Math.floor(step * kill + 1 + fault.random() * step), SETTLE_MS);
        await redis.kill();
        await sleep(200 + fault.random() * 800);
        await redis.start();
      }
      fault.count('settledSecs', Math.round((await at.settle(SETTLE_MS)) / 1_000));
      await account(fault, at);
    },
  );

  faultCase(
    'R08',
    'Redis stopped, first shortly and then for long: the workers go on by themselves within 30 s',
    { mails: MAILS, shortSecs: SHORT_SECS, longSecs: LONG_SECS },
    async (fault) => {
      const { at, redis, one } = await working(2);
      for (const [i, [name, secs]] of (
        [
          ['short', SHORT_SECS],
          ['long', LONG_SECS],
        ] as const
      ).entries()) {
        await at.untilMailed(Math.floor((MAILS * (i + 1)) / 4), SETTLE_MS);
        await redis.halt();
        const red = await secsUntilRed(one);
        if (red !== null) {
          fault.count(`${name}RedAfterSecs`, red);
          expect(red).toBeLessThan(15);
        }
        await sleep(secs * 1_000);
        const before = at.sink.mails.length;
        await redis.start();
        const from = performance.now();
        await at.untilMailed(before + 1);
        const goesOnSecs = (performance.now() - from) / 1_000;
        fault.count(`${name}GoesOnSecs`, Math.round(goesOnSecs * 10) / 10);
        expect(goesOnSecs).toBeLessThan(30);
      }
      await at.settle(SETTLE_MS);
      await account(fault, at);
    },
  );
});
