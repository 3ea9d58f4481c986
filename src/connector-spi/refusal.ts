import { AppError } from '../domain/app-error.js';

/** Why a connector refuses to read on: what it found has not the shape that its settings describe. */
export const REFUSAL_CODES = ['SYNC_LIST_MISSING', 'SYNC_RECORD_UNREADABLE', 'SYNC_CELL_NOT_PLAIN'] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** @param details names of settings and columns, numbers; never a value of a record */
export function refusal(code: RefusalCode, details: Readonly<Record<string, string | number>>): AppError {
  return new AppError(code, { details });
}

/** The code of whatever ended a request, for a gap; what has no code is no trouble of the source and goes on. */
export function codeOfTrouble(error: unknown): string {
  if (error instanceof AppError) return error.code;
  throw error;
}
