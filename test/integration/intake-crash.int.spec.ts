import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import type { ChildImport } from '../support/child-import-main.js';
import { csvOf, CSV_HEADER, leaver, worker, type Cells } from '../support/intake-files.js';
import { domainDump, dropTemplate, IntakeWorld, migratedDatabase } from '../support/intake-world.js';
import { Database } from '../../src/platform/database/database.js';
import type { TestDatabase } from '../support/postgres.js';

const SIZE = 20_000;
const AS_OF = '2026-04-10T00:00:00.000Z';
const NOW = '2026-04-10T03:00:00.000Z';

interface Outcome {
  readonly status: string;
  readonly failures: number;
  readonly ms: number;
}

let world: IntakeWorld;
let folder = '';
let file = '';
let undisturbed: string[] = [];
let usualMs = 0;

/** A history with people who left long ago, some who leave now, some at both of two numbers, and some broken rows. */
function rows(): Cells[] {
  return Array.from({ length: SIZE }, (_, n) => {
    if (n % 400 === 7) return worker(n, { 在籍状況: '謎の状態' });
    if (n % 100 === 3) return leaver(n, `2026-0${4 + (n % 3)}-20`);
    if (n % 10 < 3) return leaver(n, `20${String(16 + (n % 9)).padStart(2, '0')}-06-30`);
    return n % 500 === 9 ? { ...worker(n - 5), 社員番号: String(900_000 + n) } : worker(n);
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'enishi-crash-'));
  file = join(folder, 'all.csv');
  await writeFile(file, csvOf(CSV_HEADER, rows()));
  world = await IntakeWorld.start({ now: NOW });
  const outcome = await finished(child(world, { retries: 0 }));
  expect(outcome.status).toBe('applied');
  usualMs = outcome.ms;
  undisturbed = await world.domain();
}, 120_000);

afterAll(async () => {
  await world.stop();
  await dropTemplate();
  await rm(folder, { recursive: true });
});

interface Running {
  readonly process: ChildProcess;
  readonly lines: AsyncIterator<string>;
}

function child(at: { readonly url: string }, over: Partial<ChildImport>): Running {
  const options: ChildImport = {
    url: at.url,
    configDir: world.config,
    file,
    source: 'demo-jp',
    mode: 'delta',
    asOf: AS_OF,
    now: NOW,
    retries: 0,
    ...over,
  };
  const script = join(import.meta.dirname, '..', 'support', 'child-import.mjs');
  const process_ = spawn(process.execPath, [script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '', TZ: 'UTC' },
  });
  return { process: process_, lines: createInterface({ input: process_.stdout })[Symbol.asyncIterator]() };
}

async function line({ lines }: Running): Promise<string | null> {
  const next = await lines.next();
  return next.done === true ? null : next.value;
}

async function finished(running: Running): Promise<Outcome> {
  expect(await line(running)).toBe('ready');
  const text = await line(running);
  if (text === null) throw new Error('the child ended without an outcome');
  return JSON.parse(text) as Outcome;
}

/** Fractions of the usual time, spread over all of it and the same on every run. */
const POINTS = [0.05, 0.14, 0.26, 0.33, 0.45, 0.52, 0.61, 0.74, 0.83, 0.95];

async function after(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

async function fresh(work: (at: TestDatabase, db: Database) => Promise<void>): Promise<void> {
  const at = await migratedDatabase();
  const db = new Database(at.url, 2);
  try {
    await work(at, db);
  } finally {
    await db.onApplicationShutdown();
    await at.drop();
  }
}

/** What a run that was applied after some that failed leaves: everything but how often somebody tried. */
async function expectUndisturbed(db: Database): Promise<void> {
  expect(await domainDump(db)).toEqual(undisturbed);
  const open = await db.query(
    `select status from import_run where status in ('reading', 'planned', 'held', 'applying')`,
  );
  expect(open).toEqual([]);
  const staged = await db.query('select 1 from staged_observation limit 1');
  expect(staged).toEqual([]);
}

describe('an import that dies', () => {
  it('R24: killed at ten points and run again ends in the same tables as an undisturbed one', async () => {
    await fresh(async (at, db) => {
      for (const point of POINTS) {
        const running = child(at, {});
        const ended = once(running.process, 'exit');
        expect(await line(running)).toBe('ready');
        await after(point * usualMs);
        running.process.kill('SIGKILL');
        await ended;
      }
      expect(await finished(child(at, {}))).toMatchObject({ status: 'applied' });
      await expectUndisturbed(db);
    });
  }, 300_000);

  it('R11: losing its database sessions again and again, it ends in the same tables', async () => {
    await fresh(async (at, db) => {
      const running = child(at, { retries: 20 });
      expect(await line(running)).toBe('ready');
      const admin = new Client({ connectionString: at.url });
      await admin.connect();
      for (const point of POINTS) {
        await after(point * usualMs * 0.8);
        await admin.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and application_name in ('enishi', 'enishi-lock')`,
        );
      }
      await admin.end();
      const text = await line(running);
      expect(JSON.parse(text ?? '{}')).toMatchObject({ status: 'applied' });
      await expectUndisturbed(db);
    });
  }, 300_000);
});

describe('two processes', () => {
  it('importing the same file for the same source at once both end, and everything is there once', async () => {
    await fresh(async (at, db) => {
      const outcomes = await Promise.all([child(at, {}), child(at, {})].map(finished));
      expect(outcomes.map((outcome) => outcome.status)).toEqual(['applied', 'applied']);
      await expectUndisturbed(db);
    });
  }, 120_000);

  it('importing for different sources at once end as one after the other', async () => {
    const others = join(folder, 'others.csv');
    await writeFile(others, csvOf(CSV_HEADER, rows().slice(0, 4_000)));
    const second = { source: 'payroll-jp', file: others };
    let sequential: string[] = [];
    const facts = (lines: string[]) =>
      lines.filter((l) => /^(employment|departure|entry|case|observation)/.test(l));
    await fresh(async (at, db) => {
      await finished(child(at, {}));
      await finished(child(at, second));
      sequential = facts(await domainDump(db));
    });
    await fresh(async (at, db) => {
      const outcomes = await Promise.all([finished(child(at, {})), finished(child(at, second))]);
      expect(outcomes.map((outcome) => outcome.status)).toEqual(['applied', 'applied']);
      expect(facts(await domainDump(db))).toEqual(sequential);
    });
  }, 180_000);
});
