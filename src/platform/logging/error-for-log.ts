import { AppError } from '../../domain/app-error.js';

/** What may be kept about an error: never a value of somebody's data. */
export interface ErrorForLog {
  readonly type: string;
  readonly code?: string;
  readonly message?: string;
  readonly details?: AppError['details'];
  readonly retryable?: boolean;
  readonly at?: readonly string[];
  readonly cause?: ErrorForLog;
}

interface Coded {
  readonly code?: unknown;
  readonly severity?: unknown;
  readonly table?: unknown;
  readonly constraint?: unknown;
  readonly syscall?: unknown;
}

const FRAMES = 8;
const MAX_DEPTH = 3;

/**
 * An error as a log, a trace or a failed job may hold it. Messages of PostgreSQL and of mail servers quote values
 * (`Key (email)=(…) already exists`, `550 <…>: unknown`), so only our own errors, whose details are masked by rule, and
 * errors of programming keep their words; the rest keep code and place.
 */
export function errorForLog(error: unknown, depth = 0): ErrorForLog {
  if (!isError(error)) return { type: typeof error };
  const { code, severity, table, constraint, syscall } = error as Coded;
  const cause =
    error.cause === undefined || depth >= MAX_DEPTH ? {} : { cause: errorForLog(error.cause, depth + 1) };
  const at = framesOf(error);
  const common = { type: error.name, ...(at.length > 0 && { at }), ...cause };
  if (error instanceof AppError) {
    return { ...common, code: error.code, details: error.details, retryable: error.retryable };
  }
  const isOfDatabase = typeof severity === 'string';
  return {
    ...common,
    ...(typeof code === 'string' && { code }),
    ...(isOfDatabase && {
      message: [table, constraint].filter((part) => typeof part === 'string').join(' '),
    }),
    ...(!isOfDatabase &&
      (PROGRAMMING.has(error.name) || typeof syscall === 'string') && { message: scrub(error.message) }),
    ...(!isOfDatabase && /^[A-Z][A-Z0-9_]+$/.test(error.message) && { message: error.message }),
  };
}

const PROGRAMMING = new Set(['TypeError', 'ReferenceError', 'RangeError', 'AssertionError']);
const MAIL_ADDRESS = /[^\s"'<>(),:;\\]+@[^\s"'<>(),:;\\]+/gu;
const QUOTED = /"[^"]*"|'[^']*'|“[^”]*”|`[^`]*`/gu;
const LONG_NUMBER = /\+?\d[\d() -]{7,}\d/g;

/** Takes out of a text what could be somebody's: quoted values, mail addresses, long numbers. */
export function scrub(text: string): string {
  return text.replace(QUOTED, '***').replace(MAIL_ADDRESS, '***').replace(LONG_NUMBER, '***');
}

/** Errors of Node itself come from another realm in some test runners: ask for the shape. */
function isError(error: unknown): error is Error {
  return typeof error === 'object' && error !== null && 'message' in error && 'name' in error;
}

/** Where it happened, without the first lines: those repeat the message. */
function framesOf(error: Error): string[] {
  const lines = (error.stack ?? '').split('\n').map((line) => line.trim());
  return lines.filter((line) => /^at .+:\d+:\d+\)?$/.test(line)).slice(0, FRAMES);
}
