import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { appendAnchor, readAnchors } from '../../src/platform/audit/audit-anchors.js';
import { hashEntry, NO_HASH, type AuditAnchor } from '../../src/platform/audit/audit-chain.js';
import { AuditQueries } from '../../src/platform/audit/audit.queries.js';
import { AuditService } from '../../src/platform/audit/audit.service.js';
import { openApp } from '../../src/app.js';
import { loadEnv } from '../../src/platform/config/env.js';
import { TicksService } from '../../src/platform/schedule/ticks.service.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate, migrateDown } from '../../src/platform/database/migrate.js';
import { collect, CONFIG, HandClock } from '../support/registry-world.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

let at: TestDatabase;
let db: Database;
let audit: AuditService;
let queries: AuditQueries;

beforeEach(async () => {
  at = await testDatabase();
  await migrate(at.url);
  db = new Database(at.url, 6);
  audit = new AuditService(db, new HandClock());
  queries = new AuditQueries(db);
});
afterEach(async () => {
  await db.onApplicationShutdown();
  await at.drop();
});

const append = (n: number): Promise<void> =>
  db.transaction((sql) =>
    audit.append(
      sql,
      Array.from({ length: n }, (_, i) => ({ actor: 'hr:1', kind: 'test.done', data: { id: `縁-${i}` } })),
    ),
  );

/** As somebody who owns the whole server would: with every trigger switched off. */
async function tamper(...statements: string[]): Promise<void> {
  await db.transaction(async (sql) => {
    await sql.query(`set local session_replication_role = replica`);
    for (const statement of statements) await sql.query(statement);
  });
}

const problems = async (anchors: readonly AuditAnchor[] = []): Promise<unknown[]> =>
  (await audit.verify(anchors)).problems.map(({ seq, to, problem }) => [problem, seq, to]);

/** Writes the chain anew from `seq` on, every hash and the head right: the work of an attacker who has read this code. */
async function rewriteFrom(seq: number): Promise<void> {
  const entries = await collect(queries.all());
  let previousHash = entries.find((entry) => entry.seq === seq - 1)?.hash ?? NO_HASH;
  const statements: string[] = [];
  for (const entry of entries.filter((one) => one.seq >= seq)) {
    const hash = hashEntry({ ...entry, previousHash });
    statements.push(
      `update audit_entry set previous_hash = '${previousHash}', hash = '${hash}' where seq = ${entry.seq}`,
    );
    previousHash = hash;
  }
  await tamper(...statements, `update audit_head set hash = '${previousHash}'`);
}

describe('X18', () => {
  beforeEach(() => append(20));

  it('an untouched chain is sound, and its hashes are those that anybody can compute', async () => {
    expect(await audit.verify([])).toMatchObject({ entries: 20, problems: [], more: 0, head: { seq: 20 } });
    for (const entry of await collect(queries.all())) expect(hashEntry(entry)).toBe(entry.hash);
  });

  it('finds an updated row', async () => {
    await tamper(`update audit_entry set actor = 'hr:2' where seq = 7`);
    expect(await problems()).toEqual([['altered', 7, null]]);
  });

  it('finds an updated row whose own hash was made right', async () => {
    const [entry] = (await collect(queries.all())).filter(({ seq }) => seq === 7);
    if (entry === undefined) throw new Error('seq 7');
    const hash = hashEntry({ ...entry, actor: 'hr:2' });
    await tamper(`update audit_entry set actor = 'hr:2', hash = '${hash}' where seq = 7`);
    expect(await problems()).toEqual([['unlinked', 8, null]]);
  });

  it('finds a deleted row', async () => {
    await tamper(`delete from audit_entry where seq in (7, 8)`);
    expect(await problems()).toEqual([['missing', 7, 8]]);
  });

  it('finds reordered rows', async () => {
    await tamper(
      `update audit_entry set seq = -7 where seq = 7`,
      `update audit_entry set seq = 7 where seq = 12`,
      `update audit_entry set seq = 12 where seq = -7`,
    );
    expect(await problems()).toEqual([
      ['altered', 7, null],
      ['unlinked', 8, null],
      ['altered', 12, null],
      ['unlinked', 13, null],
    ]);
  });

  it('finds an inserted row: pushed in between, and put at the end', async () => {
    await tamper(
      `update audit_entry set seq = -seq where seq > 18`,
      `update audit_entry set seq = -seq + 1 where seq < 0`,
      `insert into audit_entry select 19, at, actor, kind, data, hash, hash from audit_entry where seq = 18`,
    );
    expect(await problems()).toContainEqual(['altered', 19, null]);
    await tamper(`delete from audit_entry where seq > 18`);
    const tail = (await collect(queries.all())).at(-1);
    if (tail === undefined) throw new Error('tail');
    const next = { ...tail, seq: 21, previousHash: tail.hash };
    await tamper(
      `insert into audit_entry values (21, '${next.at}', '${next.actor}', '${next.kind}', '${next.data}',
         '${next.previousHash}', '${hashEntry(next)}')`,
    );
    expect(await problems()).toEqual([
      ['missing', 19, 20],
      ['inserted', 21, 21],
    ]);
  });

  it('finds a tail that was cut off', async () => {
    await tamper(`delete from audit_entry where seq > 15`);
    expect(await problems()).toEqual([['cut_off', 16, 20]]);
  });

  it('finds a chain rewritten from end to end by its anchor, and by nothing else', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'enishi-anchors-'));
    const file = join(dir, 'anchors.jsonl');
    await appendAnchor(file, { at: '2026-04-10T03:00:00.000Z', ...(await audit.head()) });
    await append(3);
    expect(await problems(await readAnchors(file))).toEqual([]);
    await tamper(`update audit_entry set actor = 'hr:2' where seq = 1`);
    await rewriteFrom(1);
    expect(await problems()).toEqual([]);
    expect(await problems(await readAnchors(file))).toEqual([['rewritten', 20, null]]);
    // Cut off with a head that agrees: nothing inside tells of it.
    await tamper(
      `delete from audit_entry where seq > 12`,
      `update audit_head set (seq, hash) = (select seq, hash from audit_entry where seq = 12)`,
    );
    expect(await problems()).toEqual([]);
    expect(await problems(await readAnchors(file))).toEqual([['cut_off', 13, 20]]);
    await rm(dir, { recursive: true });
  });

  it('refuses to change what is there, even to the role that owns everything', async () => {
    for (const statement of [
      `update audit_entry set actor = 'x' where seq = 1`,
      `delete from audit_entry where seq = 1`,
      `truncate audit_entry`,
      `delete from audit_head`,
      `truncate audit_head`,
    ]) {
      await expect(db.query(statement)).rejects.toThrow('AUDIT_APPEND_ONLY');
    }
    expect(await problems()).toEqual([]);
  });
});

it('the migrations go down and up again', async () => {
  await append(3);
  await db.query(`insert into setting (key, value) values ('follow-ups.paused', 'true')`);
  await migrateDown(at.url);
  expect(
    await db.query(`select proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname = 'public' and proname like 'enishi%'`),
  ).toEqual([]);
  await migrate(at.url);
  await append(1);
  expect(await audit.verify([])).toMatchObject({ entries: 1, problems: [] });
});

it('keeps one chain while many append at once, and only what was committed', async () => {
  await Promise.all([
    ...Array.from({ length: 12 }, () => append(5)),
    db
      .transaction(async (sql) => {
        await audit.append(sql, [{ actor: 'hr:1', kind: 'test.undone', data: {} }]);
        throw new Error('undone');
      })
      .catch((error: Error) => expect(error.message).toBe('undone')),
  ]);
  expect(await audit.verify([])).toMatchObject({ entries: 60, problems: [] });
});

it('nobody who inserts can choose place or hash', async () => {
  await append(1);
  await db.query(
    `insert into audit_entry values (99, now(), 'x', 'test.forged', '{}', repeat('1', 64), repeat('2', 64))`,
  );
  expect(await audit.verify([])).toMatchObject({ entries: 2, problems: [], head: { seq: 2 } });
});

it('lists the newest first and pages without a gap', async () => {
  await append(7);
  const first = await queries.list({ kind: 'test.done' }, { limit: 4 });
  expect(first.items.map(({ seq }) => seq)).toEqual([7, 6, 5, 4]);
  const second = await queries.list({ kind: 'test.done' }, { limit: 4, before: first.nextBefore });
  expect(second).toMatchObject({ nextBefore: null, items: [{ seq: 3 }, { seq: 2 }, { seq: 1 }] });
  expect((await queries.list({ actor: 'nobody' })).items).toEqual([]);
});

it('a damaged line of the anchor file is named', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'enishi-anchors-'));
  const file = join(dir, 'anchors.jsonl');
  expect(await readAnchors(file)).toEqual([]);
  await appendAnchor(file, { at: '2026-04-10T03:00:00.000Z', seq: 1, hash: NO_HASH });
  await appendAnchor(file, { at: '2026-04-11', seq: 1, hash: NO_HASH });
  await expect(readAnchors(file)).rejects.toMatchObject({
    code: 'AUDIT_ANCHORS_DAMAGED',
    details: { line: 2 },
  });
  await rm(dir, { recursive: true });
});

describe('two roles', () => {
  const name = `enishi_${process.pid}_${Date.now()}`;
  const [owner, app] = [`${name}_owner`, `${name}_app`];
  let home: TestDatabase;
  let as: (role: string) => string;

  beforeAll(async () => {
    home = await testDatabase();
    const admin = new pg.Client({ connectionString: home.url });
    await admin.connect();
    await admin.query(`create role ${owner} login createrole password 'x'`);
    await admin.query(`create role ${app} login password 'x'`);
    await admin.query(`alter database ${new URL(home.url).pathname.slice(1)} owner to ${owner}`);
    await admin.end();
    as = (role) => {
      const url = new URL(home.url);
      url.username = role;
      url.password = 'x';
      return url.href;
    };
  });
  afterAll(async () => {
    const admin = new pg.Client({ connectionString: home.url });
    await admin.connect();
    for (const role of [app, owner]) {
      await admin.query(`reassign owned by ${role} to current_user`);
      await admin.query(`drop owned by ${role} cascade`);
    }
    await admin.end();
    await home.drop();
  });

  it('X18: the role of the application appends and reads, and can do nothing else', async () => {
    await migrate(as(owner));
    const migrator = new Database(as(owner), 1);
    await migrator.query('select enishi_grant_app($1)', [app]);
    const running = new Database(as(app), 2);
    const service = new AuditService(running, new HandClock());
    await running.transaction((sql) => service.append(sql, [{ actor: 'hr:1', kind: 'test.done', data: {} }]));
    await running.query(`insert into setting (key, value) values ('follow-ups.paused', 'true')`);
    expect(await service.verify([])).toMatchObject({ entries: 2, problems: [], rights: [] });
    for (const statement of [
      `update audit_entry set actor = 'x'`,
      `delete from audit_entry`,
      `truncate audit_entry`,
      `update audit_head set seq = 0`,
      `alter table audit_entry disable trigger all`,
      `drop table audit_entry`,
      `create or replace function enishi_audit_chain() returns trigger language plpgsql as 'begin return new; end'`,
    ]) {
      await expect(running.query(statement)).rejects.toThrow(/permission denied|must be owner/);
    }
    await expect(migrator.query(`update audit_entry set actor = 'x'`)).rejects.toThrow('permission denied');
    await running.onApplicationShutdown();
    await migrator.onApplicationShutdown();
  });

  it('the whole house runs as the role of the application', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'enishi-app-role-'));
    const env = loadEnv({ DATABASE_URL: as(app), ENISHI_HOME: folder, ENISHI_CONFIG: CONFIG });
    const house = await openApp(env, { log: () => undefined, onError: () => undefined });
    await house.get(TicksService).turn();
    expect(
      await house.get(Database).query(`select name, error_code from tick where state <> 'done'`),
    ).toEqual([]);
    expect(await house.get(AuditService).verify([])).toMatchObject({ problems: [], rights: [] });
    await house.close();
    await rm(folder, { recursive: true });
  });
});
