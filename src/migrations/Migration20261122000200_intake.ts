import { Migration } from '@mikro-orm/migrations';

const UP = [
  // A run that sends mended rows again knows which rows of which run they are.
  `alter table import_run
     add column retries_run_id uuid references import_run, add column profile_content jsonb`,
  `alter table staged_observation add column origin_row int`,
  `alter table deferred_row add column origin_row int`,
  `alter table rejection add column origin_row int, add column resent_run_id uuid`,
  `create index rejection_open on rejection (run_id, row_no)
     where mended_run_id is null and resent_run_id is null`,
  `create index observation_absent on observation (source, company, employee_number) where absent`,
  `create index import_run_open on import_run (status, source)
     where status in ('reading', 'planned', 'held', 'applying')`,
];

const DOWN = [
  `drop index import_run_open`,
  `drop index observation_absent`,
  `drop index rejection_open`,
  `alter table rejection drop column resent_run_id, drop column origin_row`,
  `alter table deferred_row drop column origin_row`,
  `alter table staged_observation drop column origin_row`,
  `alter table import_run drop column profile_content, drop column retries_run_id`,
];

export class Migration20261122000200_intake extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}
