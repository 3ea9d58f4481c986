import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../domain/app-error.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { findPostmaster, type Postmaster } from './postmaster-file.js';
import { isRunning } from './process-identity.js';
import { type ServerAccount, spawnOptionsOf } from './server-account.js';
import { recordPlace, type ServerPlace } from './server-place.js';

export const superuser = 'enishi';

const gibibyte = 1024 ** 3;
const logLimitBytes = 10 * 1024 ** 2;
const noticeAfterMs = 5_000;
const stopTimeoutMs = 120_000;

// The server's account must not find our secrets in its environment.
const serverEnvironment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

function initdb(
  binaries: PostgresBinaries,
  draft: string,
  passwordFile: string,
  locale: string,
  account: ServerAccount | null,
) {
  return spawnSync(
    join(binaries.native, 'bin', 'initdb'),
    [
      `--pgdata=${draft}`,
      `--username=${superuser}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // The built-in provider sorts and folds the same on every system and in every later version.
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      `--locale=${locale}`,
      '--lc-messages=C',
    ],
    { cwd: '/', encoding: 'utf8', env: serverEnvironment, ...spawnOptionsOf(account) },
  );
}

/**
 * Makes the data folder, whole or not at all.
 *
 * @throws EMBEDDED_POSTGRES_INIT_FAILED with the last line that initdb wrote
 */
export function createDataFolder(
  binaries: PostgresBinaries,
  place: ServerPlace,
  account: ServerAccount | null,
  password: string,
): void {
  const draft = `${place.dataDir}.new`;
  const passwordFile = `${place.dataDir}.password`;
  let said = '';
  try {
    // Not every system has C.UTF-8 for what the built-in provider leaves to the C library.
    for (const locale of ['C.UTF-8', 'en_US.UTF-8', 'C']) {
      rmSync(draft, { recursive: true, force: true });
      mkdirSync(draft, { mode: 0o700 });
      rmSync(passwordFile, { force: true });
      writeFileSync(passwordFile, password, { mode: 0o600, flag: 'wx' });
      if (account !== null) {
        for (const path of [draft, passwordFile]) chownSync(path, account.uid, account.gid);
      }
      const { status, stderr, error } = initdb(binaries, draft, passwordFile, locale, account);
      if (error) throw error;
      if (status === 0) {
        renameSync(draft, place.dataDir);
        recordPlace(place);
        return;
      }
      said = stderr.trim().split('\n').at(-1) ?? '';
      if (!/locale/i.test(stderr)) break;
    }
  } finally {
    rmSync(passwordFile, { force: true });
  }
  throw new AppError('EMBEDDED_POSTGRES_INIT_FAILED', { details: { dataDir: place.dataDir, said } });
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('A TCP server has no address.'));
      });
    });
  });
}

/** Containers often have 64 MB there, too little for a parallel join. */
async function hasSharedMemory(): Promise<boolean> {
  try {
    const { blocks, bsize } = await statfs('/dev/shm');
    return blocks * bsize >= gibibyte;
  } catch {
    return false; // No such mount: not Linux. The other kind works everywhere.
  }
}

async function settingsFor(port: number, extra: Readonly<Record<string, string>>): Promise<string[]> {
  const roomy = totalmem() >= 3 * gibibyte;
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: roomy ? '256MB' : '64MB',
    maintenance_work_mem: roomy ? '256MB' : '64MB',
    work_mem: roomy ? '16MB' : '4MB',
    max_wal_size: '4GB',
    // Packing pages (pglz) takes a nightly import longer than writing half as much again.
    wal_compression: 'off',
    checkpoint_timeout: '15min',
    random_page_cost: '1.1',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    dynamic_shared_memory_type: (await hasSharedMemory()) ? 'posix' : 'mmap',
    // An error's text and statement may hold personal data; whoever sent the statement is told anyway.
    log_min_messages: 'fatal',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    ...extra,
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function openLog(control: string): { fd: number; file: string; from: number } {
  const file = join(control, 'server.log');
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const fresh = size > logLimitBytes;
  const fd = openSync(file, fresh ? 'w' : 'a', 0o600);
  chmodSync(file, 0o600);
  return { fd, file, from: fresh ? 0 : size };
}

/** Waits while the server starts or recovers, however long that takes, and says so; null when it ended instead. */
export async function waitUntilReady(
  dataDir: string,
  isAlive: () => boolean,
  log: (line: string) => void,
): Promise<Postmaster | null> {
  let notice = Date.now() + noticeAfterMs;
  for (;;) {
    const alive = isAlive();
    const postmaster = findPostmaster(dataDir);
    if (postmaster?.ready) return postmaster;
    if (!alive) return null;
    if (Date.now() > notice) {
      log('Waiting for PostgreSQL: it is recovering from an unclean stop, or still stopping.');
      notice = Date.now() + 6 * noticeAfterMs;
    }
    await sleep(15);
  }
}

async function tryStart(
  binaries: PostgresBinaries,
  place: ServerPlace,
  account: ServerAccount | null,
  flags: Readonly<Record<string, string>>,
  log: (line: string) => void,
): Promise<Postmaster | string> {
  const settings = await settingsFor(await findFreePort(), flags);
  const output = openLog(place.control);
  let ended = false;
  const child = spawn(join(binaries.native, 'bin', 'postgres'), ['-D', place.dataDir, ...settings], {
    cwd: '/',
    // A group of its own: an interrupt typed at our terminal is ours to handle first.
    detached: true,
    stdio: ['ignore', output.fd, output.fd],
    env: serverEnvironment,
    ...spawnOptionsOf(account),
  });
  closeSync(output.fd);
  const failed = new Promise<never>((_resolve, reject) => child.once('error', reject));
  child.once('exit', () => (ended = true));
  child.unref();
  const postmaster = await Promise.race([failed, waitUntilReady(place.dataDir, () => !ended, log)]);
  if (postmaster !== null) return postmaster;
  return readFileSync(output.file).subarray(output.from).toString('utf8');
}

/**
 * Starts the server and waits until it takes connections.
 *
 * @throws EMBEDDED_POSTGRES_START_FAILED with what the server said last and where its log is
 */
export async function startPostmaster(
  binaries: PostgresBinaries,
  place: ServerPlace,
  account: ServerAccount | null,
  flags: Readonly<Record<string, string>>,
  log: (line: string) => void,
): Promise<Postmaster> {
  let said = '';
  for (let attempt = 1; attempt <= 40; attempt += 1) {
    const outcome = await tryStart(binaries, place, account, flags, log);
    if (typeof outcome !== 'string') return outcome;
    said = outcome;
    const portTaken = /could not (?:bind|create any TCP)/i.test(said) && attempt < 5;
    // After a killed postmaster its children need a moment to notice and go; one that a killed client started is found
    // as soon as it has written its pid file.
    const stillUsed = /pre-existing shared memory block|lock file "postmaster\.pid"/i.test(said);
    if (!portTaken && !stillUsed) break;
    await sleep(250);
  }
  const lastLine =
    said.split('\n').findLast((line) => /FATAL|PANIC/.test(line)) ?? said.trim().split('\n').at(-1);
  throw new AppError('EMBEDDED_POSTGRES_START_FAILED', {
    details: { said: lastLine ?? '', logFile: join(place.control, 'server.log') },
  });
}

/**
 * Stops the server: sessions are ended, everything is written, and it is down when this resolves.
 *
 * @throws EMBEDDED_POSTGRES_STOP_TIMEOUT when it is still there after two minutes
 */
export async function stopPostmaster(postmaster: Postmaster): Promise<void> {
  if (!isRunning(postmaster.identity)) return;
  process.kill(postmaster.pid, 'SIGINT');
  const until = Date.now() + stopTimeoutMs;
  while (isRunning(postmaster.identity)) {
    if (Date.now() > until)
      throw new AppError('EMBEDDED_POSTGRES_STOP_TIMEOUT', { details: { pid: postmaster.pid } });
    await sleep(15);
  }
}
