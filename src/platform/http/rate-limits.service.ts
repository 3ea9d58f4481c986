import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Cluster, Redis } from 'ioredis';
import {
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRedis,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import { AppError } from '../../domain/app-error.js';
import type { Database } from '../database/database.js';
import { GatheredCounter } from './gathered-counter.js';
import type { RateClass } from './route.js';

/** Calls a minute, for each key and class; `stranger` for each address that comes without a right key. */
export type RateLimits = Readonly<Record<RateClass | 'stranger', number>>;

export const RATE_LIMITS: RateLimits = { read: 600, search: 120, write: 120, push: 6_000, stranger: 60 };

const MINUTE_SECS = 60;
const CONNECT_TIMEOUT_MS = 2_000;

/**
 * Counts calls where all replicas see them: on Redis when there is one, else on PostgreSQL. While the counter cannot be
 * reached each process counts for itself: what comes in is neither refused nor let through without end.
 */
@Injectable()
export class RateLimitsService implements OnApplicationShutdown {
  private readonly limiters: ReadonlyMap<string, GatheredCounter>;
  private readonly redis: Redis | Cluster | null;

  constructor(db: Database, redisUrls: readonly string[], limits: RateLimits) {
    this.redis = connect(redisUrls);
    this.limiters = new Map(
      Object.entries(limits).map(([name, points]) => [
        name,
        new GatheredCounter(limiterFor(name, points, db, this.redis)),
      ]),
    );
  }

  /** @throws RATE_LIMITED with the seconds to wait */
  async take(name: RateClass | 'stranger', who: string): Promise<void> {
    const limiter = this.limiters.get(name);
    if (limiter === undefined) throw new AppError('UNEXPECTED', { details: { message: name } });
    const waitMs = await limiter.take(who);
    if (waitMs === null) return;
    const retryAfter = Math.max(1, Math.ceil(waitMs / 1_000));
    throw new AppError('RATE_LIMITED', { retryable: true, details: { retryAfter, limit: limiter.points } });
  }

  onApplicationShutdown(): void {
    this.redis?.disconnect();
  }
}

function limiterFor(
  name: string,
  points: number,
  db: Database,
  redis: Redis | Cluster | null,
): RateLimiterAbstract {
  const budget = { points, duration: MINUTE_SECS, keyPrefix: `enishi-rate-${name}` };
  const insuranceLimiter = new RateLimiterMemory(budget);
  return redis === null
    ? new RateLimiterPostgres({
        ...budget,
        storeClient: db.pool,
        storeType: 'pool',
        tableName: 'rate_limit',
        tableCreated: true,
        clearExpiredByTimeout: true,
        insuranceLimiter,
      })
    : new RateLimiterRedis({ ...budget, storeClient: redis, rejectIfRedisNotReady: true, insuranceLimiter });
}

function connect(urls: readonly string[]): Redis | Cluster | null {
  const [first, ...others] = urls;
  if (first === undefined) return null;
  const options = { maxRetriesPerRequest: 1, connectTimeout: CONNECT_TIMEOUT_MS };
  const { protocol, username, password } = new URL(first);
  const redis =
    others.length === 0
      ? new Redis(first, { ...options, enableOfflineQueue: false })
      : new Cluster([...urls], {
          enableOfflineQueue: false,
          redisOptions: {
            ...options,
            ...(username === '' ? {} : { username: decodeURIComponent(username) }),
            ...(password === '' ? {} : { password: decodeURIComponent(password) }),
            ...(protocol === 'rediss:' ? { tls: {} } : {}),
          },
        });
  // It reconnects by itself, and the counting in memory goes on meanwhile.
  redis.on('error', () => undefined);
  return redis;
}
