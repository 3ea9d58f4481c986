import { mkdtemp, rm } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import type { ChildImport } from '../support/child-import.js';
import { faultCase, size } from '../support/fault-report.js';
import { ImportChild, importedBy } from '../support/import-child.js';
import { csvOf, CSV_HEADER, leaver, worker, type Cells } from '../support/intake-files.js';
import {
  domainDump,
  dropTemplate,
  HandClock,
  IntakeWorld,
  migratedDatabase,
} from '../support/intake-world.js';
import { violations } from '../support/invariants.js';
import { startOwnPostgres } from '../support/own-postgres.js';

const KILLED_ROWS = size('ENISHI_TEST_R24_ROWS', 4_000, 200_000);
const KILLS = size('ENISHI_TEST_R24_KILLS', 5, 10);
const SEVERED_ROWS = size('ENISHI_TEST_R11_ROWS', 3_000, 50_000);
const SEVERED = size('ENISHI_TEST_R11_KILLS', 4, 20);
const AS_OF = '2026-04-10T00:00:00.000Z';
const NOW = '2026-04-10T03:00:00.000Z';

let world: IntakeWorld;
let folder = '';

interface Undisturbed {
  readonly file: string;
  readonly domain: readonly string[];
  readonly ms: number;
}

/** A history with people who left long ago, some who leave now, some at both of two numbers, and some broken rows. */
function row(n: number): Cells {
  if (n % 400 === 7) return worker(n, { 在籍状況: '謎の状態' });
  if (n % 100 === 3) return leaver(n, `2026-0${4 + (n % 3)}-20`);
  if (n % 10 < 3) return leaver(n, `20${String(16 + (n % 9)).padStart(2, '0')}-06-30`);
  return n % 500 === 9 ? { ...worker(n - 5), 社員番号: String(900_000 + n) } : worker(n);
}

async function writeRows(name: string, count: number): Promise<string> {
  const path = join(folder, name);
  const out = createWriteStream(path);
  out.write(csvOf(CSV_HEADER, []));
  for (let from = 0; from < count; from += 5_000) {
    const rows = Array.from({ length: Math.min(5_000, count - from) }, (_, i) => row(from + i));
    const text = csvOf(CSV_HEADER, rows);
    if (!out.write(text.slice(text.indexOf('\n') + 1))) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
  return path;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'enishi-crash-'));
  world = await IntakeWorld.start({
    now: NOW,
    // At full size more leave than any brake of one company lets pass.
    brakes: ({ limits }) => {
      for (const limit of Object.values(limits)) Object.assign(limit, { absolute: 1_000_000, percent: 100 });
    },
  });
}, 120_000);

afterAll(async () => {
  await world.stop();
  await dropTemplate();
  await rm(folder, { recursive: true });
});

function options(url: string, file: string, over: Partial<ChildImport> = {}): ChildImport {
  const usual = { source: 'demo-jp', mode: 'delta', asOf: AS_OF, now: NOW, retries: 0 } as const;
  return { url, configDir: world.config, file, ...usual, ...over };
}

async function fresh<T>(work: (url: string, db: Database) => Promise<T>): Promise<T> {
  const at = await migratedDatabase();
  const db = new Database(at.url, 2);
  try {
    return await work(at.url, db);
  } finally {
    await db.onApplicationShutdown();
    await at.drop();
  }
}

/** What the same rows lead to when nothing happens on the way. */
function undisturbed(file: string): Promise<Undisturbed> {
  return fresh(async (url, db) => {
    const { status, ms } = await importedBy(options(url, file));
    expect(status).toBe('applied');
    return { file, domain: await domainDump(db), ms };
  });
}

/** What a run that was applied after some that failed leaves: everything but how often somebody tried. */
async function expectUndisturbed(db: Database, domain: readonly string[]): Promise<void> {
  expect(await domainDump(db)).toEqual(domain);
  const open = await db.query(
    `select status from import_run where status in ('reading', 'planned', 'held', 'applying')`,
  );
  expect(open).toEqual([]);
  expect(await db.query('select 1 from staged_observation limit 1')).toEqual([]);
  const clock = new HandClock(Date.parse(NOW));
  expect(await violations({ url: db.url, configDir: world.config, clock })).toEqual([]);
}

describe('an import that dies', () => {
  faultCase(
    'R24',
    'killed at points of its way and run again, it ends in the same tables as an undisturbed one',
    { rows: KILLED_ROWS, kills: KILLS },
    async (fault) => {
      const usual = await undisturbed(await writeRows('killed.csv', KILLED_ROWS));
      await fresh(async (url, db) => {
        // Spread over all of it: one point in each part of the usual time.
        for (let kill = 0; kill < KILLS; kill += 1) {
          const child = new ImportChild(options(url, usual.file));
          await child.ready();
          await sleep(((kill + fault.random()) / KILLS) * usual.ms);
          await child.kill();
        }
        const left = await db.query<{ status: string; n: number }>(
          'select status, count(*)::int as n from import_run group by 1 order by 1',
        );
        for (const { status, n } of left) fault.count(`left ${status}`, n);
        expect(await importedBy(options(url, usual.file))).toMatchObject({ status: 'applied' });
        await expectUndisturbed(db, usual.domain);
      });
      fault.count('usual ms', usual.ms);
    },
  );

  faultCase(
    'R11',
    'its database sessions are killed (-9) again and again, and it ends in the same tables',
    { rows: SEVERED_ROWS, kills: SEVERED },
    async (fault) => {
      const usual = await undisturbed(await writeRows('severed.csv', SEVERED_ROWS));
      const server = await startOwnPostgres({ full_page_writes: 'off' });
      const db = new Database(server.url, 2);
      try {
        await migrate(server.url);
        const child = new ImportChild(options(server.url, usual.file, { retries: 1_000 }));
        await child.ready();
        let killed = 0;
        let isOver = false;
        const outcome = child.outcome().finally(() => (isOver = true));
        // A kill that hits nobody does not count, and an import that is quicker than its killer is no case.
        while (killed < SEVERED && !isOver) {
          await sleep(((0.2 + fault.random()) * usual.ms) / 8);
          if (server.killSession()) killed += 1;
        }
        const { status, failures, ms } = await outcome;
        fault.count('killed', killed);
        fault.count('tries that failed', failures);
        fault.count('ms', ms);
        expect([status, killed]).toEqual(['applied', SEVERED]);
        expect(failures).toBeGreaterThan(0);
        await sleep(500);
        await expectUndisturbed(db, usual.domain);
      } finally {
        await db.onApplicationShutdown();
        await server.stop();
      }
    },
  );
});

describe('two processes', () => {
  it('importing the same file for the same source at once both end, and everything is there once', async () => {
    const usual = await undisturbed(await writeRows('both.csv', 3_000));
    await fresh(async (url, db) => {
      const outcomes = await Promise.all([1, 2].map(() => importedBy(options(url, usual.file))));
      expect(outcomes.map((outcome) => outcome.status)).toEqual(['applied', 'applied']);
      await expectUndisturbed(db, usual.domain);
    });
  }, 120_000);

  it('importing for different sources at once end as one after the other', async () => {
    const file = await writeRows('jp.csv', 3_000);
    const second = await writeRows('payroll.csv', 1_000);
    const payroll = (url: string) => options(url, second, { source: 'payroll-jp' });
    const facts = (lines: string[]) =>
      lines.filter((line) => /^(employment|departure|entry|case|observation)/.test(line));
    const sequential = await fresh(async (url, db) => {
      await importedBy(options(url, file));
      await importedBy(payroll(url));
      return facts(await domainDump(db));
    });
    await fresh(async (url, db) => {
      const outcomes = await Promise.all([importedBy(options(url, file)), importedBy(payroll(url))]);
      expect(outcomes.map((outcome) => outcome.status)).toEqual(['applied', 'applied']);
      expect(facts(await domainDump(db))).toEqual(sequential);
    });
  }, 180_000);
});
