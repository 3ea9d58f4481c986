import { setTimeout as sleep } from 'node:timers/promises';
import { JobLater } from './job.js';

const POLL_MS = 10;
const PATIENCE_MS = 5_000;
const SETTLE_MS = 100;
const SUSPECT_DELAY_MS = 500;
/** Longer than a suspect takes that does not have to wait for anybody: it settles, and then a mail is on its way. */
const BETWEEN_SUSPECTS_MS = 300;

/**
 * Lets a job in which a worker has died run with no other beside it in this process: if it is what workers die of, it
 * takes no other job with it, and is the only one that is counted. Jobs that are not suspected wait for it where they
 * stand; where they die with it, that is once. A second suspect would die with it as often as it does, and is put back:
 * until a time of its own, for many that came back at once would keep any of them from beginning.
 */
export class Solitude {
  private running = 0;
  private isTaken = false;
  private refusedAt = Number.NEGATIVE_INFINITY;
  /** When the last of those that were put back comes again. */
  private lastComesAt = Number.NEGATIVE_INFINITY;

  /**
   * @param patienceMs how long a suspect waits for those that run, while no other begins
   * @param settleMs a suspect begins only so long after another one came, which is put back by then
   */
  constructor(
    private readonly patienceMs = PATIENCE_MS,
    private readonly settleMs = SETTLE_MS,
  ) {}

  /**
   * @param isSuspect a worker has died in it before
   * @throws JobLater for a suspect while another one is in hand, or that would have had to wait for too long
   */
  async run<T>(isSuspect: boolean, work: () => Promise<T>): Promise<T> {
    if (isSuspect) return this.runAlone(work);
    while (this.isTaken) await sleep(POLL_MS);
    this.running += 1;
    try {
      return await work();
    } finally {
      this.running -= 1;
    }
  }

  private async runAlone<T>(work: () => Promise<T>): Promise<T> {
    if (this.isTaken) {
      this.refusedAt = performance.now();
      throw this.putOff();
    }
    this.isTaken = true;
    try {
      await this.untilAlone();
      return await work();
    } finally {
      this.isTaken = false;
    }
  }

  /** Waits where it stands: put back, it would find all places taken by those that wait for it. */
  private async untilAlone(): Promise<void> {
    const from = performance.now();
    for (;;) {
      const now = performance.now();
      const isLate = now - from > this.patienceMs;
      if (this.running > 0 && isLate) throw this.putOff();
      const isSettled = now - Math.max(from, this.refusedAt) >= this.settleMs;
      if (this.running === 0 && (isSettled || isLate)) return;
      await sleep(POLL_MS);
    }
  }

  /** For longer than it takes until those that come at the same time are put back. */
  private putOff(): JobLater {
    const now = performance.now();
    this.lastComesAt = Math.max(now + SUSPECT_DELAY_MS, this.lastComesAt + BETWEEN_SUSPECTS_MS);
    return new JobLater(this.lastComesAt - now);
  }
}
