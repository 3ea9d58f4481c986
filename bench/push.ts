import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { COLUMNS, row, writeCsv } from './data.js';
import { result, timed, type Result } from './measure.js';
import { listening, Sender } from './server.js';
import type { World } from './world.js';

const BATCH = 500;
const SOURCE = 'demo-jp';
/** More than one key counts so much a minute; a large bench takes several, as several systems would. */
const RECORDS_OF_A_KEY = 4_000;

/** One person as an HR system pushes them: what is empty is left out. */
function record(index: number): Record<string, string> {
  return Object.fromEntries(
    row(index).flatMap((cell, i) => (cell === '' ? [] : [[COLUMNS[i] as string, cell]])),
  );
}

/**
 * Pushed records in arrays of 500 until all are applied, against a file of the same people uploaded to the same kind of
 * server until it is applied. Each on a new database.
 */
export async function pushArrays(world: World, size: number, times: number): Promise<Result[]> {
  const rows = Math.min(size, 20_000);
  const file = world.file(`push-${rows}.csv`);
  await writeCsv(file, rows);
  const csv = readFileSync(file);
  const bodies = Array.from({ length: Math.ceil(rows / BATCH) }, (_, batch) =>
    JSON.stringify(
      Array.from({ length: Math.min(BATCH, rows - batch * BATCH) }, (_none, i) =>
        record(batch * BATCH + i + 1),
      ),
    ),
  );
  const ours: number[] = [];
  const limit: number[] = [];
  for (let i = 0; i < times; i += 1) {
    limit.push(
      await served(world, 1, async ([sender], database) => {
        const path = `/api/v1/sources/${SOURCE}/files?profile=generic&fileName=people.csv`;
        return timed(async () => {
          const answer = await sender.post(path, csv, 'text/csv');
          if (answer.status !== 202)
            throw new Error(`answered ${answer.status}: ${answer.body.slice(0, 300)}`);
          await allApplied(world, database, rows);
        });
      }),
    );
    ours.push(
      await served(world, 1, async ([sender], database) =>
        timed(async () => {
          await sender.postAll(`/api/v1/sources/${SOURCE}/records`, bodies, 202);
          await allApplied(world, database, rows);
        }),
      ),
    );
  }
  const perSecond = (ms: number) => (rows / ms) * 1_000;
  return [
    result(
      'push-arrays-of-500',
      'rows/s',
      { ours: ours.map(perSecond), limit: limit.map(perSecond) },
      { gate: 0.6, goal: 0.9, higherIsBetter: true },
    ),
  ];
}

/** Single records over connections that stay open, until the last is answered, against a bare route with one INSERT. */
export async function pushSingles(world: World, size: number, times: number): Promise<Result[]> {
  const count = Math.min(size, 4_000);
  const bodies = Array.from({ length: count }, (_, i) => JSON.stringify(record(i + 1)));
  const warmUp = Array.from({ length: WARM_UP }, (_, i) => JSON.stringify(record(count + i + 1)));
  const ours: number[] = [];
  const limit: number[] = [];
  const untilApplied: number[] = [];
  for (let i = 0; i < times; i += 1) {
    limit.push(await bareSingles(world, bodies));
    await served(world, Math.ceil((count + WARM_UP) / RECORDS_OF_A_KEY), async (senders, database) => {
      const share = Math.ceil(count / senders.length);
      await senders[0].postAll(`/api/v1/sources/${SOURCE}/records`, warmUp, 202);
      await allApplied(world, database, WARM_UP);
      const from = performance.now();
      await Promise.all(
        senders.map((sender, k) =>
          sender.postAll(`/api/v1/sources/${SOURCE}/records`, bodies.slice(k * share, (k + 1) * share), 202),
        ),
      );
      ours.push((count / (performance.now() - from)) * 1_000);
      await allApplied(world, database, WARM_UP + count);
      untilApplied.push((count / (performance.now() - from)) * 1_000);
    });
  }
  return [
    result('push-single', 'records/s', { ours, limit }, { gate: 0.5, goal: null, higherIsBetter: true }),
    result(
      'push-single-applied',
      'records/s',
      { ours: untilApplied, limit },
      { gate: null, goal: null, higherIsBetter: true },
    ),
  ];
}

const CONNECTIONS = 16;
/** Sent before the clock starts, to either side alike. */
const WARM_UP = 200;

async function bareSingles(world: World, bodies: readonly string[]): Promise<number> {
  const database = await world.migrated();
  const server = await listening(['dist/bench/limits/bare-route.js', database], process.env);
  const sender = new Sender(server.url, {}, CONNECTIONS);
  try {
    await sender.postAll('/records', bodies.slice(0, WARM_UP), 201);
    return (bodies.length / (await timed(() => sender.postAll('/records', bodies, 201)))) * 1_000;
  } finally {
    sender.close();
    await server.stop();
  }
}

/** A server of its own on a new database, with so many senders, each with a key. */
export async function served<T>(
  world: World,
  keys: number,
  work: (senders: [Sender, ...Sender[]], database: string) => Promise<T>,
  env: NodeJS.ProcessEnv = {},
): Promise<T> {
  const database = await world.migrated();
  const server = await world.serve(database, env);
  const senders: Sender[] = [];
  try {
    for (let i = 0; i < keys; i += 1) {
      const key = await world.key(database, SOURCE);
      senders.push(new Sender(server.url, { Authorization: `Bearer ${key}` }, Math.ceil(CONNECTIONS / keys)));
    }
    const [first, ...others] = senders;
    if (first === undefined) throw new Error('a bench without a sender');
    return await work([first, ...others], database);
  } finally {
    for (const sender of senders) sender.close();
    await server.stop();
  }
}

/** Until every record has become an employment and nothing waits; a run that failed or is held ends the bench. */
export async function allApplied(world: World, database: string, people: number): Promise<void> {
  await world.sql(database, async (client) => {
    for (;;) {
      const { rows } = await client.query<{ people: number; bad: number; waiting: number }>(
        `select (select count(*)::int from employment) as people,
           (select count(*)::int from inbox where state = 'pending') as waiting,
           (select count(*)::int from inbox where state = 'failed')
             + (select count(*)::int from import_run where status in ('failed', 'held')) as bad`,
      );
      const now = rows[0];
      if (now === undefined || now.bad > 0) throw new Error('a run failed or is held');
      if (now.people === people && now.waiting === 0) return;
      await sleep(20);
    }
  });
}
