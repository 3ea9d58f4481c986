export type ErrorDetail = string | number | boolean | null;

export interface AppErrorOptions {
  /** Ids, counts, names of fields and masked values only: details end up in logs and answers. */
  readonly details?: Readonly<Record<string, ErrorDetail>>;
  /** True when the same call may succeed later without anybody changing anything. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/**
 * An error that a caller can act on. `code` is the contract (stable, UPPER_SNAKE); the ja/en text for it is looked up
 * by code where it is shown, with `details` filled in.
 */
export class AppError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, ErrorDetail>>;

  constructor(code: string, options: AppErrorOptions = {}) {
    super(code, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }
}
