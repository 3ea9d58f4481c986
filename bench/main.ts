import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { firstImport, importMemory, reImport } from './imports.js';
import type { Result } from './measure.js';
import { reads, startUp } from './reads.js';
import { World } from './world.js';

interface Options {
  readonly size: number;
  readonly runs: number;
  readonly json: string | null;
  readonly only: readonly string[];
}

function read(args: readonly string[]): Options {
  const value = (flag: string): string | undefined => {
    const at = args.indexOf(flag);
    return at < 0 ? undefined : args[at + 1];
  };
  const flags = new Set(['--size', '--runs', '--json']);
  return {
    size: Number(value('--size') ?? 100_000),
    runs: Number(value('--runs') ?? 3),
    json: value('--json') ?? null,
    only: args.filter((arg, i) => !flags.has(arg) && !flags.has(args[i - 1] ?? '')),
  };
}

const BENCHES: Readonly<Record<string, (world: World, options: Options) => Promise<Result[]>>> = {
  help: (_world, { runs }) => startUp(Math.max(3, runs)),
  'first-import': (world, { size, runs }) => firstImport(world, size, runs),
  're-import': (world, { size, runs }) => reImport(world, size, runs),
  'import-memory': (world, { size }) => importMemory(world, size),
  reads: (world, { size, runs }) => reads(world, size, runs),
};

const options = read(process.argv.slice(2));
const unknown = options.only.filter((name) => !(name in BENCHES));
if (unknown.length > 0 || !(options.size > 0) || !(options.runs > 0)) {
  process.stderr.write(
    `bench: one of ${Object.keys(BENCHES).join(', ')}; --size <rows> --runs <n> --json <file>\n`,
  );
  process.exit(2);
}
const world = await World.open();
const results: Result[] = [];
try {
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (options.only.length > 0 && !options.only.includes(name)) continue;
    process.stderr.write(`${name} …\n`);
    results.push(...(await bench(world, options)));
  }
} finally {
  await world.close();
}
const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'cpu'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, ${options.size} rows`;
process.stdout.write(`${machine}\n`);
for (const r of results) {
  const bound = r.gate === null ? '' : `  gate ${r.gate}${r.goal === null ? '' : `, goal ${r.goal}`}`;
  const verdict = r.gate === null || r.ratio <= r.gate ? 'ok  ' : 'OVER';
  const spread = `${Math.min(...r.runs.ours).toFixed(0)}-${Math.max(...r.runs.ours).toFixed(0)}`;
  process.stdout.write(
    `${verdict} ${r.name.padEnd(24)} ours ${r.ours.toFixed(0).padStart(8)} ${r.unit}  limit ${r.limit.toFixed(0).padStart(8)}  ratio ${r.ratio.toFixed(2)}${bound}  spread ${spread}\n`,
  );
}
if (options.json !== null) writeFileSync(options.json, JSON.stringify({ machine, results }, null, 2));
