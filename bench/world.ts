import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../src/platform/embedded/embedded-postgres.js';
import { writeCsv } from './data.js';
import { command, type ChildRun } from './measure.js';
import { listening, type Listening } from './server.js';

/** A bench pushes in minutes what takes years: nothing of it is an accident that somebody has to look at. */
const NO_BRAKES = `limits:
${['leavers', 'rescissions', 'verdict_flips', 'absences', 'amendments', 'rejected_rows']
  .map((name) => `  ${name}: { absolute: 100000, percent: 100, ignoreUpTo: 100000 }`)
  .join('\n')}
approval: { twoPerson: false, looserAfterHours: 0 }
`;
const CLI = 'dist/src/cli.js';

/** When the first file comes, and when it comes again. */
export const NIGHTS = ['2026-03-25T09:00:00+09:00', '2026-03-26T09:00:00+09:00'] as const;

/** One embedded PostgreSQL for the whole bench, with a fresh database for each measurement. */
export class World {
  private counter = 0;
  private readonly importedWith = new Map<number, string>();

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

  /** A new database with the schema in it. */
  async migrated(): Promise<string> {
    const url = await this.database();
    const { status } = await this.enishi(url, ['db', 'migrate', '--json']);
    if (status !== 0) throw new Error(`db migrate ended with status ${status}`);
    return url;
  }

  /** A database with a first import of so many people in it, vacuumed; made once, so it is only to be read. */
  async imported(rows: number): Promise<string> {
    const known = this.importedWith.get(rows);
    if (known !== undefined) return known;
    const file = this.file(`people-${rows}.csv`);
    await writeCsv(file, rows);
    const url = await this.migrated();
    const args = ['import', file, '--source', 'demo-jp', '--profile', 'generic', '--json'];
    const { status } = await this.enishi(url, args);
    if (status !== 0) throw new Error(`the import ended with status ${status}`);
    await this.sql(url, (client) => client.query('vacuum analyze'));
    this.importedWith.set(rows, url);
    return url;
  }

  /** A key for one source, as somebody is shown it once. */
  async key(url: string, source: string): Promise<string> {
    const { stdout } = await this.enishi(url, [
      'keys',
      'create',
      '--role',
      'source',
      '--source',
      source,
      '--json',
    ]);
    const found = /enk_[0-9a-f]{12}_[\w-]{43}/.exec(stdout)?.[0];
    if (found === undefined) throw new Error('keys create showed no key');
    return found;
  }

  /** `enishi serve` in a process of its own, on any free port, with brakes that hold nothing. */
  async serve(url: string, env: NodeJS.ProcessEnv = {}): Promise<Listening> {
    const config = this.file('config');
    cpSync('config', config, { recursive: true });
    writeFileSync(join(config, 'brakes.yaml'), NO_BRAKES);
    return listening([CLI, 'serve', '--json'], {
      ...this.env(url),
      PORT: '0',
      ENISHI_CONFIG: config,
      ...env,
    });
  }

  /** The `enishi` command as its users call it, on one database. */
  enishi(url: string, args: readonly string[], now: string = NIGHTS[0]): Promise<ChildRun> {
    return command([CLI, ...args], { ...this.env(url), ENISHI_NOW: now });
  }

  private env(url: string): NodeJS.ProcessEnv {
    return {
      ...process.env,
      DATABASE_URL: url,
      ENISHI_HOME: join(this.folder, 'home'),
      // As the command does for itself: what was compiled once is not compiled again.
      NODE_COMPILE_CACHE: join(this.folder, 'compiled'),
      ENISHI_NOW: NIGHTS[0],
    };
  }

  async close(): Promise<void> {
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
