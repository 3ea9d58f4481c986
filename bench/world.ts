import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../src/platform/embedded/embedded-postgres.js';
import { command, type ChildRun } from './measure.js';

const CLI = 'dist/src/cli.js';

/** One embedded PostgreSQL for the whole bench, with a fresh database for each measurement. */
export class World {
  private counter = 0;

  private constructor(
    readonly folder: string,
    private readonly server: EmbeddedPostgres,
  ) {}

  static async open(): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'enishi-bench-'));
    const server = await startEmbeddedPostgres({ home: join(folder, 'home'), log: () => undefined });
    return new World(folder, server);
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  async database(): Promise<string> {
    this.counter += 1;
    const name = `bench_${this.counter}`;
    await this.sql(this.server.url, (client) => client.query(`create database ${name}`));
    const url = new URL(this.server.url);
    url.pathname = `/${name}`;
    return url.href;
  }

  async sql<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  /** The `enishi` command as its users call it, on one database. */
  enishi(url: string, args: readonly string[]): Promise<ChildRun> {
    return command([CLI, ...args], {
      ...process.env,
      DATABASE_URL: url,
      ENISHI_HOME: join(this.folder, 'home'),
      ENISHI_NOW: '2026-03-25T09:00:00+09:00',
    });
  }

  async close(): Promise<void> {
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
