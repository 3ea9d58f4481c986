import { Client } from 'pg';

/**
 * Runs `work` while this process alone holds the lock of that name, or answers null at once when another one does. The
 * lock has a connection of its own; PostgreSQL lets go of it when the process dies.
 */
export async function ifLocked<T>(url: string, name: string, work: () => Promise<T>): Promise<T | null> {
  const client = new Client({ connectionString: url, application_name: 'enishi-tick', keepAlive: true });
  let lost: Error | null = null;
  client.on('error', (error: Error) => {
    lost = error;
  });
  await client.connect();
  try {
    const { rows } = await client.query<{ mine: boolean }>(
      'select pg_try_advisory_lock(hashtextextended($1, 0)) as mine',
      [name],
    );
    return rows[0]?.mine === true ? await work() : null;
  } finally {
    if (lost === null) await client.end();
  }
}
