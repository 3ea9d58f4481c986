import { createPostgresBackend, createRedisBackend, Queue, runMigrations, Worker } from 'bullmq';
import type { BackendFactory, IQueueBackend } from 'bullmq';
import { Cluster, Redis } from 'ioredis';
import pg from 'pg';

/**
 * The least that a worker does whose jobs each change one row: BullMQ as it comes, one UPDATE a job. Prints how many
 * milliseconds all jobs took, from the first that was added to the last that was done.
 */
const [databaseUrl = '', redisUrls = '', jobs = '0', concurrency = '50'] = process.argv.slice(2);
const count = Number(jobs);
// A Redis that is used again remembers the jobs of the run before.
const name = `bare-${process.pid}`;
const database = new pg.Pool({ connectionString: databaseUrl, max: 10 });
await database.query('drop table if exists bare_job');
await database.query('create table bare_job (id int primary key, done_at timestamptz)');
await database.query('insert into bare_job select n from generate_series(1, $1::int) n', [count]);

const { factory, close } = redisUrls === '' ? await onPostgres() : onRedis(redisUrls.split(','));
const connection = {};
const queue = new Queue(name, { connection, prefix: '{bare}' }, factory);
let done = 0;
let finished: () => void = () => undefined;
const allDone = new Promise<void>((resolve) => {
  finished = resolve;
});
const worker = new Worker(
  name,
  async (job) => {
    await database.query('update bare_job set done_at = now() where id = $1', [
      (job.data as { id: number }).id,
    ]);
    if ((done += 1) === count) finished();
  },
  { connection, prefix: '{bare}', concurrency: Number(concurrency) },
  factory,
);
await worker.waitUntilReady();
// On PostgreSQL BullMQ goes through all that it keeps by number each time a job ends; by age it need not.
const removeOnComplete = redisUrls === '' ? { age: 86_400 } : { count: 10_000 };
const from = performance.now();
const cpuFrom = process.cpuUsage();
for (let at = 1; at <= count; at += 500) {
  const some = Array.from({ length: Math.min(500, count - at + 1) }, (_, i) => ({
    name,
    data: { id: at + i },
    opts: { jobId: `bare-${at + i}`, removeOnComplete },
  }));
  await queue.addBulk(some);
}
await allDone;
const ms = performance.now() - from;
const { user, system } = process.cpuUsage(cpuFrom);
await worker.close();
await queue.close();
await close();
await database.end();
process.stdout.write(`${JSON.stringify({ ms, cpuMs: (user + system) / 1_000 })}\n`);

interface Home {
  readonly factory: BackendFactory<IQueueBackend, Record<string, never>>;
  readonly close: () => Promise<void>;
}

async function onPostgres(): Promise<Home> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 8, options: '-c search_path=bullmq' });
  pool.setMaxListeners(0);
  const client = await pool.connect();
  await runMigrations(client, 'bullmq');
  client.release();
  return {
    factory: (name, more, rest) => createPostgresBackend(name, { ...more, connection: pool }, rest),
    close: () => pool.end(),
  };
}

function onRedis(urls: readonly string[]): Home {
  const [first = ''] = urls;
  const redis = urls.length === 1 ? new Redis(first, { maxRetriesPerRequest: null }) : new Cluster([...urls]);
  return {
    factory: (name, more, rest) => createRedisBackend(name, { ...more, connection: redis }, rest),
    close: () => Promise.resolve(redis.disconnect()),
  };
}
