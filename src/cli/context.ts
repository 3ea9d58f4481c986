import { userInfo } from 'node:os';
import type { OpenedApp } from '../app.js';
import { AppError } from '../domain/app-error.js';
import type { Env } from '../platform/config/env.js';
import type { GroupConfig } from '../platform/config/group-config.js';
import type { CommandCall } from './command.js';
import type { ExitCode } from './exit-codes.js';

/** The database of this installation, for as long as the work takes. */
export interface OpenDatabase {
  readonly env: Env;
  readonly url: string;
}

/**
 * Runs `work` with the configured PostgreSQL, or with the embedded one, which is started and left again. An interrupt
 * ends the process after the server was left: what was committed stays.
 */
export async function withDatabase<T>(
  call: CommandCall,
  work: (database: OpenDatabase) => Promise<T>,
): Promise<T> {
  const { loadEnv } = await import('../platform/config/env.js');
  const env = loadEnv({ ...call.env });
  if (env.databaseUrl !== undefined) return work({ env, url: env.databaseUrl });
  const { startEmbeddedPostgres } = await import('../platform/embedded/embedded-postgres.js');
  const server = await startEmbeddedPostgres({ home: env.home, log: (line) => call.output.note(line) });
  try {
    return await work({ env, url: server.url });
  } finally {
    await server.stop();
  }
}

/** What a command may ask of the running application, and how it is configured. */
export interface App {
  readonly env: Env;
  readonly group: GroupConfig;
  get: OpenedApp['get'];
}

/** Runs `work` with the whole application on an up-to-date schema, and closes all of it whatever happens. */
export async function withApp<T>(call: CommandCall, work: (app: App) => Promise<T>): Promise<T> {
  const { loadEnv } = await import('../platform/config/env.js');
  return withOpenApp(call, loadEnv({ ...call.env }), work);
}

/** The same with an environment that was read already. */
export async function withOpenApp<T>(
  call: CommandCall,
  env: Env,
  work: (app: App) => Promise<T>,
): Promise<T> {
  const { loadGroupConfig } = await import('../platform/config/group-config.js');
  const group = await loadGroupConfig(env.configDir);
  const { openApp } = await import('../app.js');
  const app = await openApp(env, {
    log: (line) => call.output.note(line),
    onError: (error) => call.output.note(error.message),
  });
  try {
    return await untilInterrupted(work({ env, group, get: (service) => app.get(service) }));
  } finally {
    await app.close();
  }
}

/** The work, or CLI_INTERRUPTED as soon as a signal arrives; the caller then closes what it opened. */
async function untilInterrupted<T>(work: Promise<T>): Promise<T> {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  let interrupt: (signal: NodeJS.Signals) => void = () => undefined;
  const interrupted = new Promise<never>((_resolve, reject) => {
    interrupt = (signal) => reject(new AppError('CLI_INTERRUPTED', { details: { signal } }));
  });
  for (const signal of signals) process.once(signal, interrupt);
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

/** Who is kept beside a decision: the name given, else the user of this computer. */
export function actor(call: CommandCall): string {
  return call.input.text('as') ?? `cli:${userInfo().username}`;
}

/** A command that needs the application; the handler is what is left to write. */
export function command(
  handler: (call: CommandCall, app: App) => Promise<ExitCode>,
): (call: CommandCall) => Promise<ExitCode> {
  return (call) => withApp(call, (app) => handler(call, app));
}
