import type { Sql } from '../platform/database/database.js';

const ROWS_PER_BLOCK = 1_000;

/**
 * The statement that notes rows as known; a block of them is one row of the table, and the view `staged_known` shows them
 * one by one. Blocks of the newest reading are noted under the number of their first row, negative. `rows` is a select of run_id, row_no, observation_id and whether the bytes told, in this order.
 */
export function noteKnown(rows: string): string {
  return `insert into staged_known_block (run_id, block, raw, row_nos, observation_ids)
    select run_id, row_no / ${ROWS_PER_BLOCK}, raw, array_agg(row_no), array_agg(observation_id)
    from (${rows}) as k(run_id, row_no, observation_id, raw) group by 1, 2, 3`;
}

/**
 * These rows are not known any more. A block of the newest reading is not said again as a whole then: whoever is left of
 * it counts one by one.
 */
export async function dropKnown(sql: Sql, runId: string, rowNumbers: readonly number[]): Promise<void> {
  await sql.query(
    // Their blocks are found in one pass: neither element by element, nor by a join that an estimate could turn into that.
    `update staged_known_block b set (row_nos, observation_ids, reading_block) = (
       select coalesce(array_agg(k.row_no), '{}'), coalesce(array_agg(k.observation_id), '{}'), null::bigint
       from unnest(b.row_nos, b.observation_ids) as k(row_no, observation_id) where k.row_no <> all($2::int[]))
     from (
       select distinct k.block, k.raw
       from (select block, raw, unnest(row_nos) as row_no from staged_known_block where run_id = $1) k
       where k.row_no = any($2::int[])) as hit
     where b.run_id = $1 and b.block = hit.block and b.raw = hit.raw`,
    [runId, rowNumbers],
  );
}
