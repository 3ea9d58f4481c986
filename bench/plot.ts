import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeCsv } from './data.js';
import type { World } from './world.js';

export interface Point {
  readonly rows: number;
  readonly seconds: number;
  readonly peakMb: number;
}

/** First imports of growing files, each a whole command on a new database. */
export async function measureGrowth(world: World, sizes: readonly number[]): Promise<Point[]> {
  const points: Point[] = [];
  for (const rows of sizes) {
    const file = world.file(`growth-${rows}.csv`);
    await writeCsv(file, rows);
    const url = await world.migrated();
    const args = ['import', file, '--source', 'demo-jp', '--profile', 'generic', '--json'];
    const run = await world.enishi(url, args);
    if (run.status !== 0) throw new Error(`the import ended with status ${run.status}`);
    points.push({ rows, seconds: run.ms / 1_000, peakMb: run.peakMb });
  }
  return points;
}

/** Writes the drawing of `plot`. */
export function writePlot(file: string, points: readonly Point[], machine: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, plot(points, machine));
}

interface Panel {
  readonly title: string;
  readonly explained: string;
  readonly colour: string;
  readonly valueOf: (point: Point) => number;
  readonly label: (value: number) => string;
  /** Draws the straight line through nought and the last point, to be compared with. */
  readonly guide: 'proportional' | 'level';
  readonly guideLabel: string;
}

const PANELS: readonly Panel[] = [
  {
    title: 'Time of a first import',
    explained: 'from the start of the command until everything is decided and written',
    colour: '#1f6f8b',
    valueOf: ({ seconds }) => seconds,
    label: (value) => (value > 0 && value < 10 ? `${value.toFixed(1)} s` : `${Math.round(value)} s`),
    guide: 'proportional',
    guideLabel: 'ten times the rows, ten times the time',
  },
  {
    title: 'Most memory the process held',
    explained: 'resident memory of the importing process, PostgreSQL apart',
    colour: '#a8451f',
    valueOf: ({ peakMb }) => peakMb,
    label: (value) => `${Math.round(value)} MB`,
    guide: 'level',
    guideLabel: 'the same however many rows',
  },
];

const [WIDTH, HEIGHT, LEFT, TOP, PANEL_WIDTH, PANEL_HEIGHT, GAP] = [920, 430, 80, 96, 350, 230, 110];
const FONT = 'font-family="system-ui, sans-serif"';

/** Time and memory over the rows of a file, side by side, for somebody who knows neither the product nor the bench. */
export function plot(points: readonly Point[], machine: string): string {
  const panels = PANELS.map((panel, i) => drawPanel(panel, points, LEFT + i * (PANEL_WIDTH + GAP)));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Time and memory of a first import over the rows of the file">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
${text(LEFT, 34, 'Importing a company for the first time: three in ten rows are people who left', 17, '#111111', 'start', 600)}
${panels.join('\n')}
${text(LEFT, HEIGHT - 14, `Measured by npm run bench -- --plot on ${machine}`, 11, '#666666')}
</svg>
`;
}

function drawPanel(panel: Panel, points: readonly Point[], x: number): string {
  const most = Math.max(...points.map((point) => point.rows));
  const top = niceAbove(Math.max(...points.map(panel.valueOf)));
  const at = (rows: number, value: number): [number, number] => [
    x + (rows / most) * PANEL_WIDTH,
    TOP + PANEL_HEIGHT - (value / top) * PANEL_HEIGHT,
  ];
  const bottom = TOP + PANEL_HEIGHT;
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const y = bottom - share * PANEL_HEIGHT;
    const line = `<line x1="${x}" y1="${y}" x2="${x + PANEL_WIDTH}" y2="${y}" stroke="#e3e3e3"/>`;
    return line + text(x - 8, y + 4, panel.label(share * top), 11, '#444444', 'end');
  });
  const last = points.at(-1);
  const lastValue = last === undefined ? 0 : panel.valueOf(last);
  const from = at(0, panel.guide === 'level' ? lastValue : 0);
  const guide = line([from, at(most, lastValue)], '#999999', 'stroke-dasharray="5 5"');
  const curve = line(
    points.map((point) => at(point.rows, panel.valueOf(point))),
    panel.colour,
    'stroke-width="2.5"',
  );
  const dots = points.map((point, i) => {
    const [cx, cy] = at(point.rows, panel.valueOf(point));
    const isLast = i === points.length - 1;
    const label = text(
      cx + (isLast ? -4 : 10),
      cy + (isLast ? -10 : 18),
      panel.label(panel.valueOf(point)),
      12,
      panel.colour,
      isLast ? 'end' : 'start',
      600,
    );
    const tick =
      isLast || point.rows / most > 0.05
        ? text(cx, bottom + 18, point.rows.toLocaleString('en'), 11, '#444444', 'middle')
        : '';
    return `<circle cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="4" fill="${panel.colour}"/>${label}${tick}`;
  });
  return [
    text(x, 64, panel.title, 14, '#111111', 'start', 600),
    text(x, 81, panel.explained, 11, '#666666'),
    ...grid,
    guide,
    curve,
    ...dots,
    text(x + PANEL_WIDTH, bottom + 38, 'rows in the file', 11, '#444444', 'end'),
    text(x, bottom + 38, `- - -  ${panel.guideLabel}`, 11, '#888888'),
  ].join('\n');
}

function line(points: readonly (readonly [number, number])[], colour: string, more: string): string {
  const path = points.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' ');
  return `<polyline points="${path}" fill="none" stroke="${colour}" ${more}/>`;
}

function text(
  x: number,
  y: number,
  words: string,
  size: number,
  colour: string,
  anchor = 'start',
  weight = 400,
): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${FONT} font-size="${size}" font-weight="${weight}" fill="${colour}" text-anchor="${anchor}">${escaped}</text>`;
}

/** The next of 1, 2, 4, 5, 6, 8 times a power of ten. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return ([1, 2, 4, 5, 6, 8, 10].find((step) => step * power >= value * 1.05) ?? 20) * power;
}
