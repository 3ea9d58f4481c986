import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import type { LastSeenStore } from '../../src/platform/health/last-seen.js';
import { isRestored, RestoreGuard } from '../../src/platform/health/restore-guard.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

const AT = '2026-06-23T01:00:00.000Z';

let at: TestDatabase;
let db: Database;
let seen: number | null;
let beforeRead: () => Promise<void>;
let afterRead: () => Promise<void>;
const nothing = () => Promise.resolve();
const outside: LastSeenStore = {
  async read() {
    await beforeRead();
    const read = seen;
    await afterRead();
    return read;
  },
  write(_instance, sequence) {
    seen = sequence;
    return Promise.resolve();
  },
};
const guard = () => new RestoreGuard(db, [outside], (error) => expect(error).toBeUndefined());

beforeEach(async () => {
  at = await testDatabase();
  await migrate(at.url);
  db = new Database(at.url, 3);
  seen = null;
  beforeRead = nothing;
  afterRead = nothing;
  await db.transaction((sql) => guard().confirm(sql, AT));
});

afterEach(async () => {
  await db.onApplicationShutdown();
  await at.drop();
});

/** What a relay does with each batch. */
async function aBatch(): Promise<void> {
  const come = await db.transaction((sql) => guard().advance(sql));
  if (come === null) throw new Error('This database holds no instance.');
  await guard().remember(come);
}

describe('a guard that looks while another worker sends', () => {
  it('takes no database for an older one because it moved on between its two looks', async () => {
    await aBatch();
    beforeRead = aBatch;
    expect(await guard().examine(AT)).toBeNull();
    expect(await isRestored(db.pool)).toBe(false);
  });

  it('still sees an older one', async () => {
    await aBatch();
    await db.query('update instance set sequence = sequence - 1');
    expect(await guard().examine(AT)).toBe('older_than_seen');
    expect(await isRestored(db.pool)).toBe(true);
  });

  it('counts no batch back that begins while an operator confirms', async () => {
    let batches: Promise<unknown> = Promise.resolve();
    afterRead = async () => {
      afterRead = nothing;
      const all = (async () => {
        for (let i = 0; i < 3; i += 1) await aBatch();
      })();
      batches = all;
      // They wait for the confirmation, or, unlocked, are all done before it writes.
      await Promise.race([all, new Promise((resolve) => setTimeout(resolve, 200))]);
    };
    await db.transaction((sql) => guard().confirm(sql, AT));
    await batches;
    expect(await guard().examine(AT)).toBeNull();
  });
});
