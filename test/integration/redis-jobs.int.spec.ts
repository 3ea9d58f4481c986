import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { Clock } from '../../src/platform/clock/clock.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { JobQueues } from '../../src/platform/queue/job-queues.js';
import { JobLater, type JobDefinition } from '../../src/platform/queue/job.js';
import { aLeaver, openRoom, statesOf } from '../support/mail-fixtures.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { startEnishi } from '../support/process.js';
import { startTestRedis } from '../support/redis.js';
import { startSmtpSink, type SmtpSink } from '../support/smtp-sink.js';

const redis = await startTestRedis('jobs on Redis');
afterAll(() => redis?.stop());

const backends = [
  ['PostgreSQL', [] as readonly string[]],
  ...(redis === null ? [] : [['Redis', [redis.url]] as const]),
] as const;

let home: TestDatabase;
let database: Database;

beforeEach(async () => {
  home = await testDatabase();
  await migrate(home.url);
  database = new Database(home.url, 10);
});

afterEach(async () => {
  await database.onApplicationShutdown();
  await home.drop();
});

const options = { attempts: 2, removeOnComplete: false, removeOnFail: false };
const older: JobDefinition<{ v: 1; id: string }> = {
  queue: 'versions',
  payload: z.strictObject({ v: z.literal(1), id: z.string() }),
  version: 1,
  options,
};
const newer: JobDefinition<{ v: 1 | 2; id: string }> = {
  queue: 'versions',
  payload: z.strictObject({ v: z.union([z.literal(1), z.literal(2)]), id: z.string() }),
  version: 2,
  options,
};

describe.each(backends)('jobs of two releases side by side, queue on %s', (_backend, redisUrls) => {
  const open = () => JobQueues.open({ databaseUrl: home.url, redisUrls, onError: () => undefined });

  it('R20: an older worker parks what it does not know and fails nothing; a newer one takes both', async () => {
    const [old, young] = [await open(), await open()];
    const done: string[] = [];
    const prefix = `v-${Date.now()}`;
    await young.add(
      newer,
      [1, 2, 1, 2].map((v, i) => ({ jobId: `${prefix}-${i}`, payload: { v: v as 1 | 2, id: `${v}-${i}` } })),
    );
    old.work(older, ({ id }) => Promise.resolve(void done.push(`old ${id}`)), {
      concurrency: 2,
      lockMs: 5_000,
    });
    const until = Date.now() + 15_000;
    while (((await old.depth('versions')).delayed < 2 || done.length < 2) && Date.now() < until)
      await sleep(50);
    expect(done.sort()).toEqual(['old 1-0', 'old 1-2']);
    expect(await old.depth('versions')).toMatchObject({ failed: 0, delayed: 2, waiting: 0 });
    expect(await old.isLive(older, `${prefix}-1`)).toBe(true);
    await old.close();
    young.work(newer, ({ id }) => Promise.resolve(void done.push(`new ${id}`)), {
      concurrency: 2,
      lockMs: 5_000,
    });
    await young.add(newer, [{ jobId: `${prefix}-9`, payload: { v: 1, id: '1-9' } }]);
    while (done.length < 3 && Date.now() < until) await sleep(50);
    expect(done).toContain('new 1-9');
    await young.close();
  }, 40_000);

  it('R01: a job that is put off for a part of a millisecond too comes back, and no attempt is used up', async () => {
    const queues = await open();
    const patient: JobDefinition<{ v: 1; id: string }> = {
      ...older,
      queue: 'put-off',
      options: { ...options, attempts: 1 },
    };
    let tries = 0;
    queues.work(
      patient,
      () => ((tries += 1) < 3 ? Promise.reject(new JobLater(20.25 * tries)) : Promise.resolve()),
      { concurrency: 1, lockMs: 5_000 },
    );
    const jobId = `p-${Date.now()}`;
    await queues.add(patient, [{ jobId, payload: { v: 1, id: 'x' } }]);
    const until = Date.now() + 15_000;
    while ((await queues.isLive(patient, jobId)) && Date.now() < until) await sleep(50);
    expect(await queues.depth('put-off')).toMatchObject({ failed: 0, delayed: 0, waiting: 0 });
    expect(tries).toBe(3);
    await queues.close();
  }, 40_000);

  it('X21: what a queue keeps about a failed job holds no word of the error', async () => {
    const queues = await open();
    const failing: JobDefinition<{ v: 1; id: string }> = {
      ...older,
      queue: 'failures',
      options: { ...options, attempts: 1 },
    };
    let told = '';
    queues.work(
      failing,
      () => Promise.reject(new Error('550 <canary.mail@example.jp>: 山田 花子 is unknown')),
      { concurrency: 1, lockMs: 5_000, onExhausted: (code) => (told = code) },
    );
    await queues.add(failing, [{ jobId: `f-${Date.now()}`, payload: { v: 1, id: 'x' } }]);
    const until = Date.now() + 15_000;
    while (told === '' && Date.now() < until) await sleep(50);
    expect(told).not.toBe('');
    await queues.close();
    if (redisUrls.length === 0) {
      const rows = await database.query(`select to_jsonb(j)::text as job from bullmq.job j`);
      expect(rows).toHaveLength(1);
      expect(JSON.stringify(rows)).not.toMatch(/canary|山田/);
    }
  }, 40_000);
});

describe.each(backends)('a mail server that is away, queue on %s', (_backend, redisUrls) => {
  let sink: SmtpSink;

  beforeAll(async () => {
    sink = await startSmtpSink();
  });

  it('R03: after some refusals nothing is tried, nothing exhausts its attempts, and all goes out once it is back', async () => {
    for (let i = 0; i < 60; i += 1)
      await aLeaver(database, { dueAt: '2020-01-01T00:00:00Z', lastDay: '2099-01-01' });
    const smtpUrl = sink.url;
    const port = Number(new URL(smtpUrl).port);
    await sink.close();
    const room = await openRoom({
      url: home.url,
      database,
      clock: new Clock(),
      redisUrls,
      smtpUrl,
      sending: { attempts: 2, concurrency: 4 },
      outage: { failuresToOpen: 5, probeMs: 300 },
    });
    try {
      room.runner.startWorkers();
      await room.runner.tick();
      const until = Date.now() + 40_000;
      while (!room.outage.isOpen && Date.now() < until) await sleep(10);
      await sleep(3_000);
      const tried = await database.one<{ n: number }>(`select count(*) as n from delivery`);
      expect(room.outage.isOpen).toBe(true);
      expect(tried?.n).toBeLessThanOrEqual(10);
      for (const name of room.queueNames) expect((await room.queues.depth(name)).failed).toBe(0);
      sink = await startSmtpSink(port);
      while ((await statesOf(database)).sent !== 60 && Date.now() < until) await sleep(50);
      expect(await statesOf(database)).toEqual({ sent: 60 });
      expect(new Set(sink.mails.map((mail) => mail.messageId)).size).toBe(60);
      expect(sink.mails).toHaveLength(60);
    } finally {
      await room.close();
      await sink.close();
    }
  }, 90_000);
});

describe('a worker that wakes up late', () => {
  it('R14: what it has to say about an attempt that was decided meanwhile changes nothing: exactly one is sent', async () => {
    const sink = await startSmtpSink();
    const leaver = await aLeaver(database, { dueAt: '2020-01-01T00:00:00Z', lastDay: '2099-01-01' });
    sink.delayMs = 1_500;
    const sleeper = startEnishi({
      entry: '../test/support/mail-worker.ts',
      args: [home.url, sink.url],
    });
    const room = await openRoom({ url: home.url, database, clock: new Clock(), smtpUrl: sink.url });
    try {
      const until = Date.now() + 40_000;
      while (sink.mails.length === 0 && Date.now() < until) await sleep(10);
      sleeper.child.kill('SIGSTOP');
      sink.delayMs = 0;
      while ((await room.relay.sweep()) === 0 && Date.now() < until) await sleep(100);
      expect(await statesOf(database)).toEqual({ uncertain: 1 });
      await room.service.resolve(leaver.followUpId, 'resend', 'op');
      expect(await room.runner.runOnce()).toMatchObject({ sent: 1 });
      sleeper.child.kill('SIGCONT');
      await sleep(3_000);
      const attempts = await database.query(
        `select attempt, state, resolved_as from delivery order by attempt`,
      );
      expect(attempts).toEqual([
        { attempt: 1, state: 'uncertain', resolved_as: 'resend' },
        { attempt: 2, state: 'sent', resolved_as: null },
      ]);
      expect(await statesOf(database)).toEqual({ sent: 1 });
      // Both went out under one Message-ID: that is what `resend` says.
      expect(new Set(sink.mails.map((mail) => mail.messageId)).size).toBe(1);
    } finally {
      await sleeper.kill();
      await room.close();
      await sink.close();
    }
  }, 90_000);
});
