import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { FollowUps } from '../../src/follow-ups/follow-ups.setup.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import type { OpenOptions } from '../support/mail-fixtures.js';
import { aLeaver, openRoom, statesOf, TestClock } from '../support/mail-fixtures.js';
import type { TestDatabase } from '../support/postgres.js';
import { testDatabase } from '../support/postgres.js';
import type { TestRedis } from '../support/redis.js';
import { startTestRedis, startTestRedisCluster } from '../support/redis.js';
import type { SmtpSink } from '../support/smtp-sink.js';
import { startSmtpSink } from '../support/smtp-sink.js';
import { Redis } from 'ioredis';

const NOW = Date.UTC(2026, 5, 23, 1, 0, 0);
const redis: TestRedis | null = await startTestRedis('follow-ups on Redis');
const cluster = await startTestRedisCluster('follow-ups on Redis Cluster');

afterAll(async () => {
  await redis?.stop();
  await cluster?.stop();
});

const backends = [
  ['PostgreSQL', () => [] as string[]],
  ...(redis === null ? [] : [['Redis', () => [redis.url]] as const]),
  ...(cluster === null ? [] : [['Redis Cluster', () => [...cluster.urls]] as const]),
] as const;

describe.each(backends)('sending follow-ups, queue on %s', (backend, redisUrls) => {
  let home: TestDatabase;
  let database: Database;
  let sink: SmtpSink;
  let clock: TestClock;
  const open = new Set<FollowUps>();

  async function room(over: Partial<OpenOptions> = {}): Promise<FollowUps> {
    const made = await openRoom({
      url: home.url,
      database,
      clock,
      redisUrls: redisUrls(),
      smtpUrl: sink.url,
      ...over,
    });
    open.add(made);
    return made;
  }

  async function flushQueue(): Promise<void> {
    if (backend === 'Redis' && redis !== null) await flush(redis.url);
    if (backend === 'Redis Cluster') await cluster?.flush();
    if (backend === 'PostgreSQL') {
      const known = await database.query(`select 1 where to_regclass('bullmq.job') is not null`);
      if (known.length > 0) await database.query('truncate bullmq.job cascade');
    }
  }

  beforeAll(async () => {
    sink = await startSmtpSink();
  });

  beforeEach(async () => {
    home = await testDatabase();
    await migrate(home.url);
    database = new Database(home.url, 20);
    clock = new TestClock(NOW);
    sink.mails.length = 0;
    sink.delayMs = 0;
    await flushQueue();
  });

  afterEach(async () => {
    for (const one of open) await one.close();
    open.clear();
    await database.pool.end();
    await home.drop();
  });

  afterAll(async () => {
    await sink.close();
  });

  it('sends what is due once, and nothing that is not due', async () => {
    const due = await aLeaver(database);
    await aLeaver(database, { dueAt: '2026-06-24T00:00:00Z' });
    const { runner } = await room();
    expect(await runner.runOnce()).toMatchObject({
      queued: 1,
      sent: 1,
      uncertain: 0,
      undeliverable: 0,
      failed: 0,
    });
    expect(await runner.runOnce()).toMatchObject({ queued: 0, sent: 0 });
    expect(sink.mails.map((mail) => mail.to)).toEqual([due.email]);
    const mail = sink.mails[0];
    expect(mail?.messageId).toBe(`<follow-up-${due.followUpId}@jp.group.example>`);
    expect(mail?.text).toContain('山田 花子 様');
    const headers = JSON.stringify([...(mail?.headers ?? [])]);
    expect(headers).toContain('One-Click');
    expect(headers).toMatch(/https:\/\/enishi\.example\/u\/[A-Za-z0-9_-]{43}/);
  });

  it('100 relays at once queue and send each follow-up once', async () => {
    for (let i = 0; i < 12; i += 1) await aLeaver(database);
    const { relay, runner } = await room();
    const reports = await Promise.all(Array.from({ length: 100 }, () => relay.relayDue()));
    expect(reports.reduce((sum, report) => sum + report.queued, 0)).toBe(12);
    await runner.runOnce();
    expect(await statesOf(database)).toEqual({ sent: 12 });
    expect(new Set(sink.mails.map((mail) => mail.messageId)).size).toBe(12);
    expect(sink.mails).toHaveLength(12);
  });

  it('two rooms that work at the same time send each mail once', async () => {
    for (let i = 0; i < 20; i += 1)
      await aLeaver(database, { kind: i % 2 === 0 ? 'invitation' : 'exit_interview' });
    const [one, two] = [await room(), await room()];
    await Promise.all([one.runner.runOnce(), two.runner.runOnce()]);
    expect(await statesOf(database)).toEqual({ sent: 20 });
    expect(sink.mails).toHaveLength(20);
  });

  it('R05: a server that takes DATA and hangs up leaves uncertain mails that nobody resends', async () => {
    const leavers = [];
    for (let i = 0; i < 10; i += 1) leavers.push(await aLeaver(database));
    for (const leaver of leavers) sink.treat(leaver.email, 'drop');
    const { runner, service } = await room();
    expect(await runner.runOnce()).toMatchObject({ queued: 10, uncertain: 10, sent: 0 });
    clock.advance(3_600);
    expect(await runner.runOnce()).toMatchObject({ queued: 0, sent: 0 });
    expect(sink.mails).toHaveLength(10);
    const [first, second] = leavers;
    if (first === undefined || second === undefined) throw new Error('no leavers');
    await service.resolve(first.followUpId, 'sent', 'hr@test');
    await service.resolve(second.followUpId, 'resend', 'hr@test');
    await expect(service.resolve(first.followUpId, 'sent', 'hr@test')).rejects.toMatchObject({
      code: 'FOLLOW_UP_NOT_UNCERTAIN',
    });
    sink.treat(second.email, 'accept');
    expect(await runner.runOnce()).toMatchObject({ queued: 1, sent: 1 });
    expect(await statesOf(database)).toEqual({ sent: 2, uncertain: 8 });
    const twice = sink.mails.filter((mail) => mail.to === second.email).map((mail) => mail.messageId);
    expect(twice).toHaveLength(2);
    expect(new Set(twice).size).toBe(1);
  });

  it('R04: temporary answers are tried again, refusals are shown and never repeated', async () => {
    const by = { accept: 0, 'later-once': 0, refuse: 0, full: 0 };
    for (const manner of ['accept', 'accept', 'later-once', 'refuse', 'full'] as const) {
      const leaver = await aLeaver(database);
      sink.treat(leaver.email, manner);
      by[manner] += 1;
    }
    const { runner, queries } = await room();
    await runner.runOnce();
    await settled(database);
    expect(await statesOf(database)).toEqual({ sent: by.accept + by['later-once'], undeliverable: 2 });
    const refused = await queries.list({ state: 'undeliverable' });
    expect(refused.items.map((item) => item.because.code)).toEqual(['send_refused', 'send_refused']);
    const attempts = await database.query(
      `select state, count(*) as n from delivery group by state order by state`,
    );
    expect(attempts).toEqual([
      { state: 'failed', n: 1 },
      { state: 'refused', n: 2 },
      { state: 'sent', n: 3 },
    ]);
  });

  it('a server that refuses connections costs neither the mail nor an attempt', async () => {
    await aLeaver(database);
    const dead = await room({ smtpUrl: 'smtp://127.0.0.1:9' });
    expect(await dead.runner.runOnce()).toMatchObject({ queued: 1, failed: 1, sent: 0 });
    await dead.close();
    clock.advance(3_600);
    await sleep(1_100); // The job is put back for a second.
    const { runner } = await room();
    await runner.runOnce();
    expect(await statesOf(database)).toEqual({ sent: 1 });
    expect(sink.mails).toHaveLength(1);
  });

  it('edge-cases/26, R06: a flushed queue loses nothing and doubles nothing', async () => {
    for (let i = 0; i < 30; i += 1) await aLeaver(database);
    const { relay, runner } = await room();
    await relay.relayDue();
    await flushQueue();
    expect(await runner.runOnce()).toMatchObject({ sent: 0 });
    clock.advance(16 * 60);
    await runner.runOnce();
    expect(await statesOf(database)).toEqual({ sent: 30 });
    expect(sink.mails).toHaveLength(30);
    expect(await relay.reconcile()).toBe(0);
  });

  it('reconciling leaves jobs alone that still wait', async () => {
    await aLeaver(database);
    const { relay } = await room();
    await relay.relayDue();
    clock.advance(3_600);
    expect(await relay.reconcile()).toBe(0);
  });

  it('stops at its brake and says how many wait', async () => {
    for (let i = 0; i < 7; i += 1) await aLeaver(database);
    const { relay } = await room({ sending: { brake: { perRun: 3, perHour: 5 } } });
    expect(await relay.relayDue()).toMatchObject({
      queued: 3,
      brake: { name: 'perRun', limit: 3, waiting: 4 },
    });
    expect(await relay.relayDue()).toMatchObject({
      queued: 2,
      brake: { name: 'perHour', limit: 5, waiting: 2 },
    });
    expect(await relay.relayDue()).toMatchObject({ queued: 0, brake: { name: 'perHour', waiting: 2 } });
    clock.advance(3_600);
    expect(await relay.relayDue()).toMatchObject({ queued: 2, brake: null });
  });

  it('sends nothing while paused, queued mails included', async () => {
    await aLeaver(database);
    const { relay, runner, service } = await room();
    await relay.relayDue();
    await service.pause();
    expect(await runner.runOnce()).toMatchObject({ queued: 0, sent: 0, paused: true });
    expect(await statesOf(database)).toEqual({ planned: 1 });
    await service.resume();
    expect(await runner.runOnce()).toMatchObject({ queued: 1, sent: 1 });
  });

  it('I12: reads the conditions again right before sending', async () => {
    const queued = [];
    for (let i = 0; i < 5; i += 1) queued.push(await aLeaver(database));
    const { relay, runner, queries } = await room();
    await relay.relayDue();
    const [rescinded, dead, optedOut, moved, disputed] = queued.map((leaver) => leaver.employmentId);
    await database.query(`update departure set state = 'rescinded' where employment_id = $1`, [rescinded]);
    await database.query(`update departure set kind = 'death' where employment_id = $1`, [dead]);
    await database.query(
      `update person set opted_out_at = now() where id = (select person_id from employment where id = $1)`,
      [optedOut],
    );
    await database.query(`update departure set kind = 'move' where employment_id = $1`, [moved]);
    await database.query(`update employment set disputes = '[{"code":"x"}]' where id = $1`, [disputed]);
    await runner.runOnce();
    expect(sink.mails).toEqual([]);
    const codes = (await queries.list({ state: 'cancelled' })).items.map((item) => item.because.code).sort();
    expect(codes).toEqual(['disputed', 'kind_death', 'kind_move', 'opted_out', 'rescinded']);
  });

  it('waits for an open match, and goes on when it is decided', async () => {
    const one = await aLeaver(database);
    const other = await aLeaver(database, { dueAt: '2027-01-01T00:00:00Z' });
    const [a, b] = [one.employmentId, other.employmentId].sort();
    await database.query(
      `insert into match_case (id, employment_a, employment_b, score, evidence, state, opened_at)
       values (enishi_id(), $1, $2, 60, '[]', 'open', now())`,
      [a, b],
    );
    const { runner } = await room();
    expect(await runner.runOnce()).toMatchObject({ queued: 0 });
    await database.query(`update match_case set state = 'different'`);
    expect(await runner.runOnce()).toMatchObject({ queued: 1, sent: 1 });
  });

  it('edge-cases/13, 14: no address is shown, a card is never mailed, a dead work mailbox is not used', async () => {
    await aLeaver(database, { personalEmail: null, workEmail: 'gone@work.example', lastDay: '2026-06-20' });
    await aLeaver(database, { personalEmail: null, workEmail: 'alive@work.example' });
    await aLeaver(database, { kind: 'card', personalEmail: null });
    const { runner, queries } = await room();
    await runner.runOnce();
    expect(sink.mails.map((mail) => mail.to)).toEqual(['alive@work.example']);
    expect(await statesOf(database)).toEqual({ planned: 1, sent: 1, undeliverable: 1 });
    const unreachable = await queries.list({ state: 'undeliverable' });
    expect(unreachable.items[0]?.because.code).toBe('no_address');
  });

  it('X08: an address or a name cannot add a recipient or a header', async () => {
    for (const personalEmail of [
      'a@x.example\r\nBcc: b@x.example',
      'a@x.example, b@x.example',
      '"a b"@x.example',
    ]) {
      await aLeaver(database, { personalEmail });
    }
    const named = await aLeaver(database, { name: '花子\r\nBcc: b@x.example' });
    const { runner } = await room();
    await runner.runOnce();
    expect(await statesOf(database)).toEqual({ sent: 1, undeliverable: 3 });
    expect(sink.mails.map((mail) => mail.to)).toEqual([named.email]);
    expect(sink.mails[0]?.headers.has('bcc')).toBe(false);
  });

  it('the local mailbox holds exactly what the ledger says', async () => {
    for (let i = 0; i < 5; i += 1) await aLeaver(database);
    const made = await openRoom({ url: home.url, database, clock, redisUrls: redisUrls() });
    open.add(made);
    expect(await made.runner.runOnce()).toMatchObject({ queued: 5, sent: 5 });
    const { items } = await made.mailbox.list({ limit: 3 });
    expect(items).toHaveLength(3);
    const ledger = await database.query(
      `select count(*) as n from delivery d join mailbox_message m on m.message_id = d.message_id where d.state = 'sent'`,
    );
    expect(ledger).toEqual([{ n: 5 }]);
  });
});

async function flush(url: string): Promise<void> {
  const client = new Redis(url);
  await client.flushall();
  client.disconnect();
}

/** Retries without a delay may still be in the queue when a run ends: a few more turns take them. */
async function settled(database: Database): Promise<void> {
  const until = Date.now() + 10_000;
  while (Date.now() < until) {
    const rows = await database.query(`select 1 from follow_up where state in ('planned', 'queued')`);
    if (rows.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
