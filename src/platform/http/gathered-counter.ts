import { RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { Gathered } from '../database/gathered.js';

const CALLS_AT_ONCE = 100;

/**
 * Counts calls of one key that come while a count of it is on its way together, in the next one: a counter is one row,
 * and a hundred calls that each wanted to write it would wait for each other.
 */
export class GatheredCounter {
  private readonly counts = new Map<string, Gathered<null, number | null>>();

  constructor(private readonly limiter: RateLimiterAbstract) {}

  get points(): number {
    return this.limiter.points;
  }

  /** Null when the call is within its budget, else the milliseconds to wait. Those that came first are let in first. */
  async take(key: string): Promise<number | null> {
    let counts = this.counts.get(key);
    if (counts === undefined) {
      counts = new Gathered((calls) => this.count(key, calls.length), CALLS_AT_ONCE, 'soon');
      this.counts.set(key, counts);
    }
    try {
      return await counts.add(null);
    } finally {
      if (counts.isIdle) this.counts.delete(key);
    }
  }

  private async count(key: string, calls: number): Promise<(number | null)[]> {
    try {
      await this.limiter.consume(key, calls);
      return Array.from({ length: calls }, () => null);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      const within = Math.max(0, calls - (error.consumedPoints - this.points));
      return Array.from({ length: calls }, (_, place) => (place < within ? null : error.msBeforeNext));
    }
  }
}
