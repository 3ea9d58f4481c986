import { Migration } from '@mikro-orm/migrations';

const UP = [
  // A night's file repeats nearly all of its rows: a thousand of them are one row here, and read as they were before.
  `create table staged_known_block (
     run_id uuid not null, block int not null, raw boolean not null,
     row_nos int[] not null, observation_ids bigint[] not null,
     primary key (run_id, block, raw)
   )`,
  `insert into staged_known_block (run_id, block, raw, row_nos, observation_ids)
     select run_id, row_no / 1000, raw, array_agg(row_no), array_agg(observation_id)
     from staged_known group by 1, 2, 3`,
  `drop table staged_known`,
  `create view staged_known as
     select b.run_id, k.row_no, k.observation_id, b.raw
     from staged_known_block b cross join lateral unnest(b.row_nos, b.observation_ids) as k(row_no, observation_id)`,
];

const DOWN = [
  `create table staged_known_row (
     run_id uuid not null, row_no int not null, observation_id bigint not null, raw boolean not null,
     primary key (run_id, row_no)
   )`,
  `insert into staged_known_row select run_id, row_no, observation_id, raw from staged_known`,
  `drop view staged_known`,
  `drop table staged_known_block`,
  `alter table staged_known_row rename to staged_known`,
  `alter index staged_known_row_pkey rename to staged_known_pkey`,
];

export class Migration20261123120000_known_blocks extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}
