import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FollowUps } from '../../src/follow-ups/follow-ups.setup.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { openRoom, statesOf, TestClock } from '../support/mail-fixtures.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

const DUE_AT = '2026-06-23T00:00:00Z';

describe('a relay before which many wait', () => {
  let home: TestDatabase;
  let database: Database;
  let room: FollowUps;
  let clock: TestClock;

  beforeEach(async () => {
    home = await testDatabase();
    await migrate(home.url);
    database = new Database(home.url, 1);
    clock = new TestClock(Date.UTC(2026, 5, 23, 1));
    const brake = { perRun: 1_000_000, perHour: 1_000_000 };
    room = await openRoom({ url: home.url, database, clock, sending: { brake } });
  });

  afterEach(async () => {
    await room.close();
    await database.pool.end();
    await home.drop();
  });

  /** People of two numbers each, the first of which is due a mail, all at the same moment; nothing is analysed. */
  async function wait(people: number): Promise<void> {
    for (const table of ['person', 'employment', 'follow_up']) {
      await database.query(`alter table ${table} set (autovacuum_enabled = off)`);
    }
    await database.query(
      `with people as (
         insert into person (id) select enishi_id() from generate_series(1, $1::int) returning id
       ), numbered as (
         select id, row_number() over (order by id) as n from people
       ), employed as (
         insert into employment (id, person_id, company, employee_number, spell, spell_key, facts)
         select enishi_id(), p.id, 'jp', c.letter || p.n, 1, '2015-04-01', '{}'
         from numbered p cross join (values ('A'), ('B')) as c(letter) returning id, employee_number
       ) insert into follow_up (id, employment_id, kind, due_on, due_at, state, because, created_at, changed_at)
         select enishi_id(), id, 'invitation', '2026-06-23', $2, 'planned', '{"code":"rule","rule":null}', now(), now()
         from employed where employee_number like 'A%'`,
      [people, DUE_AT],
    );
  }

  /** How many follow-ups this database has gone through since it was made, found by an index or not. */
  async function read(): Promise<number> {
    await database.query('select pg_stat_force_next_flush()');
    const row = await database.one<{ n: number }>(
      `select (select seq_tup_read from pg_stat_user_tables where relname = 'follow_up')
         + (select sum(idx_tup_read)::bigint from pg_stat_user_indexes where relname = 'follow_up') as n`,
    );
    return row?.n ?? Number.NaN;
  }

  it.each([1_000, 4_000])('R26: goes through a few rows for each that it queues, of %i', async (people) => {
    await wait(people);
    const before = await read();
    expect(await room.relay.relayDue()).toMatchObject({ queued: people, brake: null });
    const each = ((await read()) - before) / people;
    expect(each).toBeGreaterThan(1);
    expect(each).toBeLessThan(8);
  });

  it('queues them in the order in which they are due, of equal ones the older id first', async () => {
    await wait(1_100);
    await database.query(
      `update follow_up set due_at = due_at - interval '1 day' where id in (select id from follow_up order by id desc limit 20)`,
    );
    const inOrder = await database.query<{ id: string }>('select id from follow_up order by due_at, id');
    expect((await room.relay.relayDue()).queuedIds).toEqual(inOrder.map((row) => row.id));
  });

  it('takes at its end what it had to pass by, when that has come free meanwhile', async () => {
    await room.relay.relayDue();
    await wait(700);
    const others = new Database(home.url, 4);
    const [held, brake, second] = await Promise.all([1, 2, 3].map(() => others.pool.connect()));
    if (held === undefined || brake === undefined || second === undefined) throw new Error('no connection');
    const window = `select 1 from setting where key = 'follow-ups.window' for update`;
    const waiting = async (count: number): Promise<void> => {
      const blocked = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      while ((await others.query(blocked)).length < count) await sleep(10);
    };
    try {
      const first = await held.query<{ id: string }>('select id from follow_up order by due_at, id limit 1');
      await held.query('begin');
      await held.query('select 1 from follow_up where id = $1 for update', [first.rows[0]?.id]);
      await brake.query('begin');
      await brake.query(window);
      const relayed = room.relay.relayDue();
      await waiting(1);
      // In line behind the relay: between its first batch and its second, this one has the brake.
      await second.query('begin');
      const between = second.query(window);
      await waiting(2);
      await brake.query('commit');
      await between;
      expect(await statesOf(others)).toEqual({ planned: 200, queued: 500 });
      await held.query('commit');
      await second.query('commit');
      const { queuedIds } = await relayed;
      expect(queuedIds).toHaveLength(700);
      expect(queuedIds.at(-1)).toBe(first.rows[0]?.id);
    } finally {
      for (const client of [held, brake, second]) client.release(true);
      await others.onApplicationShutdown();
    }
  });

  it('R06, R26: of a long queue each call looks at the next; of one that has lost jobs, at all', async () => {
    await wait(1_100);
    await room.relay.relayDue();
    clock.advance(3_600);
    const rows = await database.query<{ id: string }>('select id from follow_up order by queued_at, id');
    const idsFrom = (start: number, end?: number) => rows.slice(start, end).map((row) => row.id);
    const lose = (ids: readonly string[]) =>
      database.query(`delete from bullmq.job where data->>'followUpId' = any($1::text[])`, [ids]);
    // The job of the first outlives it, and makes up for that of the last.
    await database.query(`update follow_up set state = 'cancelled' where id = any($1::uuid[])`, [
      idsFrom(0, 1),
    ]);
    await lose(idsFrom(-1));
    expect([await room.relay.reconcile(), await room.relay.reconcile()]).toEqual([0, 0]);
    expect([await room.relay.reconcile(), await room.relay.reconcile()]).toEqual([1, 0]);
    clock.advance(60);
    await lose(idsFrom(-20));
    expect([await room.relay.reconcile(), await room.relay.reconcile()]).toEqual([20, 0]);
  });
});
