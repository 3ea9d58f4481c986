import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startEmbeddedPostgres } from '../../src/platform/embedded/embedded-postgres.js';

/** A PostgreSQL server that a test has for itself, to be stopped, killed and starved. */
export interface OwnPostgres {
  /** Of the database `enishi`, empty at first. */
  readonly url: string;
  readonly home: string;
  readonly dataDir: string;
  /** SIGSTOP to every process of the server, the postmaster first. */
  freeze(): void;
  /** SIGCONT to every process of the server. */
  thaw(): void;
  /** kill -9 of one session: the postmaster then ends all the others and recovers from the log. False when there is none. */
  killSession(): boolean;
  stop(): Promise<void>;
}

const running = new Set<() => void>();
process.once('exit', () => {
  for (const kill of running) kill();
});

/** @param home where its data lies; a temporary folder when not given */
export async function startOwnPostgres(
  flags: Readonly<Record<string, string>> = {},
  home = mkdtempSync(join(tmpdir(), 'enishi-own-pg-')),
): Promise<OwnPostgres> {
  const server = await startEmbeddedPostgres({ home, log: () => undefined, flags });
  const control = join(home, 'postgres');
  const { dataDir } = JSON.parse(readFileSync(join(control, 'place.json'), 'utf8')) as { dataDir: string };
  const folder = resolve(control, dataDir);
  const postmaster = (): number =>
    Number(readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n')[0]);
  const children = (): number[] =>
    processes()
      .filter(({ parent }) => parent === postmaster())
      .map(({ pid }) => pid);
  const signal = (pids: readonly number[], name: NodeJS.Signals): void => {
    for (const pid of pids) {
      try {
        process.kill(pid, name);
      } catch (error) {
        // A session may end between the look at the list and the signal; nothing else may go wrong here. Under jest the
        // error belongs to another realm and is no instance of this one's Error.
        const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
        if (code !== 'ESRCH') throw error;
      }
    }
  };
  const end = (): void => {
    const pids = [...children(), postmaster()];
    signal(pids, 'SIGCONT');
    signal([postmaster()], 'SIGQUIT');
  };
  running.add(end);
  return {
    url: server.url,
    home,
    dataDir: folder,
    freeze: () => signal([postmaster(), ...children()], 'SIGSTOP'),
    thaw: () => signal([postmaster(), ...children()], 'SIGCONT'),
    killSession() {
      const session = processes().find(
        ({ parent, title }) => parent === postmaster() && /enishi 127\.0\.0\.1/.test(title),
      );
      if (session === undefined) return false;
      signal([session.pid], 'SIGKILL');
      return true;
    },
    async stop() {
      running.delete(end);
      await server.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function processes(): { readonly pid: number; readonly parent: number; readonly title: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, parent = ''] = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8')) ?? [];
        const title = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return [{ pid: Number(name), parent: Number(parent), title }];
      } catch {
        // It ended between the two looks.
        return [];
      }
    });
}
