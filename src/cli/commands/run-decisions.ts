import { RunDecisionsService } from '../../intake/run-decisions.service.js';
import { actor, command } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { startProgress } from '../progress.js';
import { runResult } from '../render/run-result.js';
import { showRun } from '../story.js';
import { shortId } from '../words.js';

/** Lets a held run through, if its plan is still the one that was read. */
export const runsApprove = command(async (call, app) => {
  const { input, output } = call;
  const planHash = input.requiredText('plan');
  const decision = { reason: input.requiredText('reason'), by: actor(call) };
  const run = await app.get(RunDecisionsService).approve(input.argument('run'), planHash, decision);
  output.line(
    output.t('show.approved', { id: shortId(run.id), status: output.t(`words.runStatus.${run.status}`) }),
  );
  await showRun(app, output, run);
  output.data(runResult(run));
  return EXIT.done;
});

export const runsReject = command(async (call, app) => {
  const { input, output } = call;
  const decision = { reason: input.requiredText('reason'), by: actor(call) };
  const run = await app.get(RunDecisionsService).reject(input.argument('run'), decision);
  output.line(output.t('show.turnedDown', { id: shortId(run.id) }));
  output.data(runResult(run));
  return EXIT.done;
});

/** Takes an applied run back, and says which mail it cannot take back. */
export const runsRevert = command(async (call, app) => {
  const { input, output } = call;
  const target = input.argument('run');
  const progress = startProgress(output, output.t('show.importing'));
  const run = await app
    .get(RunDecisionsService)
    .revert(target, { reason: input.requiredText('reason'), by: actor(call) }, (done, total) =>
      progress.update(done, total),
    )
    .finally(() => progress.stop());
  output.line(output.t('show.reverted', { target, id: shortId(run.id) }));
  await showRun(app, output, run);
  output.data({ ...runResult(run), reverted: run.revertsRunId });
  return EXIT.done;
});
