import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { example, runCli, type CliResult } from '../support/cli.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

const counts = z.record(z.string(), z.number());
const importAnswer = z.object({
  run: z.object({
    id: z.uuid(),
    source: z.string(),
    mode: z.string(),
    status: z.string(),
    planHash: z.string(),
  }),
  rows: z.object({
    read: z.number(),
    accepted: z.number(),
    rejected: z.number(),
    unchanged: z.number(),
    suppressed: z.number(),
  }),
  changes: counts,
  verdicts: counts,
  followUps: counts,
  brakes: z.array(z.object({ name: z.string(), limit: z.number(), value: z.number(), tripped: z.boolean() })),
});
const list = z.object({ items: z.array(z.record(z.string(), z.unknown())) });

const JP = example('jp-employees-cp932.csv');
const importJp = ['import', JP, '--source', 'demo-jp', '--as-of', '2026-03-24', '--json'];

/** One history, told in order: each command finds what the ones before it left. */
describe('enishi, from a first file to a revert', () => {
  let database: TestDatabase;
  let folder: string;
  let first: z.infer<typeof importAnswer>;

  const cli = (args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> =>
    runCli(args, {
      DATABASE_URL: database.url,
      ENISHI_HOME: folder,
      ENISHI_NOW: '2026-03-25T09:00:00+09:00',
      ...env,
    });
  const imported = (result: CliResult) => importAnswer.parse(JSON.parse(result.stdout));

  beforeAll(async () => {
    database = await testDatabase();
    folder = await mkdtemp(join(tmpdir(), 'enishi-cli-'));
  });

  afterAll(async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  it('a dry run tells the plan and changes nothing', async () => {
    const dry = await cli([...importJp, '--dry-run']);
    expect(dry.status).toBe(3);
    expect(imported(dry).run.status).toBe('planned');
    const registry = list.parse(JSON.parse((await cli(['registry', 'list', '--json'])).stdout));
    expect(registry.items).toEqual([]);
  });

  it('the file goes in, its broken rows come out, and every row is accounted for', async () => {
    const result = await cli(importJp);
    first = imported(result);
    expect(result.status).toBe(3);
    expect(first.run.status).toBe('applied');
    const { read, accepted, rejected, suppressed } = first.rows;
    expect({ read, rejected }).toEqual({ read: 1964, rejected: 6 });
    expect(accepted + rejected + suppressed).toBe(read);
    expect(first.changes['new_leaver']).toBeGreaterThan(300);
    expect(first.brakes.filter((brake) => brake.tripped)).toEqual([]);
  });

  it('I05: the same file again is known word for word', async () => {
    const again = imported(await cli(importJp));
    expect(again.rows.unchanged).toBe(again.rows.accepted);
    expect(Object.values(again.changes).reduce((sum, n) => sum + n, 0)).toBe(0);
    expect(again.followUps).toEqual({ planned: 0, rescheduled: 0, cancelled: 0 });
  });

  it('the registry is what its observations say, and two exports of it are equal', async () => {
    expect((await cli(['registry', 'rebuild', '--check'])).status).toBe(0);
    const [one, other] = [join(folder, 'one.csv'), join(folder, 'other.csv')];
    const written = await cli(['registry', 'export', one, '--json']);
    await cli(['registry', 'export', other]);
    const text = await readFile(one, 'utf8');
    expect(text).toBe(await readFile(other, 'utf8'));
    expect(JSON.parse(written.stdout)).toMatchObject({ entries: text.trimEnd().split('\r\n').length - 1 });
  });

  it('I01: a file without 60 % of its rows is held with 4, and only the plan that was read can be approved', async () => {
    const held = await cli([
      'import',
      example('jp-truncated-cp932.csv'),
      '--source',
      'demo-jp',
      '--mode',
      'full',
      '--json',
    ]);
    expect(held.status).toBe(4);
    const { run, changes } = imported(held);
    expect(run.status).toBe('held');
    expect(changes['suspected_absent']).toBeGreaterThan(900);
    const wrong = await cli(['runs', 'approve', run.id, '--plan', '0'.repeat(64), '--reason', 'x', '--json']);
    expect(JSON.parse(wrong.stdout)).toMatchObject({ error: { code: 'PLAN_CHANGED' } });
    expect((await cli(['runs', 'reject', run.id, '--reason', '送り直しを依頼した'])).status).toBe(0);
    const shown = await cli(['runs', 'show', run.id, '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ run: { status: 'rejected' } });
  });

  it('I20: rejected rows come as CSV, and one that was mended goes in alone', async () => {
    const file = join(folder, 'rejected.csv');
    const listed = await cli(['rejections', 'list', '--run', first.run.id, '--csv', file]);
    expect(listed.status).toBe(0);
    const text = await readFile(file, 'utf8');
    expect(text).toContain('2026/02/31');
    const mended = text.split('\r\n').filter((line, index) => index === 0 || line.includes('900001'));
    await writeFile(file, mended.join('\r\n').replace('2026/02/31', '2026/02/28') + '\r\n');
    const retried = await cli(['rejections', 'retry', file, '--json']);
    expect({ status: retried.status, rows: imported(retried).rows }).toMatchObject({
      status: 0,
      rows: { read: 1, accepted: 1, rejected: 0 },
    });
    const left = list.parse(
      JSON.parse((await cli(['rejections', 'list', '--run', first.run.id, '--json'])).stdout),
    );
    expect(left.items.filter((item) => item['mended'] === false)).toHaveLength(5);
  });

  it('a person, a search, a follow-up and its mail can be read', async () => {
    const person = await cli(['person', 'show', 'jp/000120']);
    expect({ status: person.status, out: person.stdout }).toMatchObject({ status: 0 });
    expect(person.stdout).toContain('2026-03-31');
    const found = list.parse(
      JSON.parse((await cli(['candidates', 'search', '--company', 'jp', '--json'])).stdout),
    );
    expect(found.items.length).toBeGreaterThan(100);
    expect(JSON.stringify(found.items)).not.toMatch(/懲戒|一身上|leavingReason/);
    const sent = await cli(['follow-ups', 'run', '--json']);
    expect(sent.status).toBe(0);
    const mails = list.parse(JSON.parse((await cli(['mailbox', 'list', '--json'])).stdout));
    expect(JSON.parse(sent.stdout)).toMatchObject({ sent: mails.items.length });
    expect((await cli(['mailbox', 'list'])).stdout).not.toContain(String(mails.items[0]?.['to']));
  });

  it('an exception outlives the policy and shows its reason', async () => {
    const set = await cli([
      'registry',
      'override',
      'jp/000120',
      '--verdict',
      'eligible',
      '--reason',
      '嘱託として復帰予定',
    ]);
    expect(set.status).toBe(0);
    const shown = await cli(['registry', 'show', 'jp/000120', '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      entries: [{ verdict: 'eligible', override: { reason: '嘱託として復帰予定' } }],
    });
  });

  it('a revert says which mail it cannot take back', async () => {
    const reverted = await cli(['runs', 'revert', first.run.id, '--reason', '誤った人事データ']);
    expect(reverted.status).toBe(0);
    expect(reverted.stdout).toMatch(/送信したメールが \d+ 通/);
    expect((await cli(['registry', 'rebuild', '--check'])).status).toBe(0);
  });
});

describe('enishi, called wrongly', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.drop());

  const cli = (args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> =>
    runCli(args, { DATABASE_URL: database.url, ...env });

  it.each([
    ['a run that there is not', ['runs', 'show', '00000000-0000-7000-8000-000000000000'], 5, 'RUN_NOT_FOUND'],
    ['a person that there is not', ['person', 'show', 'jp/999999'], 5, 'PERSON_NOT_FOUND'],
    ['a source that there is not', ['import', JP, '--source', 'no-such'], 5, 'SOURCE_UNKNOWN'],
    ['a file that there is not', ['import', 'no-such.csv', '--source', 'demo-jp'], 5, 'FILE_NOT_FOUND'],
    [
      'a profile that there is not',
      ['import', JP, '--source', 'demo-jp', '--profile', 'no-such'],
      2,
      'PROFILE_UNKNOWN',
    ],
    ['a day that there is not', ['registry', 'at', '2026-02-30'], 2, 'CLI_VALUE_INVALID'],
  ])('%s', async (_title, args, status, code) => {
    const result = await cli(args);
    expect({ status: result.status, err: result.stderr }).toEqual({
      status,
      err: expect.stringContaining(code),
    });
  });

  it('a wrong environment names the variable, what was expected and an example', async () => {
    const result = await cli(['runs', 'list'], { PORT: 'http' });
    expect(result.status).toBe(2);
    expect(result.stderr).toContain('PORT');
    expect(result.stderr).toMatch(/例/);
  });

  it('a file that is no table is refused with the reason and changes nothing', async () => {
    const result = await cli([
      'import',
      join(import.meta.dirname, '..', '..', 'package.json'),
      '--source',
      'demo-jp',
    ]);
    expect([1, 2, 4]).toContain(result.status);
    expect(`${result.stdout}${result.stderr}`).toContain('JSON');
  });
});
