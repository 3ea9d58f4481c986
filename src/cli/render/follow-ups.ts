import type { PlanLine } from '../../intake/runs.queries.js';
import type { Output } from '../output.js';
import { printTable } from '../table.js';
import { sideOf, withheldText } from './plan-text.js';
import type { Story } from './story.js';

const NAMES = 3;

/** Who is interviewed and invited, and when; who is not, and why. */
export function printFollowUps(output: Output, story: Story): void {
  const { t, language } = output;
  const { planned, rescheduled, cancelled } = story.followUps;
  if (planned + rescheduled + cancelled + story.withheld.length === 0) return;
  output.heading(t('show.followUps', { planned, rescheduled, cancelled }));
  const column = (key: string): string => t(`show.columns.${key}`);
  if (planned + rescheduled > 0) {
    printTable(
      output,
      [
        { title: column('kind'), value: (row) => t(`words.followUpKind.${row.kind}`) },
        { title: column('count'), value: (row) => row.count, align: 'right', min: 4 },
        { title: column('due'), value: (row) => row.days, min: 10 },
      ],
      plannedByKind(story.lines),
    );
  }
  if (story.withheld.length === 0) return;
  output.heading(t('show.withheld'));
  printTable(
    output,
    [
      { title: column('because'), value: (row) => withheldText(output, row.because) },
      {
        title: column('items'),
        value: (row) =>
          row.kinds.map((kind) => t(`words.followUpShort.${kind}`)).join(language === 'ja' ? '・' : ', '),
      },
      { title: column('count'), value: (row) => row.count, align: 'right', min: 4 },
      { title: column('name'), value: (row) => row.names },
    ],
    groupWithheld(story),
  );
}

/** Kinds of follow-up with how many are planned and between which days. */
export function plannedByKind(lines: readonly PlanLine[]): { kind: string; count: number; days: string }[] {
  const kinds = new Map<string, string[]>();
  for (const item of lines.flatMap((line) => line.followUps)) {
    if (item.op === 'cancel' || item.dueOn === null) continue;
    kinds.set(item.kind, [...(kinds.get(item.kind) ?? []), item.dueOn]);
  }
  return [...kinds].map(([kind, days]) => {
    const sorted = days.sort();
    const [first, last] = [sorted[0] ?? '', sorted.at(-1) ?? ''];
    return { kind, count: days.length, days: first === last ? first : `${first} – ${last}` };
  });
}

interface WithheldRow {
  readonly because: string;
  readonly kinds: readonly string[];
  readonly count: number;
  readonly names: string;
}

/** By reason: people are counted once, not once for each thing that they do not get. */
export function groupWithheld({ withheld, lines }: Story): WithheldRow[] {
  const reasons = [...new Set(withheld.map((row) => row.because))];
  return reasons.map((because) => {
    const rows = withheld.filter((row) => row.because === because);
    const names = lines
      .filter((line) => line.withheld.some((one) => one.because === because))
      .map((line) => sideOf(line)?.name ?? line.employeeNumber);
    const shown = names.slice(0, NAMES).join('、');
    return {
      because,
      kinds: rows.map((row) => row.kind),
      count: Math.max(...rows.map((row) => row.count)),
      names: names.length > NAMES ? `${shown} …` : shown,
    };
  });
}
