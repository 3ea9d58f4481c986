import { setTimeout as sleep } from 'node:timers/promises';
import { createPostgresBackend, createRedisBackend, runMigrations } from 'bullmq';
import type { BackendFactory, IQueueBackend } from 'bullmq';
import { Cluster, Redis } from 'ioredis';
import { Pool } from 'pg';
import { AppError } from '../../domain/app-error.js';
import { findRedisTrouble } from './redis-check.js';

export interface BackendOptions {
  readonly databaseUrl: string;
  /** None: BullMQ runs on the same PostgreSQL. Several: the nodes of a Redis Cluster. */
  readonly redisUrls: readonly string[];
  /** Refuses a Redis without an append-only file too. */
  readonly production?: boolean;
  /** Told about connection trouble; the next call reports it too. */
  readonly onError: (error: Error) => void;
}

/** The factories know their connection already; BullMQ only wants to see that there is one. */
export type Chosen = Readonly<Record<string, never>>;
export const CHOSEN: Chosen = {};

/** What PostgreSQL and Redis differ in under the queues. */
export interface QueueBackend {
  /** For queues: gives up quickly. */
  readonly produce: BackendFactory<IQueueBackend, Chosen>;
  /** For workers: waits for its server to come back. */
  readonly consume: BackendFactory<IQueueBackend, Chosen>;
  /** Null on PostgreSQL. */
  readonly redis: Redis | Cluster | null;
  /** Whether ended jobs can be kept up to a number, beside an age, without going through all of them each time. */
  readonly keepsByCount: boolean;
  /** @throws AppError saying what is wrong with the queue's home */
  readonly check: () => Promise<void>;
  readonly disconnect: () => Promise<void>;
}

const POSTGRES_SCHEMA = 'bullmq';

/**
 * Connects, and brings BullMQ's own schema up to date where it lives on PostgreSQL.
 *
 * @throws REDIS_EVICTS, REDIS_NOT_DURABLE (production)
 */
export async function openBackend(options: BackendOptions): Promise<QueueBackend> {
  const [first, ...others] = options.redisUrls;
  return first === undefined ? openOnPostgres(options) : openOnRedis(options, [first, ...others]);
}

async function openOnPostgres(options: BackendOptions): Promise<QueueBackend> {
  const pool = new Pool({
    connectionString: options.databaseUrl,
    application_name: 'enishi-queue',
    // Each worker keeps one connection for LISTEN; the rest is for short queries.
    max: 8,
    keepAlive: true,
    options: `-c search_path=${POSTGRES_SCHEMA}`,
  });
  pool.on('error', options.onError);
  // Each queue and worker listens to the pool that they share, and leaves its listener behind when it closes.
  pool.setMaxListeners(0);
  const client = await pool.connect();
  try {
    await runMigrations(client, POSTGRES_SCHEMA);
  } finally {
    client.release();
  }
  const factory: BackendFactory<IQueueBackend, Chosen> = (name, more, rest) =>
    createPostgresBackend(name, { ...more, connection: pool }, rest);
  return {
    produce: factory,
    consume: factory,
    redis: null,
    keepsByCount: false,
    async check() {
      await reached(pool.query('select 1 from job limit 1'), 'QUEUE_UNREACHABLE');
    },
    disconnect: () => pool.end(),
  };
}

async function openOnRedis(
  options: BackendOptions,
  urls: readonly [string, ...string[]],
): Promise<QueueBackend> {
  // A producer gives up quickly, so that the relay can say so; a worker waits for Redis to come back.
  const producer = connect(urls, 3);
  const consumer = connect(urls, null);
  for (const client of [producer, consumer]) client.on('error', options.onError);
  const over =
    (connection: Redis | Cluster): BackendFactory<IQueueBackend, Chosen> =>
    (name, more, rest) =>
      createRedisBackend(name, { ...more, connection }, rest);
  const backend: QueueBackend = {
    produce: over(producer),
    consume: over(consumer),
    redis: producer,
    keepsByCount: true,
    check: () => checkRedis(producer, options.production === true),
    disconnect() {
      producer.disconnect();
      consumer.disconnect();
      return Promise.resolve();
    },
  };
  try {
    if (await isReady(producer, START_WAIT_MS)) await refuseTrouble(backend);
  } catch (error) {
    await backend.disconnect();
    throw error;
  }
  return backend;
}

async function checkRedis(client: Redis | Cluster, production: boolean): Promise<void> {
  if (client.status !== 'ready') throw new AppError('REDIS_UNREACHABLE', { retryable: true });
  await reached(client.ping(), 'REDIS_UNREACHABLE');
  const trouble = await reached(findRedisTrouble(client, production), 'REDIS_UNREACHABLE');
  if (trouble !== null) throw trouble;
}

/**
 * Looks at a Redis (or a Redis Cluster) without opening a queue on it.
 *
 * @throws REDIS_UNREACHABLE, REDIS_EVICTS, REDIS_NOT_DURABLE (production), REDIS_FULL
 */
export async function inspectRedis(redisUrls: readonly string[], production: boolean): Promise<void> {
  const [first, ...others] = redisUrls;
  if (first === undefined) return;
  const client = connect([first, ...others], 1);
  client.on('error', () => undefined); // Said by the check below.
  try {
    await isReady(client, CHECK_WAIT_MS);
    await checkRedis(client, production);
  } finally {
    client.disconnect();
  }
}

/** What passes by itself is no reason not to start; readiness tells it. */
async function refuseTrouble(backend: QueueBackend): Promise<void> {
  try {
    await backend.check();
  } catch (error) {
    if (error instanceof AppError && error.retryable) return;
    throw error;
  }
}

const START_WAIT_MS = 5_000;
const CHECK_WAIT_MS = 2_000;

async function isReady(client: Redis | Cluster, limitMs: number): Promise<boolean> {
  for (const until = performance.now() + limitMs; performance.now() < until;) {
    if (client.status === 'ready') return true;
    await sleep(20);
  }
  return false;
}

/** The answer, or the error that says that there was none in time. */
async function reached<T>(answer: Promise<T>, code: string): Promise<T> {
  const late = new AbortController();
  try {
    return await Promise.race([
      answer,
      sleep(CHECK_WAIT_MS, undefined, { signal: late.signal, ref: false }).then(() => {
        throw new AppError(code, { retryable: true });
      }),
    ]);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(code, { retryable: true, cause: error });
  } finally {
    late.abort();
  }
}

function connect(urls: readonly [string, ...string[]], maxRetriesPerRequest: number | null): Redis | Cluster {
  const [first, ...others] = urls;
  if (others.length === 0) return new Redis(first, { maxRetriesPerRequest });
  const { username, password, protocol } = new URL(first);
  const nodes = urls.map((one) => {
    const { hostname, port } = new URL(one);
    return { host: hostname, port: Number(port === '' ? 6379 : port) };
  });
  return new Cluster(nodes, {
    redisOptions: {
      maxRetriesPerRequest,
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
      ...(protocol === 'rediss:' ? { tls: {} } : {}),
    },
  });
}
