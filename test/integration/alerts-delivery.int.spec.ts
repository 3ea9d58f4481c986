import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import type { NewAlert } from '../../src/alerts/alert.js';
import { AlertChecks } from '../../src/alerts/alert-checks.service.js';
import { AlertDeliveryService } from '../../src/alerts/alert-delivery.service.js';
import { loadAlertsConfig, type AlertsConfig, type AlertTarget } from '../../src/alerts/alerts-config.js';
import { AlertsQueries } from '../../src/alerts/alerts.queries.js';
import { AlertsService } from '../../src/alerts/alerts.service.js';
import { Database } from '../../src/platform/database/database.js';
import { newId } from '../../src/platform/database/id.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { localMailbox } from '../../src/platform/mail/local-mailbox.js';
import type { MailTransport } from '../../src/platform/mail/mail.js';
import { smtpMail } from '../../src/platform/mail/smtp-mail.js';
import { aLeaver } from '../support/mail-fixtures.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { CONFIG, HandClock } from '../support/registry-world.js';
import { startSmtpSink } from '../support/smtp-sink.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr';
const HELD: NewAlert = {
  kind: 'run_held',
  key: 'run_held:1',
  data: { run: '1', source: 'demo-jp', brakes: 'leavers' },
};

interface Call {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver that keeps what it gets and answers as told. */
async function startReceiver(): Promise<{
  calls: Call[];
  answer: { status: number; headers: Record<string, string> };
  url: string;
  server: Server;
  connections: () => number;
}> {
  const calls: Call[] = [];
  let connections = 0;
  const answer = { status: 204, headers: {} };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      calls.push({ headers: request.headers, body });
      response.writeHead(answer.status, answer.headers).end();
    });
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return { calls, answer, url, server, connections: () => connections };
}

let at: TestDatabase;
let db: Database;
let clock: HandClock;
let receiver: Awaited<ReturnType<typeof startReceiver>>;

beforeEach(async () => {
  at = await testDatabase();
  await migrate(at.url);
  db = new Database(at.url, 6);
  clock = new HandClock();
  receiver = await startReceiver();
});
afterEach(async () => {
  receiver.server.closeAllConnections();
  await new Promise((resolve) => receiver.server.close(resolve));
  await db.onApplicationShutdown();
  await at.drop();
});

const hook = (url = receiver.url, allowPrivate = true): AlertTarget => ({
  id: 'chat',
  channel: 'webhook',
  url: new URL(url),
  signer: new Webhook(SECRET),
  allowPrivate,
});
const mailTo = (id: string, anchors = false): AlertTarget => ({
  id,
  channel: 'mail',
  address: `${id}@ops.example`,
  language: 'ja',
  anchors,
});

function room(targets: readonly AlertTarget[], mail: MailTransport = localMailbox(), attempts = 6) {
  const config: AlertsConfig = {
    from: { name: 'Enishi', address: 'enishi@enishi.example' },
    targets,
    retry: { attempts, firstDelaySecs: 30, maxDelaySecs: 21_600 },
    queueStuckAfterMinutes: 30,
  };
  const alerts = new AlertsService(db, clock, config);
  return {
    alerts,
    checks: new AlertChecks(db, clock, alerts, config),
    delivery: new AlertDeliveryService(db, clock, config, mail, () => 1),
    queries: new AlertsQueries(db),
    raise: (alert: NewAlert) => db.transaction((sql) => alerts.raise(sql, alert)),
  };
}

const advance = (seconds: number): void => clock.set(new Date(clock.now() + seconds * 1_000).toISOString());

it('signs a webhook by Standard Webhooks, with ids and counts in it', async () => {
  const { raise, delivery, queries } = room([hook()]);
  expect(await raise(HELD)).toBe(true);
  clock.set(new Date().toISOString());
  expect(await delivery.deliverDue()).toEqual({ sent: 1, failed: 0, parked: 0 });
  const [call] = receiver.calls;
  const headers = Object.fromEntries(
    Object.entries(call?.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
  expect(new Webhook(SECRET).verify(call?.body ?? '', headers)).toMatchObject({
    type: 'run.held',
    data: { run: '1', source: 'demo-jp', brakes: 'leavers' },
  });
  expect(() => new Webhook(SECRET).verify(`${call?.body} `, headers)).toThrow();
  expect((await queries.list()).items).toMatchObject([
    { kind: 'run_held', resolvedAt: null, deliveries: [{ target: 'chat', state: 'sent', attempts: 1 }] },
  ]);
});

it('tells what stands once, and again when it is over and comes back', async () => {
  const { raise, alerts, delivery } = room([hook()]);
  expect(await Promise.all([raise(HELD), raise(HELD), raise(HELD)])).toHaveLength(3);
  expect(await raise(HELD)).toBe(false);
  await delivery.deliverDue();
  expect(receiver.calls).toHaveLength(1);
  expect(await alerts.resolve(db.pool, 'run_held')).toBe(1);
  expect(await raise(HELD)).toBe(true);
});

describe('W10', () => {
  it('receiver down for three days: tried again with growing pauses, parked, visible, resent', async () => {
    const { raise, delivery, queries, alerts } = room([hook()]);
    await raise(HELD);
    receiver.answer.status = 503;
    const pauses: number[] = [];
    let last = clock.now();
    const begun = clock.now();
    const step = () => (clock.now() - begun < 1_200_000 ? 30 : 3_600);
    for (; clock.now() < begun + 3 * 86_400_000; advance(step())) {
      const before = receiver.calls.length;
      await delivery.deliverDue();
      if (receiver.calls.length === before) continue;
      pauses.push((clock.now() - last) / 1_000);
      last = clock.now();
    }
    expect(pauses).toEqual([0, 30, 60, 120, 240, 480]);
    const parked = (await queries.list({ parked: true })).items;
    expect(parked).toMatchObject([{ deliveries: [{ state: 'parked', attempts: 6, errorCode: 'HTTP_503' }] }]);
    receiver.answer.status = 200;
    await delivery.deliverDue();
    expect(receiver.calls).toHaveLength(6);
    expect(await alerts.resend(parked[0]?.id ?? '', 'cli:admin')).toEqual({ deliveries: 1 });
    expect(await delivery.deliverDue()).toMatchObject({ sent: 1 });
    expect(new Set(receiver.calls.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(await db.query(`select actor, kind from audit_entry where kind like 'alert%'`)).toEqual([
      { actor: 'cli:admin', kind: 'alert.resent' },
    ]);
    await expect(alerts.resend(newId(), 'cli:admin')).rejects.toMatchObject({ code: 'ALERT_NOT_FOUND' });
  });

  it('410 switches the receiver off, until somebody resends', async () => {
    const { raise, delivery, alerts, queries } = room([hook()]);
    receiver.answer.status = 410;
    await raise(HELD);
    expect(await delivery.deliverDue()).toMatchObject({ parked: 1 });
    await raise({ ...HELD, key: 'run_held:2' });
    expect(await delivery.deliverDue()).toMatchObject({ parked: 1 });
    expect(receiver.calls).toHaveLength(1);
    receiver.answer.status = 200;
    const [item] = (await queries.list()).items;
    await alerts.resend(item?.id ?? '', 'cli:admin');
    expect(await delivery.deliverDue()).toMatchObject({ sent: 1 });
  });

  it('keeps the pause that a receiver asks for', async () => {
    const { raise, delivery } = room([hook()]);
    receiver.answer.status = 429;
    receiver.answer.headers = { 'retry-after': '600' };
    await raise(HELD);
    await delivery.deliverDue();
    advance(599);
    await delivery.deliverDue();
    expect(receiver.calls).toHaveLength(1);
    advance(1);
    await delivery.deliverDue();
    expect(receiver.calls).toHaveLength(2);
  });

  it('an attempt whose process died is made again after its lease', async () => {
    const { raise, delivery } = room([hook()]);
    await raise(HELD);
    await db.query(`update alert_delivery set state = 'sending', attempts = 1, lease_until = $1`, [
      new Date(clock.now() + 120_000).toISOString(),
    ]);
    expect(await delivery.deliverDue()).toMatchObject({ sent: 0 });
    advance(121);
    expect(await delivery.deliverDue()).toMatchObject({ sent: 1 });
  });
});

describe('X04', () => {
  it('reaches nothing inside the own network unless it is allowed to, and follows no redirect', async () => {
    const port = new URL(receiver.url).port;
    for (const url of [
      receiver.url.replace('http:', 'https:'),
      `https://localhost:${port}/`,
      `https://[::ffff:127.0.0.1]:${port}/`,
      `https://2130706433:${port}/`,
      `https://0177.0.0.1:${port}/`,
    ]) {
      const { raise, delivery } = room([hook(url, false)], localMailbox(), 1);
      await raise({ ...HELD, key: url });
      expect(await delivery.deliverDue()).toMatchObject({ parked: 1 });
    }
    expect(receiver.connections()).toBe(0);
    expect(await db.query(`select distinct error_code from alert_delivery`)).toEqual([
      { error_code: 'ADDRESS_NOT_PUBLIC' },
    ]);
    const elsewhere = await startReceiver();
    receiver.answer.status = 307;
    receiver.answer.headers = { location: elsewhere.url };
    const { raise, delivery } = room([hook()], localMailbox(), 1);
    await raise(HELD);
    expect(await delivery.deliverDue()).toMatchObject({ parked: 1 });
    expect([receiver.calls.length, elsewhere.calls.length]).toEqual([1, 0]);
    elsewhere.server.close();
  });
});

describe('mail', () => {
  it('goes to every recipient through the mail server; what is not taken yet is tried again', async () => {
    const sink = await startSmtpSink();
    const mail = smtpMail({ url: sink.url });
    const { raise, delivery } = room([mailTo('it'), mailTo('hr')], mail);
    sink.treat('hr@ops.example', 'later-once');
    await raise(HELD);
    expect(await delivery.deliverDue()).toEqual({ sent: 1, failed: 1, parked: 0 });
    advance(30);
    expect(await delivery.deliverDue()).toEqual({ sent: 1, failed: 0, parked: 0 });
    expect(sink.mails.map(({ to }) => to).sort()).toEqual(['hr@ops.example', 'it@ops.example']);
    expect(sink.mails[0]?.subject).toContain('demo-jp');
    expect(sink.mails[0]?.text).toContain('enishi runs show 1');
    await mail.close();
    await sink.close();
  });

  it('an address that is refused is parked at once', async () => {
    const sink = await startSmtpSink();
    const mail = smtpMail({ url: sink.url });
    const { raise, delivery, queries } = room([mailTo('it')], mail);
    sink.treat('it@ops.example', 'refuse');
    await raise(HELD);
    expect(await delivery.deliverDue()).toEqual({ sent: 0, failed: 0, parked: 1 });
    expect((await queries.list()).items).toMatchObject([{ deliveries: [{ errorCode: 'SMTP_550' }] }]);
    await mail.close();
    await sink.close();
  });

  it('the head of the audit chain goes to those who keep it, as a line that can be verified against', async () => {
    const { raise, delivery } = room([mailTo('it'), mailTo('auditor', true), hook()]);
    const head = { at: '2026-04-10T03:00:00.000Z', seq: 12, hash: 'a'.repeat(64) };
    await raise({ kind: 'audit_anchor', key: 'audit_anchor:12', data: head });
    expect(await delivery.deliverDue()).toMatchObject({ sent: 1 });
    const mails = await db.query<{ to_address: string; body: string }>(
      'select to_address, body from mailbox_message',
    );
    expect(mails.map(({ to_address }) => to_address)).toEqual(['auditor@ops.example']);
    expect(mails[0]?.body.split('\n')).toContain(JSON.stringify(head));
  });
});

describe(AlertChecks, () => {
  const standing = async (queries: AlertsQueries) =>
    (await queries.list({ standing: true })).items.map(({ kind, data }) => ({ kind, ...data }));

  it('a held run is told once and is over when it is decided', async () => {
    const { checks, queries } = room([mailTo('it')]);
    const id = newId();
    await db.query(
      `insert into import_run (id, source, kind, mode, status, as_of_at, decided_for_at, started_by, started_at, brakes)
       values ($1, 'demo-jp', 'file', 'delta', 'held', now(), now(), 'sato', now(),
         '[{"name":"leavers","tripped":true},{"name":"absences","tripped":false}]')`,
      [id],
    );
    await checks.look();
    await checks.look();
    expect(await standing(queries)).toEqual([
      { kind: 'run_held', run: id, source: 'demo-jp', brakes: 'leavers' },
    ]);
    expect(await db.one('select count(*) as n from alert_delivery')).toEqual({ n: 1 });
    await db.query(`update import_run set status = 'rejected' where id = $1`, [id]);
    await checks.look();
    expect(await standing(queries)).toEqual([]);
  });

  it('uncertain sends are counted, those still in flight are not', async () => {
    const { checks, queries } = room([]);
    for (const lease of [60, -60]) {
      const { followUpId } = await aLeaver(db);
      await db.query(`update follow_up set state = 'uncertain' where id = $1`, [followUpId]);
      await db.query(
        `insert into delivery (id, follow_up_id, attempt, channel, state, message_id, claimed_by, lease_until, claimed_at)
         values ($1, $2, 1, 'smtp', 'sending', 'm', 'w', $3, now())`,
        [newId(), followUpId, new Date(clock.now() + lease * 1_000).toISOString()],
      );
    }
    await checks.look();
    expect(await standing(queries)).toEqual([{ kind: 'uncertain_sends', count: 1 }]);
  });

  it('a queue that stands still is told, unless somebody has paused it', async () => {
    const { checks, queries } = room([]);
    const { followUpId } = await aLeaver(db);
    const queuedAt = new Date(clock.now() - 31 * 60_000).toISOString();
    await db.query(`update follow_up set state = 'queued', queued_at = $2 where id = $1`, [
      followUpId,
      queuedAt,
    ]);
    await checks.look();
    expect(await standing(queries)).toEqual([{ kind: 'queue_stuck', count: 1, minutes: 30 }]);
    await db.query(`insert into setting (key, value) values ('follow-ups.paused', 'true')`);
    await checks.look();
    expect(await standing(queries)).toEqual([]);
  });

  it('a source that has fallen silent is told; one that was never read is not', async () => {
    const { checks, queries } = room([]);
    const look = (source: string) => db.transaction((sql) => checks.lookAtSource(sql, source, 3));
    await look('demo-jp');
    expect(await standing(queries)).toEqual([]);
    const lastReadAt = clock.nowIso();
    await db.query(`insert into source_state (source, last_good_read_at) values ('demo-jp', $1)`, [
      lastReadAt,
    ]);
    advance(3 * 86_400 - 1);
    await look('demo-jp');
    expect(await standing(queries)).toEqual([]);
    advance(1);
    await look('demo-jp');
    expect(await standing(queries)).toEqual([
      { kind: 'source_silent', source: 'demo-jp', lastReadAt, days: 3 },
    ]);
    await db.query(`update source_state set last_good_read_at = $1`, [clock.nowIso()]);
    await look('demo-jp');
    expect(await standing(queries)).toEqual([]);
  });

  it('a tick that has given up is told until it works again', async () => {
    const { checks, queries } = room([]);
    const tick = (due: string, state: string, code: string | null) =>
      db.query(
        `insert into tick (name, due_at, state, attempt, holder, started_at, error_code) values ('retention', $1, $2, 5, 'h', now(), $3)`,
        [due, state, code],
      );
    await tick('2026-04-09T03:30:00Z', 'failed', 'TICK_ABANDONED');
    await checks.look();
    expect(await standing(queries)).toMatchObject([
      { kind: 'tick_failed', tick: 'retention', errorCode: 'TICK_ABANDONED' },
    ]);
    await tick('2026-04-10T03:30:00Z', 'done', null);
    await checks.look();
    expect(await standing(queries)).toEqual([]);
  });
});

describe(loadAlertsConfig, () => {
  it('takes the shipped file', async () => {
    expect(await loadAlertsConfig(CONFIG, {})).toMatchObject({ targets: [], queueStuckAfterMinutes: 30 });
  });
});
