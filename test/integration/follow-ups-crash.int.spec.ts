import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect } from '@jest/globals';
import { Clock } from '../../src/platform/clock/clock.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { faultCase, size, type FaultRun } from '../support/fault-report.js';
import { aFollowUp, aLeaver, HASTY, openRoom, statesOf } from '../support/mail-fixtures.js';
import type { TestDatabase } from '../support/postgres.js';
import { testDatabase } from '../support/postgres.js';
import type { SmtpSink } from '../support/smtp-sink.js';
import { startSmtpSink } from '../support/smtp-sink.js';
import { startTestRedis } from '../support/redis.js';

const KINDS = ['exit_survey', 'exit_interview', 'invitation'] as const;
/** A third as many people: each gets one of each kind, and all are due. */
const PEOPLE = Math.ceil(size('ENISHI_TEST_MAILS', 90, 10_000) / KINDS.length);
const MAILS = PEOPLE * KINDS.length;
const KILLS = size('ENISHI_TEST_KILLS', 4, 50);

const redis = await startTestRedis('relays that are killed, on Redis');
afterAll(() => redis?.stop());

describe('a worker that is killed', () => {
  let home: TestDatabase;
  let database: Database;
  let sink: SmtpSink;

  beforeEach(async () => {
    home = await testDatabase();
    await migrate(home.url);
    database = new Database(home.url, 10);
    sink = await startSmtpSink();
  });

  afterEach(async () => {
    await sink.close();
    await database.pool.end();
    await home.drop();
  });

  async function startWorker(redisUrls: readonly string[]): Promise<ChildProcess> {
    const starter = join(import.meta.dirname, '..', 'support', 'enishi-process.mjs');
    const args = [starter, '../test/support/mail-worker.ts', home.url, sink.url, ...redisUrls];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    await once(child.stdout, 'data');
    return child;
  }

  /** Works in this process until nothing is left to do, and nothing in doubt whose worker could still speak. */
  async function settle(redisUrls: readonly string[]): Promise<void> {
    const room = await openRoom({
      url: home.url,
      database,
      clock: new Clock(),
      redisUrls,
      smtpUrl: sink.url,
      sending: HASTY,
    });
    try {
      const until = Date.now() + 45_000 + MAILS * 20;
      for (;;) {
        await room.runner.runOnce();
        const states = await statesOf(database);
        const inWork = await database.query(`select 1 from delivery where state in ('claimed', 'sending')`);
        if (states.planned === undefined && states.queued === undefined && inWork.length === 0) return;
        if (Date.now() > until) throw new Error(`not settled: ${JSON.stringify(states)}`);
        await sleep(200);
      }
    } finally {
      await room.close();
    }
  }

  /** Somebody with a mail of each kind. What is due first is neither always the first kind nor the first row. */
  async function somebody(n: number): Promise<void> {
    const [first, ...others] = [0, 1, 2].map((mail) => ({
      kind: KINDS[(mail + n) % 3] ?? 'invitation',
      dueAt: `2020-01-0${((mail * 2 + n) % 3) + 1}T00:00:00Z`,
    }));
    const { employmentId } = await aLeaver(database, { ...first, lastDay: '2099-01-01' });
    for (const other of others) await aFollowUp(database, employmentId, other);
  }

  const wayThrough =
    (together: number, onRedis: boolean) =>
    async (fault: FaultRun): Promise<void> => {
      const redisUrls = onRedis && redis !== null ? [redis.url] : [];
      sink.delayMs = 15;
      const working: ChildProcess[] = [];
      // People come in while both are at work, so that every kill finds something to break.
      for (let kill = 0, known = 0; kill < KILLS; kill += 1) {
        while (working.length < together) working.push(await startWorker(redisUrls));
        const before = sink.mails.length;
        for (; known < Math.ceil((PEOPLE * (kill + 1)) / KILLS); known += 1) await somebody(known);
        while (sink.mails.length < before + Math.max(1, Math.floor(PEOPLE / KILLS))) await sleep(2);
        await killed(working.shift());
      }
      for (const child of working) await killed(child);
      sink.delayMs = 0;
      await settle(redisUrls);

      const order = new Map(sink.mails.map((mail, index) => [mail.messageId, index]));
      expect(order.size).toBe(sink.mails.length);
      const rows = await database.query<{
        person: string;
        state: string;
        message_id: string;
        ledger: string;
      }>(
        `select e.person_id as person, f.state, d.message_id, d.state as ledger
         from follow_up f join employment e on e.id = f.employment_id
         join delivery d on d.follow_up_id = f.id and d.attempt = (select max(attempt) from delivery where follow_up_id = f.id)
         order by e.person_id, f.due_at, f.id`,
      );
      expect(rows).toHaveLength(MAILS);
      for (const row of rows) expect(['sent', 'uncertain']).toContain(row.state);
      for (const row of rows) expect(row.ledger).toBe(row.state);
      expect(rows.filter((row) => row.state === 'sent' && !order.has(row.message_id))).toEqual([]);
      const uncertain = rows.filter((row) => row.state === 'uncertain').length;
      expect(uncertain).toBeLessThanOrEqual((KILLS + together) * HASTY.concurrency * 2);
      fault.count('sent', rows.length - uncertain);
      fault.count('in doubt', uncertain);

      const arrived = rows.filter((row) => order.has(row.message_id));
      const outOfTurn = arrived.filter((row, index) => {
        const before = arrived[index - 1];
        return before?.person === row.person && at(order, before) > at(order, row);
      });
      expect(outOfTurn).toEqual([]);
    };
  const sizes = { mails: MAILS, kills: KILLS };

  faultCase(
    ['R01', 'R13'],
    'kill -9 in the middle loses no mail, doubles none, and lists every one in doubt',
    sizes,
    wayThrough(1, false),
  );

  faultCase(
    'R21',
    'of two relays killed in turn, each effect comes once and in the order of its person',
    sizes,
    wayThrough(2, false),
  );

  if (redis !== null) faultCase('R21', 'the same with the queue on Redis', sizes, wayThrough(2, true));
});

function at(order: ReadonlyMap<string, number>, row: { readonly message_id: string }): number {
  return order.get(row.message_id) ?? Number.NaN;
}

async function killed(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
