import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Clock } from '../../src/platform/clock/clock.js';
import { aLeaver, HASTY, openRoom, statesOf } from '../support/mail-fixtures.js';
import { SendDesk } from '../support/send-desk.js';
import { startSmtpSink } from '../support/smtp-sink.js';

const TOGETHER = 20;

describe('a turn that somebody else crosses', () => {
  let desk: SendDesk;

  beforeEach(async () => {
    desk = await SendDesk.open();
  });

  afterEach(() => desk.close());

  it('waits for no opt-out: all others go, and the one that waited sees what was decided', async () => {
    const leavers = await desk.queued(6);
    const [leaving, ...others] = leavers;
    if (leaving === undefined) throw new Error('no leaver');
    const holder = await desk.db.pool.connect();
    try {
      await holder.query('begin');
      await holder.query('select 1 from person where id = $1 for update', [leaving.personId]);
      const worker = desk.worker();
      const waiting = worker.deliver(leaving.followUpId);
      const results = await desk.deliverAll(
        others.map((one) => one.followUpId),
        worker,
      );
      expect(results).toEqual(others.map(() => 'sent'));
      await holder.query('update person set opted_out_at = now() where id = $1', [leaving.personId]);
      await holder.query(`update follow_up set state = 'cancelled' where id = $1`, [leaving.followUpId]);
      await holder.query('commit');
      expect(await waiting).toBe('none');
    } finally {
      holder.release();
    }
    expect(desk.mails.map((mail) => mail.to)).not.toContain(leaving.email);
    expect(await desk.attemptsOf(leaving.followUpId)).toEqual([]);
  });

  it('I12: of a mail and an opt-out at the same moment one wins, and the other knows', async () => {
    const leavers = await desk.queued(TOGETHER * 2);
    const workers = [desk.worker(), desk.worker()];
    const optOut = (personId: string, followUpId: string) =>
      desk.db.transaction(async (sql) => {
        await sql.query('select 1 from person where id = $1 for update', [personId]);
        await sql.query('update person set opted_out_at = now() where id = $1', [personId]);
        await sql.query(
          `update follow_up set state = 'cancelled' where id = $1 and state in ('planned', 'queued')`,
          [followUpId],
        );
      });
    const ids = leavers.map((one) => one.followUpId);
    const [one, two] = await Promise.all([
      desk.deliverAll(ids, workers[0]),
      desk.deliverAll([...ids].reverse(), workers[1]),
      ...leavers.map(async ({ personId, followUpId }, i) => {
        await sleep(i);
        await optOut(personId, followUpId);
      }),
    ]);
    const sent = [...one, ...two].filter((result) => result === 'sent').length;
    expect([...one, ...two].filter((result) => result !== 'sent' && result !== 'none')).toEqual([]);
    expect(new Set(desk.mails.map((mail) => mail.messageId)).size).toBe(desk.mails.length);
    expect(desk.mails).toHaveLength(sent);
    const mailed = new Set(desk.mails.map((mail) => mail.to));
    for (const leaver of leavers)
      expect(await desk.stateOf(leaver.followUpId)).toBe(mailed.has(leaver.email) ? 'sent' : 'cancelled');
  });

  it.each([
    ['opens', 'insert'],
    ['finishes', 'update'],
  ])(
    'a deadlock of a turn that %s several is done again one by one: none is lost, none doubled',
    async (_, act) => {
      await desk.db.query(
        `create function one_by_one() returns trigger language plpgsql as $$
       begin
         if (select count(*) from touched) > 1 then
           raise exception 'deadlock detected' using errcode = 'deadlock_detected';
         end if;
         return null;
       end $$`,
      );
      await desk.db.query(
        `create trigger one_by_one after ${act} on delivery referencing new table as touched
       for each statement execute function one_by_one()`,
      );
      const ids = (await desk.queued(5)).map((leaver) => leaver.followUpId);
      expect(await desk.deliverAll(ids)).toEqual(ids.map(() => 'sent'));
      expect(await statesOf(desk.db)).toEqual({ sent: 5 });
      expect([desk.mails.length, new Set(desk.mails.map((mail) => mail.messageId)).size]).toEqual([5, 5]);
      for (const id of ids) expect(await desk.attemptsOf(id)).toEqual(['1 sent']);
    },
  );
});

describe('a worker that dies while a whole turn is with the mail server', () => {
  let desk: SendDesk;

  beforeEach(async () => {
    desk = await SendDesk.open();
  });

  afterEach(() => desk.close());

  it('R01: leaves each of them in doubt, and none is sent again unless somebody says so', async () => {
    const sink = await startSmtpSink();
    try {
      sink.delayMs = 60_000;
      for (let i = 0; i < TOGETHER; i += 1) await aLeaver(desk.db, { lastDay: '2099-01-01' });
      const starter = join(import.meta.dirname, '..', 'support', 'enishi-process.mjs');
      const child = spawn(process.execPath, [starter, '../test/support/mail-worker.ts', desk.url, sink.url], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NODE_OPTIONS: '', ENISHI_TEST_CONCURRENCY: String(TOGETHER) },
      });
      const inDialogue = `select count(*) as n from delivery where state = 'sending'`;
      while ((await desk.db.one<{ n: number }>(inDialogue))?.n !== TOGETHER || sink.mails.length === 0)
        await sleep(5);
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      const arrived = sink.mails.length;
      sink.delayMs = 0;
      await sleep(HASTY.leaseSecs * 1_000 + 200);
      const room = await openRoom({
        url: desk.url,
        database: desk.db,
        clock: new Clock(),
        smtpUrl: sink.url,
        sending: HASTY,
      });
      try {
        expect(await room.runner.runOnce()).toMatchObject({ queued: 0 });
        expect(await statesOf(desk.db)).toEqual({ uncertain: TOGETHER });
        expect(sink.mails).toHaveLength(arrived);
        const { items } = await room.queries.list({ state: 'uncertain' });
        const seen = new Set(sink.mails.map((mail) => mail.messageId));
        for (const { id } of items) {
          const isThere = seen.has(`<follow-up-${id}@jp.group.example>`);
          await room.service.resolve(id, isThere ? 'sent' : 'resend', 'hr@test');
        }
        await room.runner.runOnce();
      } finally {
        await room.close();
      }
      expect(await statesOf(desk.db)).toEqual({ sent: TOGETHER });
      expect([sink.mails.length, new Set(sink.mails.map((mail) => mail.messageId)).size]).toEqual([
        TOGETHER,
        TOGETHER,
      ]);
    } finally {
      await sink.close();
    }
  }, 60_000);
});
