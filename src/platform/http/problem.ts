import { HttpException } from '@nestjs/common';
import { AppError } from '../../domain/app-error.js';
import { describeError } from '../i18n/i18n.js';
import type { Language } from '../i18n/locale.js';

/** RFC 9457, with a code that stays the same and words in the caller's language. */
export interface Problem {
  /** Where this kind of problem is described. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  /** How to mend it. */
  readonly detail: string;
  /** What would have been right. */
  readonly expected?: string;
  /** The part of the request that is wrong: a parameter, or a path into the body. */
  readonly field?: string;
  /** Every wrong part, when there are several. */
  readonly errors?: readonly FieldProblem[];
  /** Seconds to wait before the same request may be right. */
  readonly retryAfter?: number;
}

export interface FieldProblem {
  readonly field: string;
  readonly code: string;
  readonly title: string;
  readonly expected?: string;
  readonly detail: string;
}

/** A request that the schemas refuse, with every place of it. */
export class RequestInvalidError extends AppError {
  constructor(
    readonly part: 'path' | 'query' | 'body',
    readonly problems: readonly {
      readonly field: string;
      readonly code: string;
      readonly expected: string;
    }[],
  ) {
    const first = problems[0];
    super(first?.code ?? 'VALUE_INVALID', {
      details: { field: first?.field ?? part, expected: first?.expected ?? '' },
    });
  }
}

/** Codes whose status does not follow from the rule below the table. */
const STATUS: Readonly<Record<string, number>> = {
  KEY_MISSING: 401,
  KEY_INVALID: 401,
  FORBIDDEN: 403,
  GROUP_ONLY: 403,
  APPROVER_STARTED_RUN: 403,
  ROUTE_NOT_FOUND: 404,
  SOURCE_UNKNOWN: 404,
  SOURCE_NOT_YOURS: 404,
  COMPANY_UNKNOWN: 404,
  RUN_NOT_FOUND: 404,
  BATCH_NOT_FOUND: 404,
  PERSON_NOT_FOUND: 404,
  CANDIDATE_NOT_FOUND: 404,
  REGISTRY_ENTRY_NOT_FOUND: 404,
  OVERRIDE_NOT_FOUND: 404,
  POLICY_VERSION_NOT_FOUND: 404,
  FOLLOW_UP_NOT_FOUND: 404,
  BODY_TOO_SLOW: 408,
  RUN_NOT_HELD: 409,
  RUN_NOT_APPLIED: 409,
  RUN_NOT_APPROVABLE: 409,
  PLAN_CHANGED: 409,
  POLICY_ALREADY_ACTIVE: 409,
  POLICY_VERSION_SUPERSEDED: 409,
  IDEMPOTENCY_KEY_IN_USE: 409,
  BODY_TOO_LARGE: 413,
  FILE_TOO_LARGE: 413,
  TOO_MANY_RECORDS: 413,
  CONTENT_TYPE_UNSUPPORTED: 415,
  CHARSET_UNSUPPORTED: 415,
  CONTENT_ENCODING_UNSUPPORTED: 415,
  REQUEST_MALFORMED: 400,
  BODY_CUT_SHORT: 400,
  BODY_MISSING: 400,
  BODY_NOT_UTF8: 400,
  JSON_INVALID: 400,
  JSON_KEY_TWICE: 400,
  JSON_KEY_FORBIDDEN: 400,
  JSON_TEXT_UNREADABLE: 400,
  JSON_TOO_DEEP: 400,
  MULTIPART_INVALID: 400,
  MULTIPART_FILE_MISSING: 400,
  CURSOR_INVALID: 400,
  IDEMPOTENCY_KEY_INVALID: 400,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  RUN_BROKE_OFF: 500,
  UNEXPECTED: 500,
  DATABASE_UNAVAILABLE: 503,
};
/** Our own state, not the caller's words: nothing that a caller could mend. */
const OURS = /^(?:ENV|CONFIG|SECRET_KEY|DATABASE|EMBEDDED|TEMPLATE|CLI|JOB)_/;

export function statusOf(error: AppError): number {
  const known = STATUS[error.code];
  if (known !== undefined) return known;
  if (error instanceof RequestInvalidError) return error.part === 'body' ? 422 : 400;
  if (error.retryable) return 503;
  return OURS.test(error.code) ? 500 : 422;
}

/** PostgreSQL: connection lost, shutting down, starting, too many clients; and the sockets underneath. */
const GONE = /^(?:08|57P0|53300|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND)/;
const LOST =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection)/;

/** What was thrown, as an error that a caller may read. What nobody foresaw becomes INTERNAL and says nothing else. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const code = codeOf(thrown);
  if (GONE.test(code) || LOST.test(messageOf(thrown))) {
    return new AppError('DATABASE_UNAVAILABLE', {
      retryable: true,
      details: { retryAfter: 5 },
      cause: thrown,
    });
  }
  const status = thrown instanceof HttpException ? thrown.getStatus() : statusProperty(thrown);
  if (status === 404 || status === 405) return new AppError('ROUTE_NOT_FOUND', { cause: thrown });
  if (status === 413) return new AppError('BODY_TOO_LARGE', { details: { max: null }, cause: thrown });
  if (status === 415)
    return new AppError('CONTENT_TYPE_UNSUPPORTED', { details: { expected: null }, cause: thrown });
  if (status >= 400 && status < 500) return new AppError('REQUEST_MALFORMED', { cause: thrown });
  return new AppError('INTERNAL', { cause: thrown });
}

export function toProblem(error: AppError, language: Language): Problem {
  const { title, expected, remedy, code } = describeError(error, language);
  const status = statusOf(error);
  const { field, retryAfter } = error.details;
  const shown = status >= 500 && error.code !== 'DATABASE_UNAVAILABLE';
  if (shown) return internalProblem(error, status, language);
  return {
    type: `/api/docs#problem-${code}`,
    title,
    status,
    code,
    detail: remedy,
    ...(expected === undefined || expected === '' ? {} : { expected }),
    ...(typeof field === 'string' ? { field } : {}),
    ...(error instanceof RequestInvalidError ? { errors: fieldProblems(error, language) } : {}),
    ...(typeof retryAfter === 'number' ? { retryAfter } : {}),
  };
}

/** The code helps whoever looks into it; the words of an internal error can hold a path or a statement. */
function internalProblem(error: AppError, status: number, language: Language): Problem {
  const { title, remedy } = describeError(new AppError('INTERNAL'), language);
  const code = error.code === 'UNEXPECTED' ? 'INTERNAL' : error.code;
  return { type: `/api/docs#problem-${code}`, title, status, code, detail: remedy };
}

function fieldProblems(error: RequestInvalidError, language: Language): FieldProblem[] {
  return error.problems.map(({ field, code, expected }) => {
    const described = describeError(new AppError(code, { details: { field, expected } }), language);
    return {
      field,
      code,
      title: described.title,
      ...(described.expected === undefined ? {} : { expected: described.expected }),
      detail: described.remedy,
    };
  });
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error && !(thrown instanceof HttpException) ? thrown.message : '';
}

function statusProperty(thrown: unknown): number {
  if (thrown instanceof URIError) return 400;
  return thrown instanceof Error && 'status' in thrown && typeof thrown.status === 'number'
    ? thrown.status
    : 500;
}
