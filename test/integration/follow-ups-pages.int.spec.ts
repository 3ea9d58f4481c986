import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Server } from 'node:http';
import { FollowUpsModule } from '../../src/follow-ups/follow-ups.module.js';
import type { FollowUps } from '../../src/follow-ups/follow-ups.setup.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import type { Leaver } from '../support/mail-fixtures.js';
import { aLeaver, linkIn, openRoom, TestClock } from '../support/mail-fixtures.js';
import type { TestDatabase } from '../support/postgres.js';
import { testDatabase } from '../support/postgres.js';

const NOW = Date.UTC(2026, 5, 23, 1, 0, 0);

describe('the pages that mails link to', () => {
  let home: TestDatabase;
  let database: Database;
  let clock: TestClock;
  let room: FollowUps;
  let app: INestApplication<Server>;
  let base: string;

  beforeAll(async () => {
    home = await testDatabase();
    await migrate(home.url);
    database = new Database(home.url);
    clock = new TestClock(NOW);
    room = await openRoom({ url: home.url, database, clock });
    app = await NestFactory.create<INestApplication<Server>>(FollowUpsModule.over(room, { workers: false }), {
      logger: ['error'],
    });
    await app.listen(0, '127.0.0.1');
    base = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  });

  beforeEach(async () => {
    await database.query(`update follow_up set state = 'cancelled' where state in ('planned', 'queued')`);
  });

  afterAll(async () => {
    await app.close();
    await database.pool.end();
    await home.drop();
  });

  /** A leaver whose mail lies in the mailbox, with the paths of its links. */
  async function mailed(
    over: Parameters<typeof aLeaver>[1] = {},
  ): Promise<Leaver & { path: string; optOut: string }> {
    const leaver = await aLeaver(database, over);
    await room.runner.runOnce();
    const mail = await database.one<{ body: string }>(
      `select body from mailbox_message where follow_up_id = $1`,
      [leaver.followUpId],
    );
    const body = mail?.body ?? '';
    return {
      ...leaver,
      path: linkIn(body, over.kind === 'invitation' ? 'i' : 's'),
      optOut: linkIn(body, 'u'),
    };
  }

  const form = (path: string, body: string) =>
    fetch(base + path, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'accept-language': 'ja,en;q=0.5' },
    });
  const followUp = (id: string) =>
    database.one<{ state: string; answer: string | null }>(
      `select state, answer from follow_up where id = $1`,
      [id],
    );

  it('waits for a resend that revokes the link at the same moment, and then says that it is gone', async () => {
    const { path, followUpId } = await mailed();
    const answered = await database.transaction(async (sql) => {
      await sql.query(`select 1 from follow_up where id = $1 for update`, [followUpId]);
      const clicked = form(path, 'answer=accept');
      await waitsForLock(database);
      // In the other order the two would wait for each other, and one of them be ended.
      await sql.query(`update link_token set revoked_at = now() where follow_up_id = $1`, [followUpId]);
      return { clicked };
    });
    const unknown = await form(`/s/${'A'.repeat(43)}`, 'answer=accept');
    expect(await (await answered.clicked).text()).toBe(await unknown.text());
    expect(await followUp(followUpId)).toMatchObject({ state: 'sent', answer: null });
  });

  it('X10: a hundred GET and HEAD change nothing; one POST works, the second says so kindly', async () => {
    const { path, followUpId } = await mailed();
    for (let i = 0; i < 50; i += 1) {
      expect((await fetch(base + path)).status).toBe(200);
      expect((await fetch(base + path, { method: 'HEAD' })).status).toBe(200);
    }
    expect(await followUp(followUpId)).toEqual({ state: 'sent', answer: null });
    expect(await (await form(path, 'answer=accept')).text()).toContain('承りました');
    expect(await followUp(followUpId)).toEqual({ state: 'answered', answer: 'accept' });
    const again = await form(path, 'answer=decline');
    expect(again.status).toBe(200);
    expect(await again.text()).toContain('お手続きはすでに完了しています');
    expect(await followUp(followUpId)).toEqual({ state: 'answered', answer: 'accept' });
    const events = await database.query(`select kind, data->>'answer' as answer from timeline_event
      where kind = 'follow_up.answered' and data->>'followUpId' = '${followUpId}'`);
    expect(events).toEqual([{ kind: 'follow_up.answered', answer: 'accept' }]);
  });

  it('fifty POSTs at once record one answer', async () => {
    const { path, followUpId } = await mailed({ kind: 'invitation' });
    const pages = await Promise.all(
      Array.from({ length: 50 }, async (_, i) =>
        (await form(path, `answer=${i % 2 === 0 ? 'accept' : 'decline'}`)).text(),
      ),
    );
    expect(pages.filter((page) => page.includes('承りました'))).toHaveLength(1);
    const events =
      await database.query(`select 1 from timeline_event where data->>'followUpId' = '${followUpId}'
      and kind = 'follow_up.answered'`);
    expect(events).toHaveLength(1);
  });

  it('a POST without an answer asks again', async () => {
    const { path, followUpId } = await mailed();
    expect(await (await form(path, 'answer=maybe')).text()).toContain('<button');
    expect(await followUp(followUpId)).toEqual({ state: 'sent', answer: null });
  });

  it('RFC 8058: a one-click POST opts out and cancels what waits, in one go', async () => {
    const { optOut, path, personId, employmentId } = await mailed();
    await database.query(
      `insert into follow_up (id, employment_id, kind, due_on, due_at, state, because, created_at, changed_at)
       values (enishi_id(), $1, 'invitation', '2026-06-23', '2026-06-23T00:00:00Z', 'planned', '{"code":"rule"}', now(), now())`,
      [employmentId],
    );
    await room.relay.relayDue();
    expect((await fetch(base + optOut)).status).toBe(200);
    const response = await form(optOut, 'List-Unsubscribe=One-Click');
    expect(response.status).toBe(200);
    expect(await room.runner.runOnce()).toMatchObject({ sent: 0 });
    const states = await database.query(
      `select kind, state from follow_up where employment_id = $1 order by kind`,
      [employmentId],
    );
    expect(states).toEqual([
      { kind: 'exit_survey', state: 'sent' },
      { kind: 'invitation', state: 'cancelled' },
    ]);
    const person = await database.one(`select opted_out_at from person where id = $1`, [personId]);
    expect(person).toEqual({ opted_out_at: new Date(NOW).toISOString() });
    expect(await (await form(optOut, '')).text()).toContain('お手続きはすでに完了しています');
    expect(await (await form(path, 'answer=accept')).text()).toContain('このページはご利用いただけません');
    const events = await database.query(
      `select kind from timeline_event where person_id = $1 and kind = 'person.opted_out'`,
      [personId],
    );
    expect(events).toHaveLength(1);
  });

  it('X12: unknown, expired, wrong-purpose and withdrawn links look the same, byte for byte', async () => {
    const { path, optOut } = await mailed();
    const { path: rescinded, employmentId } = await mailed();
    await database.query(`update departure set state = 'rescinded' where employment_id = $1`, [employmentId]);
    clock.advance(61 * 86_400);
    const paths = [
      path,
      `/s/${'A'.repeat(43)}`,
      `/i/${path.slice(3)}`,
      rescinded,
      '/s/x',
      `/s/${optOut.slice(3)}`,
    ];
    const pages = await Promise.all(
      paths.map(async (one) => {
        const response = await fetch(base + one);
        return `${response.status} ${await response.text()}`;
      }),
    );
    expect(new Set(pages).size).toBe(1);
    clock.advance(-61 * 86_400);
  });

  it('X13, X14, X16: no personal data, nothing about the verdict, strict headers, small, no script', async () => {
    const { path, email, personId, employmentId } = await mailed({ kind: 'invitation', name: '難読 太郎' });
    const before = await (await fetch(base + path)).text();
    await database.query(`update employment set facts = facts || '{"rehireEligible":"no"}' where id = $1`, [
      employmentId,
    ]);
    const response = await fetch(base + path);
    const page = await response.text();
    expect(page).toBe(before);
    for (const secret of [email, '難読', '太郎', personId, employmentId, '2026-06-30'])
      expect(page).not.toContain(secret);
    expect(page).toContain('縁ポンプ製作所');
    expect(page).not.toContain('<script');
    expect(Buffer.byteLength(page)).toBeLessThan(30_000);
    expect(page).toContain('width=device-width');
    const headers = Object.fromEntries(response.headers);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
    });
    expect(headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers['strict-transport-security']).toContain('max-age');
  });

  it('speaks the language of the company, and the other one when asked; a name cannot break the page', async () => {
    const { path } = await mailed({ company: 'en', kind: 'invitation' });
    expect(await (await fetch(base + path)).text()).toContain('Enishi Pump &lt;Intl&gt;');
    expect(await (await fetch(`${base}${path}?lang=ja`)).text()).toContain(
      'アルムナイネットワークへのご招待',
    );
  });

  it('X11: the database holds no usable token', async () => {
    const { path } = await mailed();
    const stored = await database.query<{ row: string }>(`select link_token::text as row from link_token`);
    expect(stored.some(({ row }) => row.includes(path.slice(3)))).toBe(false);
  });
});

async function waitsForLock(database: Database): Promise<void> {
  for (;;) {
    const waiting = await database.query(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (waiting.length > 0) return;
    await sleep(20);
  }
}
