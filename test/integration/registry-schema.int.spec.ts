import { Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Migration20261122000000_spine } from '../../src/migrations/Migration20261122000000_spine.js';
import { Migration20261122000100_registry } from '../../src/migrations/Migration20261122000100_registry.js';
import { Database } from '../../src/platform/database/database.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

let at: TestDatabase;
let db: Database;
let orm: MikroORM;

beforeAll(async () => {
  at = await testDatabase();
  db = new Database(at.url, 2);
  orm = await MikroORM.init({
    clientUrl: at.url,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    migrations: {
      migrationsList: [
        { name: 'Migration20261122000000_spine', class: Migration20261122000000_spine },
        { name: 'Migration20261122000100_registry', class: Migration20261122000100_registry },
      ],
      snapshot: false,
      silent: true,
    },
    debug: false,
  });
});
afterAll(async () => {
  await orm.close(true);
  await db.onApplicationShutdown();
  await at.drop();
});

/** Columns and indexes, as PostgreSQL writes them. */
async function schema(): Promise<unknown[]> {
  return db.query(
    `select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable as line
     from information_schema.columns where table_schema = 'public' and table_name not like 'mikro%'
     union all select indexdef from pg_indexes where schemaname = 'public' and tablename not like 'mikro%' order by 1`,
  );
}

it('the registry migration goes up, down and up again, with proposals and planned versions in the tables', async () => {
  const migrator = new Migrator(orm.em);
  await migrator.up({ to: 'Migration20261122000000_spine' });
  const spine = await schema();
  await migrator.up();
  const registry = await schema();
  await db.query(`insert into policy_version (policy_id, content, hash, planned_at, planned_by)
    values ('x', '{}', 'h', now(), 'hr')`);
  const person = await db.one<{ id: string }>('insert into person (id) values (enishi_id()) returning id');
  for (const state of ['active', 'awaiting_second']) {
    await db.query(
      `insert into rehire_override (id, person_id, company, verdict, reason, author, state, created_at)
       values (enishi_id(), $1, 'jp', 'review', 'r', 'a', $2, now())`,
      [person?.id, state],
    );
  }
  await migrator.down();
  expect(await schema()).toEqual(spine);
  expect(await db.query('select state from rehire_override order by state')).toEqual([
    { state: 'active' },
    { state: 'closed' },
  ]);
  await migrator.up();
  expect(await schema()).toEqual(registry);
});
