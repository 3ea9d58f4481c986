import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './redis.js';

/** A PostgreSQL of the system's own, of one version with its pg_dump and psql. */
export interface SystemPostgres {
  /** A fresh, empty database. */
  createDatabase(name: string): string;
  dump(url: string): string;
  restore(url: string, sql: string): void;
  stop(): void;
}

const PLACE = '/usr/lib/postgresql';
const NEEDED = ['initdb', 'pg_ctl', 'pg_dump', 'psql'];

function newestFolder(): string | undefined {
  if (!existsSync(PLACE)) return undefined;
  const folders = readdirSync(PLACE)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(PLACE, version, 'bin'));
  return folders.find((folder) => NEEDED.every((name) => existsSync(join(folder, name))));
}

/** The embedded server comes without pg_dump: backups are tested on the system's. Null, said in one loud line, without. */
export async function startSystemPostgres(suite: string): Promise<SystemPostgres | null> {
  const folder = newestFolder();
  if (folder === undefined) {
    process.stderr.write(
      `\n!!! SKIPPED: ${suite}: this machine has no PostgreSQL server with pg_dump (apt-get install postgresql) !!!\n\n`,
    );
    return null;
  }
  const isRoot = process.getuid?.() === 0;
  const run = (name: string, args: readonly string[], input?: string): string => {
    const command = [join(folder, name), ...args];
    const [program = '', ...rest] = isRoot ? ['runuser', '-u', 'postgres', '--', ...command] : command;
    const done = spawnSync(program, rest, {
      encoding: 'utf8',
      input,
      cwd: '/',
      // runuser lives where only root's own PATH looks.
      env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` },
      maxBuffer: 256 * 1024 * 1024,
    });
    if (done.status !== 0) throw new Error(`${name}: ${done.stderr}${done.stdout}`);
    return done.stdout;
  };
  const home = mkdtempSync(join(tmpdir(), 'enishi-system-pg-'));
  if (isRoot) {
    spawnSync('chown', ['postgres', home]);
    chmodSync(home, 0o700);
  }
  const data = join(home, 'data');
  const port = await freePort();
  run('initdb', ['-D', data, '-U', 'enishi', '--auth=trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']);
  const flags = `-p ${port} -k ${home} -c listen_addresses=127.0.0.1 -c fsync=off`;
  run('pg_ctl', ['-D', data, '-w', '-l', join(home, 'log'), '-o', flags, 'start']);
  const urlOf = (name: string) => `postgres://enishi@127.0.0.1:${port}/${name}`;
  return {
    createDatabase(name) {
      run('psql', ['-X', '-q', '-d', urlOf('postgres'), '-c', `create database ${name}`]);
      return urlOf(name);
    },
    dump: (url) => run('pg_dump', ['--no-owner', url]),
    restore: (url, sql) =>
      void run('psql', ['-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-d', url], sql),
    stop() {
      run('pg_ctl', ['-D', data, '-m', 'immediate', 'stop']);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
