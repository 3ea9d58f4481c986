import { randomUUID } from 'node:crypto';
import { Queue, Worker } from 'bullmq';
import type { IQueueBackend, Job, JobProgress, QueueOptions, Telemetry } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import { AppError } from '../../domain/app-error.js';
import type { JobDefinition, JobRequest } from './job.js';
import { keptByAge, runJob } from './job.js';
import { CHOSEN, openBackend, type BackendOptions, type Chosen, type QueueBackend } from './queue-backend.js';
import { Solitude } from './solitude.js';

export interface JobQueuesOptions extends BackendOptions {
  /** Spans of jobs; none unless given. */
  readonly telemetry?: Telemetry;
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

export interface StartWorkerOptions {
  readonly concurrency: number;
  /** How long after its worker died a job is taken for lost; it is found at the next check, as long again later. */
  readonly lockMs: number;
  /** Told when a job has used up its attempts or ended for good; the job itself stays readable in the queue. */
  readonly onExhausted?: (code: string) => void;
}

type AnyQueue = Queue<unknown, unknown, string, unknown, unknown, string, IQueueBackend, Chosen>;

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
    private readonly backend: QueueBackend,
    private readonly options: Pick<JobQueuesOptions, 'onError' | 'telemetry'>,
  ) {}

  /**
   * Connects, and brings BullMQ's own schema up to date where it lives on PostgreSQL. A Redis that cannot be reached
   * is waited for while others work; one that is reached and set up to lose jobs is refused.
   *
   * @throws REDIS_EVICTS, REDIS_NOT_DURABLE (production)
   */
  static async open(options: JobQueuesOptions): Promise<JobQueues> {
    return new JobQueues(await openBackend(options), options);
  }

  /** Adds jobs. One whose id is still known to the queue is not added again; the row must be the guard. */
  async add<P>(definition: JobDefinition<P>, requests: readonly JobRequest<P>[]): Promise<void> {
    if (requests.length === 0) return;
    const options = this.backend.keepsByCount ? definition.options : keptByAge(definition.options);
    await this.queue(definition.queue).addBulk(
      requests.map(({ jobId, payload }) => ({
        name: definition.queue,
        data: payload,
        opts: { ...options, jobId },
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
    return this.backend.redis;
  }

  /** @throws AppError: REDIS_* or QUEUE_UNREACHABLE */
  check(): Promise<void> {
    return this.backend.check();
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
      this.backend.consume,
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
      await this.backend.disconnect();
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
      queue = new Queue(name, options, this.backend.produce);
      queue.on('error', this.options.onError);
      this.queues.set(name, queue);
    }
    return queue;
  }
}
