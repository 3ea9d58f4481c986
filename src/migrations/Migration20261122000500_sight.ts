import { Migration } from '@mikro-orm/migrations';

const SEARCHED = [
  ['familyName', 'givenName'],
  ['givenName', 'familyName'],
  ['displayName'],
  ['formerFamilyName'],
  ['familyNameKana', 'givenNameKana'],
  ['department'],
  ['jobTitle'],
];
const SEARCH_TEXT = SEARCHED.map((names) =>
  names.map((name) => `coalesce(facts->>'${name}', '')`).join(' || '),
).join(` || '|' || `);

/** The same text as before; `fold` is how it names its helper. */
const searchTextWith = (fold: string) => `
  do $do$ begin
    execute format('create or replace function enishi_search_text(facts jsonb) returns text
      language sql immutable parallel safe as $f$select ${fold}(${SEARCH_TEXT.replaceAll("'", "''")})$f$',
      current_schema());
  end $do$`;

const UP = [
  // pg_dump restores with an empty search path, and the generated column of employment runs this for every row.
  searchTextWith('%1$I.enishi_fold'),
  // What this database was when it was last known to be itself. A dump that is restored elsewhere still says the old
  // place; one that is older than what the deployment has seen has a lower sequence.
  `create table instance (
     single boolean primary key default true check (single),
     id uuid not null,
     system_identifier text not null, database_oid bigint not null,
     sequence bigint not null default 0, changed_at timestamptz not null default now()
   )`,
  `insert into instance (id, system_identifier, database_oid)
   select gen_random_uuid(), (select system_identifier::text from pg_control_system()),
          (select oid::bigint from pg_database where datname = current_database())`,
];

export class Migration20261122000500_sight extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    this.addSql('drop table instance');
    this.addSql(searchTextWith('enishi_fold'));
  }
}
