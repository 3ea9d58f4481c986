import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import type { Env } from '../config/env.js';
import type { Check } from './check.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';

@Module({})
export class HealthModule {
  /** GET /health/live and /health/ready. */
  static over(checks: readonly Check[], env: Pick<Env, 'lang'>): DynamicModule {
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController],
      providers: [{ provide: HealthService, useFactory: () => new HealthService(checks, env.lang) }],
    };
  }
}
