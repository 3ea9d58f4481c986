import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { RunsRepository } from '../../src/intake/runs.repository.js';
import { leaver, worker } from '../support/intake-files.js';
import { IntakeWorld } from '../support/intake-world.js';

const STOP = 4_711;

let world: IntakeWorld;

beforeAll(async () => {
  world = await IntakeWorld.start();
});
afterAll(() => world.stop());

it('a run whose process lost its lock, and which another process ended, is not carried on by the first', async () => {
  const rows = Array.from({ length: 20 }, (_, n) => worker(n + 1));
  await world.import(rows, { asOf: '2026-04-01' });
  const stopper = new pg.Client({ connectionString: world.url });
  await stopper.connect();
  try {
    await stopper.query('select pg_advisory_lock($1)', [STOP]);
    // Whoever compares what is said about the first person waits there.
    await world.db.query(
      `create function wait_here() returns trigger language plpgsql as $$
       begin
         if new.employee_number = '${worker(1)['社員番号'] ?? ''}' then perform pg_advisory_xact_lock(${STOP}); end if;
         return new;
       end $$`,
    );
    await world.db.query(
      'create trigger wait_here before insert on staged_change for each row execute function wait_here()',
    );
    const first = world.import([leaver(1, '2026-04-30')], { mode: 'delta', asOf: '2026-04-02' });
    const refused = expect(first).rejects.toMatchObject({ code: 'DATABASE_LOCK_LOST' });
    while (!(await isWaiting())) await sleep(20);
    await stopper.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'enishi-lock'`,
    );
    await refused;
    const second = await world.import([worker(2, { 部署: '新設部' })], { mode: 'delta', asOf: '2026-04-03' });
    expect(second.status).toBe('applied');
    await stopper.query('select pg_advisory_unlock($1)', [STOP]);
    while (await isWaiting()) await sleep(20);
    await sleep(1_000);
    const runs = await world.get(RunsRepository).list({ limit: 3 });
    expect(runs.map((run) => [run.status, run.error?.code ?? null])).toEqual([
      ['applied', null],
      ['failed', 'RUN_INTERRUPTED'],
      ['applied', null],
    ]);
    expect(await world.rebuildDifferences()).toBe(0);
  } finally {
    await stopper.end();
  }
}, 60_000);

async function isWaiting(): Promise<boolean> {
  const sessions = await world.db.query(
    `select 1 from pg_stat_activity
     where datname = current_database() and query like '%insert into staged_change%' and wait_event = 'advisory'`,
  );
  return sessions.length > 0;
}
