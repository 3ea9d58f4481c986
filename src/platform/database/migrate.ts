import { Client } from 'pg';
import { MIGRATION_NAMES } from '../../migrations/names.js';

/** Any constant works as long as nothing else uses it; two processes that start together migrate one after the other. */
const MIGRATION_LOCK = 4_920_001;

export interface MigrationStatus {
  readonly applied: readonly string[];
  readonly pending: readonly string[];
}

/** Brings the schema up to date. Safe to repeat and to run from several processes at once. */
export async function migrate(url: string): Promise<MigrationStatus> {
  const before = await migrationStatus(url);
  if (before.pending.length === 0) return before;
  return locked(url, async () => {
    const { migrateUp } = await import('./migrator.js');
    await migrateUp(url);
    return migrationStatus(url);
  });
}

/** Takes the whole schema away again, newest first. For tests of the migrations themselves. */
export async function migrateDown(url: string): Promise<void> {
  const { migrateDownToNothing } = await import('./migrator.js');
  await locked(url, () => migrateDownToNothing(url));
}

/** What is applied and what is pending, read without the ORM so that a start on a migrated database is quick. */
export async function migrationStatus(url: string): Promise<MigrationStatus> {
  const client = new Client({ connectionString: url, application_name: 'enishi-migrate' });
  await client.connect();
  try {
    const table = await client.query<{ found: boolean }>(
      `select to_regclass('mikro_orm_migrations') is not null as found`,
    );
    const done = new Set<string>();
    if (table.rows[0]?.found === true) {
      const rows = await client.query<{ name: string }>('select name from mikro_orm_migrations');
      for (const row of rows.rows) done.add(row.name);
    }
    return {
      applied: MIGRATION_NAMES.filter((name) => done.has(name)),
      pending: MIGRATION_NAMES.filter((name) => !done.has(name)),
    };
  } finally {
    await client.end();
  }
}

async function locked<T>(url: string, work: () => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, application_name: 'enishi-migrate' });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    return await work();
  } finally {
    await client.end();
  }
}
