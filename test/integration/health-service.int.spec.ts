import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runCheck } from '../../src/platform/health/check.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { Database } from '../../src/platform/database/database.js';
import { aLeaver } from '../support/mail-fixtures.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { startEnishi, type EnishiProcess } from '../support/process.js';
import { hasRedis, startRedis, type TestRedis } from '../support/redis.js';
import { startSmtpSink } from '../support/smtp-sink.js';

interface Ready {
  readonly status: string;
  readonly details: Readonly<
    Record<
      string,
      { readonly status: string; readonly code?: string; readonly title?: string; readonly remedy?: string }
    >
  >;
}

async function ready(base: string, lang = 'en'): Promise<{ status: number; body: Ready }> {
  const answer = await fetch(`${base}/health/ready?lang=${lang}`);
  return { status: answer.status, body: (await answer.json()) as Ready };
}

describe('how a process is', () => {
  let home: TestDatabase;
  const processes: EnishiProcess[] = [];
  const servers: TestRedis[] = [];

  beforeEach(async () => {
    home = await testDatabase();
    await migrate(home.url);
  });

  afterEach(async () => {
    for (const one of processes.splice(0)) await one.kill();
    for (const one of servers.splice(0)) await one.stop();
    await home.drop();
  });

  function start(role: string, env: Record<string, string> = {}): EnishiProcess {
    const enishi = startEnishi({ args: ['--role', role], env: { DATABASE_URL: home.url, ...env } });
    processes.push(enishi);
    return enishi;
  }

  it('is ready when all is well, and says what it has looked at', async () => {
    const base = await start('all').listening();
    const { status, body } = await ready(base);
    expect(status).toBe(200);
    expect(Object.keys(body.details).sort()).toEqual(
      ['database', 'disk', 'mail', 'migrations', 'process', 'queue', 'restore'].sort(),
    );
    for (const check of Object.values(body.details)) expect(check.status).toBe('up');
    expect(await (await fetch(`${base}/health/live`)).json()).toEqual({ status: 'ok' });
  });

  (hasRedis('readiness without Redis') ? it : it.skip)(
    'R08: without Redis a worker is not ready within 15 s and an api is; both are again when it is back, by themselves',
    async () => {
      const redis = await startRedis();
      servers.push(redis);
      const env = { REDIS_URL: redis.url };
      const [worker, api] = [start('worker', env), start('api', env)];
      const [workerBase, apiBase] = [await worker.listening(), await api.listening()];
      expect((await ready(workerBase)).status).toBe(200);
      await redis.halt();
      const from = Date.now();
      while ((await ready(workerBase)).status === 200 && Date.now() - from < 20_000) await sleep(200);
      expect(Date.now() - from).toBeLessThan(15_000);
      const red = await ready(workerBase, 'ja');
      expect(red.status).toBe(503);
      expect(red.body.details['queue']).toMatchObject({
        status: 'down',
        code: 'REDIS_UNREACHABLE',
        title: 'Redis に接続できません',
      });
      expect(red.body.details['queue']?.remedy).toContain('REDIS_URL');
      const degraded = await ready(apiBase);
      expect(degraded.status).toBe(200);
      expect(degraded.body.details['queue']).toMatchObject({ status: 'degraded', code: 'REDIS_UNREACHABLE' });
      await redis.start();
      const back = Date.now();
      // Each process finds Redis again by itself, and in its own time.
      for (const base of [workerBase, apiBase]) {
        while ((await ready(base)).body.details['queue']?.status !== 'up' && Date.now() - back < 40_000)
          await sleep(200);
        expect((await ready(base)).status).toBe(200);
      }
      expect(Date.now() - back).toBeLessThan(30_000);
    },
    120_000,
  );

  it('is not ready while it stops, so that nobody sends it anything new', async () => {
    const sink = await startSmtpSink();
    sink.delayMs = 2_500;
    const database = new Database(home.url, 2);
    await aLeaver(database, { dueAt: '2020-01-01T00:00:00Z', lastDay: '2099-01-01' });
    const enishi = start('all', { SMTP_URL: sink.url });
    const base = await enishi.listening();
    const until = Date.now() + 90_000;
    while (sink.mails.length === 0 && Date.now() < until) await sleep(20);
    const stopped = enishi.stop();
    await sleep(300);
    const { status, body } = await ready(base);
    expect(status).toBe(503);
    expect(body.details['process']).toMatchObject({ status: 'down', code: 'PROCESS_STOPPING' });
    expect((await stopped).status).toBe(0);
    await database.onApplicationShutdown();
    await sink.close();
  }, 120_000);

  it('a check that hangs has an answer all the same', async () => {
    const hanging = { name: 'x', isVital: true, run: () => new Promise<never>(() => undefined) };
    expect(await runCheck(hanging, 'en')).toMatchObject({
      status: 'down',
      problem: { code: 'CHECK_TIMED_OUT' },
    });
  });

  it('sends spans of jobs to a collector when it is told of one, with ids only', async () => {
    const bodies: string[] = [];
    const collector = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        bodies.push(Buffer.concat(chunks).toString('utf8'));
        response.end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    const database = new Database(home.url, 2);
    const leaver = await aLeaver(database, { dueAt: '2020-01-01T00:00:00Z', lastDay: '2099-01-01' });
    const { port } = collector.address() as AddressInfo;
    const enishi = start('all', { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
    await enishi.listening();
    const until = Date.now() + 90_000;
    while (
      (await database.query(`select 1 from follow_up where state = 'sent'`)).length === 0 &&
      Date.now() < until
    )
      await sleep(100);
    await enishi.stop();
    const all = bodies.join('');
    expect(all).toContain('exit-interviews');
    expect(all).toContain(leaver.followUpId);
    expect(all).not.toMatch(/leaver-\d+@|山田/);
    await database.onApplicationShutdown();
    await new Promise((resolve) => collector.close(resolve));
  }, 120_000);

  it('doctor: examines all, says how to mend what is wrong in the caller’s language, and ends with 0 or 1', async () => {
    const good = startEnishi({
      entry: 'cli.ts',
      args: ['doctor', '--json'],
      env: { DATABASE_URL: home.url },
    });
    expect(await good.ended).toBe(0);
    const said = JSON.parse(good.lines.join('\n')) as {
      healthy: boolean;
      checks: { name: string; status: string }[];
    };
    expect(said.healthy).toBe(true);
    expect(said.checks.map(({ name }) => name).sort()).toEqual(
      [
        'audit',
        'clock',
        'configuration',
        'database',
        'disk',
        'encodings',
        'environment',
        'keys',
        'mail',
        'migrations',
      ].sort(),
    );
    const bad = startEnishi({
      entry: 'cli.ts',
      args: ['doctor', '--lang', 'ja'],
      env: {
        DATABASE_URL: 'postgres://u:hidden-word@127.0.0.1:9/none',
        SMTP_URL: 'smtp://127.0.0.1:9',
        REDIS_URL: 'redis://127.0.0.1:9',
      },
    });
    expect(await bad.ended).toBe(1);
    const text = bad.lines.join('\n');
    expect(text).toContain('データベースに接続できません');
    expect(text).toContain('メールサーバーに接続できない');
    expect(text).toContain('Redis に接続できません');
    expect(text).not.toContain('hidden-word');
  }, 60_000);
});
