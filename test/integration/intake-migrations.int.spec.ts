import { describe, expect, it } from '@jest/globals';
import { Database } from '../../src/platform/database/database.js';
import { migrate, migrateDown } from '../../src/platform/database/migrate.js';
import { testDatabase } from '../support/postgres.js';

const TABLES = `select table_name as name from information_schema.tables
  where table_schema = 'public' and table_type = 'BASE TABLE' and table_name <> 'mikro_orm_migrations' order by 1`;
const COLUMNS = `select table_name, column_name, data_type, is_nullable from information_schema.columns
  where table_schema = 'public' order by 1, 2`;
const INDEXES = `select indexdef from pg_indexes where schemaname = 'public' order by 1`;

describe('migrations', () => {
  it('go up, down to nothing and up again to the same schema, in which every table has a primary key', async () => {
    const at = await testDatabase();
    const db = new Database(at.url, 2);
    try {
      const shape = async () => [await db.query(COLUMNS), await db.query(INDEXES)];
      await migrate(at.url);
      const first = await shape();
      expect((await db.query(TABLES)).length).toBeGreaterThan(20);
      await migrateDown(at.url);
      expect(await db.query(TABLES)).toEqual([]);
      await migrate(at.url);
      expect(await shape()).toEqual(first);
      const keyless = await db.query(
        `${TABLES.replace('order by 1', '')} and table_name not in (
           select table_name from information_schema.table_constraints
           where table_schema = 'public' and constraint_type = 'PRIMARY KEY')`,
      );
      expect(keyless).toEqual([]);
    } finally {
      await db.onApplicationShutdown();
      await at.drop();
    }
  });
});
