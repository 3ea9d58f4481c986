import { setTimeout as sleep } from 'node:timers/promises';
import { row, COLUMNS } from './data.js';
import { percentile, result, type Result } from './measure.js';
import { allApplied, served } from './push.js';
import { startRedis } from './redis.js';
import type { World } from './world.js';

/** From the start of `enishi serve` on a migrated database until it says that it is ready: an absolute limit. */
export async function serveReady(world: World, times: number): Promise<Result[]> {
  const database = await world.migrated();
  const ours: number[] = [];
  for (let i = 0; i < times; i += 1) {
    const from = performance.now();
    const server = await world.serve(database);
    try {
      while ((await fetch(`${server.url}/health/ready`)).status !== 200) await sleep(10);
      ours.push(performance.now() - from);
    } finally {
      await server.stop();
    }
  }
  return [result('serve-ready', 'ms', { ours, limit: ours.map(() => 3_000) }, { gate: 1, goal: null })];
}

/** A thousand single records while Redis is gone (R09): every one is taken, and nearly all of them at once. */
export async function redisAway(world: World, size: number, times: number): Promise<Result[]> {
  const count = Math.min(1_000, size);
  const ours: number[] = [];
  for (let i = 0; i < times; i += 1) {
    const redis = await startRedis(world, 'redis-away');
    if (redis === null) return [];
    const bodies = Array.from({ length: count }, (_, k) =>
      JSON.stringify(
        Object.fromEntries(row(k + 1).flatMap((cell, c) => (cell === '' ? [] : [[COLUMNS[c], cell]]))),
      ),
    );
    await served(
      world,
      1,
      async ([sender], database) => {
        await redis.stop();
        const took = await sender.postAll('/api/v1/sources/demo-jp/records', bodies, 202);
        ours.push(percentile(took, 0.95));
        await allApplied(world, database, count);
      },
      { REDIS_URL: redis.url },
    );
  }
  return [result('redis-away-p95', 'ms', { ours, limit: ours.map(() => 500) }, { gate: 1, goal: null })];
}
