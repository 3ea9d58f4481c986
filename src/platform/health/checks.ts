import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { existsSync } from 'node:fs';
import { AppError } from '../../domain/app-error.js';
import type { Clock } from '../clock/clock.js';
import type { Database } from '../database/database.js';
import { migrationStatus } from '../database/migrate.js';
import type { MailTransport } from '../mail/mail.js';
import type { JobQueues } from '../queue/job-queues.js';
import type { OutageBreaker } from '../queue/outage-breaker.js';
import type { Check } from './check.js';
import { isRestored } from './restore-guard.js';

const MIN_FREE_BYTES = 512 * 1024 * 1024;
const MAX_CLOCK_DIFFERENCE_MS = 5_000;

export function databaseCheck(database: Database): Check {
  return {
    name: 'database',
    isVital: true,
    async run() {
      try {
        const row = await database.one<{ version: string }>(
          `select current_setting('server_version') as version`,
        );
        return { version: row?.version ?? null };
      } catch (cause) {
        throw new AppError('DATABASE_UNREACHABLE', { retryable: true, cause });
      }
    },
  };
}

/** A newer schema is no trouble: releases are made so that the one before works on it. */
export function migrationsCheck(url: string): Check {
  return {
    name: 'migrations',
    isVital: true,
    async run() {
      const { applied, pending } = await migrationStatus(url);
      if (pending.length > 0) {
        throw new AppError('MIGRATIONS_PENDING', {
          details: { count: pending.length, next: pending[0] ?? null },
        });
      }
      return { applied: applied.length };
    },
  };
}

/** @param isVital true where jobs are worked on; an `api` takes everything in without a queue */
export function queueCheck(queues: JobQueues, isVital: boolean): Check {
  return {
    name: 'queue',
    isVital,
    async run() {
      await queues.check();
      return {};
    },
  };
}

/** What the breaker knows; asks the server only where `ask` says so. Mails wait: nothing else need stop for them. */
export function mailCheck(transport: MailTransport, outage: OutageBreaker, ask: boolean): Check {
  return {
    name: 'mail',
    isVital: false,
    async run() {
      if (transport.channel === 'mailbox') return { channel: 'mailbox' };
      if (outage.isOpen)
        throw new AppError('MAIL_OUTAGE', { details: { code: 'BREAKER_OPEN' }, retryable: true });
      if (ask) await askMailServer(transport);
      return { channel: 'smtp' };
    },
  };
}

async function askMailServer(transport: Extract<MailTransport, { channel: 'smtp' }>): Promise<void> {
  try {
    await transport.probe();
  } catch (cause) {
    const code =
      typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string'
        ? cause.code
        : 'ESMTP';
    throw new AppError('MAIL_OUTAGE', { details: { code }, retryable: true, cause });
  }
}

/** Mail is held until somebody has looked at a database that came from a backup; all else goes on. */
export function restoreCheck(database: Database): Check {
  return {
    name: 'restore',
    isVital: false,
    async run() {
      if (await isRestored(database.pool)) throw new AppError('FOLLOW_UPS_RESTORED');
      return {};
    },
  };
}

/** Free space where the home lies, or will lie. */
export function diskCheck(home: string): Check {
  return {
    name: 'disk',
    isVital: true,
    async run() {
      let folder = home;
      while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
      const { bavail, bsize } = await statfs(folder);
      const freeMb = Math.floor((bavail * bsize) / 1024 / 1024);
      if (bavail * bsize < MIN_FREE_BYTES) {
        throw new AppError('DISK_LOW', {
          details: { folder, freeMb, leastMb: MIN_FREE_BYTES / 1024 / 1024 },
        });
      }
      return { freeMb };
    },
  };
}

/** This process's clock against the database's: due times are compared with both. */
export function clockCheck(database: Database, clock: Clock): Check {
  return {
    name: 'clock',
    isVital: false,
    async run() {
      const before = clock.now();
      const row = await database.one<{ at: string }>('select clock_timestamp() as at');
      const middle = (before + clock.now()) / 2;
      const seconds = Math.round(Math.abs(Date.parse(row?.at ?? '') - middle) / 100) / 10;
      // A clock that ENISHI_NOW holds still is meant to differ, and refused in production.
      if (seconds * 1_000 > MAX_CLOCK_DIFFERENCE_MS) {
        throw new AppError('CLOCK_DIFFERS', { details: { seconds, most: MAX_CLOCK_DIFFERENCE_MS / 1_000 } });
      }
      return { seconds };
    },
  };
}

const SAMPLES = [
  ['shift_jis', [0x8d, 0x82], '高'],
  ['euc-jp', [0xb9, 0xe2], '高'],
  ['utf-16le', [0xd8, 0x9a], '高'],
] as const;

/** A Node without full ICU cannot read Japanese exports. */
export function encodingsCheck(): Check {
  return {
    name: 'encodings',
    isVital: true,
    run() {
      for (const [encoding, bytes, expected] of SAMPLES) {
        if (decoded(encoding, bytes) !== expected)
          throw new AppError('ENCODING_UNSUPPORTED', { details: { encoding } });
      }
      const era = new Intl.DateTimeFormat('ja-JP-u-ca-japanese', { era: 'long', timeZone: 'UTC' }).format(0);
      if (!era.includes('昭和'))
        throw new AppError('ENCODING_UNSUPPORTED', { details: { encoding: 'ja-JP' } });
      return Promise.resolve({ checked: SAMPLES.map(([encoding]) => encoding).join(', ') });
    },
  };
}

function decoded(encoding: string, bytes: readonly number[]): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(Uint8Array.from(bytes));
  } catch {
    return null;
  }
}
