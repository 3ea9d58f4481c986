import { Client } from 'pg';
import type { Database } from './database.js';

const waiting = new Map<string, Promise<void>>();

/**
 * Runs `work` while this process alone holds the lock of that name; waits for it as long as it takes, those of one
 * process one after the other. The lock has a connection of its own, so that work under it never waits for itself in
 * the pool; PostgreSQL lets go of it when the process dies. Not re-entrant.
 */
export async function withAdvisoryLock<T>(db: Database, name: string, work: () => Promise<T>): Promise<T> {
  const key = `${db.url} ${name}`;
  const before = waiting.get(key) ?? Promise.resolve();
  let release = (): void => undefined;
  const mine = new Promise<void>((resolve) => {
    release = resolve;
  });
  const tail = before.then(() => mine);
  waiting.set(key, tail);
  await before;
  try {
    return await locked(db.url, name, work);
  } finally {
    release();
    if (waiting.get(key) === tail) waiting.delete(key);
  }
}

async function locked<T>(url: string, name: string, work: () => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, application_name: 'enishi-lock' });
  let lost: Error | null = null;
  client.on('error', (error: Error) => {
    lost = error;
  });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [name]);
    return await work();
  } finally {
    if (lost === null) await client.end();
  }
}
