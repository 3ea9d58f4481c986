import { z } from 'zod';
import { AppError } from '../domain/app-error.js';

/** One page of a list. `nextCursor` is null on the last one. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export const MAX_PAGE = 1_000;
const text = new TextDecoder('utf-8', { fatal: true });

/** Hides the key of the last row in a text that goes through an address line unchanged. */
export function encodeCursor(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/**
 * The key after which the page begins; null for the first page.
 * @throws CURSOR_INVALID when the text is not one that `encodeCursor` gave for a key of this shape
 */
export function decodeCursor<S extends z.ZodType>(
  cursor: string | null | undefined,
  shape: S,
): z.output<S> | null {
  if (cursor === null || cursor === undefined) return null;
  let value: unknown;
  try {
    value = JSON.parse(text.decode(Buffer.from(cursor, 'base64url')));
  } catch (cause) {
    throw new AppError('CURSOR_INVALID', { cause });
  }
  const parsed = shape.safeParse(value);
  if (!parsed.success) throw new AppError('CURSOR_INVALID');
  return parsed.data;
}

/** @throws LIMIT_OUT_OF_RANGE unless it is a whole number from 1 to MAX_PAGE */
export function checkLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE) return limit;
  throw new AppError('LIMIT_OUT_OF_RANGE', { details: { max: MAX_PAGE, found: String(limit) } });
}

/** Cuts the row that was only read to see whether there is another page. */
export function toPage<R, T>(
  rows: readonly R[],
  limit: number,
  keyOf: (row: R) => readonly (string | number)[],
  toItem: (row: R) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null,
  };
}
