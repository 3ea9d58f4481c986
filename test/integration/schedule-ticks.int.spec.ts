import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { compileCron } from '../../src/platform/schedule/due-times.js';
import type { Tick, TickTurn } from '../../src/platform/schedule/tick.js';
import { TicksService } from '../../src/platform/schedule/ticks.service.js';
import { startEnishi, type EnishiProcess } from '../support/process.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { HandClock } from '../support/registry-world.js';

let at: TestDatabase;
let db: Database;
let clock: HandClock;

beforeEach(async () => {
  at = await testDatabase();
  await migrate(at.url);
  db = new Database(at.url, 8);
  clock = new HandClock();
});
afterEach(async () => {
  await db.onApplicationShutdown();
  await at.drop();
});

function aTick(text: string, run: (turn: TickTurn) => Promise<void>, name = 'test'): Tick {
  const cron = compileCron(text, 'Asia/Tokyo');
  if (cron === null) throw new Error(text);
  return { name, cron, run };
}

/** A replica of its own, over the same database and clock. */
function replica(holder: string, ...ticks: Tick[]): TicksService & { errors: unknown[] } {
  const errors: unknown[] = [];
  const service = new TicksService(db, clock, ticks, {
    holder,
    onError: (_tick, error) => errors.push(error),
  });
  return Object.assign(service, { errors });
}

const rows = (): Promise<Record<string, unknown>[]> =>
  db.query('select due_at, state, attempt, missed, error_code from tick order by due_at');

it('R16: three replicas run each tick once, also when two of them ask in the same instant', async () => {
  const ran: string[] = [];
  const tick = aTick('*/10 * * * *', async ({ dueAt }) => {
    await sleep(5);
    ran.push(dueAt);
  });
  const replicas = ['a', 'b', 'c'].map((holder) => replica(holder, tick));
  for (let step = 0; step < 12; step += 1) {
    clock.set(new Date(Date.parse('2026-04-10T03:00:00Z') + step * 600_000).toISOString());
    await Promise.all(replicas.map((one) => one.turn()));
  }
  expect(ran).toHaveLength(12);
  expect(new Set(ran).size).toBe(12);
});

it('after a standstill the last due tick runs once and says how many were missed', async () => {
  const turns: TickTurn[] = [];
  const one = replica(
    'a',
    aTick('0 2 * * *', (turn) => Promise.resolve(void turns.push(turn))),
  );
  clock.set('2026-04-09T18:00:00Z');
  await one.turn();
  clock.set('2026-04-20T03:00:00Z');
  await one.turn();
  await one.turn();
  expect(turns.map(({ dueAt, missed }) => [dueAt, missed])).toEqual([
    ['2026-04-09T17:00:00.000Z', 0],
    ['2026-04-19T17:00:00.000Z', 9],
  ]);
  expect(await db.one(`select missed, missed_from from tick where missed > 0`)).toEqual({
    missed: 9,
    missed_from: '2026-04-10T17:00:00.000Z',
  });
});

it('a tick that throws is told and tried again, not at once and not for ever', async () => {
  let runs = 0;
  const one = replica(
    'a',
    aTick('0 2 * * *', () => {
      runs += 1;
      return Promise.reject(new TypeError('broken'));
    }),
  );
  for (let minute = 0; minute < 60; minute += 1) {
    clock.set(new Date(Date.parse('2026-04-10T03:00:00Z') + minute * 60_000).toISOString());
    await one.turn();
    await one.turn();
  }
  expect(runs).toBe(5);
  expect(one.errors).toHaveLength(5);
  expect(await rows()).toMatchObject([{ state: 'failed', attempt: 5, error_code: 'TypeError' }]);
});

it('R17: a clock that is set an hour on and back doubles nothing', async () => {
  const ran: string[] = [];
  const one = replica(
    'a',
    aTick('0 * * * *', ({ dueAt }) => Promise.resolve(void ran.push(dueAt))),
  );
  for (const now of ['03:05', '04:05', '03:06', '03:59', '04:06', '05:00', '04:30', '05:10', '06:00']) {
    clock.set(`2026-04-10T${now}:00Z`);
    await one.turn();
  }
  expect(ran.map((dueAt) => dueAt.slice(11, 16))).toEqual(['03:00', '04:00', '05:00', '06:00']);
});

it('R16: a late holder that wakes up after the takeover writes nothing', async () => {
  let wake = (): void => undefined;
  const asleep = new Promise<void>((resolve) => (wake = resolve));
  const written: string[] = [];
  const work = (who: string, until: Promise<void>): Tick =>
    aTick('0 2 * * *', async ({ once }) => {
      await until;
      await once(() => Promise.resolve(void written.push(who)));
    });
  const first = replica('a', work('a', asleep));
  const turn = first.turn();
  while ((await rows()).length === 0) await sleep(10);
  // Its connection is gone, as after a network cut: the lock is free while the process still believes to have it.
  await db.query(`select pg_terminate_backend(pid, 10000) from pg_stat_activity
    where application_name = 'enishi-tick' and datname = current_database()`);
  await replica('b', work('b', Promise.resolve())).turn();
  wake();
  await turn;
  expect(written).toEqual(['b']);
  expect(first.errors).toMatchObject([{ code: 'TICK_TAKEN_OVER' }]);
  expect(await rows()).toMatchObject([{ state: 'done', attempt: 2 }]);
});

describe('R16: real processes', () => {
  const TICKS = 48;
  const KILLS = Number(process.env.ENISHI_TEST_TICK_KILLS ?? 10);
  let processes: EnishiProcess[] = [];
  const start = (): EnishiProcess =>
    startEnishi({ entry: '../test/support/tick-process.ts', args: [at.url] });

  afterEach(() => Promise.all(processes.map((one) => one.kill())));

  it(`three replicas, ${TICKS} ticks, the holder killed ${KILLS} times in the middle: each takes effect once`, async () => {
    await db.query(`create table test_clock (ms bigint not null)`);
    await db.query(`create table begun (due_at timestamptz, pid int)`);
    await db.query(`create table effect (due_at timestamptz, pid int)`);
    let now = Date.parse('2026-02-28T00:00:00Z');
    await db.query('insert into test_clock values ($1)', [now]);
    processes = [start(), start(), start()];
    const killEach = Math.floor(TICKS / Math.max(1, KILLS));
    let killed = 0;
    let slowest = 0;
    for (let step = 0; step < TICKS; step += 1, now += 3_600_000) {
      await db.query('update test_clock set ms = $1', [now]);
      const dueAt = new Date(now).toISOString();
      if (step % killEach === 1 && killed < KILLS) {
        const holder = await untilFound<{ pid: number }>('select pid from begun where due_at = $1', dueAt);
        const process = processes.find(({ child }) => child.pid === holder.pid);
        await process?.kill();
        killed += 1;
        processes = [...processes.filter((one) => one !== process), start()];
      }
      const from = performance.now();
      await untilFound(`select 1 from tick where due_at = $1 and state = 'done'`, dueAt);
      slowest = Math.max(slowest, performance.now() - from);
    }
    expect(killed).toBe(KILLS);
    expect(slowest).toBeLessThan(60_000);
    expect(await db.one('select count(*) as n, count(distinct due_at) as due from effect')).toEqual({
      n: TICKS,
      due: TICKS,
    });
    const states = await db.query(
      `select state, count(*) as n, sum(missed) as missed, count(*) filter (where attempt > 1) as repeated
       from tick group by state`,
    );
    expect(states).toEqual([{ state: 'done', n: TICKS, missed: 0, repeated: expect.any(Number) }]);
    expect(Number(states[0]?.['repeated'])).toBeGreaterThan(0);
  }, 300_000);

  async function untilFound<T extends Record<string, unknown>>(text: string, dueAt: string): Promise<T> {
    for (const until = Date.now() + 60_000; Date.now() < until; await sleep(10)) {
      const row = await db.one<T>(text, [dueAt]);
      if (row !== null) return row;
    }
    throw new Error(`Nothing within a minute: ${processes.flatMap((one) => one.errors).join('\n')}`);
  }
});
