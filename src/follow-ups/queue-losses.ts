import type { Sql } from '../platform/database/database.js';

const KEY = 'follow-ups.queue-lost';

/**
 * Notes that the queue did not know these many jobs, for an alert. What is found within ten minutes is one loss: it
 * keeps the time of the first. @param count 0: nothing is noted
 */
export async function noteLostJobs(sql: Sql, count: number, at: string): Promise<void> {
  if (count === 0) return;
  await sql.query(
    `insert into setting (key, value, changed_at) values ($1, jsonb_build_object('at', $3::text, 'count', $2::int), $3::text::timestamptz)
     on conflict (key) do update set changed_at = excluded.changed_at, value = case
       when setting.changed_at > excluded.changed_at - interval '10 minutes'
       then jsonb_set(setting.value, '{count}', to_jsonb((setting.value->>'count')::int + $2::int))
       else excluded.value end`,
    [KEY, count, at],
  );
}
