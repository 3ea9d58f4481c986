import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { ApiKeysService } from '../../src/platform/auth/api-keys.service.js';
import { Clock } from '../../src/platform/clock/clock.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { GENERIC_FULL } from '../support/intake-world.js';
import { startOwnPostgres, type OwnPostgres } from '../support/own-postgres.js';
import { startEnishi, type EnishiProcess } from '../support/process.js';
import { freePort, startRedis, type TestRedis } from '../support/redis.js';
import { startSmtpSink, type SmtpSink } from '../support/smtp-sink.js';

const ROOT = join(import.meta.dirname, '..', '..');

export type Disturbance = 'worker' | 'api' | 'redis' | 'postgres';

/**
 * A house of real processes: one that lives from beginning to end and is watched, and an API and a worker that are
 * killed. PostgreSQL, Redis and the mail server are its own.
 */
export class SoakHouse {
  private readonly logs: string[] = [];
  private api: EnishiProcess | null = null;
  private worker: EnishiProcess | null = null;
  private apiPort = 0;
  /** Where the process that is never killed answers. */
  steadyUrl = '';

  private constructor(
    readonly postgres: OwnPostgres,
    readonly redis: TestRedis,
    readonly sink: SmtpSink,
    readonly configDir: string,
    readonly db: Database,
    private readonly env: Readonly<Record<string, string>>,
    private readonly steady: EnishiProcess,
  ) {}

  static async open(): Promise<SoakHouse> {
    const postgres = await startOwnPostgres();
    await migrate(postgres.url);
    const redis = await startRedis();
    const sink = await startSmtpSink();
    const configDir = await configured();
    const env = {
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      SMTP_URL: sink.url,
      ENISHI_CONFIG: configDir,
      ENISHI_SECRET_KEY: 'a key that the soak made up for itself',
      PUBLIC_URL: 'https://enishi.example',
    };
    const steady = startEnishi({ args: ['--role', 'all'], env });
    const db = new Database(postgres.url, 3);
    const house = new SoakHouse(postgres, redis, sink, configDir, db, env, steady);
    house.steadyUrl = await steady.listening();
    house.apiPort = await freePort();
    await house.startApi();
    house.startWorker();
    return house;
  }

  get victimUrl(): string {
    return `http://127.0.0.1:${this.apiPort}`;
  }

  /** Everything that any of its processes wrote so far. */
  get log(): string {
    return [...this.logs, ...linesOf(this.steady), ...linesOf(this.api), ...linesOf(this.worker)].join('\n');
  }

  async key(role: 'hr' | 'source', source: string | null): Promise<string> {
    const keys = new ApiKeysService(this.db, new Clock());
    return (await keys.create({ role, company: null, source, name: 'soak', expiresAt: null, by: 'soak' }))
      .key;
  }

  async disturb(what: Disturbance): Promise<void> {
    switch (what) {
      case 'worker':
        await this.end(this.worker);
        this.startWorker();
        return;
      case 'api':
        await this.end(this.api);
        await this.startApi();
        return;
      case 'redis':
        await this.redis.kill();
        await this.redis.start();
        return;
      case 'postgres':
        this.postgres.killSession();
    }
  }

  /** Megabytes resident of the process that is never killed; null when it has died all the same. */
  rss(): number | null {
    if (this.steady.child.exitCode !== null || this.steady.child.signalCode !== null) return null;
    const status = readFileSync(`/proc/${this.steady.child.pid ?? 0}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1_024;
  }

  /** Megabytes of the heap in use, garbage among it, in the same process; null while it does not answer. */
  async heap(): Promise<number | null> {
    try {
      const response = await fetch(`${this.steadyUrl}/metrics`, { signal: AbortSignal.timeout(2_000) });
      const bytes = /^nodejs_heap_size_used_bytes(?:\{.*\})? ([\d.e+]+)/m.exec(await response.text())?.[1];
      return bytes === undefined ? null : Number(bytes) / 1_048_576;
    } catch (error) {
      // Its database is being restarted, for example.
      if (error instanceof TypeError || error instanceof DOMException) return null;
      throw error;
    }
  }

  /** How each process ended when it was asked to. */
  async stopProcesses(): Promise<unknown[]> {
    const ends = [];
    for (const one of [this.steady, this.api, this.worker]) ends.push((await one?.stop())?.status);
    return ends;
  }

  async close(): Promise<void> {
    for (const one of [this.steady, this.api, this.worker]) await one?.kill();
    await this.db.onApplicationShutdown();
    await this.sink.close();
    await this.redis.stop();
    await this.postgres.stop();
    await rm(this.configDir, { recursive: true });
  }

  private async startApi(): Promise<void> {
    this.api = startEnishi({ args: ['--role', 'api'], env: { ...this.env, PORT: String(this.apiPort) } });
    await this.api.listening();
  }

  private startWorker(): void {
    this.worker = startEnishi({ args: ['--role', 'worker'], env: this.env });
  }

  private async end(one: EnishiProcess | null): Promise<void> {
    await one?.kill();
    this.logs.push(...linesOf(one));
  }
}

function linesOf(one: EnishiProcess | null): readonly string[] {
  return one === null ? [] : [...one.lines, ...one.errors];
}

/** The shipped configuration with mail at every hour of the day: a soak cannot wait for the morning. */
async function configured(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'enishi-soak-'));
  await cp(join(ROOT, 'config'), dir, { recursive: true });
  const file = join(dir, 'follow-ups.yaml');
  const rules = parse(await readFile(file, 'utf8')) as { sending: Record<string, unknown>; sendAt: string };
  rules.sendAt = '00:00';
  rules.sending['brake'] = { perRun: 100_000, perHour: 1_000_000 };
  // Dead workers and lost jobs are found within the soak, not a quarter of an hour after it.
  Object.assign(rules.sending, { leaseSecs: 20, reconcileAfterMinutes: 1 });
  await writeFile(file, stringify(rules));
  // A file with sixty leavers is held, a push with three is not, however many follow it.
  const brakes = join(dir, 'brakes.yaml');
  const { limits, ...others } = parse(await readFile(brakes, 'utf8')) as { limits: Record<string, object> };
  const wide = { absolute: 100_000, percent: 100, ignoreUpTo: 100_000 };
  const wider = Object.fromEntries(Object.keys(limits).map((name) => [name, wide]));
  const leavers = { absolute: 50, percent: 100, ignoreUpTo: 50 };
  await writeFile(brakes, stringify({ ...others, peakDays: [], limits: { ...wider, leavers } }));
  await writeFile(join(dir, 'mappings', 'generic-full.yaml'), GENERIC_FULL);
  return dir;
}
