import { Client } from 'pg';
import { AppError } from '../../domain/app-error.js';
import type { Database } from './database.js';

const waiting = new Map<string, Promise<void>>();

/**
 * Runs `work` while this process alone holds the lock of that name; waits for it as long as it takes, those of one
 * process one after the other. The lock has a connection of its own, so that work under it never waits for itself in
 * the pool; PostgreSQL lets go of it when the process dies. Not re-entrant.
 *
 * Work that is under way when the lock is lost cannot be stopped: what takes several steps asks before each of them.
 *
 * @param work is told whether the lock is still held
 * @throws DATABASE_LOCK_LOST as soon as the connection of the lock breaks: somebody else may hold it from then on
 */
export async function withAdvisoryLock<T>(
  db: Database,
  name: string,
  work: (isHeld: () => boolean) => Promise<T>,
): Promise<T> {
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

async function locked<T>(url: string, name: string, work: (isHeld: () => boolean) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, application_name: 'enishi-lock' });
  let isLost = false;
  const lost = new Promise<never>((_resolve, reject) => {
    client.on('error', (cause: Error) => {
      isLost = true;
      reject(new AppError('DATABASE_LOCK_LOST', { retryable: true, cause }));
    });
  });
  // Whoever waits for it sees the rejection; before anybody does, it must not end the process.
  lost.catch(() => undefined);
  await client.connect();
  try {
    await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [name]);
    return await Promise.race([work(() => !isLost), lost]);
  } finally {
    if (!isLost) await client.end();
  }
}
