import type { Sql } from '../platform/database/database.js';
import type { Run, RunNote } from './run.js';

/** What the source has come to by an applied run: where its history begins, how new its newest full file is. */
export async function noteApplied(sql: Sql, run: Run): Promise<void> {
  await sql.query(
    `insert into source_state as s (source, first_run_id, first_applied_at, last_good_read_at, last_full_as_of_at)
     values ($1, $2, $3, $3, $4)
     on conflict (source) do update set
       first_run_id = coalesce(s.first_run_id, excluded.first_run_id),
       first_applied_at = coalesce(s.first_applied_at, excluded.first_applied_at),
       last_good_read_at = excluded.last_good_read_at,
       last_full_as_of_at = greatest(s.last_full_as_of_at, excluded.last_full_as_of_at)`,
    [run.source, run.id, run.applyAt, run.mode === 'full' && run.seenToEnd ? run.asOfAt : null],
  );
}

/** The source without a reverted run; without any, its next run is its first again. */
export async function noteReverted(sql: Sql, revertedRunId: string): Promise<void> {
  await sql.query(`update import_run set status = 'reverted' where id = $1`, [revertedRunId]);
  await sql.query(
    `update source_state s set
       first_run_id = (select r.id from import_run r where ${APPLIED} order by r.apply_at, r.id limit 1),
       first_applied_at = (select min(r.apply_at) from import_run r where ${APPLIED}),
       last_good_read_at = (select max(r.apply_at) from import_run r where ${APPLIED}),
       last_full_as_of_at = (select max(r.as_of_at) from import_run r
         where ${APPLIED} and r.mode = 'full' and r.seen_to_end)
     where s.source = (select source from import_run where id = $1)`,
    [revertedRunId],
  );
  await sql.query('update rejection set mended_run_id = null where mended_run_id = $1', [revertedRunId]);
  await sql.query('update rejection set resent_run_id = null where resent_run_id = $1', [revertedRunId]);
}

const APPLIED = `r.source = s.source and r.status = 'applied' and r.kind in ('file', 'push', 'sync')`;

/**
 * Marks what a retry mended in the run that had rejected it, and in the runs that one had it from; a row that was
 * rejected again goes on in the retry, with its newest reasons. By row number, or by employee number where the sender
 * took the numbers out of the file.
 */
export async function markMended(sql: Sql, run: Run): Promise<RunNote[]> {
  if (run.retriesRunId === null) return [];
  const mended = await sql.query(
    `with recursive taken as (
       select distinct x.run_id, x.row_no from rejection x join staged_observation s
         on s.run_id = $1 and not s.absent
           and (s.origin_row = x.row_no or (s.origin_row is null and s.employee_number = x.employee_number))
       where x.run_id = $2 and x.mended_run_id is null
       union
       select up.run_id, up.row_no from taken t
       join rejection x on x.run_id = t.run_id and x.row_no = t.row_no
       join import_run r on r.id = x.run_id
       join rejection up on up.run_id = r.retries_run_id and up.row_no = x.origin_row)
     update rejection x set mended_run_id = $1 from taken t where x.run_id = t.run_id and x.row_no = t.row_no
     returning (x.run_id = $2) as here`,
    [run.id, run.retriesRunId],
  );
  await sql.query(
    `update rejection x set resent_run_id = $1 from rejection y
     where y.run_id = $1 and x.run_id = $2 and x.row_no = y.origin_row and x.mended_run_id is null`,
    [run.id, run.retriesRunId],
  );
  const left = await sql.query<{ n: number }>(
    'select count(*)::int as n from rejection where run_id in ($1, $2) and mended_run_id is null and resent_run_id is null',
    [run.id, run.retriesRunId],
  );
  const here = mended.rows.filter((row: { here?: boolean }) => row.here === true).length;
  return [
    { code: 'ROWS_MENDED', details: { run: run.retriesRunId, mended: here, left: left.rows[0]?.n ?? 0 } },
  ];
}
