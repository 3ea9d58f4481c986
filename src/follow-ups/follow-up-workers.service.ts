import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import type { FollowUps } from './follow-ups.setup.js';

/** How often a house whose clock stands still looks for what is due: no minute ever ends in it. */
const STANDSTILL_MS = 15_000;

/**
 * Runs the workers for as long as the process lives, where its role asks for them. What is due is relayed at the start
 * and then by the minute tick, which one process takes for all.
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
    this.relay();
    if (this.options.clockStands) this.timer = setInterval(() => this.relay(), STANDSTILL_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    await this.relaying;
    await this.followUps.close();
  }

  /** A turn that fails is told and comes again: everything it does is in rows that wait. */
  private relay(): void {
    this.relaying = this.relaying
      .then(() => this.followUps.runner.tick())
      .then(() => undefined)
      .catch((error: unknown) => this.onError(error));
  }
}
