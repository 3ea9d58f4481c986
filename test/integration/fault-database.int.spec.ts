import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { ApiKeysService } from '../../src/platform/auth/api-keys.service.js';
import { Clock } from '../../src/platform/clock/clock.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { faultCase, size } from '../support/fault-report.js';
import { aRecord } from '../support/http-api.js';
import { ImportChild, importedBy } from '../support/import-child.js';
import { csvOf, CSV_HEADER, leaver, worker } from '../support/intake-files.js';
import { HandClock, IntakeWorld } from '../support/intake-world.js';
import { violations } from '../support/invariants.js';
import { startOwnPostgres, type OwnPostgres } from '../support/own-postgres.js';
import { startEnishi } from '../support/process.js';

const FROZEN_SECS = size('ENISHI_TEST_R12_SECS', 8, 30);
const FILLING_ROWS = size('ENISHI_TEST_R25_ROWS', 6_000, 100_000);
/** More than an empty schema takes, less than the rows do. */
const VOLUME_MB = size('ENISHI_TEST_R25_VOLUME_MB', 22, 90);
const NOW = '2026-04-10T03:00:00.000Z';

/** Sessions that hold an advisory lock, and those that sit in a transaction doing nothing. */
async function leftBehind(url: string): Promise<{ locks: number; idle: number }> {
  const db = new Database(url, 1);
  try {
    const row = await db.one<{ locks: number; idle: number }>(
      `select (select count(*) from pg_locks where locktype = 'advisory' and database =
           (select oid from pg_database where datname = current_database()))::int as locks,
         (select count(*) from pg_stat_activity where datname = current_database()
           and state like 'idle in transaction%')::int as idle`,
    );
    return row ?? { locks: -1, idle: -1 };
  } finally {
    await db.onApplicationShutdown();
  }
}

async function aKey(url: string, role: 'hr' | 'source', source: string | null): Promise<string> {
  const db = new Database(url, 2);
  try {
    const keys = new ApiKeysService(db, new Clock());
    return (await keys.create({ role, company: null, source, name: 'test', expiresAt: null, by: 'test' }))
      .key;
  } finally {
    await db.onApplicationShutdown();
  }
}

interface Timed {
  readonly what: string;
  readonly status: number;
  readonly ms: number;
}

async function timed(what: string, request: () => Promise<Response>): Promise<Timed> {
  const from = performance.now();
  const late = AbortSignal.timeout(15_000);
  const response = await Promise.race([
    request(),
    new Promise<null>((resolve) => late.addEventListener('abort', () => resolve(null))),
  ]);
  await response?.arrayBuffer();
  return { what, status: response?.status ?? 0, ms: Math.round(performance.now() - from) };
}

describe('a PostgreSQL that stands still', () => {
  faultCase(
    'R12',
    'requests are answered 503 within 5 seconds, and afterwards no lock and no transaction is left over',
    { secs: FROZEN_SECS },
    async (fault) => {
      const postgres = await startOwnPostgres();
      let house: ReturnType<typeof startEnishi> | undefined;
      try {
        await migrate(postgres.url);
        const hr = await aKey(postgres.url, 'hr', null);
        const source = await aKey(postgres.url, 'source', 'demo-jp');
        house = startEnishi({ env: { DATABASE_URL: postgres.url } });
        const address = await house.listening();
        const asks = {
          candidates: () =>
            fetch(`${address}/api/v1/candidates`, { headers: { authorization: `Bearer ${hr}` } }),
          runs: () => fetch(`${address}/api/v1/runs`, { headers: { authorization: `Bearer ${hr}` } }),
          push: (n: number) =>
            fetch(`${address}/api/v1/sources/demo-jp/records`, {
              method: 'POST',
              headers: {
                authorization: `Bearer ${source}`,
                'content-type': 'application/json',
                'idempotency-key': `key-${n}`,
              },
              body: JSON.stringify([aRecord({ employeeNumber: `T-${n}` })]),
            }),
          ready: () => fetch(`${address}/health/ready`),
        };
        for (const ask of [asks.candidates, asks.runs, asks.ready]) expect((await ask()).status).toBe(200);
        expect((await asks.push(0)).status).toBe(202);
        postgres.freeze();
        const until = Date.now() + FROZEN_SECS * 1_000;
        const answers: Timed[] = [];
        for (let n = 1; Date.now() < until; n += 1) {
          answers.push(
            ...(await Promise.all([
              timed('candidates', asks.candidates),
              timed('runs', asks.runs),
              timed('push', () => asks.push(n)),
              timed('ready', asks.ready),
            ])),
          );
          if (n > 50) await sleep(200);
        }
        const slowest = Math.max(...answers.map(({ ms }) => ms));
        fault.count('requests', answers.length);
        fault.count('slowest ms', slowest);
        expect(answers.filter(({ status }) => status !== 503)).toEqual([]);
        expect(slowest).toBeLessThanOrEqual(5_000);
        expect((await fetch(`${address}/health/live`)).status).toBe(200);
        postgres.thaw();
        const back = performance.now();
        while ((await asks.ready()).status !== 200) {
          if (performance.now() - back > 30_000) throw new Error('not ready 30 s after PostgreSQL went on');
          await sleep(100);
        }
        fault.count('ready after ms', Math.round(performance.now() - back));
        expect((await asks.candidates()).status).toBe(200);
        // What was begun before is carried out or let go of; the same request may come again.
        expect((await asks.push(1)).status).toBe(202);
        for (let tries = 0; ; tries += 1) {
          const left = await leftBehind(postgres.url);
          if (left.idle === 0 && left.locks === 0) break;
          if (tries === 40) expect(left).toEqual({ locks: 0, idle: 0 });
          await sleep(250);
        }
        expect((await house.stop()).status).toBe(0);
        expect(
          await violations({ url: postgres.url, log: house.lines.join('\n'), canaries: ['minori.aoba@'] }),
        ).toEqual([]);
      } finally {
        postgres.thaw();
        await house?.kill();
        await postgres.stop();
      }
    },
  );
});

/** A small volume of its own; null, said in one loud line, where nobody may mount one. */
function smallVolume(megabytes: number): { path: string; grow(to: number): void; remove(): void } | null {
  const path = mkdtempSync(join(tmpdir(), 'enishi-volume-'));
  const mount = (...args: string[]) => spawnSync('mount', args, { encoding: 'utf8' });
  const made = mount('-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', path);
  if (made.status !== 0) {
    rmSync(path, { recursive: true });
    process.stderr.write(`\n!!! SKIPPED: R25: no volume can be mounted here: ${made.stderr.trim()} !!!\n\n`);
    return null;
  }
  return {
    path,
    grow: (to) => void mount('-o', `remount,size=${to}m`, path),
    remove() {
      spawnSync('umount', ['-l', path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** A migrated database whose tables lie on a volume; its server's own files and its log of changes lie elsewhere. */
async function databaseOn(postgres: OwnPostgres, path: string): Promise<string> {
  const folder = join(path, 'tables');
  mkdirSync(folder, { mode: 0o700 });
  const owner = statSync(postgres.dataDir);
  chownSync(folder, owner.uid, owner.gid);
  const db = new Database(postgres.url, 1);
  await db.query(`create tablespace small location '${folder}'`);
  await db.query('create database starved tablespace small');
  await db.onApplicationShutdown();
  const url = new URL(postgres.url);
  url.pathname = '/starved';
  await migrate(url.href);
  return url.href;
}

const volume = smallVolume(1);
volume?.remove();
const onlyWhereMounted =
  volume === null ? () => it.skip('R25: no volume can be mounted here', () => undefined) : faultCase;

describe('a volume that is full', () => {
  onlyWhereMounted(
    'R25',
    'an import fails closed with a clear error, and goes on when there is space again',
    { rows: FILLING_ROWS },
    async (fault) => {
      const world = await IntakeWorld.start({ now: NOW });
      const disk = smallVolume(VOLUME_MB);
      if (disk === null) throw new Error('the volume could be mounted a moment ago');
      const postgres = await startOwnPostgres({ fsync: 'off' });
      try {
        const url = await databaseOn(postgres, disk.path);
        const file = join(postgres.home, 'rows.csv');
        const rows = Array.from({ length: FILLING_ROWS }, (_, n) =>
          n % 3 === 0 ? leaver(n, '2025-06-30') : worker(n),
        );
        writeFileSync(file, csvOf(CSV_HEADER, rows));
        const { config: configDir } = world;
        const asOf = '2026-04-10T00:00:00.000Z';
        const options = {
          url,
          configDir,
          file,
          source: 'demo-jp',
          mode: 'delta',
          asOf,
          now: NOW,
          retries: 0,
        } as const;
        const child = new ImportChild(options);
        await child.ready();
        const told = await child.outcome().then(
          ({ status }) => status,
          (error: unknown) => (error instanceof Error ? error.message : String(error)),
        );
        expect(told).toContain('DATABASE_FULL');
        const db = new Database(url, 2);
        const left = await db.query<{ status: string; n: number }>(
          'select status, count(*)::int as n from import_run group by 1',
        );
        for (const { status, n } of left) fault.count(`left ${status}`, n);
        disk.grow(VOLUME_MB * 20);
        const again = await importedBy(options);
        expect([again.status, again.rows.read, again.rows.rejected]).toEqual(['applied', FILLING_ROWS, 0]);
        const open = `select status from import_run where status in ('reading', 'planned', 'applying')`;
        expect(await db.query(open)).toEqual([]);
        await db.onApplicationShutdown();
        const clock = new HandClock(Date.parse(NOW));
        expect(await violations({ url, configDir, clock })).toEqual([]);
      } finally {
        await postgres.stop();
        disk.remove();
        await world.stop();
      }
    },
  );
});
