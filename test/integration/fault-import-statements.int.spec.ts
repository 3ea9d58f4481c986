import { afterAll, describe, expect } from '@jest/globals';
import pg from 'pg';
import { Database } from '../../src/platform/database/database.js';
import { faultCase, size } from '../support/fault-report.js';
import { leaver, workers, type Cells } from '../support/intake-files.js';
import { dropTemplate, IntakeWorld } from '../support/intake-world.js';
import { violations } from '../support/invariants.js';

/** At how many of the statements; all of them when there are fewer. */
const POINTS = size('ENISHI_TEST_R13_POINTS', 3, 100_000);

afterAll(dropTemplate);

type Query = (this: pg.Client, ...args: unknown[]) => unknown;

/** Counts the statements of every session that is opened by the driver, and makes one of them go wrong. */
class FailPoint {
  private readonly original: Query;
  private seen = 0;
  private at = 0;
  private manner: 'error' | 'cut' = 'error';
  hit = '';

  constructor() {
    const prototype = pg.Client.prototype as unknown as { query: Query };
    this.original = prototype.query;
    const isDue = (client: pg.Client) => this.isDue(client);
    const original = this.original;
    const strike = (client: pg.Client, args: unknown[]) => this.strike(client, args);
    prototype.query = function (this: pg.Client, ...args: unknown[]) {
      return original.apply(this, isDue(this) ? strike(this, args) : args);
    };
  }

  /** @param at counted from now, 1 is the next; 0 for none */
  arm(at: number, manner: 'error' | 'cut'): void {
    Object.assign(this, { seen: 0, at, manner, hit: '' });
  }

  count(): number {
    return this.seen;
  }

  remove(): void {
    (pg.Client.prototype as unknown as { query: Query }).query = this.original;
  }

  /** Only what the import itself asks: the queue's sessions have a life of their own. */
  private isDue(client: pg.Client): boolean {
    const { connectionParameters } = client as unknown as {
      connectionParameters: { application_name?: string };
    };
    if (!/^enishi(-lock)?$/.test(connectionParameters.application_name ?? '')) return false;
    this.seen += 1;
    return this.seen === this.at;
  }

  private strike(client: pg.Client, args: unknown[]): unknown[] {
    const [statement] = args;
    this.hit = (typeof statement === 'string' ? statement : 'copy').trim().split(/\s+/).slice(0, 3).join(' ');
    if (this.manner === 'cut' || typeof statement !== 'string') {
      const { connection } = client as unknown as { connection: { stream: { destroy(): void } } };
      connection.stream.destroy();
      return args;
    }
    const callback = args.find((arg) => typeof arg === 'function');
    const failing = `do $$ begin raise exception 'fail point' using errcode = 'XX000'; end $$`;
    return callback === undefined ? [failing] : [failing, callback];
  }
}

const FIRST: readonly Cells[] = [...workers(20), leaver(20, '2026-06-30'), leaver(21, '2026-06-30')];
/** Somebody new who leaves, one who leaves now, one whose day moves, one who stays after all. */
const NEXT: readonly Cells[] = [
  ...workers(17),
  leaver(17, '2026-05-31'),
  leaver(18, '2026-05-31'),
  leaver(20, '2026-07-31'),
  { ...workers(1, 21)[0] },
  leaver(30, '2026-06-15'),
];

describe('a statement that fails', () => {
  for (const manner of ['error', 'cut'] as const) {
    faultCase(
      'R13',
      `each statement of an import in turn (${manner === 'cut' ? 'the session ends' : 'the server refuses it'}): departures and intents are there together or not at all`,
      { points: POINTS },
      async (fault) => {
        const point = new FailPoint();
        try {
          const { statements, domain } = await undisturbed(point);
          fault.count('statements', statements);
          const step = Math.max(1, Math.floor(statements / POINTS));
          const offset = 1 + Math.floor(fault.random() * step);
          let [struck, failed] = [0, 0];
          for (let at = offset; at <= statements; at += step) {
            const outcome = await struckAt(point, at, manner, domain);
            if (outcome.hit !== '') struck += 1;
            if (outcome.failed) failed += 1;
          }
          fault.count('struck', struck);
          fault.count('runs that failed', failed);
          expect(struck).toBeGreaterThan(0);
          expect(failed).toBeGreaterThan(0);
        } finally {
          point.remove();
        }
      },
    );
  }
});

async function undisturbed(point: FailPoint): Promise<{ statements: number; domain: string[] }> {
  const world = await IntakeWorld.start();
  try {
    await world.import(FIRST);
    world.clock.addDays(1);
    point.arm(0, 'error');
    expect(await world.import(NEXT)).toMatchObject({ status: 'applied' });
    return { statements: point.count(), domain: await world.domain() };
  } finally {
    await world.stop();
  }
}

async function struckAt(
  point: FailPoint,
  at: number,
  manner: 'error' | 'cut',
  domain: readonly string[],
): Promise<{ hit: string; failed: boolean }> {
  const world = await IntakeWorld.start();
  try {
    await world.import(FIRST);
    world.clock.addDays(1);
    point.arm(at, manner);
    const failed = await world.import(NEXT).then(
      () => false,
      () => true,
    );
    const { hit } = point;
    point.arm(0, manner);
    const where = `statement ${at} (${hit})`;
    expect({ where, torn: await torn(world.db) }).toEqual({ where, torn: [] });
    // The next one finishes what a torn one began, and ends where an undisturbed one does.
    const again = await world.import(NEXT);
    expect({ where, status: again.status, domain: await world.domain() }).toEqual({
      where,
      status: 'applied',
      domain,
    });
    const broken = await violations({ url: world.url, configDir: world.config, clock: world.clock });
    expect({ where, broken }).toEqual({ where, broken: [] });
    return { hit, failed };
  } finally {
    await world.stop();
  }
}

/** Departures to come whose leaver has no intent, and intents without a departure that stands. */
function torn(db: Database): Promise<unknown[]> {
  return db.query(
    `select e.employee_number from employment e
     left join departure d on d.employment_id = e.id and d.state <> 'rescinded'
     left join follow_up f on f.employment_id = e.id and f.state in ('planned', 'queued')
     where d.last_day >= '2026-04-10'
     group by e.id having (count(distinct d.employment_id) = 1) <> (count(f.id) > 0)
     union all
     select e.employee_number from follow_up f join employment e on e.id = f.employment_id
     left join departure d on d.employment_id = e.id and d.state <> 'rescinded'
     where f.state in ('planned', 'queued') and d.employment_id is null`,
  );
}
