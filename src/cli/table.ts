import Table from 'cli-table3';
import stringWidth from 'string-width';
import { fit, printable, type Output } from './output.js';

type Cell = string | number | null | undefined;

export interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => Cell;
  readonly align?: 'left' | 'right';
  /** Columns that the terminal can spare become narrower, never narrower than this. */
  readonly min?: number;
}

const FRAME = {
  top: '─',
  'top-mid': '┬',
  'top-left': '┌',
  'top-right': '┐',
  bottom: '─',
  'bottom-mid': '┴',
  'bottom-left': '└',
  'bottom-right': '┘',
  left: '│',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '│',
  'right-mid': '',
  middle: '│',
};

/** Prints rows as a table that fits the terminal; Japanese characters keep the columns straight. */
export function printTable<T>(output: Output, columns: readonly Column<T>[], rows: readonly T[]): void {
  if (output.json) return;
  if (rows.length === 0) {
    output.line(`  ${output.t('cli.nothing')}`);
    return;
  }
  const cells = rows.map((row) => columns.map((column) => cellText(column.value(row))));
  const widths = fitWidths(
    columns.map((column, index) =>
      Math.max(stringWidth(column.title), ...cells.map((row) => stringWidth(row[index] ?? ''))),
    ),
    columns.map((column) => column.min ?? 8),
    output.width - columns.length * 3 - 1,
  );
  const table = new Table({
    head: columns.map((column, index) => output.bold(fit(column.title, widths[index] ?? 0))),
    colAligns: columns.map((column) => column.align ?? 'left'),
    chars: FRAME,
    style: { head: [], border: [] },
  });
  for (const row of cells) table.push(row.map((text, index) => fit(text, widths[index] ?? 0)));
  output.line(table.toString());
}

function cellText(value: Cell): string {
  return value === null || value === undefined || value === '' ? '–' : printable(String(value));
}

/** Takes from the widest column first until all fit or none can give any more. */
function fitWidths(wanted: readonly number[], min: readonly number[], room: number): number[] {
  const widths = [...wanted];
  for (let over = widths.reduce((sum, width) => sum + width, 0) - room; over > 0; over--) {
    let widest = -1;
    for (const [index, width] of widths.entries()) {
      if (width > (min[index] ?? 0) && (widest < 0 || width > (widths[widest] ?? 0))) widest = index;
    }
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}
