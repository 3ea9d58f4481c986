import { DelayedError, UnrecoverableError } from 'bullmq';
import type { Job, JobsOptions, KeepJobs } from 'bullmq';
import { z } from 'zod';
import { AppError } from '../../domain/app-error.js';
import { withLogContext } from '../logging/log-context.js';

/** Name, payload, id and retries of one kind of job in one place. */
export interface JobDefinition<P> {
  readonly queue: string;
  /** Carries a version `v` and ids only: what is in a queue is readable to whoever runs it. */
  readonly payload: z.ZodType<P>;
  /** The newest `v` that this release knows; `payload` accepts all older ones that may still be in a queue. */
  readonly version: number;
  readonly options: Omit<JobsOptions, 'jobId'>;
}

/** The same options, but that ended jobs are kept for their age alone where they have one, however many they are. */
export function keptByAge({ removeOnComplete, removeOnFail, ...others }: JobsOptions): JobsOptions {
  return {
    ...others,
    ...(removeOnComplete !== undefined && { removeOnComplete: ageAlone(removeOnComplete) }),
    ...(removeOnFail !== undefined && { removeOnFail: ageAlone(removeOnFail) }),
  };
}

function ageAlone(keep: boolean | number | KeepJobs): boolean | number | KeepJobs {
  return typeof keep === 'object' && 'age' in keep ? { age: keep.age } : keep;
}

/** A job to add. The id may hold neither `:` nor be a bare integer. */
export interface JobRequest<P> {
  readonly jobId: string;
  readonly payload: P;
}

/** Thrown by a handler that cannot work now through no fault of the job: put back, and no attempt is used up. */
export class JobLater extends Error {
  constructor(readonly delayMs: number) {
    super('JOB_LATER');
    this.name = 'JobLater';
  }
}

/** How long a job of a newer release waits for a worker of that release. */
const PARK_MS = 60_000;
const versioned = z.looseObject({ v: z.int() });

type RunnableJob = Pick<Job<unknown>, 'id' | 'data' | 'moveToDelayed'>;

/**
 * The only place that turns our errors into BullMQ's: a permanent one ends the job, every other one is retried as the
 * definition says. A payload of a newer version is parked for a newer worker. Nothing is swallowed; but a queue is
 * readable, so what it keeps about a failure is our code or the kind of error, never its message.
 */
export async function runJob<P, R>(
  definition: JobDefinition<P>,
  job: RunnableJob,
  handle: (payload: P) => Promise<R>,
  {
    token,
    onError = () => undefined,
  }: { readonly token?: string | undefined; readonly onError?: (error: unknown) => void } = {},
): Promise<R> {
  const version = versioned.safeParse(job.data);
  if (version.success && version.data.v > definition.version) return putBack(job, token, PARK_MS);
  const payload = definition.payload.safeParse(job.data);
  if (!payload.success) throw new UnrecoverableError('JOB_PAYLOAD_INVALID');
  try {
    return await withLogContext({ queue: definition.queue, jobId: job.id ?? '' }, () => handle(payload.data));
  } catch (error) {
    if (error instanceof JobLater) return putBack(job, token, error.delayMs);
    if (error instanceof AppError) {
      if (!error.retryable) throw new UnrecoverableError(error.code);
      throw withoutWords(error.code);
    }
    onError(error);
    throw withoutWords(codeOf(error));
  }
}

async function putBack(job: RunnableJob, token: string | undefined, delayMs: number): Promise<never> {
  // Whole milliseconds: PostgreSQL takes no others, and the failure would cost the job an attempt and its back-off.
  await job.moveToDelayed(Math.ceil(Date.now() + delayMs), token);
  throw new DelayedError();
}

function withoutWords(code: string): Error {
  const error = new Error(code);
  error.stack = `Error: ${code}`;
  return error;
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'UNEXPECTED';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'name' in error && typeof error.name === 'string' ? error.name : 'UNEXPECTED';
}
