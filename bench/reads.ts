import { to as copyTo } from 'pg-copy-streams';
import type { Client } from 'pg';
import { openApp } from '../src/app.js';
import { isoDate } from '../src/domain/calendar.js';
import { loadEnv } from '../src/platform/config/env.js';
import { CandidatesQueries, type CandidateSearch } from '../src/recruiting/candidates.queries.js';
import { PolicyFlipsService } from '../src/rehire-registry/policy-flips.service.js';
import { command, interleaved, percentile, result, timed, type Result } from './measure.js';
import type { World } from './world.js';

const TODAY = isoDate('2026-03-25');
const POLICY = 'config/policies/by-reason.yaml';
/** Common and rare ones, one word and two; the last is nobody's. */
const TEXTS = ['佐藤', '美咲', '技術', '高橋 翔太', 'ショウタ', '人事部 佐藤', '名無'];
const ROUNDS = 6;
const MANY = Array.from({ length: 10 });

type App = Awaited<ReturnType<typeof openApp>>;

/** Three filters and a text over one imported company, against the best query written by hand over the same tables. */
export function search(world: World, rows: number, times: number): Promise<Result[]> {
  return onImported(world, rows, async (app, url) => {
    const candidates = app.get(CandidatesQueries);
    const ours = (q: string) => candidates.search({ ...FILTERS, q });
    const sides = {
      ours: async () => percentile(await each(TEXTS, ours), 0.95),
      limit: () =>
        world.sql(url, async (client) =>
          percentile(await each(TEXTS, (q) => client.query(bestSearch(q))), 0.95),
        ),
    };
    return [await interleaved('candidates-search-p95', 'ms', times, sides, { gate: 1.5, goal: null })];
  });
}

/** Pages are read by key: the thousandth costs what the first does. Pages of ten, or a tenth of the people has fewer. */
export function pages(world: World, rows: number, times: number): Promise<Result[]> {
  return onImported(world, rows, async (app) => {
    const candidates = app.get(CandidatesQueries);
    const page = (cursor: string | null) =>
      candidates.search({ company: 'jp', limit: 10, cursor, today: TODAY });
    let cursor: string | null = null;
    let number = 1;
    for (; number < 1_000; number += 1) {
      const { nextCursor } = await page(cursor);
      if (nextCursor === null) break;
      cursor = nextCursor;
    }
    const far = cursor;
    const sides = {
      ours: async () =>
        percentile(
          await each(
            MANY.map(() => far),
            page,
          ),
          0.5,
        ),
      limit: async () =>
        percentile(
          await each(
            MANY.map(() => null),
            page,
          ),
          0.5,
        ),
    };
    const name = `candidates-page-${number}`;
    return [await interleaved(name, 'ms', Math.max(3, times), sides, { gate: 1.5, goal: 1.1 })];
  });
}

/** A verdict for everybody under another policy, against reading the facts that verdicts are made of once. */
export function preview(world: World, rows: number, times: number): Promise<Result[]> {
  return onImported(world, rows, async (app, url) => {
    const flips = app.get(PolicyFlipsService);
    const sides = {
      ours: () => timed(() => flips.previewPolicy(POLICY)),
      limit: () => world.sql(url, (client) => timed(() => readFacts(client))),
    };
    return [await interleaved('policy-preview', 'ms', times, sides, { gate: 2, goal: null })];
  });
}

/** The whole command over so many rows and over a tenth of them: its memory must not grow with the registry. */
export async function previewMemory(world: World, rows: number): Promise<Result[]> {
  const peaks: number[] = [];
  for (const size of [Math.max(1_000, Math.floor(rows / 10)), rows]) {
    const url = await world.imported(size);
    const run = await world.enishi(url, ['policy', 'preview', POLICY]);
    if (run.status !== 0) throw new Error(`policy preview ended with status ${run.status}`);
    peaks.push(run.peakMb);
  }
  const [small = 0, large = 0] = peaks;
  const runs = { ours: [large], limit: [small] };
  return [result('preview-memory-growth', 'MB', runs, { gate: 1.25, goal: 1.1 })];
}

/** What a person waits for before the first word: an absolute limit, so the limit is the number of the contract. */
export async function startUp(times: number): Promise<Result[]> {
  const ours: number[] = [];
  for (let i = 0; i < times; i += 1)
    ours.push((await command(['dist/src/cli.js', '--help'], process.env)).ms);
  return [result('help', 'ms', { ours, limit: ours.map(() => 300) }, { gate: 1, goal: null })];
}

const FILTERS: CandidateSearch = {
  verdict: 'eligible',
  company: 'jp',
  leftAfter: isoDate('2020-01-01'),
  limit: 50,
  cursor: null,
  today: TODAY,
};

/**
 * The same filters on the same tables, newest leavers first, one page. What the planner may know is said as constants:
 * so it walks by day where many match, and looks at all texts first where few do.
 */
function bestSearch(text: string): string {
  const found = text.split(' ').map((word) => `and e.search_text like '%' || enishi_fold('${word}') || '%'`);
  return `
    select e.person_id, e.display_name, e.department, e.hired_on, d.last_day, r.verdict, r.from_day
    from departure d
    join employment e on e.id = d.employment_id
    join registry_entry r on r.employment_id = e.id
    where d.state = 'standing' and d.last_day between '2020-01-01' and '2026-03-24'
      and r.company = 'jp' and r.verdict = 'eligible' ${found.join(' ')}
    order by d.last_day desc, d.employment_id desc limit 51`;
}

const FACTS = `
  select r.person_id, r.company, r.verdict, r.rule, r.from_day, r.review_on, d.last_day, d.announced_on, d.category,
    d.voluntary, d.kind, e.hired_on, e.facts->>'rehireEligible', e.facts->>'regretted', e.facts->>'employmentType',
    r.person_id in (select x.person_id from employment x where x.facts->>'status' = 'deceased') as died
  from registry_entry r join employment e on e.id = r.employment_id join departure d on d.employment_id = e.id`;

/** The quickest way that PostgreSQL gives rows out, parted into their cells. */
async function readFacts(client: Client): Promise<number> {
  let [cells, rest] = [0, ''];
  const stream = client.query(copyTo(`copy (${FACTS}) to stdout`)).setEncoding('utf8');
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) cells += line.split('\t').length;
  }
  return cells;
}

async function each<T>(of: readonly T[], work: (one: T) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) for (const one of of) times.push(await timed(() => work(one)));
  return times;
}

async function onImported<T>(
  world: World,
  rows: number,
  work: (app: App, url: string) => Promise<T>,
): Promise<T> {
  const url = await world.imported(rows);
  const env = loadEnv({
    DATABASE_URL: url,
    ENISHI_HOME: world.file('home'),
    ENISHI_NOW: '2026-03-25T09:00:00+09:00',
    PATH: process.env['PATH'],
  });
  const app = await openApp(env, { log: () => undefined, onError: () => undefined });
  try {
    return await work(app, url);
  } finally {
    await app.close();
  }
}
