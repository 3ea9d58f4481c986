import type { DynamicModule } from '@nestjs/common';
import type { AppParts } from './app.module.js';
import type { Role } from './platform/config/env.js';
import {
  databaseCheck,
  diskCheck,
  mailCheck,
  migrationsCheck,
  queueCheck,
  restoreCheck,
} from './platform/health/checks.js';
import { HealthModule } from './platform/health/health.module.js';
import type { Logger } from './platform/logging/logger.js';
import { LoggingModule } from './platform/logging/logging.module.js';
import { seldom } from './platform/logging/seldom.js';
import { MetricsModule } from './platform/metrics/metrics.module.js';

/** How a server is seen from outside: its log, its health, its numbers. */
export function sightModules(parts: AppParts, role: Role, logger: Logger): DynamicModule[] {
  const { env, database, clock, followUps } = parts;
  const { queues, queueNames, outage, transport } = followUps;
  const checks = [
    databaseCheck(database),
    migrationsCheck(database.url),
    // An api without its queue takes everything in and hands it on later; a worker without it is of no use.
    queueCheck(queues, role !== 'api'),
    mailCheck(transport, outage, false),
    restoreCheck(database),
    diskCheck(env.home),
  ];
  const onError = seldom((error) => logger.warn({ err: error }, 'metrics'));
  const tell = (error: unknown) =>
    onError(error instanceof Error ? error : new Error('UNEXPECTED', { cause: error }));
  return [
    LoggingModule.over(logger),
    HealthModule.over(checks, env),
    MetricsModule.over({ database, clock, queues, queueNames, outage, onError: tell }),
  ];
}
