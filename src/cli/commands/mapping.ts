import type { CommandHandler } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { printSuggestion, suggestFor } from '../suggestion.js';

/** Proposes a profile from a file. Needs no database. */
export const mappingSuggest: CommandHandler = async ({ input, output }) => {
  const suggestion = await suggestFor(input.argument('file'), input.text('encoding'));
  printSuggestion(output, suggestion);
  output.data(suggestion);
  return suggestion.missingRequired.length > 0 ? EXIT.usage : EXIT.done;
};
