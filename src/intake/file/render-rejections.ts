import { stringify } from 'csv-stringify/sync';
import { EXPLANATION_COLUMNS } from './explanation-columns.js';
import { guardCell } from './formula-guard.js';

export interface RejectedRow {
  readonly rowNo: number;
  /** As in the file; a ragged row may have more or fewer than the header. */
  readonly cells: readonly string[];
  /** One text for all that is wrong with the row, in the language of the reader. */
  readonly explanation: string;
}

/**
 * Rejected rows as CSV that a spreadsheet opens: UTF-8 with its mark, the columns of the file, in front of them row number
 * and reason, with `runId` also the run, so that mended rows find back to it. No cell can run as a formula. Once mended,
 * the same file can be imported: the reader leaves out these columns and the guards. Chunks come as the rows do.
 */
export async function* renderRejections(
  header: readonly string[],
  rows: AsyncIterable<RejectedRow> | Iterable<RejectedRow>,
  lang: 'ja' | 'en',
  runId: string | null = null,
): AsyncGenerator<string, void> {
  const { row: rowColumn, reason, run } = EXPLANATION_COLUMNS;
  const own = [rowColumn[lang], reason[lang], ...(runId === null ? [] : [run[lang]])];
  const tail = runId === null ? [] : [runId];
  yield `\ufeff${line([...own, ...header.map(guardCell)])}`;
  for await (const row of rows) {
    // Missing cells are not made up: a row that was too short stays too short for the reader as well.
    yield line([String(row.rowNo), guardCell(row.explanation), ...tail, ...row.cells.map(guardCell)]);
  }
}

function line(cells: readonly string[]): string {
  return stringify([cells], { record_delimiter: '\r\n', quoted_string: true });
}
