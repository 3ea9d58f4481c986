import { RunsQueries, type PlanLine } from '../../intake/runs.queries.js';
import { RunsRepository } from '../../intake/runs.repository.js';
import type { Run, RunStatus } from '../../intake/run.js';
import { command } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { collectPages, noteMore } from '../pages.js';
import { runResult } from '../render/run-result.js';
import { leaverColumns } from '../render/leavers.js';
import { printHead } from '../render/run.js';
import { showRun } from '../story.js';
import { printTable } from '../table.js';
import { localTime, shortId, zoneOf } from '../words.js';

const STATUSES: readonly RunStatus[] = [
  'reading',
  'planned',
  'held',
  'applying',
  'applied',
  'rejected',
  'failed',
  'reverted',
];

/** Runs, the newest first. */
export const runsList = command(async (call, app) => {
  const { input, output } = call;
  const { t } = output;
  const source = input.text('source');
  const status = input.choice('status', STATUSES);
  const zone = zoneOf(app.group);
  let last: Run | undefined;
  const found = await collectPages<Run>(call, async (_cursor, limit) => {
    const before = last === undefined ? undefined : { startedAt: last.startedAt, id: last.id };
    const items = await app.get(RunsRepository).list({ source, status, before, limit: limit + 1 });
    const page = items.slice(0, limit);
    last = page.at(-1);
    return { items: page, nextCursor: items.length > limit ? (last?.id ?? null) : null };
  });
  const column = (key: string): string => t(`show.columns.${key}`);
  printTable(
    output,
    [
      { title: column('run'), value: (run) => shortId(run.id) },
      { title: column('source'), value: (run) => run.source },
      { title: column('kind'), value: (run) => t(`words.runKind.${run.kind}`) },
      { title: column('status'), value: (run) => t(`words.runStatus.${run.status}`) },
      { title: column('started'), value: (run) => localTime(run.startedAt, zone), min: 16 },
      { title: column('rows'), value: (run) => run.rows.read, align: 'right', min: 5 },
      { title: column('rejected'), value: (run) => run.rows.rejected, align: 'right', min: 4 },
      {
        title: column('changes'),
        value: (run) => Object.values(run.changes).reduce((sum, n) => sum + n, 0),
        align: 'right',
        min: 5,
      },
    ],
    found.items,
  );
  noteMore(call, found);
  output.data({ items: found.items.map(runResult) });
  return EXIT.done;
});

/** One run with all that it did or would do. */
export const runsShow = command(async (call, app) => {
  const run = await app.get(RunsRepository).get(call.input.argument('run'));
  await showRun(app, call.output, run);
  if (run.planHash !== null) call.output.line(`  ${call.output.t('show.planHash', { hash: run.planHash })}`);
  call.output.data({
    ...runResult(run),
    file: {
      name: run.fileName,
      sha256: run.fileSha256,
      encoding: run.encoding,
      delimiter: run.delimiter,
      profile: run.profile,
    },
    startedBy: run.startedBy,
    decision:
      run.decidedBy === null ? null : { by: run.decidedBy, reason: run.decidedReason, at: run.decidedAt },
    revertsRun: run.revertsRunId,
  });
  return EXIT.done;
});

/** The whole plan, one line for each employment. */
export const runsPlan = command(async (call, app) => {
  const { output } = call;
  const { t } = output;
  const run = await app.get(RunsRepository).get(call.input.argument('run'));
  let last: PlanLine | undefined;
  const found = await collectPages<PlanLine>(call, async (_cursor, limit) => {
    const after = last === undefined ? undefined : { seq: last.seq, ord: last.ord };
    const lines = await app.get(RunsQueries).plan(run.id, { after, limit: limit + 1 });
    const page = lines.slice(0, limit);
    last = page.at(-1);
    return { items: page, nextCursor: lines.length > limit ? String(last?.seq ?? 0) : null };
  });
  printHead(output, run);
  printTable(
    output,
    [
      {
        title: t('show.columns.changes'),
        value: (line: PlanLine) => (line.kind === 'consequence' ? null : t(`words.change.${line.kind}`)),
      },
      ...leaverColumns(output),
    ],
    found.items,
  );
  noteMore(call, found);
  output.data({ run: run.id, planHash: run.planHash, status: run.status, items: found.items });
  return EXIT.done;
});
