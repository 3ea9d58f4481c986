import { AppError } from '../../domain/app-error.js';
import { FOLLOW_UP_KINDS, FOLLOW_UP_STATES } from '../../domain/follow-up.js';
import { FollowUpQueries } from '../../follow-ups/follow-up.queries.js';
import { FollowUpRunner } from '../../follow-ups/follow-up-runner.service.js';
import { FollowUpsService } from '../../follow-ups/follow-ups.service.js';
import type { CommandCall } from '../command.js';
import { actor, command, type App } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { collectPages, noteMore } from '../pages.js';
import { startProgress } from '../progress.js';
import { printTable } from '../table.js';
import { pickText } from '../words.js';

/** Follow-ups by due day. */
export const followUpsList = command(async (call, app) => {
  const { input, output } = call;
  const { t, language } = output;
  const state = input.choice('state', FOLLOW_UP_STATES);
  const kind = input.choice('kind', FOLLOW_UP_KINDS);
  const queries = app.get(FollowUpQueries);
  const found = await collectPages(call, (cursor, limit) =>
    queries.list({
      limit,
      ...(cursor === null ? {} : { cursor }),
      ...(state === undefined ? {} : { state }),
      ...(kind === undefined ? {} : { kind }),
    }),
  );
  const column = (key: string): string => t(`show.columns.${key}`);
  printTable(
    output,
    [
      { title: column('due'), value: (item) => item.dueOn, min: 10 },
      { title: column('kind'), value: (item) => t(`words.followUpKind.${item.kind}`) },
      { title: column('company'), value: (item) => item.company, min: 4 },
      { title: column('number'), value: (item) => item.employeeNumber },
      { title: column('state'), value: (item) => t(`words.followUpState.${item.state}`) },
      { title: column('because'), value: (item) => pickText(item.because.text, language), min: 16 },
      { title: column('id'), value: (item) => item.id, min: 36 },
    ],
    found.items,
  );
  noteMore(call, found);
  output.data({ items: found.items });
  return EXIT.done;
});

/** Sends what is due now. Ends with 4 when the brake on outgoing mail, or a pause, kept something back. */
export const followUpsRun = command(async (call, app) => {
  const { output } = call;
  const { t } = output;
  const progress = startProgress(output, t('show.sending'));
  const report = await app
    .get(FollowUpRunner)
    .runOnce({ onProgress: (done, total) => progress.update(done, total) })
    .finally(() => progress.stop());
  output.line(t('show.ranReport', { ...report, brake: undefined, paused: undefined }));
  if (report.paused) output.line(output.warn(t('show.mailPaused')));
  if (report.brake !== null) output.line(output.warn(t('show.mailBrake', { waiting: report.brake.waiting })));
  output.data(report);
  return report.paused || report.brake !== null ? EXIT.held : EXIT.done;
});

export const followUpsPause = command(async (call, app) => {
  await app.get(FollowUpsService).pause(actor(call));
  call.output.line(call.output.t('show.paused'));
  call.output.data({ paused: true });
  return EXIT.done;
});

export const followUpsResume = command(async (call, app) => {
  if (call.input.flag('confirm-restore')) return confirmRestore(call, app);
  await app.get(FollowUpsService).resume(actor(call));
  call.output.line(call.output.t('show.resumed'));
  call.output.data({ paused: false });
  return EXIT.done;
});

/** After a restore: says which mails may have gone out since the backup, and leaves each of them to a person. */
async function confirmRestore(call: CommandCall, app: App): Promise<ExitCode> {
  const { output } = call;
  const uncertain = await app.get(FollowUpsService).confirmRestore(actor(call));
  output.line(output.t(uncertain.length === 0 ? 'sight.restoredNone' : 'sight.restored'));
  for (const id of uncertain) output.line(`  ${id}`);
  output.line(output.t('sight.restoredConfirmed'));
  output.data({ paused: false, uncertain });
  return EXIT.done;
}

/** A person's word about a mail that may or may not have arrived. */
export const followUpsResolve = command(async (call, app) => {
  const id = call.input.argument('id');
  const isSent = call.input.flag('sent');
  const isResend = call.input.flag('resend');
  if (isSent && isResend)
    throw new AppError('CLI_CONFLICTING_OPTIONS', { details: { name: '--sent', other: '--resend' } });
  if (!isSent && !isResend)
    throw new AppError('CLI_MISSING_OPTION', { details: { name: '--sent | --resend' } });
  const as = isSent ? 'sent' : 'resend';
  await app.get(FollowUpsService).resolve(id, as, actor(call));
  call.output.line(call.output.t(isSent ? 'show.resolvedSent' : 'show.resolvedResend'));
  call.output.data({ id, resolvedAs: as });
  return EXIT.done;
});
