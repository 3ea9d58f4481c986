import { beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { StagingService } from '../../src/intake/staging.service.js';
import { Database } from '../../src/platform/database/database.js';
import { startWorld, world } from '../support/one-world.js';

const MANY = 10_001;

let staging: StagingService;

beforeEach(async () => {
  await startWorld();
  staging = world.get(StagingService);
});

async function staged(rows: number): Promise<string> {
  const runId = randomUUID();
  await world.db.query(
    `insert into staged_observation (run_id, row_no, company, employee_number, spell_hint, as_of_at, content_hash, facts)
     select $1, n, 'jp', n::text, '', now(), md5(n::text)::uuid, '{}' from generate_series(1, $2::int) n`,
    [runId, rows],
  );
  await world.db.query(`insert into staged_link (run_id, link, row_no) values ($1, 'number', 1)`, [runId]);
  return runId;
}

const left = (runId: string): Promise<number> => world.count('staged_observation', `run_id = '${runId}'`);

/** Another one after the table was emptied at once. */
async function storage(): Promise<string | undefined> {
  const row = await world.db.one<{ node: string }>(
    `select pg_relation_filenode('staged_observation')::text as node`,
  );
  return row?.node;
}

describe('the rows of a run that is over', () => {
  it('go all at once where there are very many and nobody else has any', async () => {
    const before = await storage();
    const runId = await staged(MANY);
    await staging.clear(runId);
    expect([await left(runId), await world.count('staged_link')]).toEqual([0, 0]);
    expect(await storage()).not.toBe(before);
  });

  it('go one by one beside those of another run', async () => {
    const before = await storage();
    const [runId, other] = [await staged(MANY), await staged(3)];
    await staging.clear(runId);
    expect([await left(runId), await left(other), await world.count('staged_link')]).toEqual([0, 3, 1]);
    expect(await storage()).toBe(before);
  });

  it('go one by one while somebody looks at them', async () => {
    const before = await storage();
    const runId = await staged(MANY);
    await world.db.transaction(async (sql) => {
      await sql.query('select count(*) from staged_observation');
      await staging.clear(runId);
    });
    expect(await left(runId)).toBe(0);
    expect(await storage()).toBe(before);
  });

  it('go one by one where the role may not empty tables', async () => {
    const before = await storage();
    const runId = await staged(MANY);
    const role = `clerk_${randomUUID().replaceAll('-', '')}`;
    await world.db.query(`create role ${role}`);
    await world.db.query(`grant select, insert, update, delete on all tables in schema public to ${role}`);
    const url = new URL(world.db.url);
    url.searchParams.set('options', `-c role=${role}`);
    const limited = new Database(url.href);
    try {
      await new StagingService(limited).clear(runId);
    } finally {
      await limited.onApplicationShutdown();
      await world.db.query(`drop owned by ${role}`);
      await world.db.query(`drop role ${role}`);
    }
    expect(await left(runId)).toBe(0);
    expect(await storage()).toBe(before);
  });
});
