import { createHash } from 'node:crypto';
import { chmodSync, chownSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../domain/app-error.js';
import { errorCode } from './error-code.js';
import type { ServerAccount } from './server-account.js';

/**
 * A folder that stands in for `path` where the server's account cannot reach that: the same one every time, and nobody
 * else's although its parent is everybody's.
 *
 * @throws EMBEDDED_POSTGRES_FOLDER_TAKEN when somebody else made something of that name
 */
export function ensureOutsideFolder(path: string, account: ServerAccount | null): string {
  const hash = createHash('sha256').update(realpathSync(path)).digest('hex').slice(0, 16);
  const folder = join('/var/tmp', `enishi-${hash}`);
  const self = process.getuid?.() ?? 0;
  const owner = account?.uid ?? self;
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  // A link or a stranger's folder of that name would hand the data over. Ours is still our own between the two steps.
  const found = lstatSync(folder);
  if (!found.isDirectory() || (found.uid !== owner && found.uid !== self)) {
    throw new AppError('EMBEDDED_POSTGRES_FOLDER_TAKEN', { details: { folder } });
  }
  if (account !== null) chownSync(folder, account.uid, account.gid);
  chmodSync(folder, 0o700);
  return folder;
}
