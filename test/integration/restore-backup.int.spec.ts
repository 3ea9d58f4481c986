import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FollowUpQueries } from '../../src/follow-ups/follow-up.queries.js';
import type { FollowUps } from '../../src/follow-ups/follow-ups.setup.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { isRestored } from '../../src/platform/health/restore-guard.js';
import { aLeaver, openRoom, shippedRules, statesOf, TestClock } from '../support/mail-fixtures.js';
import { startSystemPostgres } from '../support/pg-tools.js';
import { startEnishi } from '../support/process.js';
import { startTestRedis } from '../support/redis.js';
import { startSmtpSink, type SmtpSink } from '../support/smtp-sink.js';

const NOW = Date.UTC(2026, 5, 23, 1, 0, 0);
const server = await startSystemPostgres('backup and restore');
const elsewhere = server === null ? null : await startSystemPostgres('restore into another cluster');
const redis = await startTestRedis('restore with a live Redis');
const suite = server === null ? describe.skip : describe;

afterAll(async () => {
  server?.stop();
  elsewhere?.stop();
  await redis?.stop();
});

let serial = 0;
const newName = () => `enishi_${(serial += 1)}`;

suite('a database that came from a backup', () => {
  let sink: SmtpSink;
  let home: string;
  let clock: TestClock;
  const rooms = new Set<FollowUps>();
  const databases = new Set<Database>();

  beforeAll(async () => {
    sink = await startSmtpSink();
  });
  afterAll(() => sink.close());

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'enishi-restore-'));
    clock = new TestClock(NOW);
    sink.mails.length = 0;
  });

  afterEach(async () => {
    for (const room of rooms) await room.close();
    for (const database of databases) await database.onApplicationShutdown();
    rooms.clear();
    databases.clear();
    rmSync(home, { recursive: true, force: true });
  });

  async function open(url: string, over: { home?: string | null; redisUrls?: readonly string[] } = {}) {
    await migrate(url);
    const database = new Database(url, 5);
    databases.add(database);
    const room = await openRoom({ url, database, clock, smtpUrl: sink.url, home, ...over });
    rooms.add(room);
    return { database, room };
  }

  /** Ten mails before the backup, ten after it; answers with the backup and the ids of the later ten. */
  async function tenBeforeTenAfter(url: string, redisUrls: readonly string[] = []) {
    const { database, room } = await open(url, { redisUrls });
    const later: string[] = [];
    for (let i = 0; i < 10; i += 1) {
      await aLeaver(database);
      later.push((await aLeaver(database, { dueAt: '2026-06-23T02:00:00Z' })).followUpId);
    }
    expect(await room.runner.runOnce()).toMatchObject({ sent: 10 });
    const backup = server?.dump(url) ?? '';
    clock.advance(7_200);
    expect(await room.runner.runOnce()).toMatchObject({ sent: 10 });
    await room.close();
    rooms.delete(room);
    await database.onApplicationShutdown();
    return { backup, later: later.sort() };
  }

  async function expectHeldUntilConfirmed(
    url: string,
    later: string[],
    over: Parameters<typeof open>[1] = {},
  ) {
    const { database, room } = await open(url, over);
    expect(await isRestored(database.pool)).toBe(true);
    expect(await room.runner.runOnce()).toMatchObject({ paused: true, queued: 0, sent: 0 });
    await expect(room.service.resume('op')).rejects.toMatchObject({ code: 'FOLLOW_UPS_RESTORED' });
    expect(sink.mails).toHaveLength(20);
    // Everything that the mail server has seen since the backup is listed, by the id in its Message-ID.
    const sentSince = sink.mails
      .slice(10)
      .map((mail) => /follow-up-([0-9a-f-]{36})@/.exec(mail.messageId)?.[1]);
    expect(sentSince.sort()).toEqual(later);
    expect([...(await room.service.confirmRestore('op'))].sort()).toEqual(later);
    expect(await statesOf(database)).toEqual({ sent: 10, uncertain: 10 });
    expect(await room.runner.runOnce()).toMatchObject({ paused: false, sent: 0 });
    expect(sink.mails).toHaveLength(20);
    await room.service.resolve(later[0] ?? '', 'sent', 'op');
    const listed = await new FollowUpQueries(database, await shippedRules()).list({
      limit: 50,
      state: 'uncertain',
    });
    expect(listed.items).toHaveLength(9);
    // New work goes out again, and opening it once more is no restore.
    await aLeaver(database);
    expect(await room.runner.runOnce()).toMatchObject({ sent: 1 });
    await room.close();
    rooms.delete(room);
    expect(await isRestored((await open(url, over)).database.pool)).toBe(false);
  }

  it('R22: restored beside the old one: no mail until somebody confirms, and what went out since is listed', async () => {
    const { backup, later } = await tenBeforeTenAfter(server?.createDatabase(newName()) ?? '');
    const restored = server?.createDatabase(newName()) ?? '';
    server?.restore(restored, backup);
    await expectHeldUntilConfirmed(restored, later, { home: null });
  });

  it('R22: restored into another cluster, by a deployment that has lost its home', async () => {
    const { backup, later } = await tenBeforeTenAfter(server?.createDatabase(newName()) ?? '');
    const restored = elsewhere?.createDatabase(newName()) ?? '';
    elsewhere?.restore(restored, backup);
    await expectHeldUntilConfirmed(restored, later, { home: null });
  });

  async function restoreInPlace(url: string, backup: string): Promise<void> {
    const database = new Database(url, 1);
    await database.query('drop schema public cascade');
    await database.query('drop schema if exists bullmq cascade');
    await database.onApplicationShutdown();
    // pg_dump writes `create schema public` only where its owner was changed.
    server?.restore(url, `create schema if not exists public;\n${backup}`);
  }

  it('R22: restored into the same database: the home remembers how far it had come', async () => {
    const url = server?.createDatabase(newName()) ?? '';
    const { backup, later } = await tenBeforeTenAfter(url);
    await restoreInPlace(url, backup);
    await expectHeldUntilConfirmed(url, later);
  });

  (redis === null ? it.skip : it)(
    'R22: restored into the same database, with a live Redis and a lost home',
    async () => {
      const url = server?.createDatabase(newName()) ?? '';
      const redisUrls = [redis?.url ?? ''];
      const { backup, later } = await tenBeforeTenAfter(url, redisUrls);
      await restoreInPlace(url, backup);
      await expectHeldUntilConfirmed(url, later, { home: null, redisUrls });
    },
  );

  it('R22: the service starts, says that it holds mail, and sends none', async () => {
    const { backup } = await tenBeforeTenAfter(server?.createDatabase(newName()) ?? '');
    const restored = server?.createDatabase(newName()) ?? '';
    server?.restore(restored, backup);
    const enishi = startEnishi({ env: { DATABASE_URL: restored, SMTP_URL: sink.url, ENISHI_LANG: 'en' } });
    try {
      const base = await enishi.listening();
      await sleep(1_500);
      const ready = await fetch(`${base}/health/ready`);
      expect(ready.status).toBe(200);
      expect(await ready.json()).toMatchObject({
        details: { restore: { status: 'degraded', code: 'FOLLOW_UPS_RESTORED' } },
      });
      expect(await (await fetch(`${base}/metrics`)).text()).toContain('enishi_follow_ups_paused 1');
      expect(sink.mails).toHaveLength(20);
    } finally {
      await enishi.stop();
    }
  });

  it('a database that was never restored shows no sign, however often it is opened and by however many homes', async () => {
    const url = server?.createDatabase(newName()) ?? '';
    const { database } = await open(url);
    for (const one of [home, null, `${home}-other`]) {
      const { room } = await open(url, { home: one });
      await aLeaver(database);
      expect(await room.runner.runOnce()).toMatchObject({ sent: 1, paused: false });
    }
    rmSync(`${home}-other`, { recursive: true, force: true });
  });

  it('an operator can say so where nothing else can tell', async () => {
    const { database, room } = await open(server?.createDatabase(newName()) ?? '', { home: null });
    await aLeaver(database);
    await room.guard.mark('told', clock.nowIso());
    expect(await room.runner.runOnce()).toMatchObject({ paused: true, sent: 0 });
  });
});
