import { describe, expect, it } from '@jest/globals';
import { AppError } from './app-error.js';

describe(AppError, () => {
  it('is known by its code, and final unless it says otherwise', () => {
    const error = new AppError('DAY_INVALID');
    expect(error).toMatchObject({ name: 'AppError', message: 'DAY_INVALID', code: 'DAY_INVALID' });
    expect(error).toMatchObject({ retryable: false, details: {} });
    expect('cause' in error).toBe(false);
  });

  it('keeps what it was given', () => {
    const cause = new Error('connection lost');
    const error = new AppError('SOURCE_UNREACHABLE', { cause, retryable: true, details: { attempt: 3 } });
    expect(error).toMatchObject({ retryable: true, details: { attempt: 3 } });
    expect(error.cause).toBe(cause);
  });
});
