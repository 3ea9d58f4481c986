import { randomUUID } from 'node:crypto';
import pg from 'pg';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/platform/embedded/embedded-postgres.js';

export interface TestDatabase {
  readonly url: string;
  /** Removes the database, ending sessions that are still on it. */
  drop(): Promise<void>;
}

// The data of a test run is not worth a disk flush. Nobody stops this server: it serves every file of every worker,
// and the end of the run takes it down.
let server: Promise<EmbeddedPostgres> | undefined;

async function serverUrl(): Promise<string> {
  const given = process.env.DATABASE_URL;
  if (given !== undefined && given !== '') return given;
  const home = process.env.ENISHI_TEST_HOME;
  if (home === undefined) throw new Error('ENISHI_TEST_HOME is not set: run the tests with `npm test`.');
  server ??= startEmbeddedPostgres({
    home,
    log: (line) => console.log(line),
    flags: { fsync: 'off', full_page_writes: 'off' },
  });
  return (await server).url;
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** A fresh, empty database on this run's server: embedded, or the one that DATABASE_URL names. */
export async function testDatabase(): Promise<TestDatabase> {
  const url = new URL(await serverUrl());
  const admin = url.href;
  const name = `enishi_test_${randomUUID().replaceAll('-', '')}`;
  await execute(admin, `create database ${name} template template0`);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => execute(admin, `drop database if exists ${name} with (force)`) };
}
