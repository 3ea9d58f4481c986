import type { Sql } from '../platform/database/database.js';
import { isRestored } from '../platform/health/restore-guard.js';

const KEY = 'follow-ups.paused';

/** True while somebody has stopped all outgoing mail, or while nobody has looked at a database that was restored. */
export async function isPaused(sql: Sql): Promise<boolean> {
  const [restored, { rows }] = await Promise.all([
    isRestored(sql),
    sql.query<{ value: unknown }>(`select value from setting where key = $1`, [KEY]),
  ]);
  return restored || rows[0]?.value === true;
}

/** Stops or releases all outgoing mail; what is on the wire at this moment ends. Safe to repeat. */
export async function setPaused(sql: Sql, paused: boolean, at: string): Promise<void> {
  await sql.query(
    `insert into setting (key, value, changed_at) values ($1, $2, $3)
     on conflict (key) do update set value = excluded.value, changed_at = excluded.changed_at`,
    [KEY, JSON.stringify(paused), at],
  );
}
