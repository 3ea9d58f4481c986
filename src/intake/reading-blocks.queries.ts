import type { Sql } from '../platform/database/database.js';
import { MOST_ROWS_IN_BLOCK } from './file/block-cutter.js';
import type { Run } from './run.js';

/** A block of the newest reading that this run, `$1`, did not find in its file. */
export const NOT_SEEN_AGAIN = `not exists (
  select 1 from staged_known_block seen where seen.run_id = $1 and seen.reading_block = b.id)`;

/**
 * Remembers what an applied file or sync said, in blocks of rows, so that the next one is compared by blocks. Whoever
 * follows the newest reading and has a raw hash is in a block of the source; everybody in a block said what its hashes
 * name. Of a run that did not become the newest reading only what it added is remembered. Once for each run, within the
 * transaction that ends it.
 */
export async function rememberReading(sql: Sql, run: Run): Promise<void> {
  if (run.kind !== 'file' && run.kind !== 'sync') return;
  const state = await sql.query<{ newest: boolean }>(
    'select newest_reading as newest from import_run where id = $1',
    [run.id],
  );
  const isNewest = state.rows[0]?.newest === true;
  if (isNewest)
    await sql.query(`delete from reading_block b where b.source = $2 and ${NOT_SEEN_AGAIN}`, [
      run.id,
      run.source,
    ]);
  const added = `select row_no, id, raw_hash, true as is_named from observation
    where run_id = $1 and follows and raw_hash is not null`;
  // Blocks that were there when the file was read and have been replaced since count row by row. A row that was read
  // and said what is known is named by its bytes in this file, or else has a name from an earlier one.
  const repeated = `select k.row_no, o.id, o.raw_hash, s.raw or exists (
      select 1 from staged_observation z where z.run_id = $1 and z.row_no = k.row_no and z.raw_hash = o.raw_hash)
    from staged_known_block s
    cross join lateral unnest(s.row_nos, s.observation_ids) as k(row_no, observation_id)
    join observation o on o.id = k.observation_id
    where s.run_id = $1 and o.follows and o.raw_hash is not null and o.run_id <> $1
      and not exists (select 1 from reading_block b where b.id = s.reading_block)`;
  // A block of the file is known by its bytes only where each of its rows is remembered. Whoever stands in none, or in
  // one of which another row is not, is looked up by the bytes of the row.
  await sql.query(
    `insert into reading_block (source, hash, raw_hashes, observation_ids)
     select $2, case when count(id) filter (where is_named) = max(row_count) then min(hash::text)::uuid end,
       array_agg(raw_hash order by row_no) filter (where id is not null),
       array_agg(id order by row_no) filter (where id is not null)
     from (
       select *, max(first_row) over in_order as block,
         case when row_no >= coalesce(max(first_row + row_count) over in_order, 0) then row_no / ${MOST_ROWS_IN_BLOCK} end
           as outside
       from (
         select said.*, null::int as first_row, null::int as row_count, null::uuid as hash
         from (${isNewest ? `${added} union all ${repeated}` : added}) as said
         union all
         select first_row, null, null, null, first_row, row_count, hash from staged_block where run_id = $1) as placed
       window in_order as (order by row_no, first_row rows unbounded preceding)) as parted
     group by block, outside having count(id) > 0`,
    [run.id, run.source],
  );
}

/**
 * The newest reading was taken back: whoever was heard of later than the one before does not follow it and is in no block.
 * Their bytes may have meant something else on an earlier day. The others of their blocks are blocks of their own, without
 * a name.
 */
export async function forgetLaterWords(sql: Sql, source: string): Promise<void> {
  const isLater = `o.as_of_at > coalesce(
    (select st.confirmed_as_of_at from source_state st where st.source = $1), '-infinity')`;
  await sql.query(
    `update observation o set follows = false where o.source = $1 and o.follows and ${isLater}`,
    [source],
  );
  await sql.query(
    `with later as materialized (
       select distinct b.id from reading_block b
       cross join lateral unnest(b.observation_ids) as k(observation_id)
       join observation o on o.id = k.observation_id
       where b.source = $1 and ${isLater}),
     gone as (delete from reading_block b using later where b.id = later.id returning b.*)
     insert into reading_block (source, hash, raw_hashes, observation_ids)
     select $1, null, array[k.raw_hash], array[o.id]
     from gone cross join lateral unnest(gone.raw_hashes, gone.observation_ids) as k(raw_hash, observation_id)
     join observation o on o.id = k.observation_id
     where o.follows`,
    [source],
  );
}
