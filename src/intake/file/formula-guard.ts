// NUL and full-width signs too: spreadsheets fold or drop them before they look for a formula.
const TRIGGER = /^['\0\s]*[=+\-@＝＋－＠\t\r\n\0]/;
const GUARDED = /^'(['\0\s]*[=+\-@＝＋－＠\t\r\n\0])/;

/** A cell that no spreadsheet runs as a formula: an apostrophe in front where one is needed. Undone by `unguardCell`. */
export function guardCell(cell: string): string {
  return TRIGGER.test(cell) ? `'${cell}` : cell;
}

/** The cell as it was before `guardCell`; others come back unchanged. */
export function unguardCell(cell: string): string {
  return GUARDED.test(cell) ? cell.slice(1) : cell;
}
