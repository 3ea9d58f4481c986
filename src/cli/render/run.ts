import { AppError, type ErrorDetail } from '../../domain/app-error.js';
import type { Run } from '../../intake/run.js';
import type { PlanLine } from '../../intake/runs.queries.js';
import { describeError } from '../../platform/i18n/i18n.js';
import type { Output } from '../output.js';
import { printTable } from '../table.js';
import { shortId } from '../words.js';
import { printBrakes } from './brakes.js';
import { printFollowUps } from './follow-ups.js';
import { leaverColumns, printLeavers } from './leavers.js';
import { changeText } from './plan-text.js';
import { printRejections } from './rejections.js';
import type { Story } from './story.js';

const CHANGES = 20;
const REJECTIONS = 10;

/** Who leaves, who is interviewed and invited, who is not and why, what else changed, what was rejected, how near the brakes. */
export function printRun(output: Output, run: Run, story: Story): void {
  printHead(output, run);
  printStory(output, story, run.id);
  printBrakes(output, run.brakes);
  printDecision(output, run);
}

/** The story without the head of a single run. `runId` is what the hints to read on name. */
export function printStory(output: Output, story: Story, runId: string | null): void {
  printLeavers(output, story, runId);
  printFollowUps(output, story);
  printOtherChanges(output, story);
  printVerdicts(output, story.verdicts);
  printRejected(output, story, runId);
}

export function printHead(output: Output, run: Run): void {
  const { t } = output;
  output.line(
    output.bold(
      t('show.run', {
        id: shortId(run.id),
        source: run.source,
        mode: t(`words.mode.${run.mode}`),
        status: t(`words.runStatus.${run.status}`),
      }),
    ),
  );
  if (run.dryRun) output.line(`  ${output.warn(t('show.dryRun'))}`);
  if (run.fileName !== null) {
    output.line(
      `  ${t('show.file', { name: run.fileName, encoding: run.encoding ?? '-', profile: run.profile ?? '-' })}`,
    );
  }
  output.line(`  ${t('show.rows', { ...run.rows })}`);
  if (run.error !== null) output.line(`  ${output.bad(noteText(output, run.error.code, run.error.details))}`);
  for (const note of run.notes) output.line(`  ${output.warn(noteText(output, note.code, note.details))}`);
}

/** A note of a run; a note that is the code of an error reads like that error. */
function noteText(output: Output, code: string, details: Readonly<Record<string, ErrorDetail>>): string {
  const key = `notes.${code}`;
  const text = output.t(key, details);
  if (text !== key) return text;
  const { title, remedy } = describeError(new AppError(code, { details }), output.language);
  return `${title} ${output.t('cli.error.remedy')}: ${remedy}`;
}

/** What a person should look at comes first; a status that only follows its date comes last. */
const ORDER = [
  'disputed',
  'suspected_absent',
  'rescinded',
  'rehired',
  'transferred',
  'out_of_scope',
  'amended',
];

const movesDay = (line: PlanLine): boolean => line.changedFields.includes('lastDay');

function printOtherChanges(output: Output, { changes, lines }: Story): void {
  const { t } = output;
  const others = lines
    .filter((line) => ORDER.includes(line.kind))
    .sort(
      (a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || Number(movesDay(b)) - Number(movesDay(a)),
    );
  if (others.length === 0) return;
  output.heading(t('show.otherChanges'));
  const counts = Object.entries(changes).filter(([kind, count]) => count > 0 && kind !== 'new_leaver');
  output.line(
    `  ${counts.map(([kind, count]) => `${t(`words.change.${kind}`)} ${String(count)}`).join(' · ')}`,
  );
  const column = (key: string): string => t(`show.columns.${key}`);
  const [number, name] = leaverColumns(output);
  printTable(
    output,
    [
      { title: column('changes'), value: (line: PlanLine) => t(`words.change.${line.kind}`) },
      ...(number === undefined || name === undefined ? [] : [number, name]),
      { title: column('before'), value: (line: PlanLine) => line.before?.lastDay, min: 10 },
      { title: column('after'), value: (line: PlanLine) => line.after?.lastDay, min: 10 },
      { title: column('because'), value: (line: PlanLine) => changeText(output, line), min: 16 },
    ],
    others.slice(0, CHANGES),
  );
  if (others.length > CHANGES) output.line(`  ${t('show.changesMore', { count: others.length - CHANGES })}`);
}

export function printVerdicts(
  output: Output,
  { eligible, review, ineligible, unknown }: Run['verdicts'],
): void {
  const { t } = output;
  if (eligible + review + ineligible + unknown === 0) return;
  output.heading(t('show.verdicts'));
  const counts = Object.entries({ eligible, review, ineligible, unknown });
  output.line(
    `  ${counts.map(([verdict, count]) => `${t(`words.verdict.${verdict}`)} ${String(count)}`).join(' · ')}`,
  );
}

function printRejected(output: Output, { rowsRejected, rejections }: Story, runId: string | null): void {
  if (rowsRejected === 0) return;
  const { t } = output;
  output.heading(t('show.rejections', { count: rowsRejected }));
  const shown = rejections.slice(0, REJECTIONS);
  printRejections(output, shown);
  const left = rowsRejected - shown.length;
  if (left > 0 && runId !== null)
    output.line(`  ${t('show.rejectionsMore', { count: left, run: shortId(runId) })}`);
}

function printDecision(output: Output, run: Run): void {
  const { t } = output;
  if (run.decidedBy !== null)
    output.line(`  ${t('show.decided', { by: run.decidedBy, reason: run.decidedReason })}`);
  if (run.status !== 'held') return;
  const id = shortId(run.id);
  output.line();
  output.line(output.bad(t('show.held')));
  output.line(`  enishi runs plan ${id}`);
  output.line(`  enishi runs approve ${id} --plan ${run.planHash ?? ''} --reason "…"`);
  output.line(`  enishi runs reject ${id} --reason "…"`);
}
