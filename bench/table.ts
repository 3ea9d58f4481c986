import type { Result } from './measure.js';

export type Verdict = 'goal' | 'gate' | 'MISSED' | 'told';

/** How a figure stands: within its goal, within its gate, or outside; `told` has no bound. */
export function verdictOf({ ratio, gate, goal, higherIsBetter }: Result): Verdict {
  const holds = (bound: number) => (higherIsBetter ? ratio >= bound : ratio <= bound);
  if (gate === null) return 'told';
  if (!holds(gate)) return 'MISSED';
  return goal === null || !holds(goal) ? 'gate' : 'goal';
}

const HEADS = [
  'verdict',
  'name',
  'ours',
  'limit',
  'unit',
  'ratio',
  'gate',
  'goal',
  'spread of ours',
  'of limit',
];

/** Every figure in a line: medians, and between which figures the runs lay. */
export function tableOf(results: readonly Result[]): string {
  const rows = results.map((result) => {
    const sign = result.higherIsBetter ? '>=' : '<=';
    const bound = (value: number | null) => (value === null ? '-' : `${sign} ${value}`);
    return [
      verdictOf(result),
      result.name,
      number(result.ours),
      number(result.limit),
      result.unit,
      result.ratio.toFixed(2),
      bound(result.gate),
      bound(result.goal),
      spread(result.runs.ours),
      spread(result.runs.limit),
    ];
  });
  const all = [HEADS, ...rows];
  const widths = HEADS.map((_, i) => Math.max(...all.map((cells) => (cells[i] ?? '').length)));
  const isText = new Set([0, 1, 4]);
  return all
    .map((cells) =>
      cells
        .map((cell, i) => (isText.has(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}

function spread(values: readonly number[]): string {
  return `${number(Math.min(...values))}..${number(Math.max(...values))}`;
}
