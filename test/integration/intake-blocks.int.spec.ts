import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { RawHash } from '../../src/intake/file/raw-hash.js';
import { KnownRowsService } from '../../src/intake/known-rows.service.js';
import { Migration20261123150000_reading_blocks } from '../../src/migrations/Migration20261123150000_reading_blocks.js';
import { Migration20261123170000_block_bytes } from '../../src/migrations/Migration20261123170000_block_bytes.js';
import { rememberReading } from '../../src/intake/reading-blocks.queries.js';
import type { Run } from '../../src/intake/run.js';
import { RunsRepository } from '../../src/intake/runs.repository.js';
import { csvOf, CSV_HEADER, leaver, worker, workers, type Cells } from '../support/intake-files.js';
import { GENERIC_FULL, type IntakeWorld } from '../support/intake-world.js';
import { startWorld, world } from '../support/one-world.js';

/** Enough for the file to be looked at row by row before it is read. */
const MANY = 3_000;

beforeEach(async () => {
  await startWorld({
    brakes: (brakes) => {
      for (const limit of Object.values(brakes.limits)) limit.percent = 100;
    },
  });
});

function night(
  content: Parameters<IntakeWorld['import']>[0],
  options: Parameters<IntakeWorld['import']>[1] = {},
): Promise<Run> {
  world.clock.addDays(1);
  return world.import(content, options);
}

/** Those who follow the newest reading and could be recognised, and are in no block: none, or they would follow for ever. */
function outOfBlocks(): Promise<number> {
  return world.count(
    'observation o',
    `follows and raw_hash is not null and not exists (
       select 1 from reading_block b where b.source = o.source and o.id = any(b.observation_ids))`,
  );
}

/** Of a run that waits: the rows that were recognised with their block, and those one by one. */
async function recognised(run: Run): Promise<[number, number]> {
  const rows = await world.db.query<{ block: boolean; n: number }>(
    `select reading_block is not null as block, sum(cardinality(row_nos))::int as n from staged_known_block
     where run_id = $1 and raw group by 1`,
    [run.id],
  );
  const count = (block: boolean): number => rows.find((row) => row.block === block)?.n ?? 0;
  return [count(true), count(false)];
}

describe('blocks of the newest reading', () => {
  it('recognise a file that comes again, but for what stands around a change', async () => {
    const rows = workers(MANY);
    await world.import(rows);
    expect(await outOfBlocks()).toBe(0);
    const same = await night(rows, { dryRun: true });
    expect(await recognised(same)).toEqual([MANY, 0]);
    const changed = rows.map((row, n) => (n === 1500 ? { ...row, 部署: '新設部' } : row));
    const some = await night(changed, { dryRun: true });
    const [inBlocks, alone] = await recognised(some);
    expect(inBlocks + alone).toBe(MANY - 1);
    expect(alone).toBeGreaterThan(0);
    expect(alone).toBeLessThan(300);
    await world.approve(some);
    expect(await outOfBlocks()).toBe(0);
    // The blocks before are gone; who changed is in none until the next reading confirms it.
    const held = await world.db.one('select sum(cardinality(observation_ids))::int as n from reading_block');
    expect(held).toEqual({ n: MANY - 1 });
    expect(await world.rebuildDifferences()).toBe(0);
  });

  it('recognise rows one by one where they stand in another order', async () => {
    const rows = workers(MANY);
    await world.import(rows);
    const turned = await night([...rows].reverse(), { dryRun: true });
    expect(await recognised(turned)).toEqual([0, MANY]);
    await world.approve(turned);
    expect(await outOfBlocks()).toBe(0);
    const again = await night([...rows].reverse(), { dryRun: true });
    expect(await recognised(again)).toEqual([MANY, 0]);
  });

  it('recognise every row but the last of a file without a last line end', async () => {
    const rows = workers(MANY);
    await world.import(rows);
    const text = csvOf(CSV_HEADER, rows).toString().trimEnd();
    const run = await night(text, { expectRows: MANY });
    expect([run.rows.read, run.rows.accepted + run.rows.rejected]).toEqual([MANY, MANY]);
    expect(await outOfBlocks()).toBe(0);
  });

  it('I01: miss nobody of whom one of two equal rows is still there, and whoever is in none', async () => {
    const rows = workers(MANY);
    const twice = [...rows.slice(0, 100), ...rows.slice(0, 5), ...rows.slice(100)];
    await world.import(twice);
    expect(await outOfBlocks()).toBe(0);
    const before = world.clock.nowIso();
    await night([...rows.slice(0, 2990), ...rows.slice(0, 2)]);
    expect(await world.count('observation', 'not follows')).toBe(10);
    expect(await world.count('observation', `not follows and confirmed_at = '${before}'`)).toBe(10);
    expect(await outOfBlocks()).toBe(0);
    await night(rows);
    expect(await world.count('observation', 'follows')).toBe(MANY);
    expect(await outOfBlocks()).toBe(0);
    expect(await world.rebuildDifferences()).toBe(0);
  });

  it('count row by row when they were replaced while a plan waited', async () => {
    const rows = workers(MANY);
    await world.import(rows);
    world.clock.addDays(1);
    const waiting = await world.import(
      rows.map((row, n) => (n === 40 ? { ...row, 部署: '新設部' } : row)),
      { dryRun: true, asOf: '2026-04-14' },
    );
    // Every block of this one is another.
    await night(
      [...rows].reverse().filter((_, n) => n !== 7),
      { asOf: '2026-04-12' },
    );
    const approved = await world
      .approve(waiting)
      .catch(() => world.heldRun(waiting.id).then((run) => world.approve(run)));
    expect(approved.status).toBe('applied');
    expect(await outOfBlocks()).toBe(0);
    expect(await world.count('observation', 'follows')).toBe(MANY - 1);
    const after = await night(rows, { asOf: '2026-04-15' });
    expect(after.rows.unchanged).toBe(MANY - 1);
    expect(await outOfBlocks()).toBe(0);
    expect(await world.rebuildDifferences()).toBe(0);
  });

  it('I06: name nobody by what was first said on a later day than that of the run', async () => {
    const rows = workers(MANY);
    await world.import(rows);
    await night([...rows, leaver(MANY + 5, '2026-03-31')]);
    const waiting = await night([...rows, leaver(MANY + 5, '2026-03-31')], { dryRun: true });
    expect(waiting.rows.unchanged).toBe(MANY + 1);
    // As where the reading of the night before was applied while this file, of a day before it, was looked through.
    await world.db.query(`update import_run set as_of_at = '2026-04-10T12:00:00Z' where id = $1`, [
      waiting.id,
    ]);
    const approved = await world.approve(waiting);
    expect([approved.status, approved.rows.unchanged]).toEqual(['applied', MANY]);
    expect(await world.count('observation', `as_of_at = '2026-04-10T12:00:00Z'`)).toBe(1);
    expect(await outOfBlocks()).toBe(0);
    expect(await world.rebuildDifferences()).toBe(0);
  });

  it('doubt whom they name after the reading was taken back', async () => {
    const rows = workers(MANY);
    await world.import(rows);
    const mistaken = rows.map((row, n) => (n % 1000 === 3 ? leaver(n, '2026-03-31') : row));
    const wrong = await night(mistaken);
    expect(wrong.changes.new_leaver).toBe(3);
    await world.revert(wrong);
    expect(await outOfBlocks()).toBe(0);
    const right = await night(rows);
    expect([right.status, right.rows.unchanged]).toEqual(['applied', MANY]);
    // What was taken back is news when it is said again.
    const again = await night(mistaken);
    expect([again.changes.new_leaver, again.rows.unchanged]).toEqual([3, MANY - 3]);
    expect(await outOfBlocks()).toBe(0);
    expect(await world.rebuildDifferences()).toBe(0);
  });

  it('do not take the word of records that came in between for their own', async () => {
    const rows = workers(MANY);
    await world.import(rows);
    world.clock.addDays(1);
    await world.import([{ ...worker(7), 部署: '別部' }], { mode: 'delta' });
    expect(await outOfBlocks()).toBe(0);
    const file = await night(rows);
    expect([file.rows.unchanged, file.changes.amended]).toEqual([MANY - 1, 1]);
    expect(await world.count('employment', `department = '別部'`)).toBe(0);
    expect(await outOfBlocks()).toBe(0);
    expect(await world.rebuildDifferences()).toBe(0);
  });

  it('confirm nobody who says something else in the same file', async () => {
    const rows = workers(MANY);
    await world.import(rows);
    const said = world.clock.nowIso();
    await night([...rows, { ...worker(7), 入社日: '2021-04-01' }]);
    const stated = await world.db.query(
      `select spell_hint, as_of_at, confirmed_at, current from observation where employee_number = '10007'
       order by spell_hint, as_of_at`,
    );
    const now = world.clock.nowIso();
    expect(stated).toEqual([
      { spell_hint: '2008-04-01', as_of_at: said, confirmed_at: said, current: false },
      { spell_hint: '2008-04-01', as_of_at: now, confirmed_at: now, current: true },
      { spell_hint: '2021-04-01', as_of_at: now, confirmed_at: now, current: true },
    ]);
    expect(await outOfBlocks()).toBe(0);
    const again = await night([...rows, { ...worker(7), 入社日: '2021-04-01' }]);
    expect(again.rows.unchanged).toBe(MANY + 1);
    expect(await outOfBlocks()).toBe(0);
  });

  it('hold whoever gets a name of their bytes from a file that is not the newest reading', async () => {
    const rows = workers(MANY).map((row, n) => (n === 5 ? leaver(5, '2026-04-12') : row));
    await world.import(rows);
    world.clock.addDays(4);
    await world.import(rows.slice(0, 10), { mode: 'delta' });
    expect(await outOfBlocks()).toBe(0);
    const seen = world.clock.nowIso();
    for (let days = 0; days < 2; days += 1) await night(rows.filter((_, n) => n !== 5));
    // Who is no longer in the file is not confirmed by it.
    expect(await world.count('observation', `not follows and confirmed_at = '${seen}'`)).toBe(1);
    expect(await outOfBlocks()).toBe(0);
  });

  it('I06: name nobody who was heard of later than the reading that is the newest again', async () => {
    const rows = workers(MANY);
    await world.import(rows, { asOf: '2026-04-01' });
    const newest = await world.import(rows, { asOf: '2026-04-09' });
    const more = [...rows.slice(0, 100), worker(MANY), ...rows.slice(100)];
    await world.import(more, { asOf: '2026-04-09' });
    await world.revert(newest);
    const between = await world.import(more, { asOf: '2026-04-05' });
    expect(between.rows.unchanged).toBe(MANY);
    expect(
      await world.db.query(
        `select as_of_at from observation where employee_number = '${10_000 + MANY}' order by as_of_at`,
      ),
    ).toEqual([{ as_of_at: '2026-04-04T15:00:00.000Z' }, { as_of_at: '2026-04-08T15:00:00.000Z' }]);
    expect(await outOfBlocks()).toBe(0);
    expect(await world.rebuildDifferences()).toBe(0);
  });

  it('edge-cases/29: do not name what a reverted file of too late a day said of somebody new', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'enishi-profile-'));
    const profile = join(folder, 'trusting.yaml');
    await writeFile(profile, `${GENERIC_FULL}contradiction: { trust: lastDay }\n`);
    const rows = workers(MANY);
    await world.import(rows, { profile });
    // Still here, and with a last day that has come by the day of the file.
    const more = [...rows, worker(MANY, { 退職日: '2026-05-15' })];
    world.clock.addDays(1);
    const mistaken = await world.approve(await world.import(more, { profile, asOf: '2026-06-30' }));
    await world.revert(mistaken);
    await night(more, { profile });
    await rm(folder, { recursive: true });
    expect(
      await world.db.query(
        `select facts->>'status' as status from observation where not reverted and employee_number = '${10_000 + MANY}'`,
      ),
    ).toEqual([{ status: 'active' }]);
    expect(await outOfBlocks()).toBe(0);
    expect(await world.rebuildDifferences()).toBe(0);
  });

  it('are made of what was read before there were any', async () => {
    const rows = workers(MANY);
    await world.import(rows);
    const migrate = async (
      way: 'up' | 'down',
      migration: { prototype: { up(): void; down(): void } },
    ): Promise<void> => {
      const statements: string[] = [];
      const recorder = { addSql: (sql: string) => statements.push(sql) };
      migration.prototype[way].call(recorder);
      for (const statement of statements) await world.db.query(statement);
    };
    await migrate('down', Migration20261123170000_block_bytes);
    expect(await world.count('reading_block', 'hash is null')).toBe(0);
    await migrate('down', Migration20261123150000_reading_blocks);
    await migrate('up', Migration20261123150000_reading_blocks);
    await migrate('up', Migration20261123170000_block_bytes);
    expect(await outOfBlocks()).toBe(0);
    // Their bytes were not remembered: the first night each row is looked up, from then on the blocks are.
    const first = await night(rows, { dryRun: true });
    expect(await recognised(first)).toEqual([0, MANY]);
    await world.approve(first);
    expect(await recognised(await night(rows, { dryRun: true }))).toEqual([MANY, 0]);
  });

  it('have a name only where each of their rows has one in the file', async () => {
    await world.import(workers(12));
    const { id } = await night(workers(12));
    // Rows 1 to 3 are known by their bytes; of 4 to 6, 5 was read and has no name, as on a day on which it may mean
    // something else; of 7 to 9, 8 was read and has one; 10 is not remembered, and 12 stands in no block.
    for (const statement of [
      'delete from reading_block',
      `insert into staged_known_block (run_id, block, raw, row_nos, observation_ids)
         select '${id}', row_no, row_no not in (5, 8), array[row_no], array[id] from observation where row_no <> 10`,
      `insert into staged_observation
           (run_id, row_no, company, employee_number, spell_hint, as_of_at, content_hash, facts, plain, raw_hash)
         select '${id}', row_no, company, employee_number, spell_hint, as_of_at, content_hash, facts, true,
           case when row_no = 8 then raw_hash end from observation where row_no in (5, 8)`,
      `insert into staged_block (run_id, first_row, row_count, hash)
         select '${id}', n, least(3, 12 - n), md5(n::text)::uuid from unnest(array[1, 4, 7, 10]) n`,
    ])
      await world.db.query(statement);
    await world.db.transaction(async (sql) => rememberReading(sql, await world.get(RunsRepository).get(id)));
    const blocks = await world.db.query<{ hash: string | null; rows: number[] }>(
      `select hash, array(select o.row_no from unnest(observation_ids) with ordinality k(id, n)
         join observation o on o.id = k.id order by n) as rows
       from reading_block order by rows`,
    );
    expect(blocks.map(({ hash, rows }) => [rows, hash !== null])).toEqual([
      [[1, 2, 3], true],
      [[4, 5, 6], false],
      [[7, 8, 9], true],
      [[11], false],
      [[12], false],
    ]);
  });

  it.each(['\n', '\r\n'])('know a file whose lines end in %j', async (lineEnd) => {
    const text = csvOf(CSV_HEADER, workers(MANY)).toString().replaceAll(/\r?\n/g, lineEnd);
    await world.import(text);
    expect(await recognised(await night(text, { dryRun: true }))).toEqual([MANY, 0]);
  });

  it('end where a row is left out of the file', async () => {
    const [first, ...rest] = csvOf(CSV_HEADER, workers(MANY)).toString().trimEnd().split(/\r?\n/);
    const text = [first, ...rest.flatMap((row, n) => (n % 500 === 250 ? ['', row] : [row])), ''].join('\n');
    await world.import(text);
    expect(await outOfBlocks()).toBe(0);
    const run = await night(text, { dryRun: true });
    const [inBlocks, alone] = await recognised(run);
    expect([inBlocks + alone, run.rows.unchanged]).toEqual([MANY, MANY]);
    expect(inBlocks).toBeGreaterThan(MANY - 600);
    await world.approve(run);
    expect(await outOfBlocks()).toBe(0);
    expect(await world.rebuildDifferences()).toBe(0);
  });
});

describe('a row that is another in every file', () => {
  it('leaves the blocks of the others what they are', async () => {
    const rows = workers(MANY);
    const dated = (day: string): Cells[] =>
      rows.map((row, n) => (n % 1500 === 9 ? { ...worker(n), 退職日: day } : row));
    await world.import(dated('2026-05-01'));
    expect(await outOfBlocks()).toBe(0);
    const run = await night(dated('2026-05-02'), { dryRun: true });
    const [inBlocks, alone] = await recognised(run);
    expect(inBlocks + alone).toBe(MANY - 2);
    expect(inBlocks).toBeGreaterThan(MANY - 500);
  });
});

describe('a file of very long rows', () => {
  it('is looked through without being held', async () => {
    const run = await world.import(workers(50));
    world.clock.addDays(1);
    const [rowBytes, chunkRows, chunks] = [50_000, 20, 400];
    let most = 0;
    async function* bytes(): AsyncGenerator<Buffer> {
      yield Buffer.from('a,b\n');
      for (let n = 0; n < chunks; n += 1) {
        const chunk = Buffer.alloc(rowBytes * chunkRows, 'a');
        for (let at = 0; at < chunk.length; at += rowBytes) {
          chunk.write(`${n}-${at},`, at);
          chunk.write('\n', at + rowBytes - 1);
        }
        yield await Promise.resolve(chunk);
        most = Math.max(most, process.memoryUsage().arrayBuffers);
      }
    }
    const found = await world
      .get(KnownRowsService)
      .find(
        { ...run, asOfAt: world.clock.nowIso() },
        { layout: { bomLength: 0, recordsAboveHeader: 0 }, delimiter: ',' },
        new RawHash({}),
        bytes(),
      );
    expect(found).toBeNull();
    expect(most).toBeLessThan((rowBytes * chunkRows * chunks * 2) / 3);
  });
});
