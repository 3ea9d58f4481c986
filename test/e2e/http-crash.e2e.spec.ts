import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { migrate } from '../../src/platform/database/migrate.js';
import { ApiKeysService } from '../../src/platform/auth/api-keys.service.js';
import { Clock } from '../../src/platform/clock/clock.js';
import { Database } from '../../src/platform/database/database.js';
import { projectRoot } from '../support/cli.js';
import { aRecord, call } from '../support/http-api.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

const RECORDS = '/api/v1/sources/demo-en/records';
const PUSHED = 40;

describe('what was answered with 202', () => {
  let own: TestDatabase;
  let database: Database;
  let key: string;
  const home = mkdtempSync(join(tmpdir(), 'enishi-crash-'));
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    own = await testDatabase();
    await migrate(own.url);
    database = new Database(own.url);
    const keys = new ApiKeysService(database, new Clock());
    const wish = {
      role: 'source',
      source: 'demo-en',
      name: 'crash',
      company: null,
      expiresAt: null,
    } as const;
    key = (await keys.create({ ...wish, by: 'test' })).key;
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await database.pool.end();
    await own.drop();
    rmSync(home, { recursive: true, force: true });
  });

  /** `enishi serve --role api` in a process of its own. */
  async function serve(): Promise<{ url: string; child: ChildProcess }> {
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(
      process.execPath,
      [join(projectRoot, 'bin', 'enishi.mjs'), 'serve', '--role', 'api', '--port', '0', '--json'],
      {
        cwd: projectRoot,
        env: { PATH, HOME, TZ: 'UTC', DATABASE_URL: own.url, ENISHI_HOME: home },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    children.push(child);
    let [text, words] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (words += chunk));
    for (let i = 0; i < 600; i += 1) {
      const port = /:(\d+)/.exec(text.replaceAll('::', ''))?.[1];
      if (port !== undefined) return { url: `http://127.0.0.1:${port}`, child };
      if (child.exitCode !== null) throw new Error(`The server ended: ${words}`);
      await sleep(50);
    }
    throw new Error(`The server did not start: ${words}`);
  }

  it('kill -9 after the answers: another process applies all of it, once', async () => {
    const first = await serve();
    const answers = await Promise.all(
      Array.from({ length: PUSHED }, (_, i) =>
        call(first.url, RECORDS, {
          key,
          body: aRecord({
            employeeNumber: `K-${i}`,
            familyName: `Kiln${i}`,
            personalEmail: `k${i}@example.com`,
          }),
        }),
      ),
    );
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    expect(answers.map((answer) => answer.status).filter((status) => status !== 202)).toEqual([]);
    const second = await serve();
    for (let i = 0; i < 200; i += 1) {
      const left = await database.one<{ n: number }>(
        `select count(*)::int as n from inbox where state <> 'done'`,
      );
      if (left?.n === 0) break;
      await sleep(100);
    }
    const states = await database.query(`select state, count(*)::int as n from inbox group by state`);
    expect(states).toEqual([{ state: 'done', n: PUSHED }]);
    const read = await database.query(
      `select count(distinct o.employee_number)::int as n from observation o where o.company = 'en'`,
    );
    const waiting = await database.query(
      `select count(distinct s.employee_number)::int as n from staged_observation s join import_run r on r.id = s.run_id
       where r.status = 'held'`,
    );
    expect(Number(read[0]?.['n']) + Number(waiting[0]?.['n'])).toBe(PUSHED);
    second.child.kill('SIGTERM');
    await once(second.child, 'exit');
  });
});
