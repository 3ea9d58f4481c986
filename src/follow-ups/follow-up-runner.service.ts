import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../domain/app-error.js';
import type { SendingRules } from '../domain/follow-up-rules.js';
import type { Database } from '../platform/database/database.js';
import type { JobQueues, WorkerHandle } from '../platform/queue/job-queues.js';
import { JobLater } from '../platform/queue/job.js';
import type { OutageBreaker } from '../platform/queue/outage-breaker.js';
import type { DeliveryResult, DeliveryService } from './delivery.service.js';
import type { FollowUpJob, FollowUpJobs } from './follow-up.job.js';
import type { RelayReport, RelayService } from './relay.service.js';

export interface RunReport {
  readonly queued: number;
  readonly sent: number;
  readonly uncertain: number;
  readonly undeliverable: number;
  /** Not accepted yet; the queue tries them again with a back-off. */
  readonly failed: number;
  readonly paused: boolean;
  readonly brake: RelayReport['brake'];
}

export interface RunOptions {
  /** Told after each mail: how many are done of how many were queued. */
  readonly onProgress?: (done: number, total: number) => void;
}

type OnDone = (followUpId: string, result: DeliveryResult | 'failed') => void;

const POLL_MS = 25;
const MAX_LOCK_MS = 30_000;
const MIN_OUTAGE_DELAY_MS = 1_000;

/** Takes jobs off the queues and has each one delivered. */
export class FollowUpRunner {
  private inWork = 0;

  constructor(
    private readonly database: Database,
    private readonly queues: JobQueues,
    private readonly jobs: FollowUpJobs,
    private readonly relay: RelayService,
    private readonly delivery: DeliveryService,
    private readonly sending: SendingRules,
    private readonly outage: OutageBreaker,
  ) {}

  /** Starts the workers of both queues. */
  startWorkers(onDone: OnDone = () => undefined): readonly WorkerHandle[] {
    return [this.jobs.exitInterviews, this.jobs.invitations].map((job) => this.startWorker(job, onDone));
  }

  /** Judges lost attempts and brings back lost jobs, and queues nothing new. */
  async mend(): Promise<void> {
    await this.relay.sweep();
    await this.relay.reconcile();
  }

  /** One turn of the relay: judge lost attempts, bring back lost jobs, queue what is due. */
  async tick(): Promise<RelayReport & { readonly requeued: number; readonly uncertain: number }> {
    const uncertain = await this.relay.sweep();
    const requeued = await this.relay.reconcile();
    return { ...(await this.relay.relayDue()), requeued, uncertain };
  }

  /**
   * Queues what is due and works until nothing is left that could run now, for a command that is to end: a person's
   * second mail is queued once the first is over. Other processes may work at the same time; every queued follow-up is counted by where it stands at the end.
   */
  async runOnce({ onProgress }: RunOptions = {}): Promise<RunReport> {
    const touched = new Set<string>();
    let total = 0;
    const workers = this.startWorkers((id) => {
      touched.add(id);
      onProgress?.(touched.size, Math.max(total, touched.size));
    });
    try {
      const queuedIds: string[] = [];
      let relayed: RelayReport = await this.tick();
      for (;;) {
        queuedIds.push(...relayed.queuedIds);
        total = queuedIds.length;
        await this.untilIdle();
        if (relayed.paused) break;
        relayed = await this.relay.relayDue(total);
        if (relayed.queued === 0) break;
      }
      await Promise.all(workers.map((worker) => worker.close()));
      const { paused, brake } = relayed;
      const outcome = await this.count([...new Set([...queuedIds, ...touched])]);
      return { queued: total, ...outcome, paused, brake };
    } finally {
      await Promise.all(workers.map((worker) => worker.close()));
    }
  }

  private startWorker(job: FollowUpJob, onDone: OnDone): WorkerHandle {
    const worker = this.queues.work(
      job,
      async ({ followUpId }) => {
        let result: DeliveryResult | 'failed' = 'failed';
        this.inWork += 1;
        try {
          result = await this.deliver(followUpId);
        } finally {
          this.inWork -= 1;
          onDone(followUpId, result);
        }
      },
      {
        concurrency: this.sending.concurrency,
        lockMs: Math.min(MAX_LOCK_MS, this.sending.leaseSecs * 1_000),
      },
    );
    const unlisten = this.outage.listen({ onOpen: () => worker.pause(), onClose: () => worker.resume() });
    return {
      ...worker,
      close() {
        unlisten();
        return worker.close();
      },
    };
  }

  /** While the mail server is away nothing is tried, and no attempt is used up: neither is the fault of this mail. */
  private async deliver(followUpId: string): Promise<DeliveryResult> {
    if (this.outage.isOpen) throw this.later();
    try {
      return await this.delivery.deliver(followUpId);
    } catch (error) {
      if (error instanceof AppError && error.code === 'MAIL_OUTAGE') throw this.later();
      throw error;
    }
  }

  private later(): JobLater {
    return new JobLater(Math.max(MIN_OUTAGE_DELAY_MS, this.sending.retryDelaySecs * 1_000));
  }

  /**
   * Until nothing waits (or the mail server is away) and nothing of ours is in work. Jobs in other processes are theirs; one whose process died
   * comes back by itself later. A job that failed is put back a moment after its handler ends: hence the second look.
   */
  private async untilIdle(): Promise<void> {
    for (let quiet = 0; quiet < 2;) {
      await sleep(POLL_MS);
      const nothingToTake = this.outage.isOpen || (await this.waiting()) === 0;
      quiet = nothingToTake && this.inWork === 0 ? quiet + 1 : 0;
    }
  }

  private async waiting(): Promise<number> {
    const counts = await Promise.all(
      [this.jobs.exitInterviews, this.jobs.invitations].map((job) => this.queues.waiting(job)),
    );
    return counts.reduce((sum, n) => sum + n, 0);
  }

  private async count(
    ids: readonly string[],
  ): Promise<Record<'sent' | 'uncertain' | 'undeliverable' | 'failed', number>> {
    const rows = await this.database.query<{ state: string; n: number }>(
      `select state, count(*) as n from follow_up where id = any($1::uuid[]) group by state`,
      [ids],
    );
    const of = (...states: string[]) =>
      rows.filter((row) => states.includes(row.state)).reduce((sum, row) => sum + row.n, 0);
    return {
      sent: of('sent', 'answered'),
      uncertain: of('uncertain'),
      undeliverable: of('undeliverable'),
      failed: of('queued'),
    };
  }
}
