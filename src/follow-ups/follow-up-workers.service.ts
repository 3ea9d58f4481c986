import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import type { FollowUps } from './follow-ups.setup.js';

/**
 * How often each process looks for attempts and jobs that were lost; in a house whose clock stands still, where no
 * minute ever ends, also for what is due.
 */
const TURN_MS = 15_000;

/**
 * Runs the workers for as long as the process lives, where its role asks for them. What is due is relayed at the start
 * and then by the minute tick, which one process takes for all; what is lost is brought back within seconds by any.
 */
@Injectable()
export class FollowUpWorkers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | null = null;
  private relaying: Promise<void> = Promise.resolve();

  /** @param clockStands `ENISHI_NOW` is set */
  constructor(
    private readonly followUps: FollowUps,
    private readonly options: { readonly isWorker: boolean; readonly clockStands: boolean },
    private readonly onError: (error: unknown) => void,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.options.isWorker) return;
    this.followUps.runner.startWorkers();
    const { runner } = this.followUps;
    this.turn(() => runner.tick());
    const each = this.options.clockStands ? () => runner.tick() : () => runner.mend();
    this.timer = setInterval(() => this.turn(each), TURN_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    await this.relaying;
    await this.followUps.close();
  }

  /** A turn that fails is told and comes again: everything it does is in rows that wait. */
  private turn(work: () => Promise<unknown>): void {
    this.relaying = this.relaying
      .then(work)
      .then(() => undefined)
      .catch((error: unknown) => this.onError(error));
  }
}
