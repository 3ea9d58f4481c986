import { AppError } from '../domain/app-error.js';

/** The exit statuses that scripts rely on. */
export const EXIT = { done: 0, failed: 1, usage: 2, rejected: 3, held: 4, notFound: 5 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Wrong usage and wrong configuration: the caller changes something and tries again. */
const USAGE = /^(?:AS_OF|CLI|CONFIG|ENCODING|ENV|FILE(?!_NOT_)|HEADER|MAPPING|PROFILE)_|_INVALID$|_REQUIRED$/;
const NOT_FOUND = /_NOT_FOUND$|^(COMPANY|MATCH|PERSON|RUN|SOURCE)_UNKNOWN$/;

/** The exit status for a failure; what nobody foresaw is 1. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof AppError)) return EXIT.failed;
  if (error.code === 'CLI_INTERRUPTED') return EXIT.failed;
  if (NOT_FOUND.test(error.code)) return EXIT.notFound;
  return USAGE.test(error.code) ? EXIT.usage : EXIT.failed;
}
