import { setTimeout as sleep } from 'node:timers/promises';
import { JobLater } from './job.js';

const POLL_MS = 10;
const PATIENCE_MS = 5_000;
const SUSPECT_DELAY_MS = 100;

/**
 * Lets a job in which a worker has died run with no other beside it in this process: if it is what workers die of, it
 * takes no other job with it, and is the only one that is counted.
 */
export class Solitude {
  private running = 0;
  private isTaken = false;
  private suspectsWaiting = 0;

  /** @param patienceMs how long a suspect waits for those that run, while no other begins */
  constructor(private readonly patienceMs = PATIENCE_MS) {}

  /**
   * @param isSuspect a worker has died in it before
   * @throws JobLater for a suspect that would have had to wait for too long
   */
  async run<T>(isSuspect: boolean, work: () => Promise<T>): Promise<T> {
    if (isSuspect) return this.runAlone(work);
    while (this.isTaken || this.suspectsWaiting > 0) await sleep(POLL_MS);
    this.running += 1;
    try {
      return await work();
    } finally {
      this.running -= 1;
    }
  }

  private async runAlone<T>(work: () => Promise<T>): Promise<T> {
    await this.turn();
    try {
      return await work();
    } finally {
      this.isTaken = false;
    }
  }

  /** Waits where it stands: put back, it would find all places taken by those that wait for it. */
  private async turn(): Promise<void> {
    const until = performance.now() + this.patienceMs;
    this.suspectsWaiting += 1;
    try {
      while (this.isTaken || this.running > 0) {
        if (performance.now() > until) throw new JobLater(SUSPECT_DELAY_MS * (1 + 2 * Math.random()));
        await sleep(POLL_MS);
      }
      this.isTaken = true;
    } finally {
      this.suspectsWaiting -= 1;
    }
  }
}
