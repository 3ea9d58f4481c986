import { afterAll, afterEach, describe, expect } from '@jest/globals';
import { FaultHouse } from '../support/fault-house.js';
import { faultCase, isFullSize, size, type FaultRun } from '../support/fault-report.js';
import { dropTemplate } from '../support/intake-world.js';
import type { EnishiProcess } from '../support/process.js';
import { startTestRedis } from '../support/redis.js';

const MAILS = size('ENISHI_TEST_MAILS', 120, 10_000);
const KILLS = size('ENISHI_TEST_KILLS', 3, 50);
const SETTLE_MS = 300_000;
/** Mails on the way in one worker. */
const CONCURRENCY = 4;

afterAll(dropTemplate);

describe('workers that are killed', () => {
  let house: FaultHouse | null = null;

  afterEach(async () => {
    await house?.close();
    house = null;
  });

  /** Kills workers at random moments while mails go out, then lets new ones finish. */
  async function killing(
    fault: FaultRun,
    together: number,
    open: () => Promise<FaultHouse>,
  ): Promise<FaultHouse> {
    house = await open();
    const { sink } = house;
    await house.invite(MAILS);
    // Slow enough that mails are on the way whenever a worker dies, and some are left for the last kill.
    sink.delayMs = together > 1 ? 250 : isFullSize ? 10 : 60;
    const working: EnishiProcess[] = [];
    const step = Math.floor((MAILS * 0.9) / KILLS);
    for (let kill = 0; kill < KILLS; kill += 1) {
      working.push(...(await fresh(house, together - working.length)));
      await house.untilMailed(Math.min(step * kill + 1 + Math.floor(fault.random() * step), MAILS));
      const [victim] = working.splice(Math.floor(fault.random() * working.length), 1);
      if (victim !== undefined) await house.kill(victim);
    }
    sink.delayMs = 10;
    await fresh(house, together - working.length);
    const settledMs = await house.settle(SETTLE_MS);
    fault.count('settledSecs', Math.round(settledMs / 1_000));
    fault.count('states', JSON.stringify(await house.states()));
    return house;
  }

  function fresh(at: FaultHouse, count: number): Promise<EnishiProcess[]> {
    return Promise.all(Array.from({ length: count }, () => at.worker()));
  }

  /** Nothing lost, nothing doubled but what a person is shown; and once the person has decided, each mailed. */
  async function account(fault: FaultRun, at: FaultHouse): Promise<void> {
    const inDoubt = (await at.states())['uncertain'] ?? 0;
    fault.count('inDoubt', inDoubt);
    fault.count('duplicatesBefore', at.duplicates);
    expect(at.duplicates).toBe(0);
    expect(inDoubt).toBeLessThanOrEqual(KILLS * CONCURRENCY * 2);
    const decided = await at.resolveByServerLog();
    fault.count('decided', `${decided.asSent} sent, ${decided.again} again`);
    await at.settle(SETTLE_MS);
    expect(await at.states()).toEqual({ sent: MAILS });
    const neverMailed = MAILS - new Set(at.sink.mails.map((mail) => mail.to)).size;
    fault.count('neverMailed', neverMailed);
    fault.count('duplicates', at.duplicates);
    expect(neverMailed).toBe(0);
    expect(at.duplicates).toBeLessThanOrEqual(KILLS);
    expect(await at.violations()).toEqual([]);
  }

  faultCase(
    ['R01', 'R13'],
    'kill -9 of the worker: no mail is lost, none doubled, each in doubt is listed and decided by a person',
    { mails: MAILS, kills: KILLS },
    async (fault) => account(fault, await killing(fault, 1, () => FaultHouse.open())),
  );

  faultCase(
    'R02',
    'kill -9 of one of three workers: no intent ends dead because its job stalled too often',
    { mails: MAILS, kills: KILLS },
    async (fault) => {
      const at = await killing(fault, 3, async () =>
        FaultHouse.open({ redis: await startTestRedis('R02 on Redis') }),
      );
      const lost = await at.count(`follow_up where state = 'undeliverable'`);
      fault.count('quarantined', lost);
      expect(lost).toBe(0);
      await account(fault, at);
    },
  );
});
