import { AppError } from '../../domain/app-error.js';

/** SQLSTATE of a volume without space. @see https://www.postgresql.org/docs/18/errcodes-appendix.html (read 2026-11-23) */
const DISK_FULL = '53100';

/** What PostgreSQL cannot help and a person can, with a code of its own; everything else as it was thrown. */
export function asDatabaseTrouble(thrown: unknown): unknown {
  const isFull = thrown instanceof Error && 'code' in thrown && thrown.code === DISK_FULL;
  // The server's words name its files.
  return isFull ? new AppError('DATABASE_FULL', { retryable: true, cause: thrown }) : thrown;
}
