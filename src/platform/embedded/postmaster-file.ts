import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from './error-code.js';
import { commandLineOf, identifyProcess, type ProcessIdentity } from './process-identity.js';

const pidFilePatienceMs = 2_000;

/** A running postmaster, as its own pid file tells. */
export interface Postmaster {
  readonly identity: ProcessIdentity;
  readonly pid: number;
  readonly port: number;
  readonly ready: boolean;
}

function readPidFile(dataDir: string): string | null {
  try {
    return readFileSync(join(dataDir, 'postmaster.pid'), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function postmasterOf(pidFile: string, dataDir: string): Postmaster | null {
  const lines = pidFile.split('\n');
  const pid = Number(lines[0]);
  const identity = identifyProcess(pid);
  if (identity === null || !(commandLineOf(pid) ?? '').includes(dataDir)) return null;
  return { identity, pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
}

/**
 * The postmaster that serves this data folder, as its pid file tells; null when none does. It only looks: a pid file
 * that is still being written also counts as none.
 */
export function findPostmaster(dataDir: string): Postmaster | null {
  const pidFile = readPidFile(dataDir);
  return pidFile === null ? null : postmasterOf(pidFile, dataDir);
}

/**
 * Removes the pid file of a postmaster that is gone, or whose number has meanwhile been given to something else: the
 * server itself may refuse to start beside it. Only for who is about to start the server and holds the home's lock:
 * a server whose pid file is taken away ends itself within a minute. One that another process started a moment ago
 * makes its file empty and then writes it, so an empty file is given time; a full disk leaves it empty for good.
 */
export async function removeDeadPidFile(dataDir: string): Promise<void> {
  const until = Date.now() + pidFilePatienceMs;
  for (;;) {
    const pidFile = readPidFile(dataDir);
    if (pidFile === null || postmasterOf(pidFile, dataDir) !== null) return;
    if (pidFile.includes('\n') || Date.now() > until) break;
    await sleep(15);
  }
  rmSync(join(dataDir, 'postmaster.pid'), { force: true });
}
