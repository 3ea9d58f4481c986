import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { hashEntry, type AuditEntry } from '../../src/platform/audit/audit-chain.js';
import { Database } from '../../src/platform/database/database.js';
import { startEnishi } from '../support/process.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { CONFIG } from '../support/registry-world.js';

let at: TestDatabase;
let db: Database;
let home: string;

beforeAll(async () => {
  at = await testDatabase();
  db = new Database(at.url, 2);
  home = await mkdtemp(join(tmpdir(), 'enishi-audit-'));
});
afterAll(async () => {
  await db.onApplicationShutdown();
  await at.drop();
  await rm(home, { recursive: true });
});

/** One command from the sources; its status and what it printed as JSON. */
async function enishi(
  ...args: string[]
): Promise<{ status: unknown; out: string; json: Record<string, unknown> }> {
  const env = { DATABASE_URL: at.url, ENISHI_HOME: home, ENISHI_CONFIG: CONFIG, ENISHI_LANG: 'ja' };
  const child = startEnishi({ entry: 'cli.ts', args, env });
  const status = await child.ended;
  const out = child.lines.join('\n');
  const isJson = args.includes('--json');
  if (isJson && out === '') throw new Error(child.errors.join('\n'));
  return { status, out, json: isJson ? (JSON.parse(out) as Record<string, unknown>) : {} };
}

it('X18: audit verify ends with 0 on a sound chain, and with 1 and the row on a broken one', async () => {
  expect(await enishi('follow-ups', 'pause', '--json')).toMatchObject({ status: 0 });
  expect(await enishi('follow-ups', 'resume', '--json')).toMatchObject({ status: 0 });
  const sound = await enishi('audit', 'verify', '--json');
  expect(sound).toMatchObject({ status: 0, json: { problems: [], anchors: 0 } });
  const acts = await db.query<{ seq: number; actor: string; kind: string }>(
    `select seq, actor, kind from audit_entry where kind like 'follow_ups%' order by seq`,
  );
  expect(acts).toMatchObject([
    { kind: 'follow_ups.paused', actor: expect.stringMatching(/^cli:/) },
    { kind: 'follow_ups.resumed', actor: expect.stringMatching(/^cli:/) },
  ]);

  const file = join(home, 'audit.jsonl');
  expect(await enishi('audit', 'export', file)).toMatchObject({ status: 0 });
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  for (const line of lines) {
    const entry = JSON.parse(line) as AuditEntry;
    expect(hashEntry(entry)).toBe(entry.hash);
  }
  expect(lines).toHaveLength(Number(sound.json['entries']));

  const anchors = join(home, 'elsewhere.jsonl');
  const line = { at: '2026-04-10T03:00:00.000Z', seq: acts[0]?.seq, hash: 'a'.repeat(64) };
  await writeFile(anchors, `${JSON.stringify(line)}\n`);
  expect(await enishi('audit', 'verify', '--anchors', anchors, '--json')).toMatchObject({
    status: 1,
    json: { problems: [{ seq: acts[0]?.seq, problem: 'rewritten' }] },
  });

  await db.transaction(async (sql) => {
    await sql.query('set local session_replication_role = replica');
    await sql.query('delete from audit_entry where seq = $1', [acts[1]?.seq]);
  });
  const broken = await enishi('audit', 'verify');
  expect(broken.status).toBe(1);
  expect(broken.out).toContain('壊れています');
});

it('alerts list and alerts resend', async () => {
  expect(await enishi('alerts', 'list', '--json')).toMatchObject({ status: 0, json: { items: [] } });
  expect(await enishi('alerts', 'resend', '0190a000-0000-7000-8000-000000000000', '--json')).toMatchObject({
    status: 5,
    json: { error: { code: 'ALERT_NOT_FOUND' } },
  });
});

it('X18: doctor says whether the database role could change the chain, and how to mend it', async () => {
  const checkOf = async (url: string) => {
    const env = { DATABASE_URL: url, ENISHI_HOME: home, ENISHI_CONFIG: CONFIG, ENISHI_LANG: 'ja' };
    const child = startEnishi({ entry: 'cli.ts', args: ['doctor', '--json'], env });
    expect(await child.ended).toBe(0);
    const { checks } = JSON.parse(child.lines.join('\n')) as { checks: { name: string }[] };
    return checks.find(({ name }) => name === 'audit');
  };
  await enishi('db', 'migrate');
  expect(await checkOf(at.url)).toMatchObject({
    status: 'degraded',
    details: { rights: expect.stringContaining('update, delete') },
    problem: { code: 'AUDIT_RIGHTS_TOO_WIDE', remedy: expect.stringContaining('enishi_grant_app') },
  });
  const app = `enishi_app_${process.pid}`;
  await db.query(`create role ${app} login password 'of-the-test'`);
  try {
    await db.query('select enishi_grant_app($1)', [app]);
    const url = new URL(at.url);
    [url.username, url.password] = [app, 'of-the-test'];
    expect(await checkOf(url.href)).toMatchObject({ status: 'up', details: { rights: '' } });
  } finally {
    await db.query(`drop owned by ${app}`);
    await db.query(`drop role ${app}`);
  }
}, 120_000);
