import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../domain/app-error.js';
import { canReach, type ServerAccount } from './server-account.js';

/** Where one home keeps its server. */
export interface ServerPlace {
  /** `<home>/postgres`: password, lock, clients and log, ours alone. */
  readonly control: string;
  /** Holds the data folder (and a copy of the server where that is needed); the server's account can enter it. */
  readonly dataDir: string;
  /** The reachable folder outside the home; made on first use. */
  readonly outside: () => string;
}

const placeFile = z.object({ dataDir: z.string() });

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** A folder that others than the server's account cannot enter, although its parent is everybody's. */
function makeOutsideFolder(home: string, account: ServerAccount | null): string {
  const hash = createHash('sha256').update(realpathSync(home)).digest('hex').slice(0, 16);
  const folder = join('/var/tmp', `enishi-${hash}`);
  const owner = account?.uid ?? process.getuid?.() ?? 0;
  if (!existsSync(folder)) {
    mkdirSync(folder, { mode: 0o700 });
    if (account !== null) chownSync(folder, account.uid, account.gid);
  }
  // Anybody may have made a folder of that name before us: a link or a stranger's folder would hand the data over.
  if (!isDirectory(folder) || lstatSync(folder).uid !== owner) {
    throw new AppError('EMBEDDED_POSTGRES_FOLDER_TAKEN', { details: { folder } });
  }
  chmodSync(folder, 0o700);
  return folder;
}

function readPlace(control: string): string | null {
  const file = join(control, 'place.json');
  if (!existsSync(file)) return null;
  return resolve(control, placeFile.parse(JSON.parse(readFileSync(file, 'utf8'))).dataDir);
}

/** Written once the data folder is whole: from then on a missing folder is a loss, not a first start. */
export function recordPlace(place: ServerPlace): void {
  const inside = relative(place.control, place.dataDir);
  const dataDir = inside.startsWith('..') || isAbsolute(inside) ? place.dataDir : inside;
  const file = join(place.control, 'place.json');
  writeFileSync(`${file}.new`, JSON.stringify({ dataDir }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/**
 * Decides where the data lies: where it lay last time, else in the home, else (when the server's account cannot enter
 * the home) in a folder of its own outside.
 *
 * @throws EMBEDDED_POSTGRES_DATA_MISSING when the data that this home had is gone
 * @throws EMBEDDED_POSTGRES_UNREACHABLE when the server's account can no longer enter it
 */
export function choosePlace(
  home: string,
  account: ServerAccount | null,
  log: (line: string) => void,
): ServerPlace {
  const control = join(home, 'postgres');
  mkdirSync(control, { recursive: true, mode: account === null ? 0o700 : 0o711 });
  const outside = (): string => makeOutsideFolder(home, account);
  const recorded = readPlace(control);
  if (recorded !== null) {
    if (!existsSync(join(recorded, 'PG_VERSION'))) {
      throw new AppError('EMBEDDED_POSTGRES_DATA_MISSING', { details: { dataDir: recorded, control } });
    }
    if (!canReach(account, recorded, 'read')) {
      throw new AppError('EMBEDDED_POSTGRES_UNREACHABLE', {
        details: { dataDir: recorded, account: account?.name ?? '' },
      });
    }
    return { control, dataDir: recorded, outside };
  }
  if (canReach(account, control, 'pass')) return { control, dataDir: join(control, 'data'), outside };
  const folder = outside();
  log(`The account ${account?.name ?? ''} cannot enter ${home}: the database is kept in ${folder}.`);
  return { control, dataDir: join(folder, 'data'), outside };
}

/** The password of this home's server, made on first use and readable by its owner alone. */
export function readOrMakePassword(control: string): string {
  const file = join(control, 'password');
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, randomBytes(24).toString('hex'), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return readFileSync(file, 'utf8');
}
