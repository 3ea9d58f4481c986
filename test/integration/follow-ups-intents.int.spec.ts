import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { isoDate } from '../../src/domain/calendar.js';
import type { FollowUpOp } from '../../src/domain/follow-up.js';
import { IntentsService } from '../../src/follow-ups/intents.service.js';
import { Database } from '../../src/platform/database/database.js';
import { newId } from '../../src/platform/database/id.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { aLeaver } from '../support/mail-fixtures.js';
import type { TestDatabase } from '../support/postgres.js';
import { testDatabase } from '../support/postgres.js';

const AT = '2026-06-01T00:00:00.000Z';

describe(IntentsService, () => {
  let home: TestDatabase;
  let database: Database;
  let employmentId: string;
  const intents = new IntentsService('09:00');

  beforeAll(async () => {
    home = await testDatabase();
    await migrate(home.url);
    database = new Database(home.url);
  });

  beforeEach(async () => {
    ({ employmentId } = await aLeaver(database));
    await database.query(`delete from follow_up`);
  });

  afterAll(async () => {
    await database.pool.end();
    await home.drop();
  });

  const apply = (ops: readonly FollowUpOp[], runId: string = newId(), zone = 'Asia/Tokyo') =>
    database.transaction((sql) =>
      intents.applyOps(
        sql,
        ops.map((op) => ({ ...op, employmentId, runId, zone })),
        AT,
      ),
    );
  const all = () =>
    database.query<{ id: string; kind: string; state: string; due_on: string; due_at: string }>(
      `select id, kind, state, due_on, due_at from follow_up order by created_at, kind`,
    );
  const survey = (day: string): FollowUpOp => ({
    op: 'plan',
    kind: 'exit_survey',
    dueOn: isoDate(day),
    because: 'rule',
    rule: 'survey',
  });

  it.each([
    ['Asia/Tokyo', '2026-06-23T00:00:00.000Z'],
    ['Europe/London', '2026-06-23T08:00:00.000Z'],
    ['America/Los_Angeles', '2026-06-23T16:00:00.000Z'],
  ])('edge-cases/12: due at nine in the morning in %s', async (zone, dueAt) => {
    expect(await apply([survey('2026-06-23')], newId(), zone)).toEqual({
      planned: 1,
      rescheduled: 0,
      cancelled: 0,
    });
    expect(await all()).toMatchObject([{ due_on: '2026-06-23', due_at: dueAt, state: 'planned' }]);
  });

  it('the same ops of the same run count once, even after the mail went out', async () => {
    const run = newId();
    await apply([survey('2026-06-23')], run);
    expect(await apply([survey('2026-06-23')], run)).toEqual({ planned: 0, rescheduled: 0, cancelled: 0 });
    await database.query(`update follow_up set state = 'sent'`);
    expect(await apply([survey('2026-06-23')], run)).toEqual({ planned: 0, rescheduled: 0, cancelled: 0 });
    expect(await all()).toHaveLength(1);
  });

  it('moves and cancels what waits, each once', async () => {
    await apply([survey('2026-06-23')]);
    const id = (await all())[0]?.id ?? '';
    const move: FollowUpOp = {
      op: 'reschedule',
      id,
      dueOn: isoDate('2026-07-24'),
      because: 'date_moved',
      rule: 'survey',
    };
    expect(await apply([move])).toMatchObject({ rescheduled: 1 });
    expect(await apply([move])).toMatchObject({ rescheduled: 0 });
    expect(await apply([{ op: 'cancel', id, because: 'rescinded' }])).toMatchObject({ cancelled: 1 });
    expect(await apply([{ op: 'cancel', id, because: 'rescinded' }])).toMatchObject({ cancelled: 0 });
    expect(await all()).toMatchObject([{ state: 'cancelled', due_on: '2026-07-24' }]);
    expect(await apply([survey('2026-08-01')])).toMatchObject({ planned: 1 });
  });

  it('a cancellation that comes while the mail is on the wire becomes one correction', async () => {
    await apply([survey('2026-06-23')]);
    const id = (await all())[0]?.id ?? '';
    await database.query(`update follow_up set state = 'uncertain'`);
    const run = newId();
    expect(await apply([{ op: 'cancel', id, because: 'rescinded' }], run)).toMatchObject({ cancelled: 0 });
    await apply([{ op: 'cancel', id, because: 'rescinded' }], run);
    expect((await all()).map((row) => `${row.kind} ${row.state}`).sort()).toEqual([
      'correction planned',
      'exit_survey uncertain',
    ]);
  });

  it('a card takes the place of an invitation in one go', async () => {
    await apply([
      { op: 'plan', kind: 'invitation', dueOn: isoDate('2026-07-07'), because: 'rule', rule: 'i' },
    ]);
    const id = (await all())[0]?.id ?? '';
    const applied = await apply([
      { op: 'plan', kind: 'card', dueOn: isoDate('2026-07-07'), because: 'card_instead', rule: 'i' },
      { op: 'cancel', id, because: 'card_instead' },
    ]);
    expect(applied).toEqual({ planned: 1, rescheduled: 0, cancelled: 1 });
  });
});
