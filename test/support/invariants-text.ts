import type { Database } from '../../src/platform/database/database.js';
import type { JobQueues } from '../../src/platform/queue/job-queues.js';

const TEXT_TYPES = ['text', 'character varying', 'character', 'json', 'jsonb', 'ARRAY'];
const REPLACEMENT = '\uFFFD';
const JOBS_PER_PAGE = 1_000;
const JOB_STATES = ['waiting', 'active', 'delayed', 'prioritized', 'completed', 'failed'] as const;

interface TextColumns {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
}

/** (5) Columns that hold the sign for a character that was lost. */
export async function garbledText(database: Database): Promise<string[]> {
  const tables = await database.query<TextColumns & { columns: string[] }>(
    `select table_schema as schema, table_name as name, array_agg(quote_ident(column_name) order by column_name)::text[] as columns
     from information_schema.columns join information_schema.tables t using (table_schema, table_name)
     where t.table_type = 'BASE TABLE' and table_schema in ('public', 'bullmq') and data_type = any($1::text[])
     group by 1, 2 order by 1, 2`,
    [TEXT_TYPES],
  );
  const found: string[] = [];
  for (const { schema, name, columns } of tables) {
    const counts = columns.map(
      (column, i) => `count(*) filter (where strpos(${column}::text, $1) > 0) as c${i}`,
    );
    const row = await database.one<Record<string, number>>(
      `select ${counts.join(', ')} from "${schema}"."${name}"`,
      [REPLACEMENT],
    );
    columns.forEach((column, i) => {
      const n = row?.[`c${i}`] ?? 0;
      if (n > 0) found.push(`(5) ${schema}.${name}.${column} holds U+FFFD in ${n} rows`);
    });
  }
  return found;
}

/** (5) Canaries in a text; said by their place in the list, because a canary is a person's. */
export function canariesIn(where: string, text: string, canaries: readonly string[]): string[] {
  const found = canaries.flatMap((canary, i) => (text.includes(canary) ? [i] : []));
  return found.length === 0
    ? []
    : [`(5) ${where} holds ${found.length} of ${canaries.length} canaries, the first is number ${found[0]}`];
}

/** (5) Canaries in what the queue keeps of its jobs: payload, progress, result, failure. */
export async function canariesInJobs(
  queues: JobQueues,
  names: readonly string[],
  canaries: readonly string[],
): Promise<string[]> {
  if (canaries.length === 0) return [];
  const found: string[] = [];
  for (const queue of queues.readable(names)) {
    for (let from = 0; ; from += JOBS_PER_PAGE) {
      // The states are asked together: each gives its own page.
      const jobs = await queue.getJobs([...JOB_STATES], from, from + JOBS_PER_PAGE - 1);
      if (jobs.length === 0) break;
      const text = jobs
        .map(({ id, name, data, opts, progress, returnvalue, failedReason, stacktrace }: JobWords) =>
          JSON.stringify([id, name, data, opts, progress, returnvalue, failedReason, stacktrace]),
        )
        .join('\n');
      found.push(...canariesIn(`the queue ${queue.name}`, text, canaries));
    }
  }
  return found;
}

interface JobWords {
  readonly id?: string | undefined;
  readonly name: string;
  readonly data: unknown;
  readonly opts: unknown;
  readonly progress: unknown;
  readonly returnvalue: unknown;
  readonly failedReason: string;
  readonly stacktrace: readonly string[] | null;
}
