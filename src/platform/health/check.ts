import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, type ErrorDetail } from '../../domain/app-error.js';
import { describeError, type DescribedError } from '../i18n/i18n.js';
import type { Language } from '../i18n/locale.js';

/** One thing that must be well. */
export interface Check {
  readonly name: string;
  /** What was seen, for the eye. @throws AppError saying what is wrong */
  readonly run: () => Promise<Readonly<Record<string, ErrorDetail>>>;
  /** `false`: when it is not well, work goes on all the same, only less of it. */
  readonly isVital: boolean;
}

export interface Finding {
  readonly name: string;
  readonly status: 'up' | 'degraded' | 'down';
  readonly details: Readonly<Record<string, ErrorDetail>>;
  /** Null when all is well. */
  readonly problem: DescribedError | null;
}

const LIMIT_MS = 3_000;

/** Runs one check, with an answer within 3 seconds whatever hangs. Throws nothing. */
export async function runCheck(check: Check, language: Language): Promise<Finding> {
  const { name, isVital } = check;
  const late = new AbortController();
  try {
    const details = await Promise.race([
      check.run(),
      sleep(LIMIT_MS, undefined, { signal: late.signal }).then(() => {
        throw new AppError('CHECK_TIMED_OUT', { details: { name, seconds: LIMIT_MS / 1_000 } });
      }),
    ]);
    return { name, status: 'up', details, problem: null };
  } catch (error) {
    const found =
      error instanceof AppError ? error : new AppError('CHECK_FAILED', { details: { name }, cause: error });
    const problem = describeError(found, language);
    return { name, status: isVital ? 'down' : 'degraded', details: found.details, problem };
  } finally {
    late.abort();
  }
}
