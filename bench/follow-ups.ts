import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { command, result, type Result } from './measure.js';
import { startCluster, startRedis } from './redis.js';
import type { World } from './world.js';

/** On both sides. */
const CONCURRENCY = 50;
/** For each worker, where several are compared with one. */
const WARM_UP = 1_000;
const YARDSTICK_MS = 3_000;

/** Enough that a process which has just started does not count. */
function jobsFor(size: number): number {
  return Math.max(1_000, Math.min(20_000, Math.floor(size / 20)));
}

interface Sent {
  readonly perSecond: number;
  /**
   * Of the worker processes, for what PostgreSQL and Redis take is the same work wherever it is asked for; of a processor
   * on which the yardstick takes `micros`.
   */
  perCpuSecond(micros: number): number;
}

/** Follow-ups from "planned" to "sent" through relay, queue and ledger, against a bare worker with one UPDATE a job. */
export async function followUps(world: World, size: number, times: number): Promise<Result[]> {
  const jobs = jobsFor(size);
  const results = [await againstBare(world, 'follow-ups-postgres', jobs, times, [])];
  const redis = await startRedis(world, 'follow-ups-redis');
  if (redis === null) return results;
  try {
    results.push(await againstBare(world, 'follow-ups-redis', jobs, times, [redis.url]));
  } finally {
    await redis.stop();
  }
  return results;
}

/** Two real worker processes against one, as many jobs for each, in jobs a second; where the cores are not free, that is said. */
export async function twoWorkers(world: World, size: number, times: number): Promise<Result[]> {
  const jobs = jobsFor(size);
  const ours: number[] = [];
  const limit: number[] = [];
  for (let i = 0; i < times; i += 1) {
    limit.push((await send(world, jobs, [], 1, WARM_UP)).perSecond);
    ours.push((await send(world, jobs * 2, [], 2, WARM_UP)).perSecond);
  }
  const bounds = { gate: judged('two-workers', 2, 1.7), goal: null, higherIsBetter: true };
  return [result('two-workers', 'jobs/s', { ours, limit }, bounds)];
}

/** The gate where each worker has a core, and the database and the bench that looks on have two; else none, loudly. */
function judged(name: string, workers: number, gate: number): number | null {
  const cores = availableParallelism();
  if (cores >= workers + 2) return gate;
  process.stderr.write(
    `\n!!! ${name}: ${cores} cores for ${workers} workers and the database: the figure is told, no verdict here !!!\n\n`,
  );
  return null;
}

/**
 * Four workers on a Redis Cluster against one on a single Redis, in jobs for each second of a worker's processor time. Four
 * keep every hardware thread busy where one does not, and a thread with a busy sibling does less in a second: the time
 * is counted in what a fixed piece of work takes meanwhile. Each worker has as many jobs as the one: its program becomes
 * quicker with every thousand that it has done.
 */
export async function fourOnCluster(world: World, size: number, times: number): Promise<Result[]> {
  const jobs = jobsFor(size);
  const redis = await startRedis(world, 'four-on-cluster');
  if (redis === null) return [];
  const undisturbed = await yardstick(() => sleep(YARDSTICK_MS));
  const cluster = await startCluster(world);
  const ours: number[] = [];
  const limit: number[] = [];
  try {
    for (let i = 0; i < times; i += 1) {
      limit.push((await send(world, jobs, [redis.url], 1, WARM_UP)).perCpuSecond(undisturbed));
      ours.push((await send(world, jobs * 4, cluster.urls, 4, WARM_UP)).perCpuSecond(undisturbed));
    }
  } finally {
    await cluster.stop();
    await redis.stop();
  }
  const bounds = { gate: judged('four-on-redis-cluster', 4, 1), goal: null, higherIsBetter: true };
  return [result('four-on-redis-cluster', 'jobs/cpu-s', { ours, limit }, bounds)];
}

async function againstBare(
  world: World,
  name: string,
  jobs: number,
  times: number,
  redisUrls: readonly string[],
): Promise<Result> {
  const ours: number[] = [];
  const limit: number[] = [];
  for (let i = 0; i < times; i += 1) {
    limit.push(await bare(world, jobs, redisUrls));
    ours.push((await send(world, jobs, redisUrls, 1)).perSecond);
  }
  return result(name, 'jobs/s', { ours, limit }, { gate: 0.6, goal: 0.85, higherIsBetter: true });
}

async function bare(world: World, jobs: number, redisUrls: readonly string[]): Promise<number> {
  const database = await world.database();
  const args = [
    'dist/bench/limits/bare-worker.js',
    database,
    redisUrls.join(','),
    String(jobs),
    String(CONCURRENCY),
  ];
  const run = await command(args, process.env);
  if (run.status !== 0) throw new Error(`the bare worker ended with status ${run.status}`);
  return (jobs / (JSON.parse(run.stdout) as { ms: number }).ms) * 1_000;
}

/**
 * Sends so many follow-ups with so many worker processes on a new database; the first of them relays. With `warmUp`
 * each has sent about so many before anything is counted: what a process takes to get going is no figure of a worker.
 */
async function send(
  world: World,
  jobs: number,
  redisUrls: readonly string[],
  count: number,
  warmUp = 0,
): Promise<Sent> {
  const database = await world.migrated();
  const workers = await Promise.all(
    Array.from({ length: count }, () => startWorker(database, redisUrls.join(','))),
  );
  if (warmUp > 0) {
    await world.sql(database, (client) => client.query(leavers(1, warmUp * count)));
    workers[0]?.stdin?.write('relay\n');
    await allSent(world, database, warmUp * count);
  }
  await world.sql(database, (client) => client.query(leavers(warmUp * count + 1, jobs)));
  let ms = 0;
  const work = async (): Promise<void> => {
    const from = performance.now();
    for (const [i, worker] of workers.entries()) worker.stdin?.write(i === 0 ? 'from\nrelay\n' : 'from\n');
    await allSent(world, database, warmUp * count + jobs);
    ms = performance.now() - from;
  };
  const micros = await yardstick(work);
  const spent = await Promise.all(workers.map(endWorker));
  const cpuMs = spent.reduce((sum, one) => sum + one, 0);
  return {
    perSecond: (jobs / ms) * 1_000,
    perCpuSecond: (undisturbed) => ((jobs / cpuMs) * 1_000 * micros) / undisturbed,
  };
}

/** What the yardstick takes while `work` is done, in microseconds of processor time. */
async function yardstick(work: () => Promise<unknown>): Promise<number> {
  const child = spawn(process.execPath, ['dist/bench/parts/yardstick.js'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdout.setEncoding('utf8');
  await once(child.stdout, 'data');
  await work();
  const told = once(child.stdout, 'data');
  child.stdin.write('end\n');
  return (JSON.parse(String((await told)[0])) as { micros: number }).micros;
}

async function startWorker(database: string, redisUrls: string): Promise<ChildProcess> {
  const args = ['dist/bench/parts/follow-up-worker.js', database, redisUrls, String(CONCURRENCY)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdout.setEncoding('utf8');
  const [said] = (await Promise.race([once(child.stdout, 'data'), once(child, 'close')])) as [unknown];
  if (said !== 'ready\n') throw new Error(`a worker did not start: ${String(said)}`);
  return child;
}

async function endWorker(child: ChildProcess): Promise<number> {
  let said = '';
  child.stdout?.on('data', (part: string) => {
    said += part;
  });
  const closed = once(child, 'close');
  child.stdin?.write('end\n');
  const [status] = (await closed) as [number];
  if (status !== 0) throw new Error(`a worker ended with status ${status}`);
  return (JSON.parse(said.slice(said.indexOf('{'))) as { cpuMs: number }).cpuMs;
}

async function allSent(world: World, database: string, jobs: number): Promise<void> {
  const until = performance.now() + 300_000;
  await world.sql(database, async (client) => {
    // Whoever looks fifty times a second must not count thousands of rows each time.
    const left = `select exists (select 1 from follow_up where state in ('planned', 'queued', 'uncertain')) as any`;
    while ((await client.query<{ any: boolean }>(left)).rows[0]?.any === true) {
      if (performance.now() > until) throw new Error('not all follow-ups were sent in time');
      await sleep(20);
    }
    const { rows } = await client.query<{ n: number }>(
      `select count(*)::int as n from follow_up where state = 'sent'`,
    );
    if (rows[0]?.n !== jobs) throw new Error(`only ${rows[0]?.n} of ${jobs} follow-ups were sent`);
  });
}

/** Invented leavers from this number on, each with one exit survey that is due. */
function leavers(first: number, count: number): string {
  return `
    drop table if exists made;
    create temp table made as select n, enishi_id() as person, enishi_id() as employment
      from generate_series(${first}, ${first + count - 1}) n;
    insert into person (id) select person from made;
    insert into employment (id, person_id, company, employee_number, spell, spell_key, facts, display_name, hired_on, last_day)
      select employment, person, 'jp', n::text, 1, '2015-04-01',
        jsonb_build_object('personalEmail', 'leaver-' || n || '@home.example'), '山田 花子', '2015-04-01', current_date + 7
      from made;
    insert into departure (employment_id, last_day, category, voluntary, kind, state, recorded_at, changed_at)
      select employment, current_date + 7, 'career_change', true, 'leaving', 'standing', now(), now() from made;
    insert into follow_up (id, employment_id, kind, due_on, due_at, state, because, created_at, changed_at)
      select enishi_id(), employment, 'exit_survey', current_date - 1, now() - interval '1 day', 'planned',
        '{"code":"rule","rule":null}', now(), now() from made;
    analyze person, employment, departure, follow_up;`;
}
