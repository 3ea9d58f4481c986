import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { openApp } from '../../src/app.js';
import { loadEnv } from '../../src/platform/config/env.js';
import { Database } from '../../src/platform/database/database.js';
import { TicksService } from '../../src/platform/schedule/ticks.service.js';
import { projectRoot, runCli, type CliResult } from '../support/cli.js';
import { Hris, TOKEN_VARIABLE } from '../support/hris.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

const ALL = Array.from({ length: 45 }, (_, n) => n);

/** As the shipped profile `generic` names them. */
const COLUMNS = {
  employeeNumber: 'number',
  familyName: 'name.family',
  givenName: 'name.given',
  personalEmail: 'personal_email',
  birthDate: 'birth_date',
  hiredOn: 'hired_on',
  lastDay: 'left_on',
  status: 'status',
};

let hris: Hris;
let at: TestDatabase;
let db: Database;
let home: string;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  hris = await Hris.start();
  at = await testDatabase();
  db = new Database(at.url, 2);
  home = await mkdtemp(join(tmpdir(), 'enishi-sync-'));
  const config = join(home, 'config');
  await cp(join(projectRoot, 'config'), config, { recursive: true });
  const file = join(config, 'sources.yaml');
  const { sources } = parse(await readFile(file, 'utf8')) as { sources: object[] };
  const title = { ja: '人事システム', en: 'HR system' };
  const pulled = {
    id: 'hr-api',
    title,
    company: 'jp',
    profile: 'generic',
    ...hris.source('number', { columns: COLUMNS }),
  };
  await writeFile(file, stringify({ sources: [...sources, pulled] }));
  env = {
    DATABASE_URL: at.url,
    ENISHI_HOME: home,
    ENISHI_CONFIG: config,
    ENISHI_NOW: '2026-04-10T03:00:00Z',
    [TOKEN_VARIABLE]: process.env[TOKEN_VARIABLE] ?? '',
  };
});
afterAll(async () => {
  await db.onApplicationShutdown();
  await at.drop();
  await hris.stop();
  await rm(home, { recursive: true });
});

const at_ = (now: string) => ({ ...env, ENISHI_NOW: now });
const json = (result: CliResult) => JSON.parse(result.stdout) as Readonly<Record<string, unknown>>;

it('connectors are listed, a source is tried without a trace, and pulled through the corridor', async () => {
  await hris.lists(ALL);
  const connectors = json(await runCli(['connectors', 'list', '--json'], env));
  expect(connectors['items']).toMatchObject([{ id: 'file' }, { id: 'rest', tells: { everybody: true } }]);
  const tried = await runCli(['sources', 'test', 'hr-api', '--json'], env);
  expect([tried.status, json(tried)['answer']]).toMatchObject([0, { rows: 20, missing: [] }]);
  expect((await hris.requests()).map(({ page }) => page)).toEqual([1]);
  const pulled = await runCli(['sync', 'hr-api', '--json'], env);
  expect(pulled.stderr).not.toContain(env[TOKEN_VARIABLE]);
  expect([pulled.status, json(pulled)]).toMatchObject([
    0,
    {
      run: { source: 'hr-api', kind: 'sync', mode: 'full', status: 'applied' },
      rows: { read: 45, rejected: 0 },
    },
  ]);
}, 120_000);

it('I21: a listing that broke off ends with 3 and says in the language of the caller that nobody is absent', async () => {
  await hris.lists(ALL, { misbehaviour: { page: 2, manner: 'error' } });
  const told = await runCli(['sync', 'hr-api'], at_('2026-04-11T03:00:00Z'));
  expect(told.status).toBe(3);
  expect(told.stdout).toContain('2 ページ目を読めませんでした');
  expect(told.stdout).toContain('不在の判定はしません');
}, 120_000);

it('wrong use is told: no source, a source of files, an unknown one, a secret that is not set', async () => {
  await hris.lists(ALL);
  const statuses = await Promise.all(
    [['sync'], ['sync', 'demo-jp'], ['sync', 'nobody']].map(async (args) => (await runCli(args, env)).status),
  );
  expect(statuses).toEqual([2, 2, 5]);
  const { [TOKEN_VARIABLE]: _, ...without } = env;
  const keyless = await runCli(['sync', '--all', '--json'], without);
  expect([keyless.status, json(keyless)['error']]).toMatchObject([2, { code: 'SYNC_SECRET_REQUIRED' }]);
  expect(await hris.requests()).toEqual([]);
}, 120_000);

it('the nightly tick pulls the source once, and once more when the listing broke off', async () => {
  await hris.lists(ALL, { misbehaviour: { page: 3, manner: 'error' } });
  const night = async (now: string): Promise<void> => {
    const app = await openApp(loadEnv({ ...env, ENISHI_NOW: now, LOG_LEVEL: 'silent' }), {
      log: () => undefined,
      onError: () => undefined,
    });
    try {
      await app.get(TicksService).turn();
    } finally {
      await app.close();
    }
  };
  const tick = () =>
    db.one<Record<string, unknown>>(
      `select state, attempt, error_code from tick where name = 'sync:hr-api' order by due_at desc limit 1`,
    );
  // 02:00 in Tokyo is 17:00 UTC.
  await night('2026-04-12T17:00:00Z');
  expect(await tick()).toMatchObject({ state: 'failed', attempt: 1, error_code: 'SYNC_NOT_WHOLE' });
  await hris.lists(ALL.slice(1));
  await night('2026-04-12T17:02:00Z');
  expect(await tick()).toMatchObject({ state: 'done', attempt: 2 });
  const before = await hris.requests();
  await night('2026-04-12T17:10:00Z');
  expect(await hris.requests()).toEqual(before);
  const runs = await db.query(
    `select seen_to_end, changes->>'suspected_absent' as absent from import_run where started_by = 'schedule' order by started_at`,
  );
  expect(runs).toEqual([
    { seen_to_end: false, absent: '0' },
    { seen_to_end: true, absent: '1' },
  ]);
}, 120_000);
