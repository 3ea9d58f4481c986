import { Migration } from '@mikro-orm/migrations';

const UP = [
  // Whether a run became the newest reading of its source: taken back, it gives that place to the one before it.
  `alter table import_run add column newest_reading boolean not null default false`,
  `update import_run r set newest_reading = true from source_state s
     where s.source = r.source and r.as_of_at = s.confirmed_as_of_at and r.status = 'applied'
       and r.kind in ('file', 'sync')`,
];

const DOWN = [`alter table import_run drop column newest_reading`];

export class Migration20261123130000_newest_reading extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}
