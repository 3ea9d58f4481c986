import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FollowUps } from '../../src/follow-ups/follow-ups.setup.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { aFollowUp, aLeaver, openRoom, TestClock } from '../support/mail-fixtures.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { startSmtpSink, type SmtpSink } from '../support/smtp-sink.js';

describe("the order of one person's mails", () => {
  let home: TestDatabase;
  let database: Database;
  let sink: SmtpSink;
  let room: FollowUps;

  beforeEach(async () => {
    home = await testDatabase();
    await migrate(home.url);
    database = new Database(home.url, 10);
    sink = await startSmtpSink();
    const clock = new TestClock(Date.UTC(2026, 5, 23, 1));
    room = await openRoom({ url: home.url, database, clock, smtpUrl: sink.url });
  });

  afterEach(async () => {
    await room.close();
    await sink.close();
    await database.pool.end();
    await home.drop();
  });

  const second = { kind: 'invitation', dueAt: '2026-06-22T00:00:00Z' };
  const stateOf = async (id: string) =>
    (await database.one<{ state: string }>('select state from follow_up where id = $1', [id]))?.state;

  it('one turn of the relay queues the first; a run that is to end goes on until the last', async () => {
    const { employmentId, followUpId } = await aLeaver(database, { dueAt: '2026-06-21T00:00:00Z' });
    const later = await aFollowUp(database, employmentId, second);
    const other = await aLeaver(database);
    expect((await room.relay.relayDue()).queuedIds).toEqual([followUpId, other.followUpId]);
    expect((await room.relay.relayDue()).queuedIds).toEqual([]);
    expect(await room.runner.runOnce()).toMatchObject({ queued: 1, sent: 3 });
    expect(await stateOf(later)).toBe('sent');
  });

  it('one that comes to stand before a queued one goes first', async () => {
    const { employmentId, followUpId } = await aLeaver(database, second);
    await room.relay.relayDue();
    const first = await aFollowUp(database, employmentId, {
      kind: 'exit_survey',
      dueAt: '2026-06-21T00:00:00Z',
    });
    await room.runner.runOnce();
    const sent = await database.query<{ id: string; message_id: string }>(
      'select follow_up_id as id, message_id from delivery',
    );
    const arrived = sink.mails.map((mail) => sent.find((row) => row.message_id === mail.messageId)?.id);
    expect(arrived).toEqual([first, followUpId]);
  });

  it('two numbers of one person count as one; a mail in doubt or to print holds nobody up', async () => {
    const one = await aLeaver(database, { dueAt: '2026-06-20T00:00:00Z' });
    const two = await aLeaver(database, { dueAt: '2026-06-21T00:00:00Z' });
    await database.query('update employment set person_id = $2 where id = $1', [
      two.employmentId,
      one.personId,
    ]);
    await aFollowUp(database, one.employmentId, { kind: 'card', dueAt: '2026-06-01T00:00:00Z' });
    expect((await room.relay.relayDue()).queuedIds).toEqual([one.followUpId]);
    await database.query(`update follow_up set state = 'uncertain' where id = $1`, [one.followUpId]);
    expect((await room.relay.relayDue()).queuedIds).toEqual([two.followUpId]);
  });
});
