import { readFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { FollowUpRunner } from '../../follow-ups/follow-up-runner.service.js';
import { MailboxQueries } from '../../follow-ups/mailbox.queries.js';
import { DoorsService } from '../../intake/doors.service.js';
import type { Run } from '../../intake/run.js';
import { Clock } from '../../platform/clock/clock.js';
import { CandidatesQueries } from '../../recruiting/candidates.queries.js';
import type { CommandCall, CommandHandler } from '../command.js';
import { withOpenApp, type App } from '../context.js';
import { DEMO_NOW, examplesFolder, withDemoWorld } from '../demo-world.js';
import { EXIT } from '../exit-codes.js';
import { startProgress } from '../progress.js';
import { openFile } from '../read-file.js';
import { printBrakes } from '../render/brakes.js';
import { printCandidates } from '../render/candidates.js';
import { printMails } from '../render/mails.js';
import { runResult } from '../render/run-result.js';
import { printHead, printStory } from '../render/run.js';
import type { Story } from '../render/story.js';
import { printSummary } from '../render/summary.js';
import { joinStories, tellRun } from '../story.js';
import { localTime, shortId, todayOf, zoneOf } from '../words.js';
import { serveUntilSignal } from './serve.js';

const BY = 'demo';
/** The HR systems wrote their files on the evening before. */
const EXPORTED = '2026-03-24T22:00:00+09:00';
const MAILS = 6;
const CANDIDATES = 8;

/** Everything once, on invented people: files and a pushed record in, plans and mail out, a cut file held. */
export const demo: CommandHandler = (call) =>
  withDemoWorld(call, async ({ env }) => {
    await withOpenApp(call, env, (app) => play(call, app));
    if (call.input.flag('exit')) return EXIT.done;
    return serveUntilSignal(call, env, { role: 'all', takeFreePort: true });
  });

async function play(call: CommandCall, app: App): Promise<void> {
  const { output } = call;
  const { t } = output;
  const examples = examplesFolder();
  output.line(output.bold(t('demo.title')));
  output.line(t('demo.today', { now: localTime(app.get(Clock).nowIso(), zoneOf(app.group)) }));

  output.heading(t('demo.files'));
  const imported = [
    await importFile(call, app, join(examples, 'jp-employees-cp932.csv'), 'demo-jp', 'delta', EXPORTED),
    await importFile(call, app, join(examples, 'en-workers.csv'), 'demo-en', 'delta', EXPORTED),
    await importRecord(call, app, join(examples, 'pushed-record.json')),
  ];
  const stories: Story[] = [];
  for (const run of imported) stories.push(await tellRun(app, run));
  printStory(output, joinStories(stories), null);
  printBrakes(
    output,
    imported.flatMap((run) => run.brakes),
  );

  const mail = await sendDueMail(call, app);
  const candidates = await showCandidates(call, app);

  output.heading(t('demo.truncated'));
  const truncated = await importFile(call, app, join(examples, 'jp-truncated-cp932.csv'), 'demo-jp', 'full');
  printBrakes(
    output,
    truncated.brakes.filter((brake) => brake.tripped),
  );
  output.line(
    `  ${output.warn(t(truncated.status === 'held' ? 'demo.truncatedHeld' : 'demo.truncatedNotHeld', { count: truncated.changes.suspected_absent }))}`,
  );

  printSummary(output, joinStories(stories), {
    sent: mail.sent,
    accepted: sumAccepted(imported),
    isHeld: truncated.status === 'held',
  });
  output.heading(t('demo.next'));
  for (const command of nextCommands(imported[0]))
    output.line(`  ENISHI_HOME=${homeForPeople(app.env.home)} ENISHI_NOW=${DEMO_NOW} npx enishi ${command}`);
  output.data({ runs: imported.map(runResult), truncated: runResult(truncated), mail, candidates });
}

const sumAccepted = (runs: readonly Run[]): number => runs.reduce((sum, run) => sum + run.rows.accepted, 0);

async function importFile(
  call: CommandCall,
  app: App,
  file: string,
  source: string,
  mode: 'full' | 'delta',
  asOf?: string,
): Promise<Run> {
  const { output } = call;
  const progress = startProgress(output, basename(file));
  const run = await app
    .get(DoorsService)
    .importFile({
      source,
      fileName: basename(file),
      bytes: await openFile(file),
      mode,
      asOf,
      by: BY,
      progress: (done, total) => progress.update(done, total),
    })
    .finally(() => progress.stop());
  printHead(output, run);
  return run;
}

async function importRecord(call: CommandCall, app: App, file: string): Promise<Run> {
  const record: unknown = JSON.parse(await readFile(file, 'utf8'));
  const { run } = await app.get(DoorsService).importRecords({ source: 'demo-jp', records: [record], by: BY });
  printHead(call.output, run);
  return run;
}

async function sendDueMail(call: CommandCall, app: App) {
  const { output } = call;
  const { t } = output;
  output.heading(t('demo.mail'));
  const progress = startProgress(output, t('show.sending'));
  const {
    brake: _brake,
    paused: _paused,
    ...report
  } = await app
    .get(FollowUpRunner)
    .runOnce({ onProgress: (done, total) => progress.update(done, total) })
    .finally(() => progress.stop());
  output.line(`  ${t('show.ranReport', report)}`);
  const { items } = await app.get(MailboxQueries).list({ limit: MAILS });
  printMails(output, items, zoneOf(app.group));
  return report;
}

async function showCandidates(call: CommandCall, app: App) {
  const { output } = call;
  output.heading(output.t('demo.candidates'));
  const today = todayOf(app.group, app.get(Clock));
  const page = await app.get(CandidatesQueries).search({ verdict: 'eligible', today, limit: CANDIDATES });
  printCandidates(output, page.items);
  return page.items.length;
}

/** As short as it can be typed from here. */
function homeForPeople(home: string): string {
  const path = relative(process.cwd(), home);
  return path.startsWith('..') ? home : path;
}

function nextCommands(run: Run | undefined): string[] {
  return [
    `runs plan ${run === undefined ? '<run>' : shortId(run.id)}`,
    'person show jp/002572',
    'rejections list',
    'mailbox list',
    'matches list',
  ];
}
