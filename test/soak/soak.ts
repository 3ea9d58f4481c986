import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { violations } from '../support/invariants.js';
import { approver, count, decideHeld, filer, pusher, searcher, type Stage } from './soak-actors.js';
import { SoakHouse, type Disturbance } from './soak-house.js';

// A house under work and trouble for some minutes; what must hold at the end is checked and written to reports/soak.*.
const REPORTS = join(import.meta.dirname, '..', '..', 'reports');
const DISTURBANCES: readonly Disturbance[] = ['worker', 'api', 'redis', 'postgres'];
/** Below that a slope is only warming up. */
const MINUTES_TO_JUDGE_MEMORY = 10;
const MOST_MB_PER_MINUTE = 2;
/** Several mails to one person go out one a minute. */
const DRAIN_MS = 900_000;
const TELL_EVERY_MS = 30_000;
const MOST_TOLD = 5;

interface Sample {
  readonly minute: number;
  readonly mb: number;
  /** Of the heap, in use. */
  readonly heapMb: number | null;
}

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '20' }, seed: { type: 'string' } },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
if (!(minutes > 0) || !Number.isInteger(seed))
  throw new Error('--minutes <more than 0> [--seed <whole number>]');
process.stdout.write(`soak: ${minutes} minutes, seed ${seed}\n`);
// Through the handlers of `exit`, which end every process and server that was started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.exitCode = (await soak()) ? 0 : 1;

async function soak(): Promise<boolean> {
  const house = await SoakHouse.open();
  try {
    return await underWork(house);
  } finally {
    await house.close();
  }
}

async function underWork(house: SoakHouse): Promise<boolean> {
  const startedAt = Date.now();
  const random = randomOf(seed);
  const urls = [house.steadyUrl, house.victimUrl];
  const stage: Stage = {
    until: startedAt + minutes * 60_000,
    random,
    address: () => urls[Math.floor(random() * urls.length)] ?? house.steadyUrl,
    keys: { hr: await house.key('hr', null), source: await house.key('source', 'demo-jp') },
    counts: {},
    promised: new Map(),
  };
  const samples: Sample[] = [];
  const troubles: string[] = [];
  await Promise.all([
    pusher(stage),
    filer(stage),
    approver(stage),
    searcher(stage),
    disturber(house, stage, troubles),
    watcher(house, stage, startedAt, samples),
  ]);
  const problems = await drained(house);
  // What a brake held last waits for its decision like everything before.
  await decideHeld(stage, 0);
  problems.push(...(await drained(house)), ...(await kept(house, stage)));
  const ends = await house.stopProcesses();
  if (ends.some((end) => end !== 0)) problems.push(`processes ended with ${JSON.stringify(ends)}`);
  problems.push(...(await checked(house)));
  problems.push(...unexpected(stage.counts), ...memory(samples));
  count(stage, 'mails', house.sink.mails.length);
  write({ startedAt, stage, troubles, samples, problems });
  return problems.length === 0;
}

/** Once a minute, and each kind once in a short soak. */
async function disturber(house: SoakHouse, stage: Stage, troubles: string[]): Promise<void> {
  const everyMs = Math.min(60_000, (minutes * 60_000) / 6);
  for (let n = 0; ; n += 1) {
    await sleep(everyMs);
    if (Date.now() > stage.until - 5_000) return;
    // Each kind once before any comes again.
    const what = DISTURBANCES[(n + seed) % DISTURBANCES.length] ?? 'worker';
    troubles.push(what);
    count(stage, `killed ${what}`);
    await house.disturb(what);
  }
}

async function watcher(house: SoakHouse, stage: Stage, startedAt: number, samples: Sample[]): Promise<void> {
  while (Date.now() < stage.until) {
    const mb = house.rss();
    const minute = (Date.now() - startedAt) / 60_000;
    if (mb !== null) samples.push({ minute, mb, heapMb: await house.heap() });
    await sleep(2_000);
  }
}

/** Waits until nothing is under way any more. */
async function drained(house: SoakHouse): Promise<string[]> {
  const from = Date.now();
  let toldAt = from;
  for (;;) {
    const open = await house.db.one<{ inbox: number; runs: number; due: number; sending: number }>(
      `select (select count(*) from inbox where state = 'pending')::int as inbox,
         (select count(*) from import_run where status in ('reading', 'planned', 'applying') and not dry_run)::int as runs,
         (select count(*) from follow_up where state = 'queued' or (state = 'planned' and due_at <= now()))::int as due,
         (select count(*) from delivery where state in ('claimed', 'sending'))::int as sending`,
    );
    if (open === null || Object.values(open).every((n) => n === 0)) return [];
    if (Date.now() - from > DRAIN_MS)
      return [`still under way after ${DRAIN_MS / 1_000} s: ${JSON.stringify(open)}`];
    if (Date.now() - toldAt >= TELL_EVERY_MS) {
      toldAt = Date.now();
      process.stdout.write(`  waiting for ${JSON.stringify(open)}\n`);
    }
    await sleep(1_000);
  }
}

/** Everything that was answered 202 is there, as it was last stated. */
async function kept(house: SoakHouse, stage: Stage): Promise<string[]> {
  const rows = await house.db.query<{ n: string; day: string }>(
    `select employee_number as n, last_day as day from employment where employee_number like 'S-%'`,
  );
  const found = new Map(rows.map(({ n, day }) => [n, day]));
  const different = [...stage.promised].filter(([number, day]) => found.get(number) !== day);
  count(stage, 'promised', stage.promised.size);
  if (different.length === 0) return [];
  const told = await Promise.all(
    different.slice(0, MOST_TOLD).map(([number, day]) => whatOf(house, number, day)),
  );
  return [
    `${different.length} of ${stage.promised.size} statements that were answered 202 are not there`,
    ...told,
  ];
}

/** All that is recorded about a number of which another last day was promised. */
async function whatOf(house: SoakHouse, number: string, promised: string): Promise<string> {
  const of = (sql: string) => house.db.query(sql, [number]);
  const recorded = {
    promised,
    employments: await of('select spell, last_day, withdrawn from employment where employee_number = $1'),
    observations: await of(
      `select o.id, o.as_of_at, o.confirmed_at, o.facts->>'lastDay' as day, o.current, o.reverted, o.absent, o.run_id,
         o.row_no, r.status, r.rows
       from observation o join import_run r on r.id = o.run_id where o.employee_number = $1 order by o.id`,
    ),
    rejections: await of('select run_id, row_no, reasons from rejection where employee_number = $1'),
    inbox: await house.db.query(`select id, state, error, attempts, run_id from inbox where state <> 'done'`),
    runs: await house.db.query(
      `select id, kind, status, error, notes, started_at from import_run
       where kind = 'push' and status <> 'applied' order by id`,
    ),
  };
  return `${number}: ${JSON.stringify(recorded)}`;
}

async function checked(house: SoakHouse): Promise<string[]> {
  const { sink, configDir, log } = house;
  return violations({
    url: house.postgres.url,
    configDir,
    redisUrls: [house.redis.url],
    mails: sink.mails,
    log,
    canaries: ['@mail.example', 'みのり1'],
  });
}

/** Answers of the API that no disturbance explains. */
function unexpected(counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts)
    .filter(([what]) => /^(push|file|search|approve|reject) \d+$/.test(what))
    .filter(([what]) => !/ (0|200|202|409|422|429|503)$/.test(what))
    .map(([what, n]) => `${n} answers "${what}"`)
    .concat(
      Object.entries(counts)
        .filter(([what]) => what.endsWith('given up'))
        .map(([what, n]) => `${n} times "${what}"`),
    );
}

function memory(samples: readonly Sample[]): string[] {
  if (samples.length === 0) return ['the process that is watched was never there'];
  if (minutes < MINUTES_TO_JUDGE_MEMORY) return [];
  const slope = slopeOf(samples);
  return slope <= MOST_MB_PER_MINUTE ? [] : [`memory grows by ${slope.toFixed(1)} MB a minute`];
}

/** Megabytes a minute over the later half, by least squares. */
function slopeOf(samples: readonly Sample[]): number {
  const late = samples.slice(Math.floor(samples.length / 2));
  const mean = (of: (sample: Sample) => number) => late.reduce((sum, one) => sum + of(one), 0) / late.length;
  const [x, y] = [mean((one) => one.minute), mean((one) => one.mb)];
  const over = late.reduce((sum, one) => sum + (one.minute - x) * (one.mb - y), 0);
  return over / late.reduce((sum, one) => sum + (one.minute - x) ** 2, 0);
}

/** The least that was in use in each quarter of the time: what is not garbage, and a little more. */
function leastHeap(samples: readonly Sample[]): number[] {
  const last = samples.at(-1)?.minute ?? 0;
  return [0, 1, 2, 3].map((quarter) => {
    const within = samples.filter(({ minute }) => Math.min(3, Math.floor((minute / last) * 4)) === quarter);
    return Math.round(Math.min(...within.flatMap(({ heapMb }) => heapMb ?? [])));
  });
}

function write(result: {
  readonly startedAt: number;
  readonly stage: Stage;
  readonly troubles: readonly string[];
  readonly samples: readonly Sample[];
  readonly problems: readonly string[];
}): void {
  const { stage, troubles, samples, problems } = result;
  const figures = {
    startedAt: new Date(result.startedAt).toISOString(),
    minutes,
    seed,
    counts: Object.fromEntries(Object.entries(stage.counts).sort(([a], [b]) => (a < b ? -1 : 1))),
    troubles,
    rssMb: {
      first: Math.round(samples[0]?.mb ?? 0),
      last: Math.round(samples.at(-1)?.mb ?? 0),
      most: Math.round(Math.max(0, ...samples.map(({ mb }) => mb))),
      slopePerMinute: Number(slopeOf(samples).toFixed(2)),
    },
    leastHeapMb: leastHeap(samples),
    problems,
  };
  mkdirSync(REPORTS, { recursive: true });
  writeFileSync(join(REPORTS, 'soak.json'), `${JSON.stringify({ ...figures, samples }, null, 2)}\n`);
  const { counts, rssMb, leastHeapMb } = figures;
  const text = [
    '# Soak',
    '',
    `Started ${figures.startedAt}, ${minutes} minutes, seed ${seed}. Trouble: ${troubles.join(', ')}.`,
    '',
    ...Object.entries(counts).map(([what, n]) => `- ${what}: ${n}`),
    `- memory of the process that was never killed: ${rssMb.first} MB at first, ${rssMb.last} MB at last, ${rssMb.most} MB at most, ${rssMb.slopePerMinute} MB a minute over the later half`,
    `- of its heap the least in use, by quarters of the time: ${leastHeapMb.join(', ')} MB`,
    '',
    problems.length === 0 ? 'Everything held.' : 'What did not hold:',
    ...problems.map((problem) => `- ${problem}`),
    '',
  ].join('\n');
  writeFileSync(join(REPORTS, 'soak.md'), text);
  process.stdout.write(text);
}

/** mulberry32 */
function randomOf(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
