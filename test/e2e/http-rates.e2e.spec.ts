import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AppError } from '../../src/domain/app-error.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { RATE_LIMITS, RateLimitsService } from '../../src/platform/http/rate-limits.service.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { startTestRedis } from '../support/redis.js';

const LIMITS = { ...RATE_LIMITS, write: 10 };

describe(RateLimitsService, () => {
  let own: TestDatabase;
  let database: Database;
  const open: RateLimitsService[] = [];

  beforeAll(async () => {
    own = await testDatabase();
    await migrate(own.url);
    database = new Database(own.url);
  });
  afterAll(async () => {
    for (const service of open) service.onApplicationShutdown();
    await database.pool.end();
    await own.drop();
  });

  function limits(redisUrls: readonly string[]): RateLimitsService {
    const service = new RateLimitsService(database, redisUrls, LIMITS);
    open.push(service);
    return service;
  }

  /** How many of so many calls at once went through. */
  async function through(
    services: readonly RateLimitsService[],
    who: string,
    calls: number,
  ): Promise<number> {
    const results = await Promise.allSettled(
      Array.from({ length: calls }, async (_, i) => services[i % services.length]?.take('write', who)),
    );
    for (const result of results) {
      if (result.status === 'rejected') expect((result.reason as AppError).code).toBe('RATE_LIMITED');
    }
    return results.filter((result) => result.status === 'fulfilled').length;
  }

  it('counts together over two replicas on PostgreSQL, each key for itself', async () => {
    const replicas = [limits([]), limits([])];
    expect(await through(replicas, 'a', 40)).toBe(10);
    expect(await through(replicas, 'b', 5)).toBe(5);
  });

  it('counts together over two replicas on Redis', async () => {
    const redis = await startTestRedis('rate limits on Redis');
    if (redis === null) return;
    try {
      const replicas = [limits([redis.url]), limits([redis.url])];
      // The connection is made when it is first needed; until then each counts for itself.
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(await through(replicas, 'c', 40)).toBe(10);
    } finally {
      await redis.stop();
    }
  });

  it('R09: with Redis away nothing is refused that a process alone would let through, and it still counts', async () => {
    const alone = limits(['redis://127.0.0.1:1']);
    const started = Date.now();
    expect(await through([alone], 'd', 40)).toBe(10);
    expect(Date.now() - started).toBeLessThan(500);
  });
});
