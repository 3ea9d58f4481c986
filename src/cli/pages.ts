import type { CommandCall } from './command.js';

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface Collected<T> {
  readonly items: readonly T[];
  /** More exist than were asked for. */
  readonly hasMore: boolean;
}

const PAGE = 500;
const SHOWN = 100;

/** All items with `--json` (a program wants the whole list), else as many as a person reads; `--limit` overrides both. */
export async function collectPages<T>(
  call: CommandCall,
  fetchPage: (cursor: string | null, limit: number) => Promise<Page<T>>,
): Promise<Collected<T>> {
  const limit = call.input.count('limit', 1) ?? (call.output.json ? Infinity : SHOWN);
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await fetchPage(cursor, Math.min(PAGE, limit - items.length));
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && items.length < limit);
  return { items, hasMore: cursor !== null };
}

/** The line under a list that was cut. */
export function noteMore(call: CommandCall, collected: Collected<unknown>): void {
  if (collected.hasMore) call.output.line(`  ${call.output.t('cli.more')}`);
}
