import { Migration } from '@mikro-orm/migrations';

const UP = [
  // A block is known by its bytes, which name it at a tenth of what it takes to name each of its rows.
  `create table staged_block (
     run_id uuid not null, first_row int not null, row_count int not null, hash uuid not null,
     primary key (run_id, first_row)
   )`,
  // What has no bytes of its own (a row of it said something else, or was read before this) is looked up row by row.
  `alter table reading_block alter column hash drop not null`,
  `update reading_block set hash = null`,
];

const DOWN = [
  `update reading_block set hash = md5(replace(array_to_string(raw_hashes, ''), '-', ''))::uuid`,
  `alter table reading_block alter column hash set not null`,
  `drop table staged_block`,
];

export class Migration20261123170000_block_bytes extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}
