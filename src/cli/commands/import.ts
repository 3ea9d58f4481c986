import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { DoorsService } from '../../intake/doors.service.js';
import { actor, command } from '../context.js';
import { startProgress } from '../progress.js';
import { exitCodeOfRun, runResult } from '../render/run-result.js';
import { showRun } from '../story.js';

/** One export file through the one corridor. */
export const importFile = command(async (call, app) => {
  const { input, output } = call;
  const file = input.argument('file');
  const progress = startProgress(output, output.t('show.importing'));
  const run = await app
    .get(DoorsService)
    .importFile({
      source: input.requiredText('source'),
      fileName: basename(file),
      bytes: createReadStream(file),
      profile: input.text('profile'),
      mode: input.choice('mode', ['full', 'delta'] as const),
      asOf: input.text('asOf'),
      expectRows: input.count('expectRows'),
      sha256: input.text('sha256'),
      encoding: input.text('encoding'),
      dryRun: input.flag('dryRun'),
      by: actor(call),
      progress: (done, total) => progress.update(done, total),
    })
    .finally(() => progress.stop());
  await showRun(app, output, run);
  output.data(runResult(run));
  return exitCodeOfRun(run);
});
