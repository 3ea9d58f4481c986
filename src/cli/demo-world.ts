import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { AppError } from '../domain/app-error.js';
import type { CommandCall } from './command.js';
import { withDatabase, type OpenDatabase } from './context.js';

/** The morning on which the demo happens: a week before the end of the Japanese business year. */
export const DEMO_NOW = '2026-03-25T09:00:00+09:00';
/** Any constant that nothing else locks. */
const DEMO_LOCK = 4_920_777;

/** An empty database as PostgreSQL makes one, without ending the session that holds the lock. */
const RESET = `drop schema if exists bullmq cascade; drop schema public cascade;
  create schema public; grant usage on schema public to public`;

/**
 * Runs `work` on an empty database of the demo's own, below the home of this installation. Whatever servers are
 * configured are left alone: a demo writes into nobody's registry and sends mail to nobody.
 *
 * @throws DEMO_RUNNING while another demo of this home runs
 */
export async function withDemoWorld<T>(
  call: CommandCall,
  work: (database: OpenDatabase) => Promise<T>,
): Promise<T> {
  const home = join(call.env['ENISHI_HOME'] ?? '.enishi', 'demo');
  const env = {
    ...call.env,
    DATABASE_URL: undefined,
    REDIS_URL: undefined,
    SMTP_URL: undefined,
    ENISHI_HOME: home,
    ENISHI_NOW: call.env['ENISHI_NOW'] ?? DEMO_NOW,
  };
  return withDatabase({ ...call, env }, async (database) => {
    const guard = new pg.Client({ connectionString: database.url, application_name: 'enishi-demo' });
    await guard.connect();
    try {
      const { rows } = await guard.query<{ free: boolean }>('select pg_try_advisory_lock($1) as free', [
        DEMO_LOCK,
      ]);
      if (rows[0]?.free !== true) throw new AppError('DEMO_RUNNING', { details: { home } });
      await guard.query(RESET);
      return await work({ ...database, env: { ...database.env, databaseUrl: database.url } });
    } finally {
      await guard.end();
    }
  });
}

/**
 * The folder `examples/` of this installation.
 *
 * @throws FILE_NOT_FOUND
 */
export function examplesFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const examples = join(folder, 'examples');
    if (existsSync(join(examples, 'jp-employees-cp932.csv'))) return examples;
    if (dirname(folder) === folder) throw new AppError('FILE_NOT_FOUND', { details: { file: 'examples/' } });
  }
}
