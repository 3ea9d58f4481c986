import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from './error-code.js';
import { isRunning, ownIdentity } from './process-identity.js';

const stealTimeoutMs = 5_000;

function readHolder(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Makes the file with its content at once, or answers false when it is there: nobody ever reads half a lock. */
function tryCreate(file: string, content: string): boolean {
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, content, { mode: 0o600 });
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Removes the lock of a holder that is gone. One process at a time looks and removes, so that no new lock is hit. */
function breakStaleLock(file: string): void {
  const guard = `${file}.steal`;
  if (!tryCreate(guard, ownIdentity())) {
    const made = statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - made > stealTimeoutMs) rmSync(guard, { force: true });
    return;
  }
  try {
    const holder = readHolder(file);
    if (holder !== null && !isRunning(holder.split(' ')[0] ?? '')) rmSync(file, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
}

/** Runs `work` while no other process (and no other caller in this one) runs under the same lock file. */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const mine = `${ownIdentity()} ${randomUUID()}`;
  while (!tryCreate(file, mine)) {
    const holder = readHolder(file);
    if (holder !== null && !isRunning(holder.split(' ')[0] ?? '')) breakStaleLock(file);
    else await sleep(25);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}
