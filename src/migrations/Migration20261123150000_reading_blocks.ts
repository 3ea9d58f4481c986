import { Migration } from '@mikro-orm/migrations';

const ENDINGS = `'00', '20', '40', '60', '80', 'a0', 'c0', 'e0'`;

const UP = [
  // What the newest reading of a source said, in blocks of rows: a block that comes again is known at one look.
  `create table reading_block (
     id bigint generated always as identity primary key,
     source text not null, hash uuid not null,
     raw_hashes uuid[] not null, observation_ids bigint[] not null
   )`,
  // Hashes do not get smaller by packing.
  `alter table reading_block alter column raw_hashes set storage external`,
  `create index reading_block_by_hash on reading_block (source, hash)`,
  `alter table staged_known_block add column reading_block bigint`,
  // Side by side in one list the arrays are taken apart at a third of what a join of them costs.
  `create or replace view staged_known as
     select run_id, unnest(row_nos) as row_no, unnest(observation_ids) as observation_id, raw
     from staged_known_block`,
  // Few in every reading: those who follow and have no bytes to be recognised by, and those who were heard of otherwise.
  `create index observation_unnamed on observation (source) where follows and raw_hash is null`,
  `create index observation_parted on observation (source) where not follows and raw_hash is not null`,
  // Everybody who follows is in a block; of what was read before, the blocks are those of the runs that said it.
  `insert into reading_block (source, hash, raw_hashes, observation_ids)
     select source, md5(string_agg(encode(uuid_send(raw_hash), 'hex'), '' order by row_no))::uuid,
       array_agg(raw_hash order by row_no), array_agg(id order by row_no)
     from (
       select *, (row_number() over (partition by source, run_id, stretch, part order by row_no) - 1) / 256 as piece
       from (
         select source, run_id, row_no, id, raw_hash,
           row_no - row_number() over (partition by source, run_id order by row_no) as stretch,
           count(*) filter (where right(encode(uuid_send(raw_hash), 'hex'), 2) in (${ENDINGS})) over (
             partition by source, run_id order by row_no rows between unbounded preceding and 1 preceding) as part
         from observation where follows and raw_hash is not null) as placed) as parted
     group by source, run_id, stretch, part, piece`,
];

const DOWN = [
  `drop index observation_parted`,
  `drop index observation_unnamed`,
  `create or replace view staged_known as
     select b.run_id, k.row_no, k.observation_id, b.raw
     from staged_known_block b cross join lateral unnest(b.row_nos, b.observation_ids) as k(row_no, observation_id)`,
  `alter table staged_known_block drop column reading_block`,
  `drop table reading_block`,
];

export class Migration20261123150000_reading_blocks extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}
