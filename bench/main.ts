import { writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { followUps, fourOnCluster, twoWorkers } from './follow-ups.js';
import { firstImport, importMemory, reImport } from './imports.js';
import type { Result } from './measure.js';
import { measureGrowth, writePlot } from './plot.js';
import { pushArrays, pushSingles } from './push.js';
import { pages, preview, previewMemory, search, startUp } from './reads.js';
import { redisAway, serveReady } from './serving.js';
import { tableOf } from './table.js';
import { World } from './world.js';

interface Options {
  readonly size: number;
  readonly runs: number;
  readonly json: string | null;
  /** Rows of the files that are drawn; null: nothing is. */
  readonly plot: readonly number[] | null;
  readonly only: readonly string[];
}

interface Bench {
  readonly about: string;
  readonly run: (world: World, options: Options) => Promise<Result[]>;
}

const BENCHES: Readonly<Record<string, Bench>> = {
  help: {
    about: '`enishi --help`, the whole command',
    run: (_world, { runs }) => startUp(Math.max(3, runs)),
  },
  'serve-ready': {
    about: '`enishi serve` on a migrated database until it is ready',
    run: (world, { runs }) => serveReady(world, Math.max(3, runs)),
  },
  'first-import': {
    about: 'a first import against raw COPY and one INSERT … SELECT',
    run: (world, { size, runs }) => firstImport(world, size, runs),
  },
  're-import': {
    about: 'the same file with 0.1 % changed against csv-parse reading it',
    run: (world, { size, runs }) => reImport(world, size, runs),
  },
  'import-memory': {
    about: 'peak memory of an import against that of a tenth of the rows',
    run: (world, { size, runs }) => importMemory(world, size, runs),
  },
  search: {
    about: 'candidates search with three filters and a text against the best SQL',
    run: (world, { size, runs }) => search(world, size, runs),
  },
  pages: {
    about: 'the thousandth page of candidates against the first',
    run: (world, { size, runs }) => pages(world, size, runs),
  },
  preview: {
    about: 'a verdict for everybody under a new policy against reading their facts once',
    run: (world, { size, runs }) => preview(world, size, runs),
  },
  'preview-memory': {
    about: 'peak memory of a policy preview against that over a tenth of the rows',
    run: (world, { size }) => previewMemory(world, size),
  },
  'push-arrays': {
    about: 'pushed records in arrays of 500 against a file of the same people',
    run: (world, { size, runs }) => pushArrays(world, size, runs),
  },
  'push-single': {
    about: 'single records over keep-alive against a bare Nest route',
    run: (world, { size, runs }) => pushSingles(world, size, runs),
  },
  'redis-away': {
    about: 'the 95th percentile of a thousand pushes while Redis is gone',
    run: (world, { size, runs }) => redisAway(world, size, runs),
  },
  'follow-ups': {
    about: 'relay, queue and ledger against a bare BullMQ worker, on PostgreSQL and on Redis',
    run: (world, { size, runs }) => followUps(world, size, runs),
  },
  'two-workers': {
    about: 'two worker processes against one',
    run: (world, { size, runs }) => twoWorkers(world, size, runs),
  },
  'four-on-cluster': {
    about: 'four workers on a Redis Cluster against one on one Redis, for each second of a processor',
    run: (world, { size, runs }) => fourOnCluster(world, size, runs),
  },
};

const USAGE = `npm run bench -- [name…] [--size <rows>] [--runs <n>] [--json <file>] [--plot [<rows>,<rows>…]]

Measures each figure beside its limit in the same run, one after the other, several times; medians and ratios are told
in a table, and as JSON behind it (or in the file of --json). Without a name all of them. --plot also draws docs/bench.svg
(10,000, 100,000 and 1,000,000 rows unless given); --plot with the name "none" draws only.

${Object.entries(BENCHES)
  .map(([name, { about }]) => `  ${name.padEnd(17)}${about}`)
  .join('\n')}
`;
const PLOT_FILE = 'docs/bench.svg';
const PLOT_ROWS = [10_000, 100_000, 1_000_000];

function readOptions(args: readonly string[]): Options | null {
  let [size, runs] = [100_000, 3];
  let json: string | null = null;
  let plot: readonly number[] | null = null;
  const only: string[] = [];
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? '';
    const next = args[i + 1];
    if (arg === '--size') [size, i] = [Number(next), i + 1];
    else if (arg === '--runs') [runs, i] = [Number(next), i + 1];
    else if (arg === '--json') [json, i] = [next ?? '', i + 1];
    else if (arg === '--plot') {
      const isList = next !== undefined && /^\d[\d,]*$/.test(next);
      plot = isList ? next.split(',').map(Number) : PLOT_ROWS;
      if (isList) i += 1;
    } else if (arg === 'none' || arg in BENCHES) only.push(arg);
    else return null;
  }
  const isFine = size > 0 && runs > 0 && json !== '' && (plot?.every((rows) => rows > 0) ?? true);
  return isFine ? { size, runs, json, plot, only } : null;
}

async function measure(world: World, options: Options, machine: string): Promise<Result[]> {
  const results: Result[] = [];
  for (const [name, { run }] of Object.entries(BENCHES)) {
    if (options.only.length > 0 && !options.only.includes(name)) continue;
    process.stderr.write(`${name} …\n`);
    results.push(...(await run(world, options)));
  }
  if (options.plot !== null) {
    process.stderr.write('plot …\n');
    writePlot(PLOT_FILE, await measureGrowth(world, options.plot), machine);
  }
  return results;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(USAGE);
    return 0;
  }
  const options = readOptions(args);
  if (options === null) {
    process.stderr.write(USAGE);
    return 2;
  }
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'cpu'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  // Absolute limits say nothing of a machine that others work on: the load beside them says whether they did.
  const busyBefore = loadavg()[0] ?? Number.NaN;
  const world = await World.open();
  let results: Result[];
  try {
    results = await measure(world, options, machine);
  } finally {
    await world.close();
  }
  const load = `${busyBefore.toFixed(1)} before, ${(loadavg()[0] ?? Number.NaN).toFixed(1)} after`;
  process.stdout.write(
    `${machine}, load ${load}, ${options.size} rows, ${options.runs} runs\n\n${tableOf(results)}\n`,
  );
  const report = { machine, load, size: options.size, results };
  if (options.json === null) process.stdout.write(`\n${JSON.stringify(report)}\n`);
  else writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
