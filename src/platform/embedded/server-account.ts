import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { AppError } from '../../domain/app-error.js';

/** Who the server runs as; null means as this process itself. */
export interface ServerAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

function findAccount(name: string): ServerAccount | null {
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [found, , uid, gid] = line.split(':');
    if (found === name && Number(uid) > 0) return { name, uid: Number(uid), gid: Number(gid) };
  }
  return null;
}

/**
 * PostgreSQL refuses to run as root, so root lends it another account: `postgres` when there is one, else `nobody`.
 *
 * @throws EMBEDDED_POSTGRES_NO_ACCOUNT as root on a machine that has neither
 */
export function chooseServerAccount(): ServerAccount | null {
  if (process.getuid?.() !== 0) return null;
  const account = findAccount('postgres') ?? findAccount('nobody');
  if (account === null) throw new AppError('EMBEDDED_POSTGRES_NO_ACCOUNT');
  return account;
}

export function spawnOptionsOf(account: ServerAccount | null): { uid?: number; gid?: number } {
  return account === null ? {} : { uid: account.uid, gid: account.gid };
}

/**
 * Whether that account can pass through the folder on its way below it, or also read what is in it.
 * Asked of the system itself, so that ACLs and mounts count.
 */
export function canReach(account: ServerAccount | null, folder: string, need: 'pass' | 'read'): boolean {
  const script = need === 'pass' ? 'cd "$1"' : 'cd "$1" && test -r .';
  const tried = spawnSync('/bin/sh', ['-c', script, 'sh', folder], {
    cwd: '/',
    stdio: 'ignore',
    ...spawnOptionsOf(account),
  });
  if (tried.error) throw tried.error;
  return tried.status === 0;
}
