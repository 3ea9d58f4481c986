import { Migration } from '@mikro-orm/migrations';

const UP = [
  // Pages of numbers that have to be decided come in this order, one after the other.
  `create index staged_change_loud on staged_change (run_id, company collate "C", employee_number collate "C")
     where not quiet`,
  // Most staged rows never need it: the database makes it quicker than it travels.
  `alter table staged_observation alter column new_id set default enishi_id()`,
];

const DOWN = [
  `alter table staged_observation alter column new_id drop default`,
  `drop index staged_change_loud`,
];

export class Migration20261122000600_bulk extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}
