import { z } from 'zod';
import type { FollowUpKind } from '../domain/follow-up.js';
import type { SendingRules } from '../domain/follow-up-rules.js';
import type { JobDefinition } from '../platform/queue/job.js';

const payload = z.strictObject({ v: z.literal(1), followUpId: z.uuid() });

export type FollowUpJobPayload = z.output<typeof payload>;
export type FollowUpJob = JobDefinition<FollowUpJobPayload>;

/** The two queues of follow-ups: what is asked of a leaver, and what is offered (or put right). */
export interface FollowUpJobs {
  readonly exitInterviews: FollowUpJob;
  readonly invitations: FollowUpJob;
}

export function followUpJobs({ attempts, retryDelaySecs }: SendingRules): FollowUpJobs {
  const options = {
    attempts,
    backoff: { type: 'exponential', delay: retryDelaySecs * 1_000 },
    removeOnComplete: { age: 86_400, count: 10_000 },
    removeOnFail: { age: 7 * 86_400, count: 10_000 },
  };
  return {
    exitInterviews: { queue: 'exit-interviews', payload, version: 1, options },
    invitations: { queue: 'invitations', payload, version: 1, options },
  };
}

export function jobFor(jobs: FollowUpJobs, kind: FollowUpKind): FollowUpJob {
  switch (kind) {
    case 'exit_survey':
    case 'exit_interview':
      return jobs.exitInterviews;
    case 'invitation':
    case 'reminder':
    case 'correction':
    case 'card':
      return jobs.invitations;
  }
}

/** A new id for each time the row is queued: the queue ignores an id that it still remembers. */
export function jobIdOf(followUpId: string, sends: number): string {
  return `follow-up-${followUpId}-${sends}`;
}
