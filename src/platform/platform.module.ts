import { Module, type DynamicModule } from '@nestjs/common';
import { Clock } from './clock/clock.js';
import type { Env } from './config/env.js';
import type { GroupConfig } from './config/group-config.js';
import { Database } from './database/database.js';

/** Injection tokens of values that are no classes. */
export const ENV = Symbol('ENV');
export const GROUP_CONFIG = Symbol('GROUP_CONFIG');

export interface PlatformParts {
  readonly env: Env;
  readonly clock: Clock;
  readonly database: Database;
  readonly group: GroupConfig;
}

@Module({})
export class PlatformModule {
  /** What every feature may use; opened and closed by the composition root. */
  static over({ env, clock, database, group }: PlatformParts): DynamicModule {
    const providers = [
      { provide: ENV, useValue: env },
      { provide: Clock, useValue: clock },
      { provide: Database, useValue: database },
      { provide: GROUP_CONFIG, useValue: group },
    ];
    return { module: PlatformModule, global: true, providers, exports: providers.map((p) => p.provide) };
  }
}
