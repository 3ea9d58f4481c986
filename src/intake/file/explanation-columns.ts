import { unguardCell } from './formula-guard.js';
import type { TableRow } from './table.js';

/** Columns that the download of rejected rows adds in front of the file's own; a re-import leaves them out by name. */
export const EXPLANATION_COLUMNS = {
  row: { ja: '行番号（却下）', en: 'Row (rejected)' },
  reason: { ja: '却下の理由', en: 'Reason for rejection' },
} as const;

const NAMES: ReadonlySet<string> = new Set(
  Object.values(EXPLANATION_COLUMNS).flatMap(({ ja, en }) => [ja, en]),
);

/** The table without our own columns and without the guards of its cells; null for a file that is no such download. */
export interface ExplanationFilter {
  readonly header: readonly string[];
  readonly clean: (row: TableRow) => TableRow;
}

/** Null for a file that is not a download of rejected rows. */
export function explanationFilterOf(header: readonly string[]): ExplanationFilter | null {
  if (!header.some((name) => NAMES.has(name))) return null;
  const isOurs = header.map((name) => NAMES.has(name));
  const rest = <T>(values: readonly T[]): T[] => values.filter((_, index) => isOurs[index] !== true);
  return {
    header: rest(header).map(unguardCell),
    clean: (row) => ({ ...row, cells: rest(row.cells).map(unguardCell) }),
  };
}
