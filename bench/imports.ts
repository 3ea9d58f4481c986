import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { from as copyFrom } from 'pg-copy-streams';
import { COLUMNS, writeCsv } from './data.js';
import { result, timed, type ChildRun, type Result } from './measure.js';
import { NIGHTS, type World } from './world.js';

const IMPORT = ['--source', 'demo-jp', '--profile', 'generic', '--json'] as const;

/**
 * The first import of a file, end to end as a command, against the least that any program has to do with the same file:
 * COPY it into an unlogged table, then one INSERT … SELECT of the same columns into a table with a key.
 */
export async function firstImport(world: World, rows: number, times: number): Promise<Result[]> {
  const file = world.file(`first-${rows}.csv`);
  await writeCsv(file, rows);
  const ours: ChildRun[] = [];
  const limit: number[] = [];
  const sameTables: number[] = [];
  for (let i = 0; i < times; i += 1) {
    limit.push(await copyAndInsert(world, file));
    const url = await world.database();
    await world.enishi(url, ['db', 'migrate', '--json']);
    ours.push(checked(await world.enishi(url, ['import', file, ...IMPORT])));
    sameTables.push(await fillSameTables(world, url));
  }
  const peaks = ours.map((run) => run.peakMb);
  return [
    result('first-import', 'ms', { ours: ours.map((run) => run.ms), limit }, { gate: 2.5, goal: 1.5 }),
    // How much of it is what is kept of people, and not how it is come by.
    result(
      'first-import-same-tables',
      'ms',
      { ours: ours.map((run) => run.ms), limit: sameTables },
      { gate: null, goal: null },
    ),
    result(
      'first-import-memory',
      'MB',
      { ours: peaks, limit: peaks.map(() => 300) },
      { gate: 1, goal: null },
    ),
  ];
}

/** The same file a night later with one row in a thousand changed, against csv-parse reading it in array mode. */
export async function reImport(world: World, rows: number, times: number): Promise<Result[]> {
  const before = world.file(`again-${rows}-0.csv`);
  await writeCsv(before, rows);
  const after = world.file(`again-${rows}-1.csv`);
  await writeCsv(after, rows, 1000);
  const ours: number[] = [];
  const limit: number[] = [];
  for (let i = 0; i < times; i += 1) {
    const url = await world.database();
    checked(await world.enishi(url, ['import', before, ...IMPORT]));
    limit.push(await timed(() => parseOnly(after)));
    ours.push(checked(await world.enishi(url, ['import', after, ...IMPORT], NIGHTS[1])).ms);
  }
  return [result('re-import-0.1%', 'ms', { ours, limit }, { gate: 1.5, goal: 1.2 })];
}

/** Peak memory must not grow with the file: the larger file over a tenth of it. */
export async function importMemory(world: World, rows: number, times: number): Promise<Result[]> {
  const [small, large] = [Math.max(1000, Math.floor(rows / 10)), rows];
  const peaks = new Map<number, number[]>([
    [small, []],
    [large, []],
  ]);
  for (const size of peaks.keys()) await writeCsv(world.file(`memory-${size}.csv`), size);
  for (let i = 0; i < times; i += 1) {
    for (const [size, measured] of peaks) {
      const url = await world.database();
      const run = await world.enishi(url, ['import', world.file(`memory-${size}.csv`), ...IMPORT]);
      measured.push(checked(run).peakMb);
    }
  }
  const measured = { ours: peaks.get(large) ?? [], limit: peaks.get(small) ?? [] };
  return [result('import-memory-growth', 'MB', measured, { gate: 1.25, goal: 1.1 })];
}

async function copyAndInsert(world: World, file: string): Promise<number> {
  const url = await world.database();
  const columns = COLUMNS.map((name) => `"${name}" text`).join(', ');
  return world.sql(url, async (client) => {
    await client.query(`create unlogged table raw_rows (${columns})`);
    await client.query(`create table kept_rows (${columns}, primary key ("employeeNumber"))`);
    return timed(async () => {
      await pipeline(
        createReadStream(file),
        client.query(copyFrom('copy raw_rows from stdin with (format csv, header)')),
      );
      await client.query('insert into kept_rows select * from raw_rows');
    });
  });
}

const TABLES = [
  'person',
  'employment',
  'observation',
  'departure',
  'registry_entry',
  'registry_history',
  'timeline_event',
  'reading_block',
];

/** What an import left, once more from ready rows: one INSERT … SELECT into each table, with its indexes and no references. */
async function fillSameTables(world: World, url: string): Promise<number> {
  return world.sql(url, async (client) => {
    await client.query('create schema same');
    const statements: string[] = [];
    for (const table of TABLES) {
      await client.query(`create table same.${table} (like public.${table} including all)`);
      const { rows } = await client.query<{ names: string }>(
        `select string_agg(quote_ident(attname), ', ') as names from pg_attribute
         where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
        [`public.${table}`],
      );
      const names = rows[0]?.names ?? '';
      statements.push(
        `insert into same.${table} (${names}) overriding system value select ${names} from public.${table}`,
      );
    }
    return timed(async () => {
      for (const statement of statements) await client.query(statement);
    });
  });
}

async function parseOnly(file: string): Promise<void> {
  let rows = 0;
  for await (const row of createReadStream(file).pipe(parse())) rows += (row as string[]).length > 0 ? 1 : 0;
  if (rows === 0) throw new Error('nothing was parsed');
}

function checked(run: ChildRun): ChildRun {
  if (run.status !== 0)
    throw new Error(`the import ended with status ${run.status}: ${run.stdout.slice(0, 500)}`);
  return run;
}
