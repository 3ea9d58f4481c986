import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import type { FollowUps } from './follow-ups.setup.js';

/** How often the relay looks for what is due. */
const TICK_MS = 15_000;

/** Runs workers and relay for as long as the process lives, where its role asks for them. */
@Injectable()
export class FollowUpWorkers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | null = null;
  private ticking: Promise<void> = Promise.resolve();

  constructor(
    private readonly followUps: FollowUps,
    private readonly isWorker: boolean,
    private readonly onError: (error: unknown) => void,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.isWorker) return;
    this.followUps.runner.startWorkers();
    this.tick();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    await this.ticking;
    await this.followUps.close();
  }

  /** A turn that fails is told and tried again: everything it does is in rows that wait. */
  private tick(): void {
    this.timer = setTimeout(() => this.tick(), TICK_MS);
    const previous = this.ticking;
    this.ticking = previous
      .then(() => this.followUps.runner.tick())
      .then(() => undefined)
      .catch((error: unknown) => this.onError(error));
  }
}
