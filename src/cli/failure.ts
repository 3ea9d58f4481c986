import { AppError } from '../domain/app-error.js';
import { describeError, type Translate } from '../platform/i18n/i18n.js';
import { printable, type Output } from './output.js';

/** Whatever was thrown, as an error that has a text. */
export function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (hasCode(error, 'ENOENT'))
    return new AppError('FILE_NOT_FOUND', { details: { file: error.path ?? '' }, cause: error });
  if (hasCode(error, 'EACCES') && error.path !== undefined) {
    return new AppError('FILE_NOT_FOUND', { details: { file: error.path }, cause: error });
  }
  if (hasCode(error, 'ECONNREFUSED') || hasCode(error, 'ENOTFOUND')) {
    return new AppError('DATABASE_UNREACHABLE', { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new AppError('UNEXPECTED', { details: { message }, cause: error });
}

interface SystemError extends Error {
  readonly code: string;
  readonly path?: string;
}

function hasCode(error: unknown, code: string): error is SystemError {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** Says on stderr what went wrong, what was expected and found, and how to mend it; with `--json` as JSON on stdout too, with `more` beside it. */
export function printFailure(
  output: Output,
  thrown: unknown,
  more: Readonly<Record<string, unknown>> = {},
): void {
  const error = asAppError(thrown);
  const described = describeError(error, output.language);
  const { t } = output;
  const place = placeOf(error, t);
  output.note(output.bad(`${t('cli.error.label')} ${described.code}`) + `  ${printable(described.title)}`);
  if (place !== undefined) output.note(`  ${t('cli.error.where')}: ${printable(place)}`);
  if (described.expected !== undefined)
    output.note(`  ${t('cli.error.expected')}: ${printable(described.expected)}`);
  const found = error.details['found'] ?? null;
  // Most titles name what was found already.
  if (found !== null && !described.title.includes(String(found))) {
    output.note(`  ${t('cli.error.found')}: ${printable(String(found))}`);
  }
  output.note(`  ${t('cli.error.remedy')}: ${printable(described.remedy)}`);
  output.data({ error: { ...described, details: error.details, retryable: error.retryable }, ...more });
}

/** Row, column and file, as far as the error knows them. */
function placeOf(error: AppError, t: Translate): string | undefined {
  const { row, line, column, file, path } = error.details;
  const parts = [
    file,
    path,
    row === undefined || row === null ? undefined : t('cli.error.row', { row }),
    line === undefined || line === null ? undefined : t('cli.error.line', { line }),
    column,
  ].filter((part) => part !== undefined && part !== null && part !== '');
  return parts.length === 0 ? undefined : parts.join(', ');
}
