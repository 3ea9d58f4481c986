import { basename } from 'node:path';
import { AppError } from '../../domain/app-error.js';
import { DoorsService } from '../../intake/doors.service.js';
import { checkFileSize } from '../../intake/file-store.service.js';
import type { Run } from '../../intake/run.js';
import type { CommandCall } from '../command.js';
import { actor, command, type App } from '../context.js';
import { exitCodeOf, type ExitCode } from '../exit-codes.js';
import { printFailure } from '../failure.js';
import { startProgress } from '../progress.js';
import { openFile } from '../read-file.js';
import { exitCodeOfRun, runResult } from '../render/run-result.js';
import { showRun } from '../story.js';
import { printSuggestion, suggestFor } from '../suggestion.js';

/** One export file through the one corridor. A file that needs a profile is answered with a proposal for one. */
export const importFile = command(async (call, app) => {
  const { output } = call;
  let run: Run;
  try {
    run = await enter(call, app);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'PROFILE_NEEDED') throw error;
    return proposeProfile(call, error);
  }
  await showRun(app, output, run);
  output.data(runResult(run));
  return exitCodeOfRun(run);
});

async function enter({ input, output, ...call }: CommandCall, app: App): Promise<Run> {
  const file = input.argument('file');
  const progress = startProgress(output, output.t('show.importing'));
  try {
    return await app.get(DoorsService).importFile({
      source: input.requiredText('source'),
      fileName: basename(file),
      bytes: await openFile(file, checkFileSize),
      profile: input.text('profile'),
      mode: input.choice('mode', ['full', 'delta'] as const),
      asOf: input.text('asOf'),
      expectRows: input.count('expectRows'),
      sha256: input.text('sha256'),
      encoding: input.text('encoding'),
      dryRun: input.flag('dryRun'),
      by: actor({ input, output, ...call }),
      progress: (done, total) => progress.update(done, total),
    });
  } finally {
    progress.stop();
  }
}

async function proposeProfile({ input, output }: CommandCall, error: AppError): Promise<ExitCode> {
  const suggestion = await suggestFor(input.argument('file'), input.text('encoding'));
  printSuggestion(output, suggestion);
  printFailure(output, error, { suggestion });
  return exitCodeOf(error);
}
