import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../domain/app-error.js';
import { ensureOutsideFolder } from './outside-folder.js';
import { canReach, type ServerAccount } from './server-account.js';

/** Where one home keeps its server. */
export interface ServerPlace {
  /** `<home>/postgres`: password, lock, clients and log, ours alone. */
  readonly control: string;
  /** The server's account can enter it. Not there before the first start. */
  readonly dataDir: string;
}

const placeFile = z.object({ dataDir: z.string() });

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
    return { control, dataDir: recorded };
  }
  if (canReach(account, control, 'pass')) return { control, dataDir: join(control, 'data') };
  const folder = ensureOutsideFolder(home, account);
  log(`The account ${account?.name ?? ''} cannot enter ${home}: the database is kept in ${folder}.`);
  return { control, dataDir: join(folder, 'data') };
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
