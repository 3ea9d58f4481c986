import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ApiKeysService } from '../../src/platform/auth/api-keys.service.js';
import { Clock } from '../../src/platform/clock/clock.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { aRecord, call } from '../support/http-api.js';
import { startEnishi } from '../support/process.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

interface Span {
  readonly name: string;
  readonly kind: number;
  readonly spanId: string;
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
}

interface Export {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
}

let home: TestDatabase;
let database: Database;
let collector: Server;
let bodies: string[];

beforeEach(async () => {
  home = await testDatabase();
  await migrate(home.url);
  database = new Database(home.url, 2);
  bodies = [];
  collector = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      bodies.push(body);
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  await database.onApplicationShutdown();
  await home.drop();
  await new Promise((resolve) => collector.close(resolve));
});

const CANARY = 'kanarie7f3a';
const TOKEN = CANARY.padEnd(43, 'x');

it('X21: spans of requests and of their statements reach the collector, and hold nobody’s data', async () => {
  const keys = new ApiKeysService(database, new Clock());
  const wish = { name: CANARY, source: null, company: null, expiresAt: null, by: 'test' };
  const { key } = await keys.create({ ...wish, role: 'admin' });
  const { port } = collector.address() as AddressInfo;
  const enishi = startEnishi({
    args: ['--role', 'api'],
    env: { DATABASE_URL: home.url, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` },
  });
  const url = await enishi.listening();
  const record = aRecord({
    employeeNumber: CANARY,
    familyName: CANARY,
    givenName: CANARY,
    personalEmail: `${CANARY}@example.com`,
    department: CANARY,
  });
  const headers = { traceparent: `00-${'0af7'.repeat(8)}-${'b7ad'.repeat(4)}-01`, tracestate: `a=${CANARY}` };
  const pushed = await call(url, '/api/v1/sources/demo-jp/records?wait=true', { key, body: record, headers });
  expect(pushed.status).toBe(200);
  expect((await call(url, `/api/v1/registry?search=${CANARY}`, { key })).status).toBeGreaterThan(199);
  expect((await call(url, `/api/v1/sources/${CANARY}/records`, { key, body: {} })).status).toBe(404);
  await call(url, `/s/${TOKEN}`);
  await call(url, `/nowhere/${CANARY}`);
  expect((await call(url, '/health/live')).status).toBe(200);
  expect((await enishi.stop()).status).toBe(0);

  const spans = bodies.flatMap((body) =>
    (JSON.parse(body) as Export).resourceSpans.flatMap((one) =>
      one.scopeSpans.flatMap(({ spans: all }) => all),
    ),
  );
  const attribute = (span: Span | undefined, name: string) =>
    Object.values(span?.attributes.find(({ key: known }) => known === name)?.value ?? {})[0];
  const ofRoute = (route: string) => spans.find((span) => attribute(span, 'http.route') === route);
  const push = ofRoute('/api/v1/sources/:source/records');
  expect(push).toMatchObject({ name: 'POST', kind: 2 });
  expect(attribute(push, 'http.response.status_code')).toBe(200);
  expect(push?.traceId).not.toBe('0af7'.repeat(8));
  expect(ofRoute('/s/:token')).toBeDefined();
  const missed = spans.filter((span) => attribute(span, 'http.response.status_code') === 404);
  expect(missed).toHaveLength(2);
  expect(spans.filter((span) => attribute(span, 'http.route') === '/health/live')).toEqual([]);

  const statements = spans.filter((span) => attribute(span, 'db.system.name') === 'postgresql');
  const ofPush = statements.filter((span) => span.traceId === push?.traceId);
  const kept = ofPush.find((span) => String(attribute(span, 'db.query.text')).includes('insert into inbox'));
  expect(kept).toMatchObject({ kind: 3, parentSpanId: push?.spanId });
  expect(attribute(kept, 'db.query.text')).toContain('$1');
  expect(ofPush.map((span) => span.name)).toEqual(expect.arrayContaining(['begin', 'copy', 'commit']));
  expect(statements.filter((span) => span.parentSpanId === undefined)).toEqual([]);

  const all = bodies.join('');
  for (const secret of [CANARY, TOKEN, key, key.slice(17), '青葉', '自己都合', '1988-05-05']) {
    expect(all.includes(secret)).toBe(false);
  }
}, 120_000);
