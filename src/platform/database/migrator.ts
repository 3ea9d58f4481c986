import { Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import { MIGRATIONS } from '../../migrations/list.js';

/** Runs what is pending. Load this module only then: the ORM takes as long to load as the rest of a small command. */
export function migrateUp(url: string): Promise<void> {
  return withMigrator(url, async (migrator) => {
    await migrator.up();
  });
}

/** Takes back every migration, newest first. */
export function migrateDownToNothing(url: string): Promise<void> {
  return withMigrator(url, async (migrator) => {
    await migrator.down({ to: 0 });
  });
}

async function withMigrator<T>(url: string, work: (migrator: Migrator) => Promise<T>): Promise<T> {
  const orm = await MikroORM.init({
    clientUrl: url,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    migrations: { migrationsList: [...MIGRATIONS], snapshot: false, allOrNothing: true },
    debug: false,
    logger: () => undefined,
  });
  try {
    return await work(new Migrator(orm.em));
  } finally {
    await orm.close(true);
  }
}
