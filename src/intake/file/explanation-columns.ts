import { unguardCell } from './formula-guard.js';
import type { RowOrigin, TableRow } from './table.js';

/** Columns that the download of rejected rows adds in front of the file's own; a re-import leaves them out by name. */
export const EXPLANATION_COLUMNS = {
  row: { ja: '行番号（却下）', en: 'Row (rejected)' },
  reason: { ja: '却下の理由', en: 'Reason for rejection' },
  run: { ja: '取込（却下）', en: 'Run (rejected)' },
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
  const rowAt = indexOf(header, EXPLANATION_COLUMNS.row);
  const runAt = indexOf(header, EXPLANATION_COLUMNS.run);
  const rest = <T>(values: readonly T[]): T[] => values.filter((_, index) => isOurs[index] !== true);
  return {
    header: rest(header).map(unguardCell),
    clean: (row) => ({
      ...row,
      cells: rest(row.cells).map(unguardCell),
      origin: originOf(row.cells[rowAt] ?? '', row.cells[runAt] ?? ''),
    }),
  };
}

function indexOf(
  header: readonly string[],
  { ja, en }: { readonly ja: string; readonly en: string },
): number {
  return header.findIndex((name) => name === ja || name === en);
}

/** Spreadsheets may have touched the cells: what is no longer a row number is none. */
function originOf(row: string, run: string): RowOrigin {
  const runId = run.trim().toLowerCase();
  return {
    rowNo: /^\d{1,9}$/.test(row.trim()) ? Number(row) : null,
    runId: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(runId) ? runId : null,
  };
}
