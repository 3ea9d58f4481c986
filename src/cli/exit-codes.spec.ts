import { describe, expect, it } from '@jest/globals';
import { AppError } from '../domain/app-error.js';
import { exitCodeOf } from './exit-codes.js';

describe(exitCodeOf, () => {
  it.each([
    ['CLI_UNKNOWN_OPTION', 2],
    ['CONFIG_FILE_INVALID', 2],
    ['ENV_INVALID', 2],
    ['PROFILE_NEEDED', 2],
    ['HEADER_MISSING', 2],
    ['RUN_NOT_FOUND', 5],
    ['SOURCE_UNKNOWN', 5],
    ['FILE_NOT_FOUND', 5],
    ['FILE_ENCODING_UNKNOWN', 2],
    ['CLI_INTERRUPTED', 1],
    ['PLAN_CHANGED', 1],
    ['FILE_NOT_WRITABLE', 1],
  ])('%s ends with %i', (code, status) => {
    expect(exitCodeOf(new AppError(code))).toBe(status);
  });

  it('what nobody foresaw ends with 1', () => {
    expect(exitCodeOf(new TypeError('x'))).toBe(1);
  });
});
