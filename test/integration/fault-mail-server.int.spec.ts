import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect } from '@jest/globals';
import { FollowUpQueries } from '../../src/follow-ups/follow-up.queries.js';
import { FollowUpsService } from '../../src/follow-ups/follow-ups.service.js';
import { FaultHouse, until } from '../support/fault-house.js';
import { faultCase, isFullSize, size } from '../support/fault-report.js';
import { dropTemplate } from '../support/intake-world.js';
import { startSmtpSink } from '../support/smtp-sink.js';
import { startTcpProxy } from '../support/tcp-proxy.js';

const MAILS = size('ENISHI_TEST_MAILS', 120, 10_000);
const DROPPED = size('ENISHI_TEST_DROPPED', 20, 100);
const OUTAGE_SECS = size('ENISHI_TEST_SMTP_OUTAGE_SECS', 4, 600);
const SETTLE_MS = isFullSize ? 1_800_000 : 60_000;

afterAll(dropTemplate);

describe('a mail server that does not do as it should', () => {
  let house: FaultHouse | null = null;

  afterEach(async () => {
    await house?.close();
    house = null;
  });

  faultCase(
    'R03',
    'the mail server refuses connections in the middle: the breaker opens, nothing is exhausted, all go out once it is back',
    { mails: MAILS, outageSecs: OUTAGE_SECS },
    async (fault) => {
      const sink = await startSmtpSink();
      const proxy = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(sink.url).port) });
      house = await FaultHouse.open({ sink, smtpUrl: `smtp://127.0.0.1:${proxy.port}` });
      try {
        await house.invite(MAILS);
        sink.delayMs = 20;
        await house.worker();
        await house.untilMailed(Math.floor(MAILS / 2));
        // As a server ends: those that are connected are told so, nobody else gets in.
        sink.isClosing = true;
        await proxy.refuse();
        await sleep(OUTAGE_SECS * 500);
        const failedEarly = await house.count(`delivery where state = 'failed'`);
        const mailedEarly = sink.mails.length;
        await sleep(OUTAGE_SECS * 500);
        const failed = await house.count(`delivery where state = 'failed'`);
        fault.count('failuresUntilOpen', failed);
        expect(failedEarly).toBeGreaterThan(0);
        expect(failed).toBeLessThanOrEqual(10);
        expect(failed).toBe(failedEarly);
        expect(sink.mails.length).toBe(mailedEarly);
        const exhausted = await house.count(`bullmq.job where state = 'failed'`);
        fault.count('exhausted', exhausted);
        expect(exhausted).toBe(0);
        sink.isClosing = false;
        await proxy.admit();
        const from = performance.now();
        const mailed = sink.mails.length;
        await house.untilMailed(mailed + 1);
        fault.count('firstMailAfterSecs', Math.round((performance.now() - from) / 100) / 10);
        await house.settle(SETTLE_MS);
        fault.count('allMailedAfterSecs', Math.round((performance.now() - from) / 1_000));
        expect(performance.now() - from).toBeLessThan(300_000);
        expect(await house.states()).toEqual({ sent: MAILS });
        expect([sink.mails.length, house.duplicates]).toEqual([MAILS, 0]);
        expect(await house.violations()).toEqual([]);
      } finally {
        await proxy.close();
      }
    },
  );

  faultCase(
    'R04',
    'one in ten told to come later, 2 % unknown, 1 % full: the first are sent in the end, the others shown and never tried again',
    { mails: MAILS },
    async (fault) => {
      house = await FaultHouse.open();
      await house.invite(MAILS);
      const { sink } = house;
      const share = (part: number) => Math.max(1, Math.round(MAILS * part));
      const wanted = {
        'later-once': share(0.07),
        'closing-once': share(0.03),
        refuse: share(0.02),
        full: share(0.01),
      };
      let n = 0;
      const order = Array.from({ length: MAILS }, (_, i) => i).sort(() => fault.random() - 0.5);
      for (const [manner, count] of Object.entries(wanted) as [keyof typeof wanted, number][]) {
        for (let i = 0; i < count; i += 1) sink.treat(house.addressOf(order[(n += 1)] ?? 0), manner);
      }
      await house.worker();
      fault.count('settledSecs', Math.round((await house.settle(SETTLE_MS)) / 1_000));
      const refused = wanted.refuse + wanted.full;
      fault.count('states', JSON.stringify(await house.states()));
      expect(await house.states()).toEqual({ sent: MAILS - refused, undeliverable: refused });
      const ledger = await house.db.query<{ state: string; error_code: string | null; n: number }>(
        // A server that says 421 hangs up at once: which of the two is noticed first is chance.
        `select state, case when error_code in ('ECONNECTION', 'SMTP_421') then 'CLOSING' else error_code end as error_code,
           count(*) as n from delivery group by 1, 2 order by 1, 2`,
      );
      fault.count('ledger', ledger.map((row) => `${row.state} ${row.error_code ?? ''} ${row.n}`).join('; '));
      expect(ledger).toEqual([
        { state: 'failed', error_code: 'CLOSING', n: wanted['closing-once'] },
        { state: 'failed', error_code: 'SMTP_451', n: wanted['later-once'] },
        { state: 'refused', error_code: 'SMTP_550', n: wanted.refuse },
        { state: 'refused', error_code: 'SMTP_552', n: wanted.full },
        { state: 'sent', error_code: null, n: MAILS - refused },
      ]);
      const shown = await house.world.get(FollowUpQueries).list({ state: 'undeliverable', limit: 1_000 });
      expect(shown.items.map((item) => item.because.code)).toEqual(
        Array.from({ length: refused }, () => 'send_refused'),
      );
      expect(await house.violations()).toEqual([]);
    },
  );

  faultCase(
    'R05',
    'the mail server takes the message and hangs up before its answer: each ends in doubt, none is sent again unless somebody says so',
    { mails: MAILS, dropped: DROPPED },
    async (fault) => {
      house = await FaultHouse.open();
      await house.invite(MAILS);
      const { sink } = house;
      for (let n = 0; n < DROPPED; n += 1) sink.treat(house.addressOf(n), 'drop');
      await house.worker();
      const at = house;
      await house.settle(SETTLE_MS);
      expect(await house.states()).toEqual({ sent: MAILS - DROPPED, uncertain: DROPPED });
      expect([sink.mails.length, house.duplicates]).toEqual([MAILS, 0]);
      // Some turns of the relay later nobody has touched them.
      await sleep(isFullSize ? 90_000 : 2_000);
      expect(await house.count(`delivery where state = 'uncertain' and resolved_at is null`)).toBe(DROPPED);
      expect(sink.mails.length).toBe(MAILS);
      for (let n = 0; n < DROPPED; n += 1) sink.treat(house.addressOf(n), 'accept');
      const doubted = await house.db.query<{ id: string }>(
        `select id from follow_up where state = 'uncertain' order by id`,
      );
      house.world.clock.set(new Date().toISOString());
      const service = house.world.get(FollowUpsService);
      for (const [i, { id }] of doubted.entries()) {
        await service.resolve(id, i % 2 === 0 ? 'sent' : 'resend', 'operator');
      }
      const again = Math.floor(DROPPED / 2);
      await until(async () => (await at.states())['sent'] === MAILS, SETTLE_MS);
      fault.count('inDoubt', DROPPED);
      fault.count('sentAgainByDecision', house.duplicates);
      expect(house.duplicates).toBe(again);
      expect(await house.violations()).toEqual([]);
    },
  );
});
