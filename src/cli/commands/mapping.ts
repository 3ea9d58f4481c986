import { createReadStream } from 'node:fs';
import { AppError } from '../../domain/app-error.js';
import { openTable } from '../../intake/file/open-table.js';
import { suggestProfile } from '../../intake/mapping/suggest.js';
import { fieldLabel } from '../../platform/i18n/i18n.js';
import type { CommandHandler } from '../command-tree.js';
import { EXIT } from '../exit-codes.js';

const SAMPLE_ROWS = 500;

/** Proposes a profile from a file. Stdout is the profile itself, so that it can be sent into a file. Needs no database. */
export const mappingSuggest: CommandHandler = async ({ input, output }) => {
  const { t, language } = output;
  const encoding = input.text('encoding');
  const table = await openTable(
    createReadStream(input.argument('file')),
    encoding === undefined ? {} : { encoding },
  );
  if (table.unusable !== null) throw new AppError(table.unusable, { details: table.details });
  const rows: (readonly string[])[] = [];
  for await (const batch of table.rows) {
    rows.push(...batch.filter((row) => row.problems.length === 0).map((row) => row.cells));
    if (rows.length >= SAMPLE_ROWS) break;
  }
  const { header, delimiter } = table;
  const suggestion = suggestProfile({
    header,
    rows: rows.slice(0, SAMPLE_ROWS),
    encoding: table.encoding,
    delimiter,
  });
  output.line(suggestion.yaml);
  if (!output.json) printColumns();
  output.data(suggestion);
  return suggestion.missingRequired.length > 0 ? EXIT.usage : EXIT.done;

  function printColumns(): void {
    const missing = suggestion.missingRequired.map((field) => fieldLabel(field, language)).join(', ');
    for (const column of suggestion.columns) {
      const share = `${String(Math.round(column.confidence * 100))} %`;
      output.note(`  ${share.padStart(5)}  ${column.column} → ${fieldLabel(column.field, language)}`);
    }
    output.note(
      suggestion.missingRequired.length === 0
        ? t('show.suggestionCertain')
        : t('show.suggestionMissing', { fields: missing }),
    );
  }
};
