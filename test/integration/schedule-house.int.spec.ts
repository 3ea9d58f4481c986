import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { AlertsQueries } from '../../src/alerts/alerts.queries.js';
import { openApp, type OpenedApp } from '../../src/app.js';
import { readAnchors } from '../../src/platform/audit/audit-anchors.js';
import { loadEnv } from '../../src/platform/config/env.js';
import { Database } from '../../src/platform/database/database.js';
import { newId } from '../../src/platform/database/id.js';
import { loadSchedules } from '../../src/platform/schedule/schedules-config.js';
import { TicksService } from '../../src/platform/schedule/ticks.service.js';
import { aLeaver } from '../support/mail-fixtures.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { CONFIG } from '../support/registry-world.js';

let at: TestDatabase;
let db: Database;
let home: string;
let app: OpenedApp | null = null;

beforeEach(async () => {
  at = await testDatabase();
  db = new Database(at.url, 3);
  home = await mkdtemp(join(tmpdir(), 'enishi-ticks-'));
});
afterEach(async () => {
  await app?.close();
  app = null;
  await db.onApplicationShutdown();
  await at.drop();
  await rm(home, { recursive: true });
});

/** The whole house at that instant; everything that is due by then has been done once when it returns. */
async function houseAt(now: string): Promise<OpenedApp> {
  await app?.close();
  const env = loadEnv({
    DATABASE_URL: at.url,
    ENISHI_HOME: home,
    ENISHI_CONFIG: CONFIG,
    ENISHI_NOW: now,
    LOG_LEVEL: 'silent',
  });
  app = await openApp(env, { log: () => undefined, onError: () => undefined });
  await app.get(TicksService).turn();
  return app;
}

const standing = async (opened: OpenedApp): Promise<string[]> =>
  (await opened.get(AlertsQueries).list({ standing: true })).items.map(({ kind }) => kind);

it('everything that the house does by the clock is done, and its state is in rows', async () => {
  await houseAt('2026-04-10T03:00:00Z');
  const rows = await db.query<{ name: string }>(
    'select name, state, error_code from tick order by name collate "C"',
  );
  expect(rows).toEqual(
    ['alerts', 'audit', 'follow-ups', 'retention', 'source:demo-en', 'source:demo-jp'].map((name) => ({
      name,
      state: 'done',
      error_code: null,
    })),
  );
});

it('what is due is relayed by the minute tick, and by no second replica', async () => {
  await houseAt('2026-06-22T03:00:00Z');
  const { followUpId } = await aLeaver(db, { dueAt: '2026-06-23T00:00:00Z' });
  await houseAt('2026-06-22T23:59:00Z');
  const state = async () =>
    (await db.one<{ state: string }>('select state from follow_up where id = $1', [followUpId]))?.state;
  expect(await state()).toBe('planned');
  const house = await houseAt('2026-06-23T00:01:00Z');
  expect(await state()).toBe('queued');
  await db.query(`update follow_up set state = 'planned'`);
  await house.get(TicksService).turn();
  expect(await state()).toBe('planned');
});

it('a silent source is told in the night of its zone, once', async () => {
  await houseAt('2026-04-10T03:00:00Z');
  await db.query(
    `insert into source_state (source, last_good_read_at) values ('demo-jp', '2026-04-09T00:00:00Z')`,
  );
  expect(await standing(await houseAt('2026-04-11T17:30:00Z'))).toEqual([]);
  // 02:00 in Tokyo is 17:00 UTC of the day before.
  expect(await standing(await houseAt('2026-04-12T16:59:00Z'))).toEqual([]);
  expect(await standing(await houseAt('2026-04-12T17:00:00Z'))).toEqual(['source_silent']);
  expect(await standing(await houseAt('2026-04-13T17:00:00Z'))).toEqual(['source_silent']);
  expect(await db.query(`select kind from alert where kind = 'source_silent'`)).toHaveLength(1);
});

it('X18: the head of the audit chain is written down daily, and a chain that was touched is told', async () => {
  await houseAt('2026-04-10T03:00:00Z');
  await db.query(`insert into setting (key, value) values ('follow-ups.paused', 'true')`);
  expect(await standing(await houseAt('2026-04-11T03:00:00Z'))).toEqual([]);
  const file = join(home, 'audit-anchors.jsonl');
  const anchors = await readAnchors(file);
  const head = await db.one<{ seq: number; hash: string }>('select seq, hash from audit_head');
  expect(anchors.at(-1)).toEqual({ at: '2026-04-11T03:00:00.000Z', ...head });
  await db.transaction(async (sql) => {
    await sql.query('set local session_replication_role = replica');
    await sql.query(`update audit_entry set actor = 'nobody' where seq = 1`);
  });
  expect(await standing(await houseAt('2026-04-12T03:00:00Z'))).toEqual(['audit_broken']);
  expect(await readFile(file, 'utf8')).toBe(anchors.map((one) => `${JSON.stringify(one)}\n`).join(''));
});

it('what has served its time is deleted, and nothing else', async () => {
  await houseAt('2026-04-10T03:00:00Z');
  const old = '2026-01-01T00:00:00Z';
  const { followUpId } = await aLeaver(db, { dueAt: '2030-01-01T00:00:00Z' });
  const link = (name: string, purpose: string, expires: string, used: string | null) =>
    db.query(
      `insert into link_token (token_hash, follow_up_id, purpose, created_at, expires_at, used_at) values ($1, $2, $3, $4, $5, $6)`,
      [name, followUpId, purpose, old, expires, used],
    );
  await link('expired', 'survey', '2026-02-01T00:00:00Z', null);
  await link('used', 'survey', '2030-01-01T00:00:00Z', old);
  await link('lately', 'survey', '2026-04-01T00:00:00Z', '2026-04-01T00:00:00Z');
  await link('opted out', 'opt_out', '2030-01-01T00:00:00Z', old);
  for (const [status, finishedAt] of [
    ['failed', old],
    ['held', null],
    ['applied', '2026-04-10T12:00:00Z'],
  ]) {
    const id = newId();
    await db.query(
      `insert into import_run (id, source, kind, mode, status, as_of_at, decided_for_at, started_by, started_at, finished_at)
       values ($1, 'demo-jp', 'file', 'delta', $2, $3, $3, 'sato', $3, $4)`,
      [id, status, old, finishedAt],
    );
    await db.query(`insert into staged_link (run_id, link, row_no) values ($1, 'x', 1)`, [id]);
  }
  await db.query(
    `insert into idempotency_key (owner, key, route, state, claim, lease_until, created_at, expires_at)
     values ($1, 'k', 'r', 'done', $1, $2, $2, $2)`,
    [newId(), old],
  );
  await db.query(
    `insert into tick (name, due_at, state, attempt, holder, started_at)
     select name, $1, 'done', 1, 'h', $1 from (values ('retention'), ('of another release')) t(name)`,
    [old],
  );
  await db.query(
    `insert into alert (id, kind, key, data, raised_at, seen_at, resolved_at)
     values ($1, 'queue_stuck', 'old', '{}', $2, $2, $2)`,
    [newId(), '2024-01-01T00:00:00Z'],
  );
  await houseAt('2026-04-11T03:00:00Z');
  expect(await db.query('select token_hash from link_token order by 1')).toEqual([
    { token_hash: 'lately' },
    { token_hash: 'opted out' },
  ]);
  expect(
    await db.query(
      'select status from import_run r where exists (select 1 from staged_link l where l.run_id = r.id) order by 1',
    ),
  ).toEqual([{ status: 'applied' }, { status: 'held' }]);
  expect(await db.query('select 1 from idempotency_key')).toEqual([]);
  expect(await db.query(`select 1 from alert where key = 'old'`)).toEqual([]);
  expect(await db.query('select name from tick where due_at = $1', [old])).toEqual([
    { name: 'of another release' },
  ]);
});

it('a schedules file that names a source that there is not is refused', async () => {
  await expect(loadSchedules(CONFIG, new Map())).resolves.toMatchObject({ sources: [] });
  await expect(loadSchedules(join(CONFIG, 'nowhere'), new Map())).rejects.toMatchObject({
    code: 'CONFIG_FILE_MISSING',
  });
});
