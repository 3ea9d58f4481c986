import { basename } from 'node:path';
import { AppError } from '../../domain/app-error.js';
import { RejectionsService } from '../../intake/rejections.service.js';
import { RunsRepository } from '../../intake/runs.repository.js';
import { actor, command } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { explainRejection, printRejections, rejectionResult } from '../render/rejections.js';
import { exitCodeOfRun, runResult } from '../render/run-result.js';
import { showRun } from '../story.js';
import { shortId } from '../words.js';
import { readFileBytes } from '../read-file.js';
import { countRecords, writeTextFile } from '../write-file.js';

const MOST = 10_000;

/** Rejected rows with the reason and how to mend them; with `--csv` they are written to be mended. */
export const rejectionsList = command(async (call, app) => {
  const { input, output } = call;
  const runText = input.text('run');
  const run = runText === undefined ? null : await app.get(RunsRepository).get(runText);
  const rejections = app.get(RejectionsService);
  const items = await rejections.list(run?.id ?? null, MOST);
  const csv = input.text('csv');
  if (csv !== undefined) {
    const runs = new Set(items.map((item) => item.runId));
    const [only] = runs;
    const id = run?.id ?? only;
    // Runs have columns of their own: one file can hold the rows of one run.
    if (id === undefined || (run === null && runs.size > 1)) {
      throw new AppError('CLI_MISSING_OPTION', { details: { name: '--run' } });
    }
    let count = 0;
    const rows = rejections.csv(id, output.language, explainRejection(output.language));
    await writeTextFile(
      csv,
      countRecords(rows, (records) => (count = records)),
    );
    output.line(output.t('show.csvWritten', { count, file: csv }));
  } else {
    printRejections(output, items);
  }
  output.data({
    items: rejectionResult(items, output.language),
    ...(csv === undefined ? {} : { file: csv }),
  });
  return EXIT.done;
});

/** Mended rows, sent again alone. */
export const rejectionsRetry = command(async (call, app) => {
  const { input, output } = call;
  const file = input.argument('file');
  const run = await app.get(RejectionsService).retry({
    fileName: basename(file),
    open: () => readFileBytes(file),
    by: actor(call),
  });
  output.line(output.t('show.retrySent', { id: shortId(run.id) }));
  await showRun(app, output, run);
  output.data(runResult(run));
  return exitCodeOfRun(run);
});
