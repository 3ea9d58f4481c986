import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Clock } from '../../src/platform/clock/clock.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { aLeaver, openRoom, statesOf } from '../support/mail-fixtures.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { startEnishi, type EnishiProcess } from '../support/process.js';
import { startTestRedis, startTestRedisCluster } from '../support/redis.js';
import { startSmtpSink, type SmtpSink } from '../support/smtp-sink.js';

const redis = await startTestRedis('roles on Redis');
const cluster = await startTestRedisCluster('roles on Redis Cluster');

afterAll(async () => {
  await redis?.stop();
  await cluster?.stop();
});

const backends = [
  ['PostgreSQL', [] as readonly string[]],
  ...(redis === null ? [] : [['Redis', [redis.url]] as const]),
  ...(cluster === null ? [] : [['Redis Cluster', cluster.urls] as const]),
] as const;

describe.each(backends)('processes side by side, queue on %s', (_backend, redisUrls) => {
  let home: TestDatabase;
  let database: Database;
  let sink: SmtpSink;
  const processes = new Set<EnishiProcess>();

  beforeEach(async () => {
    home = await testDatabase();
    await migrate(home.url);
    database = new Database(home.url, 5);
    sink = await startSmtpSink();
  });

  afterEach(async () => {
    for (const one of processes) await one.kill();
    processes.clear();
    await database.pool.end();
    await home.drop();
    await sink.close();
  });

  function start(role: string): EnishiProcess {
    const enishi = startEnishi({
      args: ['--role', role],
      env: {
        DATABASE_URL: home.url,
        SMTP_URL: sink.url,
        ...(redisUrls.length > 0 && { REDIS_URL: redisUrls.join(',') }),
      },
    });
    processes.add(enishi);
    return enishi;
  }

  async function leavers(n: number): Promise<void> {
    for (let i = 0; i < n; i += 1) {
      await aLeaver(database, { dueAt: '2020-01-01T00:00:00Z', lastDay: '2099-01-01' });
    }
  }

  it('two workers send each mail once; an api answers pages and sends nothing; a worker answers no page', async () => {
    await leavers(30);
    const api = start('api');
    const base = await api.listening();
    expect((await fetch(`${base}/s/${'x'.repeat(43)}`)).status).not.toBe(500);
    await sleep(500);
    expect(sink.mails).toHaveLength(0);
    const workers = [start('worker'), start('worker')];
    const [workerBase] = await Promise.all(workers.map((one) => one.listening()));
    const until = Date.now() + 40_000;
    while (sink.mails.length < 30 && Date.now() < until) await sleep(50);
    expect((await fetch(`${workerBase}/s/${'x'.repeat(43)}`)).status).toBe(404);
    const stopped = await Promise.all([...processes].map((one) => one.stop()));
    expect(stopped.map((one) => one.status)).toEqual([0, 0, 0]);
    expect(await statesOf(database)).toEqual({ sent: 30 });
    expect(new Set(sink.mails.map((mail) => mail.messageId)).size).toBe(30);
    expect(sink.mails).toHaveLength(30);
  }, 90_000);

  it('a signal that comes while it starts ends it, in order, as soon as it has started', async () => {
    const client = await database.pool.connect();
    try {
      await client.query('begin');
      await client.query('lock table mikro_orm_migrations in access exclusive mode');
      const worker = start('worker');
      while (!(await isWaiting())) await sleep(20);
      worker.child.kill('SIGTERM');
      await sleep(300);
      await client.query('rollback');
      expect(await worker.ended).toBe(0);
      expect(worker.log().map((line) => line['msg'])).not.toContain('listening');
      expect(worker.log().at(-1)).toMatchObject({ msg: 'stopped' });
    } finally {
      client.release();
    }
  }, 60_000);

  async function isWaiting(): Promise<boolean> {
    const sessions = await database.query(
      `select 1 from pg_stat_activity
       where datname = current_database() and application_name = 'enishi-migrate' and wait_event_type = 'Lock'`,
    );
    return sessions.length > 0;
  }

  it('R19: SIGTERM with sends in flight: ends within 30 s, cuts no job, leaves nothing uncertain', async () => {
    await leavers(40);
    sink.delayMs = 400;
    const worker = start('worker');
    await worker.listening();
    const until = Date.now() + 40_000;
    while (sink.mails.length < 6 && Date.now() < until) await sleep(20);
    const { status, tookMs } = await worker.stop();
    expect(status).toBe(0);
    expect(tookMs).toBeLessThan(30_000);
    const states = await statesOf(database);
    expect(states.uncertain).toBeUndefined();
    expect(states.sent).toBe(sink.mails.length);
    expect(states.sent).toBeLessThan(40);
    const rest = await database.query(
      `select 1 from delivery where state in ('claimed', 'sending', 'uncertain')`,
    );
    expect(rest).toEqual([]);
    // Another worker does the rest: nothing was stuck with the one that went.
    sink.delayMs = 0;
    const room = await openRoom({
      url: home.url,
      database,
      clock: new Clock(),
      redisUrls,
      smtpUrl: sink.url,
      sending: { reconcileAfterMinutes: 1 / 60 },
    });
    try {
      const end = Date.now() + 40_000;
      while ((await statesOf(database)).sent !== 40 && Date.now() < end) {
        await room.runner.runOnce();
        await sleep(200);
      }
    } finally {
      await room.close();
    }
    expect(sink.mails).toHaveLength(40);
  }, 120_000);
});

describe('one process', () => {
  it('says which value of --role it does not know', async () => {
    const enishi = startEnishi({ args: ['--role', 'boss'], env: { ENISHI_LANG: 'en' } });
    expect(await enishi.ended).toBe(1);
    expect(enishi.log().at(-1)).toMatchObject({ level: 'fatal', problem: { code: 'ENV_ROLE' } });
  });
});
