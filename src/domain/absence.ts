import { compareText, type Statement } from './statement.js';

export interface Absence {
  /** The first of the snapshots in a row that missed the number, once there are enough of them. */
  readonly since: string | null;
  readonly count: number;
}

/**
 * Whether every source that knew the number has lost sight of it. A source that never spoke of it says nothing by its
 * silence, and one that still holds it outweighs the others. The order of `statements` does not matter.
 */
export function absenceOf(
  statements: readonly Statement[],
  confirmAfter: (source: string) => number,
): Absence {
  const sources = new Map<string, Statement[]>();
  for (const statement of statements) {
    const list = sources.get(statement.source) ?? [];
    list.push(statement);
    sources.set(statement.source, list);
  }
  let since: string | null = null;
  let count = 0;
  let isSeen = false;
  for (const [source, list] of sources) {
    const seenAt = list.reduce((max, s) => (!s.absent && s.confirmedAt > max ? s.confirmedAt : max), '');
    const missing = new Set(list.filter((s) => s.absent && s.asOfAt > seenAt).map((s) => s.asOfAt));
    if (missing.size === 0) return { since: null, count: 0 };
    count = Math.max(count, missing.size);
    const first = [...missing].sort(compareText)[0] ?? null;
    if (missing.size < confirmAfter(source)) isSeen = true;
    else if (first !== null && (since === null || first > since)) since = first;
  }
  return isSeen ? { since: null, count } : { since, count };
}
