import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openServer, type OpenedServer } from '../../src/server.js';
import { FollowUpRunner } from '../../src/follow-ups/follow-up-runner.service.js';
import { ApiKeysService } from '../../src/platform/auth/api-keys.service.js';
import { loadEnv } from '../../src/platform/config/env.js';
import { Database } from '../../src/platform/database/database.js';
import { createLogger } from '../../src/platform/logging/logger.js';
import { CONFIG_DIR } from '../support/mail-fixtures.js';
import { call, type ApiAnswer } from '../support/http-api.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { startSmtpSink, type SmtpSink } from '../support/smtp-sink.js';

const PEOPLE = Number(process.env.ENISHI_TEST_CANARIES ?? 40);
const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);

/** Everything that could give somebody away carries one of these. */
const CANARY = /canary|カナリア|金糸雀|555-?0199|\+81-?90-?5550/i;
const SECRET_KEY = 'a-secret-of-the-tests-that-is-long-enough';

function record(i: number) {
  return {
    employeeNumber: `C${String(i).padStart(4, '0')}`,
    familyName: `金糸雀${i}`,
    givenName: `Canary${i}`,
    familyNameKana: 'カナリア',
    birthDate: '1990-01-01',
    workEmail: `canary.${i}@work.example.com`,
    personalEmail: `canary.${i}@home.example.com`,
    phone: `+81-90-5550-${String(1000 + i)}`,
    postalAddress: `1-2-${i} Canary-cho`,
    hiredOn: '2015-04-01',
    lastDay: day(-2),
    announcedOn: day(-40),
    status: 'left',
    leavingReason: 'Canary found another job',
    voluntary: true,
    department: 'Sales',
    jobTitle: 'Clerk',
  };
}

describe('X21, X22: what is written beside the database', () => {
  let own: TestDatabase;
  let sink: SmtpSink;
  let server: OpenedServer;
  let home: string;
  let url: string;
  const lines: string[] = [];
  const refused: ApiAnswer[] = [];

  beforeAll(async () => {
    own = await testDatabase();
    sink = await startSmtpSink();
    home = mkdtempSync(join(tmpdir(), 'enishi-canary-'));
    const env = loadEnv({
      DATABASE_URL: own.url,
      ENISHI_HOME: home,
      ENISHI_CONFIG: CONFIG_DIR,
      ENISHI_SECRET_KEY: SECRET_KEY,
      SMTP_URL: sink.url,
    });
    const logger = createLogger({ level: 'trace', to: { write: (line: string) => void lines.push(line) } });
    const onError = (error: Error) => logger.warn({ err: error }, 'queue connection');
    server = await openServer(env, {
      role: 'all',
      port: 0,
      logger,
      log: (line) => logger.info(line),
      onError,
    });
    url = `http://127.0.0.1:${new URL(server.address).port}`;
    await work();
  }, 120_000);

  afterAll(async () => {
    await server.close();
    await sink.close();
    await own.drop();
    rmSync(home, { recursive: true, force: true });
  });

  async function ask(path: string, options: Parameters<typeof call>[2] = {}): Promise<ApiAnswer> {
    const answer = await call(url, path, options);
    // A receipt says what is wrong with a record: it is read by a machine, and kept in its logs.
    if (answer.status >= 400 || path.includes('/records')) refused.push(answer);
    return answer;
  }

  /** A day of a service: good and bad pushes and files, searches, probing, mails that fail. */
  async function work(): Promise<void> {
    const keys = server.get(ApiKeysService);
    const make = async (role: 'source' | 'hr' | 'recruiter') => {
      const source = role === 'source' ? 'demo-jp' : null;
      return (await keys.create({ role, company: null, source, name: role, expiresAt: null, by: 'test' }))
        .key;
    };
    const [source, hr, recruiter] = [await make('source'), await make('hr'), await make('recruiter')];
    const push = '/api/v1/sources/demo-jp/records';
    const records = Array.from({ length: PEOPLE }, (_, i) => record(i));
    sink.treat('canary.1@home.example.com', 'refuse');
    sink.treat('canary.2@home.example.com', 'later');
    sink.treat('canary.3@home.example.com', 'drop');
    await ask(`${push}?wait=true`, { key: source, body: records, headers: { 'Idempotency-Key': 'one' } });
    await approveHeld(hr);
    await ask(`${push}?wait=true`, {
      key: source,
      headers: { 'Idempotency-Key': 'two' },
      body: [
        { ...record(900), lastDay: 'Canary/13/99' },
        { ...record(901), unknownCanary: 'Canary' },
        'Canary',
      ],
    });
    await ask(push, {
      key: source,
      body: '{"familyName":"Canary',
      headers: { 'content-type': 'application/json', 'Idempotency-Key': 'three' },
    });
    await ask(push, { key: 'canary-key', body: records });
    await ask('/api/v1/sources/demo-jp/files', {
      key: source,
      method: 'POST',
      body: 'Canary,金糸雀\nCanary,canary@home.example.com\n',
      headers: { 'content-type': 'text/csv', 'Idempotency-Key': 'four' },
    });
    await ask(`/api/v1/candidates?q=${encodeURIComponent('金糸雀')}`, { key: recruiter });
    await ask(`/api/v1/candidates?limit=${encodeURIComponent('カナリア')}`, { key: recruiter });
    await ask('/api/v1/candidates/canary', { key: hr });
    await ask(`/canary/${encodeURIComponent('金糸雀')}?mail=canary@home.example.com`);
    await ask(`/s/canary${'x'.repeat(37)}`);
    await ask('/health/ready', {
      headers: { 'x-request-id': 'canary\n{"level":"fatal"}'.replace('\n', ' ') },
    });
    const until = Date.now() + 40_000;
    const database = server.get(Database);
    await database.query(`update follow_up set due_at = now() - interval '1 minute' where state = 'planned'`);
    for (;;) {
      await server.get(FollowUpRunner).tick();
      const [row] = await database.query<{ n: number }>(
        `select count(*) as n from follow_up where state in ('sent', 'uncertain', 'undeliverable')`,
      );
      if ((row?.n ?? 0) >= PEOPLE || Date.now() > until) break;
      await sleep(500);
    }
  }

  /** So many leavers at once are held by a brake; a person lets them through. */
  async function approveHeld(key: string): Promise<void> {
    const { json } = await ask('/api/v1/runs?limit=10', { key });
    for (const { run } of json['items'] as { run: { id: string; planHash: string } }[]) {
      const answer = await ask(`/api/v1/runs/${run.id}/approve`, {
        key,
        body: { planHash: run.planHash, reason: 'all of them are invented for a test' },
        headers: { 'Idempotency-Key': run.id },
      });
      expect(answer.status).toBeLessThan(300);
    }
  }

  it('is about people who did come in, and mails that did go out', async () => {
    const people = await server.get(Database).query(`select 1 from employment where display_name ~ '金糸雀'`);
    expect(people.length).toBeGreaterThanOrEqual(PEOPLE);
    expect(sink.mails.length).toBeGreaterThan(PEOPLE / 2);
    expect(refused.length).toBeGreaterThan(6);
    expect(lines.length).toBeGreaterThan(10);
  });

  it('logs hold nobody', () => {
    expect(lines.filter((line) => CANARY.test(line))).toEqual([]);
    expect(lines.filter((line) => line.includes(SECRET_KEY))).toEqual([]);
  });

  it('logs hold one event a line, each a JSON object', () => {
    for (const line of lines) {
      expect(line.endsWith('\n')).toBe(true);
      expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u2028\u2029]/);
      expect(JSON.parse(line)).toHaveProperty('msg');
    }
  });

  it('logs name the request, and never the values of its path', () => {
    const requests = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line['msg'] === 'request');
    expect(requests.length).toBeGreaterThan(5);
    for (const request of requests)
      expect(request).toMatchObject({ requestId: expect.any(String), status: expect.any(Number) });
    expect(requests.map((request) => request['route'])).toContain('/s/:token');
  });

  it('answers that refuse hold nobody', () => {
    expect(
      refused
        .filter((answer) => CANARY.test(answer.text) && !answer.text.includes('unknownCanary'))
        .map((answer) => answer.text),
    ).toEqual([]);
  });

  it('job payloads, and what the queue keeps of a failure, hold ids only', async () => {
    const jobs = await server
      .get(Database)
      .query<{ job: string }>(`select to_jsonb(j)::text as job from bullmq.job j`);
    expect(jobs.length).toBeGreaterThan(PEOPLE / 2);
    expect(jobs.filter(({ job }) => CANARY.test(job))).toEqual([]);
    const events = await server
      .get(Database)
      .query<{ event: string }>(`select to_jsonb(e)::text as event from bullmq.event e`);
    expect(events.filter(({ event }) => CANARY.test(event))).toEqual([]);
  });

  it('the page of the queues is for admins, shows ids only, and changes nothing', async () => {
    const board = '/ops/queues/api/queues?activeQueue=invitations&status=completed&page=1&jobsPerPage=50';
    const keys = server.get(ApiKeysService);
    const make = async (role: 'hr' | 'admin', company: string | null = null) =>
      (await keys.create({ role, company, source: null, name: role, expiresAt: null, by: 'test' })).key;
    const admin = await make('admin');
    expect((await call(url, board)).status).toBe(401);
    expect((await call(url, board, { key: await make('hr') })).status).toBe(403);
    expect((await call(url, board, { key: await make('admin', 'jp') })).status).toBe(403);
    const shown = await call(url, board, { key: admin });
    expect(shown.status).toBe(200);
    expect(shown.text).toContain('followUpId');
    expect(shown.text).not.toMatch(CANARY);
    expect((await call(url, '/ops/queues', { key: admin })).text).toContain('Enishi');
    const basic = { authorization: `Basic ${Buffer.from(`me:${admin}`).toString('base64')}` };
    expect((await call(url, board, { headers: basic })).status).toBe(200);
    expect(
      (await call(url, '/ops/queues/api/queues/invitations/pause', { method: 'PUT', key: admin })).status,
    ).toBe(405);
  });

  it('every line about a run names the run and its source', () => {
    const runs = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line['msg'] === 'import run');
    expect(runs.length).toBeGreaterThan(1);
    for (const run of runs)
      expect(run).toMatchObject({ sourceId: 'demo-jp', runId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });

  it('metrics hold numbers of sources and companies, few of them', async () => {
    const { text } = await call(url, '/metrics');
    expect(text).not.toMatch(CANARY);
    expect(text).toMatch(/enishi_rows_total\{source="demo-jp",outcome="accepted"\} \d+/);
    expect(text).toMatch(/enishi_follow_ups\{kind="[a-z_]+",state="sent"\} \d+/);
    expect(text).toMatch(/enishi_queue_jobs\{queue="invitations",state="waiting"\} \d+/);
    expect(text).toContain('enishi_uncertain_sends ');
    expect(text.split('\n').filter((line) => line.startsWith('enishi_')).length).toBeLessThan(200);
  });

  it('X22: a message with line breaks, escapes and forged JSON stays one line', () => {
    const written: string[] = [];
    const logger = createLogger({ level: 'info', to: { write: (line: string) => void written.push(line) } });
    logger.info(`one\n{"level":"fatal","msg":"forged"}\r\u001b[31mred\u2028two\u2029three`);
    logger.info(
      { err: new Error('duplicate key (email)=(canary@home.example.com)'), email: 'canary@home.example.com' },
      'x',
    );
    expect(written).toHaveLength(2);
    for (const line of written) expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u2028\u2029]/);
    expect(written.join('')).not.toMatch(CANARY);
  });
});
