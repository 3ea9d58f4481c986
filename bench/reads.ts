import { CandidatesQueries } from '../src/recruiting/candidates.queries.js';
import { PolicyFlipsService } from '../src/rehire-registry/policy-flips.service.js';
import { openApp } from '../src/app.js';
import { loadEnv } from '../src/platform/config/env.js';
import { isoDate } from '../src/domain/calendar.js';
import { writeCsv } from './data.js';
import { command, interleaved, percentile, result, timed, type Result } from './measure.js';
import type { World } from './world.js';

/** Search and preview over one imported company, against the best plain query over the same tables. */
export async function reads(world: World, rows: number, times: number): Promise<Result[]> {
  const file = world.file(`reads-${rows}.csv`);
  await writeCsv(file, rows);
  const url = await world.database();
  const imported = await world.enishi(url, [
    'import',
    file,
    '--source',
    'demo-jp',
    '--profile',
    'generic',
    '--json',
  ]);
  if (imported.status !== 0) throw new Error(`the import ended with status ${imported.status}`);
  const env = loadEnv({
    DATABASE_URL: url,
    ENISHI_HOME: world.file('home'),
    ENISHI_NOW: '2026-03-25T09:00:00+09:00',
    PATH: process.env['PATH'],
  });
  const app = await openApp(env, { log: () => undefined, onError: () => undefined });
  try {
    return [
      await search(world, url, app.get(CandidatesQueries), times),
      await preview(world, url, app.get(PolicyFlipsService), times),
    ];
  } finally {
    await app.close();
  }
}

async function search(
  world: World,
  url: string,
  candidates: CandidatesQueries,
  times: number,
): Promise<Result> {
  const names = ['佐藤', '美咲', '技術', '高橋 翔太', 'ショウタ'];
  const oursOf = async (q: string): Promise<unknown> =>
    candidates.search({
      q,
      verdict: 'eligible',
      company: 'jp',
      department: null,
      leftAfter: isoDate('2020-01-01'),
      leftBefore: null,
      limit: 50,
      cursor: null,
      today: isoDate('2026-03-25'),
    });
  return interleaved(
    'candidates-search-p95',
    'ms',
    times,
    {
      ours: async () => percentile(await each(names, oursOf), 0.95),
      limit: () =>
        world.sql(url, async (client) =>
          percentile(
            await each(names, (q) => client.query(BEST_SEARCH, [`%${q.split(' ')[0] ?? ''}%`])),
            0.95,
          ),
        ),
    },
    { gate: 1.5, goal: null },
  );
}

async function each(names: readonly string[], work: (q: string) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < 4; i += 1) for (const name of names) times.push(await timed(() => work(name)));
  return times;
}

/** The same filters on the same tables, written by hand: newest leavers first, one page. */
const BEST_SEARCH = `
  select e.person_id, e.display_name, e.department, e.hired_on, d.last_day, r.verdict
  from departure d
  join employment e on e.id = d.employment_id
  join registry_entry r on r.person_id = e.person_id and r.company = e.company and r.employment_id = e.id
  where d.state = 'standing' and d.last_day between '2020-01-01' and '2026-03-24' and e.company = 'jp'
    and r.verdict = 'eligible'
    and (e.display_name like $1 or e.department like $1 or e.facts->>'givenNameKana' like $1)
  order by d.last_day desc, e.id limit 50`;

async function preview(world: World, url: string, flips: PolicyFlipsService, times: number): Promise<Result> {
  return interleaved(
    'policy-preview',
    'ms',
    times,
    {
      ours: () => timed(() => flips.previewPolicy('config/policies/by-reason.yaml')),
      limit: () => world.sql(url, (client) => timed(() => client.query(READ_FACTS))),
    },
    { gate: 2, goal: null },
  );
}

const READ_FACTS = `
  select r.person_id, r.company, r.verdict, d.last_day, d.announced_on, d.category, d.voluntary, d.kind, e.hired_on,
    e.facts->>'rehireEligible' as flag, e.facts->>'regretted' as regretted, e.facts->>'employmentType' as type
  from registry_entry r join employment e on e.id = r.employment_id join departure d on d.employment_id = e.id`;

/** What a person waits for before the first word: an absolute limit, so the limit is the number of the contract. */
export async function startUp(times: number): Promise<Result[]> {
  const ours: number[] = [];
  for (let i = 0; i < times; i += 1)
    ours.push((await command(['dist/src/cli.js', '--help'], process.env)).ms);
  return [result('help', 'ms', { ours, limit: ours.map(() => 300) }, { gate: 1, goal: null })];
}
