import { RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';

interface Waiting {
  readonly resolve: (waitMs: number | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Counts calls of one key that come while a count of it is on its way together, in the next one: a counter is one row,
 * and a hundred calls that each wanted to write it would wait for each other.
 */
export class GatheredCounter {
  private readonly waiting = new Map<string, Waiting[]>();

  constructor(private readonly limiter: RateLimiterAbstract) {}

  get points(): number {
    return this.limiter.points;
  }

  /** Null when the call is within its budget, else the milliseconds to wait. Those that came first are let in first. */
  take(key: string): Promise<number | null> {
    return new Promise((resolve, reject) => {
      const others = this.waiting.get(key);
      if (others !== undefined) {
        others.push({ resolve, reject });
        return;
      }
      this.waiting.set(key, [{ resolve, reject }]);
      void this.count(key);
    });
  }

  private async count(key: string): Promise<void> {
    for (let group = this.waiting.get(key) ?? []; group.length > 0; group = this.waiting.get(key) ?? []) {
      this.waiting.set(key, []);
      try {
        await this.limiter.consume(key, group.length);
        for (const { resolve } of group) resolve(null);
      } catch (error) {
        answer(group, error, this.points);
      }
    }
    this.waiting.delete(key);
  }
}

function answer(group: readonly Waiting[], error: unknown, points: number): void {
  if (!(error instanceof RateLimiterRes)) {
    for (const { reject } of group) reject(error);
    return;
  }
  const within = Math.max(0, group.length - (error.consumedPoints - points));
  group.forEach(({ resolve }, place) => resolve(place < within ? null : error.msBeforeNext));
}
