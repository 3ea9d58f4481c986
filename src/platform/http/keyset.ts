import type { z } from 'zod';
import { AppError } from '../../domain/app-error.js';
import type { CursorsService } from './cursors.service.js';

export interface Keyset<K extends readonly (string | number)[]> {
  /** The key after which the page begins, null for the first page. */
  readonly after: K | null;
  /** The page out of the rows that were read, one more than the page holds. */
  cut<R>(rows: readonly R[], keyOf: (row: R) => K): { items: R[]; nextCursor: string | null };
}

/**
 * One page of a list that is read by the key of its last row.
 *
 * @param list what the list is of: name, caller and every filter; a cursor of another list is refused
 * @throws CURSOR_INVALID
 */
export function keyset<K extends readonly (string | number)[]>(
  cursors: CursorsService,
  {
    list,
    shape,
    cursor,
    limit,
  }: {
    readonly list: readonly unknown[];
    readonly shape: z.ZodType<K>;
    readonly cursor: string | undefined;
    readonly limit: number;
  },
): Keyset<K> {
  const name = JSON.stringify(list);
  const opened = cursors.open(cursor, name);
  let after: K | null = null;
  if (opened !== null) {
    const parsed = shape.safeParse(JSON.parse(opened));
    if (!parsed.success) throw new AppError('CURSOR_INVALID');
    after = parsed.data;
  }
  return {
    after,
    cut(rows, keyOf) {
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      const hasMore = rows.length > limit && last !== undefined;
      return { items, nextCursor: hasMore ? cursors.seal(JSON.stringify(keyOf(last)), name) : null };
    },
  };
}

/** The same for a list whose queries make their own cursors: only sealed on the way out and opened on the way in. */
export function sealed<T>(
  cursors: CursorsService,
  list: readonly unknown[],
): {
  open(cursor: string | undefined): string | null;
  close(page: { readonly items: readonly T[]; readonly nextCursor: string | null }): {
    items: T[];
    nextCursor: string | null;
  };
} {
  const name = JSON.stringify(list);
  return {
    open: (cursor) => cursors.open(cursor, name),
    close: ({ items, nextCursor }) => ({
      items: [...items],
      nextCursor: nextCursor === null ? null : cursors.seal(nextCursor, name),
    }),
  };
}
