import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect } from '@jest/globals';
import { daysAgo, FaultHouse, until } from '../support/fault-house.js';
import { faultCase, isFullSize, size, type FaultRun } from '../support/fault-report.js';
import { leaver } from '../support/intake-files.js';
import { dropTemplate } from '../support/intake-world.js';
import { linkIn } from '../support/mail-fixtures.js';
import { startTestRedis } from '../support/redis.js';

const JOBS = size('ENISHI_TEST_JOBS', 60, 1_000);
const STOPPED_SECS = size('ENISHI_TEST_STOPPED_SECS', 6, 90);
const WAITING = size('ENISHI_TEST_WAITING', 200, 50_000);
const SETTLE_MS = isFullSize ? 1_800_000 : 60_000;
const POISON = '10007';
const DAY_MS = 86_400_000;

afterAll(dropTemplate);

describe('jobs that go wrong', () => {
  let house: FaultHouse | null = null;

  afterEach(async () => {
    await house?.close();
    house = null;
  });

  faultCase(
    'R14',
    'a worker is stopped until its locks are lost and goes on later: what was decided meanwhile stands, each mail goes out once',
    { mails: JOBS, stoppedSecs: STOPPED_SECS },
    async (fault) => {
      house = await FaultHouse.open();
      const at = house;
      await at.invite(JOBS);
      at.sink.delayMs = 500;
      const sleeper = await at.worker();
      await at.untilMailed(4);
      sleeper.child.kill('SIGSTOP');
      const held = await at.count(`delivery where state in ('claimed', 'sending')`);
      fault.count('heldByTheSleeper', held);
      expect(held).toBeGreaterThan(0);
      at.sink.delayMs = 0;
      await at.worker();
      await sleep(STOPPED_SECS * 1_000);
      const decided = await at.resolveByServerLog();
      fault.count('decidedWhileItSlept', decided.asSent + decided.again);
      sleeper.child.kill('SIGCONT');
      await at.settle(SETTLE_MS);
      await sleep(2_000);
      const late = await at.resolveByServerLog();
      fault.count('decidedAfterwards', late.asSent + late.again);
      await at.settle(SETTLE_MS);
      expect(await at.states()).toEqual({ sent: JOBS });
      const twice = await at.db.query(
        `select follow_up_id from delivery where state = 'sent' group by 1 having count(*) > 1`,
      );
      expect(twice).toEqual([]);
      fault.count('duplicates', at.duplicates);
      expect(at.duplicates).toBe(0);
      expect(await at.violations()).toEqual([]);
    },
  );

  /** A worker dies each time it takes up the mail of one person, before it has written anything about it. */
  const poisoned = async (fault: FaultRun, open: () => Promise<FaultHouse>): Promise<void> => {
    house = await open();
    const at = house;
    await at.invite(JOBS);
    at.sink.delayMs = 30;
    const holder = await at.db.pool.connect();
    const seen = new Set<number>();
    const isTakenUp = async (): Promise<boolean> => {
      // Not on the holder's connection: within a transaction that view stands still.
      const waiting = await at.db.query<{ pid: number }>(
        `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
           and query like '%from person where id = %for share%'`,
      );
      const fresh = waiting.filter(({ pid }) => !seen.has(pid));
      for (const { pid } of fresh) seen.add(pid);
      return fresh.length > 0;
    };
    let crashes = 0;
    try {
      await holder.query('begin');
      await holder.query(
        `select 1 from person where id = (select person_id from employment where employee_number = $1) for update`,
        [POISON],
      );
      let worker = await at.worker({}, { leaseSecs: 1 });
      await until(
        async () => {
          if (await isTakenUp()) {
            crashes += 1;
            await at.kill(worker);
            worker = await at.worker({}, { leaseSecs: 1 });
          }
          return at.isSettled();
        },
        SETTLE_MS,
        () => Promise.resolve(`${crashes} crashes`),
      );
    } finally {
      await holder.query('rollback');
      holder.release();
    }
    fault.count('crashes', crashes);
    fault.count('states', JSON.stringify(await at.states()));
    expect(crashes).toBeGreaterThan(1);
    expect(crashes).toBeLessThanOrEqual(3);
    const shown = await at.db.query(
      `select e.employee_number, f.because->>'code' as code from follow_up f
       join employment e on e.id = f.employment_id where f.state = 'undeliverable'`,
    );
    expect(shown).toEqual([{ employee_number: POISON, code: 'worker_lost' }]);
    // Those that were on the way when a worker died are in doubt, and were not given up.
    const decided = await at.resolveByServerLog();
    fault.count('inDoubt', decided.asSent + decided.again);
    await at.settle(SETTLE_MS);
    expect(await at.states()).toEqual({ sent: JOBS - 1, undeliverable: 1 });
    expect([at.sink.mails.length, at.duplicates]).toEqual([JOBS - 1, 0]);
    expect(await at.violations()).toEqual([]);
  };

  faultCase(
    'R18',
    'a job that workers die of is given up after three of them, and all others finish',
    { jobs: JOBS },
    (fault) => poisoned(fault, async () => FaultHouse.open({ redis: await startTestRedis('R18 on Redis') })),
  );

  if (isFullSize) {
    faultCase('R18', 'the same with the queue on PostgreSQL', { jobs: JOBS }, (fault) =>
      poisoned(fault, () => FaultHouse.open()),
    );
  }

  faultCase(
    'R26',
    'somebody opts out while a long queue waits: it holds within 5 s, and nothing more goes to that person',
    { waiting: WAITING },
    async (fault) => {
      house = await FaultHouse.open();
      const at = house;
      // The person has had two mails before, with a link to opt out in each.
      const person = WAITING;
      await at.import([leaver(person, daysAgo(0))]);
      const first = await at.worker();
      await at.untilMailed(2);
      await until(async () => (await at.states())['sent'] === 2, 30_000);
      await at.kill(first);
      await at.invite(WAITING);
      at.world.clock.set(new Date(Date.now() - DAY_MS).toISOString());
      await at.import([leaver(person, daysAgo(40))]);
      const token = linkIn(at.sink.mails[0]?.text ?? '', 'u');
      at.sink.delayMs = isFullSize ? 5 : 60;
      const base = await at.service('api').listening();
      await Promise.all([at.worker(), at.worker()]);
      const ofPerson = `follow_up f join employment e on e.id = f.employment_id
        where e.employee_number = '${10_000 + person}' and f.kind = 'invitation' and f.state =`;
      await until(async () => (await at.count(`${ofPerson} 'queued'`)) === 1, SETTLE_MS);
      fault.count('queuedBefore', await at.count(`follow_up where state = 'queued'`));
      const from = performance.now();
      const answer = await fetch(base + token, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'List-Unsubscribe=One-Click',
      });
      const tookMs = Math.round(performance.now() - from);
      fault.count('optOutMs', tookMs);
      expect(answer.status).toBe(200);
      expect(tookMs).toBeLessThan(5_000);
      expect(await at.count(`${ofPerson} 'cancelled'`)).toBe(1);
      const left = (await at.states())['queued'] ?? 0;
      fault.count('queuedAfter', left);
      expect(left).toBeGreaterThan(0);
      await at.settle(SETTLE_MS);
      fault.count('states', JSON.stringify(await at.states()));
      expect(at.sink.mails.filter((mail) => mail.to === at.addressOf(person))).toHaveLength(2);
      expect(await at.states()).toEqual({ sent: WAITING + 2, cancelled: 1 });
      expect(await at.violations()).toEqual([]);
    },
  );
});
