import { Migration } from '@mikro-orm/migrations';

const UP = [
  // Due days begin at one moment for everybody: without the id, the first of fifty thousand are found by sorting them.
  `drop index follow_up_due`,
  `create index follow_up_due on follow_up (due_at, id) where state = 'planned' and kind <> 'card'`,
  `drop index follow_up_queued`,
  `create index follow_up_queued on follow_up (queued_at, id) where state = 'queued'`,
];

const DOWN = [
  `drop index follow_up_queued`,
  `create index follow_up_queued on follow_up (queued_at) where state = 'queued'`,
  `drop index follow_up_due`,
  `create index follow_up_due on follow_up (due_at) where state = 'planned'`,
];

export class Migration20261123140000_relay_order extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}
