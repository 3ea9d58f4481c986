import type { PlanLine } from '../../intake/runs.queries.js';
import type { Output } from '../output.js';
import { printTable, type Column } from '../table.js';
import { shortId } from '../words.js';
import { followUpsText, reasonText, sideOf } from './plan-text.js';
import type { Story } from './story.js';

const NAMES = 12;

/** How many leave, why and when; then those by name whose day is nearest. */
export function printLeavers(output: Output, story: Story, runId: string | null): void {
  const { t } = output;
  const total = story.changes.new_leaver;
  if (total === 0) return;
  output.heading(t('show.leavers', { count: total }));
  const leavers = story.lines.filter((line) => line.kind === 'new_leaver');
  const today = story.decidedForAt.slice(0, 10);
  const coming = countComing(story);
  output.line(
    `  ${t('show.leaversWhen', { coming, recent: leavers.length - coming, history: Math.max(0, total - leavers.length) })}`,
  );
  const byReason = story.reasons.map(
    ({ category, count }) => `${t(`words.reason.${category}`)} ${String(count)}`,
  );
  output.line(`  ${byReason.join(' · ')}`);
  printTable(output, leaverColumns(output), nearest(leavers, today).slice(0, NAMES));
  const left = total - Math.min(NAMES, leavers.length);
  if (left > 0 && runId !== null) output.line(`  ${t('show.sample', { count: left, run: shortId(runId) })}`);
  else if (left > 0) output.line(`  ${t('show.sampleOnly', { count: left })}`);
}

/** Leavers whose last day is still to come, today included. */
export function countComing({ lines, decidedForAt }: Story): number {
  const today = decidedForAt.slice(0, 10);
  return lines.filter((line) => line.kind === 'new_leaver' && dayOf(line) >= today).length;
}

const dayOf = (line: PlanLine): string => sideOf(line)?.lastDay ?? '';

/** Those to come, the next ones first; then those who have left, the latest first. */
function nearest(lines: readonly PlanLine[], today: string): PlanLine[] {
  return [...lines].sort((a, b) => {
    const [x, y] = [dayOf(a), dayOf(b)];
    const [xComes, yComes] = [x >= today, y >= today];
    if (xComes !== yComes) return xComes ? -1 : 1;
    if (x !== y) return (x < y ? -1 : 1) * (xComes ? 1 : -1);
    // Not by number: those who leave on one day would otherwise all be of the same age.
    return (sideOf(a)?.name ?? '') < (sideOf(b)?.name ?? '') ? -1 : 1;
  });
}

export function leaverColumns(output: Output): Column<PlanLine>[] {
  const { t } = output;
  const column = (key: string): string => t(`show.columns.${key}`);
  return [
    { title: column('number'), value: (line) => `${line.company}/${line.employeeNumber}` },
    { title: column('name'), value: (line) => sideOf(line)?.name, min: 10 },
    { title: column('lastDay'), value: (line) => sideOf(line)?.lastDay, min: 10 },
    { title: column('reason'), value: (line) => reasonText(output, line) },
    {
      title: column('verdict'),
      value: (line) => (line.verdict === null ? null : t(`words.verdictShort.${line.verdict}`)),
    },
    { title: column('items'), value: (line) => followUpsText(output, line), min: 24 },
  ];
}
