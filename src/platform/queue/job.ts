import { UnrecoverableError } from 'bullmq';
import type { Job, JobsOptions } from 'bullmq';
import type { z } from 'zod';
import { AppError } from '../../domain/app-error.js';

/** Name, payload, id and retries of one kind of job in one place. */
export interface JobDefinition<P> {
  readonly queue: string;
  /** Carries a version `v` and ids only: what is in a queue is readable to whoever runs it. */
  readonly payload: z.ZodType<P>;
  readonly options: Omit<JobsOptions, 'jobId'>;
}

/** A job to add. The id may hold neither `:` nor be a bare integer. */
export interface JobRequest<P> {
  readonly jobId: string;
  readonly payload: P;
}

/**
 * The only place that turns our errors into BullMQ's: a permanent one ends the job, every other one is retried as the
 * definition says. Nothing is swallowed.
 */
export async function runJob<P, R>(
  definition: JobDefinition<P>,
  job: Pick<Job<unknown>, 'data'>,
  handle: (payload: P) => Promise<R>,
): Promise<R> {
  const payload = definition.payload.safeParse(job.data);
  if (!payload.success) throw new UnrecoverableError('JOB_PAYLOAD_INVALID');
  try {
    return await handle(payload.data);
  } catch (error) {
    if (error instanceof AppError && !error.retryable) throw new UnrecoverableError(error.code);
    throw error;
  }
}
