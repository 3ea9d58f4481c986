import { setTimeout as sleep } from 'node:timers/promises';
import { JobLater } from './job.js';

const POLL_MS = 10;
const WANTED_MS = 1_000;
const SUSPECT_DELAY_MS = 100;

/**
 * Lets a job in which a worker has died run with no other beside it in this process: if it is what workers die of, it
 * takes no other job with it, and is the only one that is counted.
 */
export class Solitude {
  private running = 0;
  private isTaken = false;
  private wantedUntil = 0;

  /**
   * @param isSuspect a worker has died in it before
   * @throws JobLater for a suspect while others run; the others wait for a moment, so that it gets its turn
   */
  async run<T>(isSuspect: boolean, work: () => Promise<T>): Promise<T> {
    if (isSuspect) return this.runAlone(work);
    while (this.isTaken || performance.now() < this.wantedUntil) await sleep(POLL_MS);
    this.running += 1;
    try {
      return await work();
    } finally {
      this.running -= 1;
    }
  }

  private async runAlone<T>(work: () => Promise<T>): Promise<T> {
    if (this.isTaken || this.running > 0) {
      this.wantedUntil = performance.now() + WANTED_MS;
      throw new JobLater(SUSPECT_DELAY_MS * (1 + 2 * Math.random()));
    }
    this.isTaken = true;
    try {
      return await work();
    } finally {
      this.isTaken = false;
      this.wantedUntil = 0;
    }
  }
}
