import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dayInZone, startOfDay, type IsoDate } from '../../src/domain/calendar.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { faultCase, size } from '../support/fault-report.js';
import { leaver, workers } from '../support/intake-files.js';
import { dropTemplate, IntakeWorld } from '../support/intake-world.js';
import { violations } from '../support/invariants.js';
import { startEnishi, type EnishiProcess } from '../support/process.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

const HOURS = size('ENISHI_TEST_R17_HOURS', 12, 2_000);
const DATES = size('ENISHI_TEST_R17_DATES', 2_000, 10_000);
const ZONES = ['Asia/Tokyo', 'UTC', 'America/New_York', 'Europe/London', 'Pacific/Apia'];
const HOUR = 3_600_000;

let at: TestDatabase;
let db: Database;
let hosts: EnishiProcess[] = [];

beforeEach(async () => {
  at = await testDatabase();
  await migrate(at.url);
  db = new Database(at.url, 4);
  await db.query('create table test_clock (ms bigint not null)');
  await db.query('create table begun (due_at timestamptz, pid int)');
  await db.query('create table effect (due_at timestamptz, pid int)');
});
afterEach(async () => {
  await Promise.all(hosts.map((one) => one.kill()));
  hosts = [];
  await db.onApplicationShutdown();
  await at.drop();
  await dropTemplate();
});

const set = (ms: number) => db.query('update test_clock set ms = $1', [ms]);

async function done(due: number): Promise<void> {
  const dueAt = new Date(due).toISOString();
  for (let tries = 0; tries < 2_000; tries += 1) {
    if ((await db.one(`select 1 from tick where due_at = $1 and state = 'done'`, [dueAt])) !== null) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`the tick of ${dueAt} was not run`);
}

describe('the clock', () => {
  for (const [name, from] of [
    ['leap day', '2028-02-28T12:00:00Z'],
    ['year end', '2026-12-31T03:00:00Z'],
  ] as const) {
    faultCase(
      'R17',
      `over the ${name} hosts in Tokyo, UTC and New York run each tick once, while the clock steps an hour back and forth`,
      { ticks: HOURS },
      async (fault) => {
        const start = Date.parse(from);
        await db.query('insert into test_clock values ($1)', [start]);
        hosts = ['Asia/Tokyo', 'UTC', 'America/New_York'].map((TZ) =>
          startEnishi({ entry: '../test/support/tick-process.ts', args: [at.url], env: { TZ } }),
        );
        let [back, forth] = [0, 0];
        for (let hour = 0; hour < HOURS; hour += 1) {
          const due = start + hour * HOUR;
          await set(due + 60_000);
          await done(due);
          const dice = fault.random();
          if (hour === 0 || dice >= 0.5) continue;
          if (dice < 0.25) {
            await set(due + 60_000 - HOUR);
            back += 1;
          } else {
            // The next hour comes early and then once more in its time.
            await set(due + 60_000 + HOUR);
            await done(due + HOUR);
            await set(due + 120_000);
            forth += 1;
          }
          await new Promise((resolve) => setTimeout(resolve, 60));
        }
        fault.count('back', back);
        fault.count('forth', forth);
        const ran = await db.query<{ due: string; n: number }>(
          'select due_at as due, count(*)::int as n from effect where due_at < $1 group by 1 order by 1',
          [new Date(start + HOURS * HOUR).toISOString()],
        );
        expect(ran.filter(({ n }) => n !== 1)).toEqual([]);
        expect(ran.map(({ due }) => due)).toEqual(
          Array.from({ length: HOURS }, (_, hour) => new Date(start + hour * HOUR).toISOString()),
        );
      },
    );
  }

  faultCase(
    'R17',
    'a day is the same day at the beginning of it and an instant before the next, in five zones',
    { dates: DATES, zones: ZONES.length },
    async (fault) => {
      const days = fc.integer({ min: 0, max: 60_000 });
      const dayOf = (n: number) => new Date(Date.UTC(1950, 0, 1 + n)).toISOString().slice(0, 10) as IsoDate;
      // Samoa crossed the date line on that day: it had none.
      const isThere = (zone: string, day: string) => !(zone === 'Pacific/Apia' && day === '2011-12-30');
      fc.assert(
        fc.property(days, fc.constantFrom(...ZONES), (n, zone) => {
          const [day, next] = [dayOf(n), dayOf(n + 1)];
          if (!isThere(zone, day) || !isThere(zone, next)) return;
          expect(dayInZone(startOfDay(day, zone), zone)).toBe(day);
          expect(dayInZone(startOfDay(next, zone) - 1, zone)).toBe(day);
        }),
        { numRuns: DATES, seed: fault.seed },
      );
      fault.count('checked', DATES);
      return Promise.resolve();
    },
  );

  it('R17: a leave date is stored and shown as it was stated, wherever the clock stands at reading', async () => {
    const lastDays = ['2028-02-29', '2026-12-31', '2027-01-01', '2026-03-29', '2026-10-25', '2027-03-31'];
    for (const now of ['2026-12-31T14:59:59.000Z', '2026-12-31T15:00:00.000Z', '2028-02-28T15:30:00.000Z']) {
      const world = await IntakeWorld.start({ now });
      await world.import([...workers(50, 10), ...lastDays.map((day, n) => leaver(n, day))]);
      const stored = await world.db.query<{ last_day: string }>(
        `select e.last_day from employment e where e.last_day is not null order by e.employee_number`,
      );
      expect(stored.map((row) => row.last_day)).toEqual(lastDays);
      const broken = await violations({ url: world.url, configDir: world.config, clock: world.clock });
      await world.stop();
      expect(broken).toEqual([]);
    }
  });
});
