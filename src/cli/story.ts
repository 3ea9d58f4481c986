import { RejectionsService } from '../intake/rejections.service.js';
import { NO_CHANGES, NO_FOLLOW_UPS, NO_VERDICTS, type Run } from '../intake/run.js';
import { RunsQueries } from '../intake/runs.queries.js';
import type { App } from './context.js';
import type { Output } from './output.js';
import { printRun } from './render/run.js';
import type { Story } from './render/story.js';

/** Enough for a screen and for honest counts by kind; `runs plan` pages through the rest. */
const LINES = 2_000;
const REJECTIONS = 20;

/** Gathers what there is to tell about a run. */
export async function tellRun(app: App, run: Run): Promise<Story> {
  const queries = app.get(RunsQueries);
  const { decidedForAt, changes, verdicts, followUps } = run;
  return {
    decidedForAt,
    rowsRejected: run.rows.rejected,
    changes,
    verdicts,
    followUps,
    lines: await queries.plan(run.id, { recentOnly: true, limit: LINES }),
    withheld: await queries.withheld(run.id),
    reasons: await queries.reasons(run.id),
    rejections: run.rows.rejected > 0 ? await app.get(RejectionsService).list(run.id, REJECTIONS) : [],
  };
}

/** Gathers and prints; with `--json` neither, since the numbers of the run say it all. */
export async function showRun(app: App, output: Output, run: Run): Promise<void> {
  if (!output.json) printRun(output, run, await tellRun(app, run));
}

/** Several runs told as one: counts add up, lists follow each other. */
export function joinStories(stories: readonly Story[]): Story {
  return {
    decidedForAt: stories.map((story) => story.decidedForAt).sort()[0] ?? '',
    rowsRejected: stories.reduce((sum, story) => sum + story.rowsRejected, 0),
    changes: stories.reduce((sum, { changes }) => add(sum, changes), NO_CHANGES),
    verdicts: stories.reduce((sum, { verdicts }) => add(sum, verdicts), NO_VERDICTS),
    followUps: stories.reduce((sum, { followUps }) => add(sum, followUps), NO_FOLLOW_UPS),
    lines: stories.flatMap((story) => story.lines),
    withheld: sumBy(
      stories.flatMap((story) => story.withheld),
      ({ kind, because }) => `${because} ${kind}`,
    ),
    reasons: sumBy(
      stories.flatMap((story) => story.reasons),
      ({ category }) => category,
    ),
    rejections: stories.flatMap((story) => story.rejections),
  };
}

function add<T extends Readonly<Record<keyof T, number>>>(a: T, b: T): T {
  const sum: Record<string, number> = {};
  for (const [key, value] of Object.entries<number>(a)) sum[key] = value;
  for (const [key, value] of Object.entries<number>(b)) sum[key] = (sum[key] ?? 0) + value;
  return { ...a, ...sum };
}

/** Rows with the same key become one, the largest first. */
function sumBy<T extends { readonly count: number }>(rows: readonly T[], keyOf: (row: T) => string): T[] {
  const sums = new Map<string, T>();
  for (const row of rows) {
    const known = sums.get(keyOf(row));
    sums.set(keyOf(row), known === undefined ? row : { ...known, count: known.count + row.count });
  }
  return [...sums.values()].sort((a, b) => b.count - a.count);
}
