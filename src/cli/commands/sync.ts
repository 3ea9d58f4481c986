import type { Run } from '../../intake/run.js';
import { SyncService } from '../../intake/sync.service.js';
import { AppError } from '../../domain/app-error.js';
import type { CommandCall } from '../command.js';
import { actor, command, type App } from '../context.js';
import { EXIT, exitCodeOf, type ExitCode } from '../exit-codes.js';
import { asAppError, printFailure } from '../failure.js';
import { startProgress } from '../progress.js';
import { exitCodeOfRun, runResult } from '../render/run-result.js';
import { showRun } from '../story.js';

interface Pulled {
  readonly source: string;
  readonly outcome: Run | AppError;
}

/** Pulls sources one after the other; what one cannot tell keeps no other out. Ends with the gravest of their statuses. */
export const sync = command(async (call, app) => {
  const { output } = call;
  const pulled: Pulled[] = [];
  for (const source of wanted(call, app)) pulled.push({ source, outcome: await pull(call, app, source) });
  if (pulled.length === 0) output.line(output.t('show.nothingPulled'));
  const [only] = pulled;
  if (pulled.length === 1 && only?.outcome instanceof AppError) printFailure(output, only.outcome);
  else if (pulled.length === 1 && only !== undefined) output.data(resultOf(only));
  else {
    for (const { outcome } of pulled)
      if (outcome instanceof AppError && !output.json) printFailure(output, outcome);
    output.data({ items: pulled.map(resultOf) });
  }
  return gravest(pulled.map(({ outcome }) => statusOf(outcome)));
});

/** @throws CLI_MISSING_ARGUMENT when neither a source nor --all is given */
function wanted({ input }: CommandCall, app: App): readonly string[] {
  if (input.flag('all'))
    return app
      .get(SyncService)
      .sources()
      .map(({ id }) => id);
  const named = input.argumentList('source');
  if (named.length > 0) return [...new Set(named)];
  throw new AppError('CLI_MISSING_ARGUMENT', { details: { name: 'source' } });
}

async function pull(call: CommandCall, app: App, source: string): Promise<Run | AppError> {
  const { input, output } = call;
  const progress = startProgress(output, output.t('show.pulling', { source }));
  let run: Run;
  try {
    run = await app.get(SyncService).sync({
      source,
      full: input.flag('full'),
      dryRun: input.flag('dryRun'),
      by: actor(call),
      progress: (done, total) => progress.update(done, total),
    });
  } catch (error) {
    return asAppError(error);
  } finally {
    progress.stop();
  }
  await showRun(app, output, run);
  return run;
}

function resultOf({ source, outcome }: Pulled) {
  if (!(outcome instanceof AppError)) return runResult(outcome);
  const { code, details, retryable } = outcome;
  return { source, error: { code, details, retryable } };
}

/** Not everything was taken when the source was not seen to its end: the same status as for rejected rows. */
function statusOf(outcome: Run | AppError): ExitCode {
  if (outcome instanceof AppError) return exitCodeOf(outcome);
  const status = exitCodeOfRun(outcome);
  return status === EXIT.done && !outcome.seenToEnd ? EXIT.rejected : status;
}

const GRAVEST_FIRST = [EXIT.failed, EXIT.usage, EXIT.notFound, EXIT.held, EXIT.rejected] as const;

function gravest(statuses: readonly ExitCode[]): ExitCode {
  return GRAVEST_FIRST.find((status) => statuses.includes(status)) ?? EXIT.done;
}
