import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, DiscoveryModule } from '@nestjs/core';
import { ApiKeysService } from '../auth/api-keys.service.js';
import { Clock } from '../clock/clock.js';
import type { Env } from '../config/env.js';
import { Database } from '../database/database.js';
import { AccessGuard } from './access.guard.js';
import { ApiInterceptor } from './api.interceptor.js';
import { BODY_LIMITS, type BodyLimits } from './body.js';
import { CursorsService } from './cursors.service.js';
import { IdempotencyService } from './idempotency.service.js';
import { ProblemFilter } from './problem.filter.js';
import { RATE_LIMITS, RateLimitsService, type RateLimits } from './rate-limits.service.js';
import { RoutesService } from './routes.service.js';

/** Limits of the HTTP door; what is not given is as shipped. */
export interface HttpSettings {
  readonly rates?: Partial<RateLimits>;
  readonly bodies?: Partial<BodyLimits>;
}

@Module({})
export class HttpModule {
  /** The door of the API: keys, limits, strict bodies, idempotency and problem documents for every route. */
  static over(env: Env, settings: HttpSettings = {}): DynamicModule {
    const bodies = { ...BODY_LIMITS, ...settings.bodies };
    const rates = { ...RATE_LIMITS, ...settings.rates };
    const keys = {
      provide: ApiKeysService,
      inject: [Database, Clock],
      useFactory: (db: Database, clock: Clock) => new ApiKeysService(db, clock),
    };
    const limits = {
      provide: RateLimitsService,
      inject: [Database],
      useFactory: (db: Database) => new RateLimitsService(db, env.redisUrls, rates),
    };
    const interceptor = {
      provide: APP_INTERCEPTOR,
      inject: [IdempotencyService],
      useFactory: (idempotency: IdempotencyService) => new ApiInterceptor(idempotency, bodies),
    };
    return {
      module: HttpModule,
      global: true,
      imports: [DiscoveryModule],
      providers: [
        keys,
        limits,
        interceptor,
        { provide: CursorsService, useValue: new CursorsService(env.secretKey) },
        IdempotencyService,
        RoutesService,
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
      exports: [ApiKeysService, CursorsService, RoutesService],
    };
  }
}
