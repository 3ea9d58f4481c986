import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { errorCode } from './error-code.js';

/** Names one process so that a later one with the same number is not taken for it. */
export type ProcessIdentity = string;

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

function readProc(pid: number, name: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch (error) {
    // Gone between two looks, which is what was asked.
    if (['ENOENT', 'ESRCH', 'EACCES'].includes(errorCode(error) ?? '')) return null;
    throw error;
  }
}

/** The identity of a running process; null when there is none of that number, or only its unreaped remains. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  if (!Number.isSafeInteger(pid) || pid <= 0 || !answersSignals(pid)) return null;
  if (!existsSync('/proc/self/stat')) return `${pid}`;
  const stat = readProc(pid, 'stat');
  if (stat === null) return null;
  // The name in parentheses may hold spaces: fields count from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  return state === 'Z' || state === 'X' ? null : `${pid}-${startTicks ?? ''}`;
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identifyProcess(Number.parseInt(identity, 10)) === identity;
}

export function ownIdentity(): ProcessIdentity {
  return identifyProcess(process.pid) ?? `${process.pid}`;
}

/** The command line of a process; null when it cannot be seen. */
export function commandLineOf(pid: number): string | null {
  if (existsSync('/proc/self/cmdline')) return readProc(pid, 'cmdline')?.replaceAll('\0', ' ') ?? null;
  try {
    return execFileSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' }).trim();
  } catch {
    // ps ends with 1 when there is no such process.
    return null;
  }
}
