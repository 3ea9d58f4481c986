import 'reflect-metadata';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule, type AppParts } from './app.module.js';
import { followUpRulesSchema } from './domain/follow-up.js';
import { compileLeavingReasons, leavingReasonsSchema } from './domain/leaving-reason.js';
import { openFollowUps } from './follow-ups/follow-ups.setup.js';
import { Clock } from './platform/clock/clock.js';
import { readConfigFile } from './platform/config/config-file.js';
import type { Env } from './platform/config/env.js';
import { loadGroupConfig } from './platform/config/group-config.js';
import { Database } from './platform/database/database.js';
import { migrate } from './platform/database/migrate.js';
import { startEmbeddedPostgres } from './platform/embedded/embedded-postgres.js';
import { traceStatements } from './platform/tracing/sql-spans.js';
import { startTracing } from './platform/tracing/tracing.js';

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

/** The house without its HTTP door and without workers: what a command needs. Migrates first. */
export async function openApp(env: Env, options: AppOptions): Promise<OpenedApp> {
  return opening(env, options, async (parts, closers) => {
    const app = await NestFactory.createApplicationContext(AppModule.over(parts, { workers: false }), QUIET);
    closers.push(() => app.close());
    return access(app, closers);
  });
}

/** Nest's own log; what it cannot do it throws. */
export const QUIET = { logger: ['error', 'warn'] as ('error' | 'warn')[], abortOnError: false };

export type Closer = () => Promise<void>;

/** Opens the parts and then what `open` makes of them; closes what was opened when that fails. */
export async function opening<T>(
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

/** What was opened, for whoever asked for it. */
export function access(app: INestApplicationContext, closers: Closer[]): OpenedApp {
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
