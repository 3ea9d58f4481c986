import 'reflect-metadata';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule, type AppParts } from './app.module.js';
import { followUpRulesSchema } from './domain/follow-up.js';
import { compileLeavingReasons, leavingReasonsSchema } from './domain/leaving-reason.js';
import { openFollowUps } from './follow-ups/follow-ups.setup.js';
import { Logger as PinoNestLogger } from 'nestjs-pino';
import { Clock } from './platform/clock/clock.js';
import { readConfigFile } from './platform/config/config-file.js';
import type { Env, Role } from './platform/config/env.js';
import { loadGroupConfig } from './platform/config/group-config.js';
import { Database } from './platform/database/database.js';
import { migrate } from './platform/database/migrate.js';
import { startEmbeddedPostgres } from './platform/embedded/embedded-postgres.js';
import { InboxWorker } from './intake/inbox-worker.service.js';
import { databaseWatch } from './platform/http/database-watch.js';
import type { HttpSettings } from './platform/http/http.module.js';
import { prepareServer } from './platform/http/prepare-server.js';
import { RoutesService } from './platform/http/routes.service.js';
import { AuditService } from './platform/audit/audit.service.js';
import { OutsideUse } from './platform/audit/outside-use.js';
import { ApiKeysService } from './platform/auth/api-keys.service.js';
import { mountQueueBoard } from './platform/queue/queue-board.js';
import { sightRoutesOnly } from './platform/health/sight-routes.js';
import type { Logger } from './platform/logging/logger.js';
import { sourceLogContext } from './platform/logging/logging.module.js';
import { traceRequests } from './platform/tracing/http-spans.js';
import { traceStatements } from './platform/tracing/sql-spans.js';
import { startTracing } from './platform/tracing/tracing.js';
import { sightModules } from './sight.js';

export interface AppOptions {
  /** One line at a time, for people: what is being started. */
  readonly log: (line: string) => void;
  /** Told about trouble with the queue's connection, which mends itself. */
  readonly onError: (error: Error) => void;
}

export interface OpenedApp {
  get<T>(service: Type<T>): T;
  /** Ends everything that was opened, the embedded PostgreSQL last. Safe to repeat. */
  close(): Promise<void>;
}

export interface OpenedServer extends OpenedApp {
  /** Where it listens. */
  readonly address: string;
}

/** The house without its HTTP door and without workers: what a command needs. Migrates first. */
export async function openApp(env: Env, options: AppOptions): Promise<OpenedApp> {
  return opening(env, options, async (parts, closers) => {
    const app = await NestFactory.createApplicationContext(AppModule.over(parts, { workers: false }), QUIET);
    closers.push(() => app.close());
    return access(app, closers);
  });
}

/** The house as a server: pages and API in roles `api` and `all`, workers in roles `worker` and `all`. */
export async function openServer(
  env: Env,
  options: AppOptions & {
    readonly role: Role;
    readonly port?: number;
    readonly logger: Logger;
    readonly http?: HttpSettings;
  },
): Promise<OpenedServer> {
  return opening(env, options, async (parts, closers) => {
    const workers = options.role !== 'api';
    const also = sightModules(parts, options.role, options.logger);
    const app = await NestFactory.create<NestExpressApplication>(
      AppModule.over(parts, { workers, also, http: options.http ?? {} }),
      { ...QUIET, bodyParser: false },
    );
    closers.push(() => app.close());
    const outside = outsideUse(app, parts, options.onError);
    closers.push(() => outside.settled());
    if (parts.tracing !== undefined) app.use(traceRequests(parts.tracing.telemetry));
    app.use(sourceLogContext);
    app.use(databaseWatch(parts.database.url));
    if (options.role === 'worker') app.use(sightRoutesOnly);
    app.use(outside.middleware);
    prepareServer(app, API_VERSION);
    const { queues, queueNames } = parts.followUps;
    mountQueueBoard(app, queues, queueNames, app.get(ApiKeysService, { strict: false }));
    await app.listen(options.port ?? env.port);
    app.get(InboxWorker).start();
    // From here on: Nest's list of everything that it has put together helps nobody who reads a log.
    app.useLogger(app.get(PinoNestLogger));
    return { ...access(app, closers), address: await app.getUrl() };
  });
}

/** Keys that were used for what is not theirs leave a trace. */
function outsideUse(
  app: NestExpressApplication,
  { database, clock, group }: AppParts,
  onError: (error: Error) => void,
): OutsideUse {
  const audit = app.get(AuditService, { strict: false });
  const keys = app.get(ApiKeysService, { strict: false });
  const routes = app.get(RoutesService, { strict: false });
  return new OutsideUse({
    database,
    clock,
    group,
    audit,
    keys,
    routes: () => routes.list(),
    onError: (error) => onError(error instanceof Error ? error : new Error('UNEXPECTED', { cause: error })),
  });
}

const API_VERSION = '1.0.0';
const QUIET = { logger: ['error', 'warn'] as ('error' | 'warn')[], abortOnError: false };

type Closer = () => Promise<void>;

async function opening<T>(
  env: Env,
  options: AppOptions,
  open: (parts: AppParts, closers: Closer[]) => Promise<T>,
): Promise<T> {
  const closers: Closer[] = [];
  try {
    return await open(await openParts(env, options, closers), closers);
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

async function openParts(env: Env, options: AppOptions, closers: Closer[]): Promise<AppParts> {
  const { configDir } = env;
  const group = await loadGroupConfig(configDir);
  const rules = await readConfigFile(configDir, 'follow-ups.yaml', followUpRulesSchema);
  const reasons = compileLeavingReasons(
    await readConfigFile(configDir, 'leaving-reasons.yaml', leavingReasonsSchema),
  );
  const databaseUrl = env.databaseUrl ?? (await startEmbedded(env, options, closers));
  await migrate(databaseUrl);
  const clock = new Clock(env.now ?? null);
  const database = new Database(databaseUrl);
  closers.push(() => database.onApplicationShutdown());
  const tracing = env.otlpEndpoint === undefined ? undefined : await startTracing(env.otlpEndpoint);
  if (tracing !== undefined) {
    closers.push(() => tracing.stop());
    traceStatements(database.pool, tracing.telemetry);
  }
  const followUps = await openFollowUps({
    database,
    clock,
    databaseUrl,
    redisUrls: env.redisUrls,
    smtpUrl: env.smtpUrl ?? null,
    production: env.production,
    home: env.home,
    ...(tracing !== undefined && { telemetry: tracing.telemetry }),
    publicUrl: env.publicUrl ?? `http://localhost:${env.port}`,
    configDir,
    rules,
    companies: group.companies,
    onError: options.onError,
  });
  closers.push(() => followUps.close());
  return { env, clock, database, group, rules, reasons, followUps, tracing };
}

async function startEmbedded(env: Env, { log }: AppOptions, closers: Closer[]): Promise<string> {
  const embedded = await startEmbeddedPostgres({ home: env.home, log });
  closers.push(() => embedded.stop());
  return embedded.url;
}

function access(app: INestApplicationContext, closers: Closer[]): OpenedApp {
  let closing: Promise<void> | null = null;
  return {
    get: (service) => app.get(service, { strict: false }),
    close: () => (closing ??= closeAll(closers)),
  };
}

/** In reverse; each is tried, and what failed is told after the last one was. */
async function closeAll(closers: Closer[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of closers.splice(0).reverse()) {
    try {
      await close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'closing');
}
