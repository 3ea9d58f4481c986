import { AppError } from '../domain/app-error.js';
import { openTable } from '../intake/file/open-table.js';
import { suggestProfile, type ProfileSuggestion } from '../intake/mapping/suggest.js';
import { fieldLabel } from '../platform/i18n/i18n.js';
import type { Output } from './output.js';
import { openFile } from './read-file.js';

const SAMPLE_ROWS = 500;

/**
 * A profile for this file, proposed from its headers and first rows.
 *
 * @throws FILE_NOT_FOUND, or the code that says why the file is no table
 */
export async function suggestFor(file: string, encoding: string | undefined): Promise<ProfileSuggestion> {
  const table = await openTable(await openFile(file), encoding === undefined ? {} : { encoding });
  if (table.unusable !== null) throw new AppError(table.unusable, { details: table.details });
  const rows: (readonly string[])[] = [];
  for await (const batch of table.rows) {
    rows.push(...batch.filter((row) => row.problems.length === 0).map((row) => row.cells));
    if (rows.length >= SAMPLE_ROWS) break;
  }
  const { header, delimiter } = table;
  return suggestProfile({ header, rows: rows.slice(0, SAMPLE_ROWS), encoding: table.encoding, delimiter });
}

/** The profile on stdout, so that it can be sent into a file; how sure each column is on stderr. */
export function printSuggestion(output: Output, suggestion: ProfileSuggestion): void {
  if (output.json) return;
  const { t, language } = output;
  output.line(suggestion.yaml);
  for (const { column, field, confidence } of suggestion.columns) {
    const share = `${String(Math.round(confidence * 100))} %`;
    output.note(`  ${share.padStart(5)}  ${column} → ${fieldLabel(field, language)}`);
  }
  const missing = suggestion.missingRequired.map((field) => fieldLabel(field, language)).join(', ');
  output.note(
    missing === '' ? t('show.suggestionCertain') : t('show.suggestionMissing', { fields: missing }),
  );
}
