import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPostgresBackend, createRedisBackend, Queue, runMigrations, Worker } from 'bullmq';
import type { BackendFactory, IQueueBackend, Job, JobProgress, QueueOptions, Telemetry } from 'bullmq';
import { Cluster, Redis } from 'ioredis';
import { Pool } from 'pg';
import { AppError } from '../../domain/app-error.js';
import type { JobDefinition, JobRequest } from './job.js';
import { runJob } from './job.js';
import { Solitude } from './solitude.js';
import { findRedisTrouble } from './redis-check.js';

export interface JobQueuesOptions {
  readonly databaseUrl: string;
  /** None: BullMQ runs on the same PostgreSQL. Several: the nodes of a Redis Cluster. */
  readonly redisUrls: readonly string[];
  /** Refuses a Redis without an append-only file too. */
  readonly production?: boolean;
  /** Spans of jobs; none unless given. */
  readonly telemetry?: Telemetry;
  /** Told about connection trouble; the next call reports it too. */
  readonly onError: (error: Error) => void;
}

export interface WorkerHandle {
  /** Waits for the jobs in work, takes no new ones. */
  close(): Promise<void>;
  /** Takes no new jobs until `resume`; those in work go on. Safe to repeat. */
  pause(): void;
  resume(): void;
}

/** Jobs of one queue by where they stand. */
export interface QueueDepth {
  readonly queue: string;
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
}

/**
 * What the queue makes of a job. `live`: it will still run by itself. `gone`: the queue does not know it. `given_up`:
 * workers died in it again and again. `over`: it ended, whatever came of it.
 */
export type JobFate = 'live' | 'gone' | 'given_up' | 'over';

/** What the two backends differ in, besides the factories. */
interface Transport {
  /** Null on PostgreSQL. */
  readonly redis: Redis | Cluster | null;
  /** @throws AppError saying what is wrong with the queue's home */
  readonly check: () => Promise<void>;
  readonly disconnect: () => Promise<void>;
}

export interface StartWorkerOptions {
  readonly concurrency: number;
  /** How long after its worker died a job is taken for lost; it is found at the next check, as long again later. */
  readonly lockMs: number;
  /** Told when a job has used up its attempts or ended for good; the job itself stays readable in the queue. */
  readonly onExhausted?: (code: string) => void;
}

type AnyQueue = Queue<unknown, unknown, string, unknown, unknown, string, IQueueBackend, Chosen>;

/** The factories know their connection already; BullMQ only wants to see that there is one. */
type Chosen = Readonly<Record<string, never>>;
const CHOSEN: Chosen = {};
const POSTGRES_SCHEMA = 'bullmq';
/** One hash slot, so that a Cluster can run BullMQ's scripts. */
const REDIS_PREFIX = '{enishi}';
/** A job in which a worker died this often and once more is given up: it may well be what they die of. */
const MOST_STALLS = 2;
const GIVEN_UP = 'job stalled more than allowable limit';
const LIVE_STATES = new Set(['waiting', 'active', 'delayed', 'prioritized', 'waiting-children']);

/**
 * The transport of jobs: BullMQ on PostgreSQL (a schema of its own) or on Redis. It may lose everything at any time;
 * what must happen is in the rows that the jobs point to.
 */
export class JobQueues {
  private readonly queues = new Map<string, AnyQueue>();
  private readonly workers = new Set<WorkerHandle>();
  private closed: Promise<void> | null = null;
  private readonly solitude = new Solitude();

  /** Take `open`. */
  constructor(
    private readonly produce: BackendFactory<IQueueBackend, Chosen>,
    private readonly consume: BackendFactory<IQueueBackend, Chosen>,
    private readonly options: Pick<JobQueuesOptions, 'onError' | 'telemetry'>,
    private readonly transport: Transport,
  ) {}

  /**
   * Connects, and brings BullMQ's own schema up to date where it lives on PostgreSQL. A Redis that cannot be reached
   * is waited for while others work; one that is reached and set up to lose jobs is refused.
   *
   * @throws REDIS_EVICTS, REDIS_NOT_DURABLE (production)
   */
  static async open(options: JobQueuesOptions): Promise<JobQueues> {
    const [first, ...others] = options.redisUrls;
    return first === undefined ? openOnPostgres(options) : openOnRedis(options, [first, ...others]);
  }

  /** Adds jobs. One whose id is still known to the queue is not added again; the row must be the guard. */
  async add<P>(definition: JobDefinition<P>, requests: readonly JobRequest<P>[]): Promise<void> {
    if (requests.length === 0) return;
    await this.queue(definition.queue).addBulk(
      requests.map(({ jobId, payload }) => ({
        name: definition.queue,
        data: payload,
        opts: { ...definition.options, jobId },
      })),
    );
  }

  /** True while the queue will still run this job by itself: waiting, delayed by a back-off, or in work. */
  async isLive<P>(definition: JobDefinition<P>, jobId: string): Promise<boolean> {
    return LIVE_STATES.has(await this.queue(definition.queue).getJobState(jobId));
  }

  async fateOf<P>(definition: JobDefinition<P>, jobId: string): Promise<JobFate> {
    const queue = this.queue(definition.queue);
    const state = await queue.getJobState(jobId);
    if (LIVE_STATES.has(state)) return 'live';
    if (state === 'unknown') return 'gone';
    const isGivenUp = state === 'failed' && (await queue.getJob(jobId))?.failedReason === GIVEN_UP;
    return isGivenUp ? 'given_up' : 'over';
  }

  /** The connection that gives up quickly, for small things that belong to the deployment; null on PostgreSQL. */
  get redis(): Redis | Cluster | null {
    return this.transport.redis;
  }

  /** @throws AppError: REDIS_* or QUEUE_UNREACHABLE */
  check(): Promise<void> {
    return this.transport.check();
  }

  async depth(queue: string): Promise<QueueDepth> {
    const counts = await this.queue(queue).getJobCounts(
      'waiting',
      'prioritized',
      'active',
      'delayed',
      'failed',
    );
    const of = (state: string) => counts[state] ?? 0;
    return {
      queue,
      waiting: of('waiting') + of('prioritized'),
      active: of('active'),
      delayed: of('delayed'),
      failed: of('failed'),
    };
  }

  /** The queues themselves, for a page that shows them. */
  readable(names: readonly string[]): Queue[] {
    return names.map((name) => this.queue(name) as unknown as Queue);
  }

  /** Jobs that a worker could take now; those in work or waiting for a back-off are not counted. */
  async waiting<P>(definition: JobDefinition<P>): Promise<number> {
    const counts = await this.queue(definition.queue).getJobCounts('waiting', 'prioritized');
    return Object.values(counts).reduce((sum, n) => sum + n, 0);
  }

  /** Starts taking jobs. A handler that throws a retryable error has its job repeated. */
  work<P>(
    definition: JobDefinition<P>,
    handle: (payload: P) => Promise<void>,
    { concurrency, lockMs, onExhausted }: StartWorkerOptions,
  ): WorkerHandle {
    const worker = new Worker<unknown, void, string, IQueueBackend, JobProgress, Chosen>(
      definition.queue,
      (job: Job<unknown, void>, token) =>
        runJob(
          definition,
          job,
          (payload) => this.solitude.run(job.stalledCounter > 0, () => handle(payload)),
          { token, onError: (error) => this.tell(error) },
        ),
      {
        connection: CHOSEN,
        prefix: REDIS_PREFIX,
        concurrency,
        name: randomUUID(),
        ...this.telemetry(),
        maxStalledCount: MOST_STALLS,
        lockDuration: lockMs,
        stalledInterval: lockMs,
      },
      this.consume,
    );
    worker.on('error', this.options.onError);
    worker.on('failed', (job, error) => {
      const isOver =
        job === undefined ||
        job.attemptsMade >= (job.opts.attempts ?? 1) ||
        error.name === 'UnrecoverableError';
      if (isOver) onExhausted?.(error instanceof AppError ? error.code : error.name);
    });
    const handleOf: WorkerHandle = {
      pause: () => void worker.pause(true).catch(this.options.onError),
      resume: () => void worker.resume().catch(this.options.onError),
      close: async () => {
        await worker.close();
        this.workers.delete(handleOf);
      },
    };
    this.workers.add(handleOf);
    return handleOf;
  }

  /** Ends workers, queues and connections. Safe to repeat. */
  close(): Promise<void> {
    this.closed ??= (async () => {
      await Promise.all([...this.workers].map((worker) => worker.close()));
      await Promise.all([...this.queues.values()].map((queue) => queue.close()));
      await this.transport.disconnect();
    })();
    return this.closed;
  }

  private telemetry(): { telemetry?: Telemetry } {
    const { telemetry } = this.options;
    return telemetry === undefined ? {} : { telemetry };
  }

  private tell(error: unknown): void {
    this.options.onError(error instanceof Error ? error : new Error('UNEXPECTED', { cause: error }));
  }

  private queue(name: string): AnyQueue {
    let queue = this.queues.get(name);
    if (queue === undefined) {
      const options: QueueOptions<Chosen> = { connection: CHOSEN, prefix: REDIS_PREFIX, ...this.telemetry() };
      queue = new Queue(name, options, this.produce);
      queue.on('error', this.options.onError);
      this.queues.set(name, queue);
    }
    return queue;
  }
}

async function openOnPostgres(options: JobQueuesOptions): Promise<JobQueues> {
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
  return new JobQueues(factory, factory, options, {
    redis: null,
    async check() {
      await reached(pool.query('select 1 from job limit 1'), 'QUEUE_UNREACHABLE');
    },
    disconnect: () => pool.end(),
  });
}

async function openOnRedis(
  options: JobQueuesOptions,
  urls: readonly [string, ...string[]],
): Promise<JobQueues> {
  // A producer gives up quickly, so that the relay can say so; a worker waits for Redis to come back.
  const producer = connect(urls, 3);
  const consumer = connect(urls, null);
  for (const client of [producer, consumer]) client.on('error', options.onError);
  const over =
    (connection: Redis | Cluster): BackendFactory<IQueueBackend, Chosen> =>
    (name, more, rest) =>
      createRedisBackend(name, { ...more, connection }, rest);
  const transport: Transport = {
    redis: producer,
    check: () => checkRedis(producer, options.production === true),
    disconnect() {
      producer.disconnect();
      consumer.disconnect();
      return Promise.resolve();
    },
  };
  try {
    if (await isReady(producer, START_WAIT_MS)) await refuseTrouble(transport);
  } catch (error) {
    await transport.disconnect();
    throw error;
  }
  return new JobQueues(over(producer), over(consumer), options, transport);
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
async function refuseTrouble(transport: Transport): Promise<void> {
  try {
    await transport.check();
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
