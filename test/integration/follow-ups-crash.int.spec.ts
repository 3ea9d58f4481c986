import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Clock } from '../../src/platform/clock/clock.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { aLeaver, openRoom, statesOf } from '../support/mail-fixtures.js';
import { HASTY } from '../support/mail-worker-main.js';
import type { TestDatabase } from '../support/postgres.js';
import { testDatabase } from '../support/postgres.js';
import type { SmtpSink } from '../support/smtp-sink.js';
import { startSmtpSink } from '../support/smtp-sink.js';

const MAILS = Number(process.env.ENISHI_TEST_MAILS ?? 80);
const KILLS = Number(process.env.ENISHI_TEST_KILLS ?? 4);

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

  async function startWorker(): Promise<ChildProcess> {
    const file = join(import.meta.dirname, '..', 'support', 'mail-worker.mjs');
    const env = { ...process.env, NODE_OPTIONS: '' };
    const child = spawn(process.execPath, [file, home.url, sink.url], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env,
    });
    await once(child.stdout, 'data');
    return child;
  }

  it.each([
    ['R01, R13: kill -9 in the middle loses no mail, doubles none, and lists every one in doubt', 1],
    ['R21: of two relays that are killed in turn, each mail goes out once or is listed', 2],
  ])(
    '%s',
    async (_title, together) => {
      for (let i = 0; i < MAILS; i += 1)
        await aLeaver(database, { dueAt: '2020-01-01T00:00:00Z', lastDay: '2099-01-01' });
      sink.delayMs = 15;
      const working: ChildProcess[] = [];
      for (let kill = 0; kill < KILLS; kill += 1) {
        const before = sink.mails.length;
        while (working.length < together) working.push(await startWorker());
        while (sink.mails.length < Math.min(before + 8, MAILS)) await sleep(5);
        await killed(working.shift());
      }
      for (const child of working) await killed(child);
      sink.delayMs = 0;
      const room = await openRoom({
        url: home.url,
        database,
        clock: new Clock(),
        smtpUrl: sink.url,
        sending: HASTY,
      });
      try {
        const until = Date.now() + 45_000;
        for (;;) {
          await room.runner.runOnce();
          const states = await statesOf(database);
          const inDoubt = await database.query(
            `select 1 from delivery where state in ('claimed', 'sending')`,
          );
          if (states.planned === undefined && states.queued === undefined && inDoubt.length === 0) break;
          if (Date.now() > until) throw new Error(`not settled: ${JSON.stringify(states)}`);
          await sleep(200);
        }
      } finally {
        await room.close();
      }

      const mailed = new Set(sink.mails.map((mail) => mail.messageId));
      expect(mailed.size).toBe(sink.mails.length);
      const rows = await database.query<{ state: string; message_id: string; ledger: string }>(
        `select f.state, d.message_id, d.state as ledger from follow_up f
       join delivery d on d.follow_up_id = f.id and d.attempt = (select max(attempt) from delivery where follow_up_id = f.id)`,
      );
      expect(rows).toHaveLength(MAILS);
      for (const row of rows) expect(['sent', 'uncertain']).toContain(row.state);
      for (const row of rows) expect(row.ledger).toBe(row.state);
      const sentButNotMailed = rows.filter((row) => row.state === 'sent' && !mailed.has(row.message_id));
      expect(sentButNotMailed).toEqual([]);
      const uncertain = rows.filter((row) => row.state === 'uncertain').length;
      expect(uncertain).toBeLessThanOrEqual((KILLS + together) * HASTY.concurrency * 2);
    },
    180_000,
  );
});

async function killed(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
