import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { AppError } from '../../domain/app-error.js';
import { withFileLock } from './home-lock.js';
import { type PostgresBinaries, reachableBinaries } from './postgres-binaries.js';
import { isRunning, ownIdentity } from './process-identity.js';
import { chooseServerAccount } from './server-account.js';
import { choosePlace, readOrMakePassword, type ServerPlace } from './server-place.js';
import { findPostmaster, type Postmaster, removeDeadPidFile } from './postmaster-file.js';
import {
  createDataFolder,
  startPostmaster,
  stopPostmaster,
  superuser,
  waitUntilReady,
} from './server-process.js';

export interface EmbeddedPostgresOptions {
  /** The folder that keeps everything of this installation; data stays in it between starts. */
  readonly home: string;
  /** Takes lines for a person to read: never data. */
  readonly log: (line: string) => void;
  /** Server settings for tests, such as `fsync: 'off'`; without effect when a running server is joined. */
  readonly flags?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  /** A connection string of the database `enishi`, on 127.0.0.1, with the password. Not for logs. */
  readonly url: string;
  /** Leaves the server; the last client to leave stops it and waits until it is down. Safe to repeat. */
  stop(): Promise<void>;
}

const databaseName = 'enishi';

function checkVersion(dataDir: string, binaries: PostgresBinaries): void {
  const found = readFileSync(join(dataDir, 'PG_VERSION'), 'utf8').trim();
  if (found !== binaries.major) {
    throw new AppError('EMBEDDED_POSTGRES_VERSION', {
      details: { dataDir, found, expected: binaries.major },
    });
  }
}

function urlOf(postmaster: Postmaster, password: string, database: string): string {
  return `postgres://${superuser}:${password}@127.0.0.1:${postmaster.port}/${database}`;
}

async function ensureDatabase(postmaster: Postmaster, password: string): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(postmaster, password, 'postgres') });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [databaseName]);
    if (found.rowCount === 0) await client.query(`create database ${databaseName}`);
  } finally {
    await client.end();
  }
}

/** Forgets clients that ended without leaving, and answers how many are left. */
function countClients(folder: string): number {
  let alive = 0;
  for (const name of readdirSync(folder)) {
    if (isRunning(readFileSync(join(folder, name), 'utf8'))) alive += 1;
    else rmSync(join(folder, name), { force: true });
  }
  return alive;
}

async function findOrStart(
  place: ServerPlace,
  password: string,
  account: ReturnType<typeof chooseServerAccount>,
  options: EmbeddedPostgresOptions,
): Promise<Postmaster> {
  const found = existsSync(place.dataDir) ? findPostmaster(place.dataDir) : null;
  if (found !== null) {
    const ready = await waitUntilReady(place.dataDir, () => isRunning(found.identity), options.log);
    if (ready !== null) return ready;
  }
  const binaries = reachableBinaries(account);
  if (!existsSync(place.dataDir)) createDataFolder(binaries, place, account, password);
  checkVersion(place.dataDir, binaries);
  await removeDeadPidFile(place.dataDir);
  return startPostmaster(binaries, place, account, options.flags ?? {}, options.log);
}

/**
 * Gives this process the PostgreSQL server of a home: starts it, or joins the one that another process started, or one
 * that a killed process left behind. Works as root (the server then runs as another account) and as an ordinary user.
 *
 * @throws EMBEDDED_POSTGRES_* with what to do; nothing is left running by a failed start
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const home = resolve(options.home);
  const account = chooseServerAccount();
  mkdirSync(home, { recursive: true, mode: account === null ? 0o700 : 0o711 });
  const control = join(home, 'postgres');
  mkdirSync(control, { recursive: true, mode: account === null ? 0o700 : 0o711 });
  const lock = join(control, 'lock');
  const clients = join(control, 'clients');
  const own = join(clients, randomUUID());

  const url = await withFileLock(lock, async () => {
    mkdirSync(clients, { recursive: true, mode: 0o700 });
    const place = choosePlace(home, account, options.log);
    const password = readOrMakePassword(control);
    const postmaster = await findOrStart(place, password, account, options);
    try {
      await ensureDatabase(postmaster, password);
    } catch (error) {
      if (countClients(clients) === 0) await stopPostmaster(postmaster);
      throw error;
    }
    writeFileSync(own, ownIdentity(), { mode: 0o600 });
    return urlOf(postmaster, password, databaseName);
  });

  return {
    url,
    stop: () =>
      withFileLock(lock, async () => {
        if (!existsSync(own)) return;
        rmSync(own);
        if (countClients(clients) > 0) return;
        const postmaster = findPostmaster(choosePlace(home, account, options.log).dataDir);
        if (postmaster !== null) await stopPostmaster(postmaster);
      }),
  };
}
