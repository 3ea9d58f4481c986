import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { DoorsService } from '../../src/intake/doors.service.js';
import { RetentionService } from '../../src/privacy/retention.service.js';
import { leaver, worker, workers } from '../support/intake-files.js';
import { startWorld, world } from '../support/one-world.js';

beforeEach(async () => {
  await startWorld();
});

async function until(table: string, where: string): Promise<void> {
  while ((await world.count(table, where)) === 0) await sleep(20);
}

describe('a dry run that is older than a week', () => {
  it('is carried out as a whole or let go, when it is approved while the next file comes', async () => {
    await world.import(workers(20));
    world.clock.addDays(1);
    const planned = await world.import([leaver(1, '2026-03-31'), leaver(200, '2026-03-31')], {
      dryRun: true,
    });
    world.clock.addDays(8);
    const runs = await world.db.transaction(async (sql) => {
      await sql.query('lock table setting in access exclusive mode');
      const approval = world.approve(planned);
      await until('pg_locks', `not granted and relation = 'setting'::regclass`);
      const next = world.import([worker(3, { 部署: '新設部' })]);
      await until('staged_observation', `run_id <> '${planned.id}'`);
      return { approval, next };
    });
    expect([(await runs.approval).status, (await runs.next).status]).toEqual(['applied', 'applied']);
    expect(await world.count('observation', `run_id = '${planned.id}'`)).toBe(2);
    expect(await world.rebuildDifferences()).toBe(0);
  });
});

describe('a run that is being taken back', () => {
  it('is not taken for interrupted by the next file of its source', async () => {
    await world.import(workers(20));
    world.clock.addDays(1);
    const wrong = await world.import([leaver(1, '2026-03-31')]);
    const runs = await world.db.transaction(async (sql) => {
      await sql.query('lock table setting in access exclusive mode');
      const revert = world.revert(wrong);
      await until('pg_locks', `not granted and relation = 'setting'::regclass`);
      const next = world.import([worker(3, { 部署: '新設部' })]);
      await until('staged_observation', `run_id <> '${wrong.id}'`);
      return { revert, next };
    });
    expect(await runs.revert).toMatchObject({ status: 'applied', error: null });
    expect((await runs.next).status).toBe('applied');
  });

  it('is marked as failed when its process has died while it was planned', async () => {
    const first = await world.import(workers(20));
    await world.revert(first);
    await world.db.query(`update import_run set status = 'reading' where kind = 'revert'`);
    await world.import(workers(20));
    expect(await world.count('import_run', `kind = 'revert' and status = 'failed'`)).toBe(1);
  });
});

describe('a process that dies before it has cleared what a run staged', () => {
  it('leaves nothing that the next sweep does not find', async () => {
    await world.db.query(
      'create function keep() returns trigger language plpgsql as $$ begin return null; end $$',
    );
    const staging = await world.db.query<{ name: string }>(
      `select table_name as name from information_schema.tables
       where table_type = 'BASE TABLE' and (table_name like 'staged\\_%' or table_name in ('deferred_row', 'plan_item'))`,
    );
    for (const { name } of staging)
      await world.db.query(
        `create trigger keep before delete on ${name} for each row execute function keep()`,
      );
    const rows = [...workers(20), leaver(30, '2020-03-31')];
    await world.import(rows);
    world.clock.addDays(1);
    await world.import(rows);
    for (const { name } of staging) await world.db.query(`drop trigger keep on ${name}`);
    const left = async () => {
      const counts = await Promise.all(
        staging.map(async ({ name }) => [name, await world.count(name)] as const),
      );
      return counts
        .filter(([, n]) => n > 0)
        .map(([name]) => name)
        .sort();
    };
    expect(await left()).toEqual(
      expect.arrayContaining(['staged_departure', 'staged_known_block', 'staged_observation']),
    );
    world.clock.addDays(2);
    const retention = new RetentionService(world.db, world.clock);
    await retention.sweep({ ticks: 1, alerts: 1, links: 1 });
    expect(await left()).toEqual([]);
  });
});

describe('a held run', () => {
  const push = (asOf: string) =>
    world.get(DoorsService).importRecords({
      source: 'demo-jp',
      records: Array.from({ length: 12 }, (_, n) => ({
        employeeNumber: worker(n + 1)['社員番号'],
        familyName: '佐藤',
        givenName: '太郎',
        hiredOn: (worker(n + 1)['入社日'] ?? '').replaceAll('/', '-'),
        department: '別部',
        asOf,
      })),
      by: 'hr',
    });

  it('is let go by records that speak of everybody in it as of its time or later, not by older ones', async () => {
    await world.import(workers(20), { asOf: '2026-03-01' });
    world.clock.addDays(1);
    const held = await world.import(
      Array.from({ length: 12 }, (_, n) => leaver(n + 1, '2026-03-31')),
      { mode: 'delta', asOf: '2026-03-20' },
    );
    expect(held.status).toBe('held');
    await push('2026-03-10');
    expect((await world.heldRun(held.id)).status).toBe('held');
    await push('2026-03-20T12:00:00Z');
    expect((await world.heldRun(held.id)).status).toBe('rejected');
  });
});
