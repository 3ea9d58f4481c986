import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiKeysService } from '../../src/platform/auth/api-keys.service.js';
import { Clock } from '../../src/platform/clock/clock.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { runCli } from '../support/cli.js';
import { faultCase, isFullSize } from '../support/fault-report.js';
import { call } from '../support/http-api.js';
import { violations } from '../support/invariants.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { startEnishi, type EnishiProcess } from '../support/process.js';

const FIVE_GIGABYTES = 5 * 1024 ** 3;
/** A test that runs beside others waits for its turn on the processor; at full size it is alone. */
const AT_ONCE_MS = isFullSize ? 5_000 : 20_000;
const OTHERS_P95_MS = isFullSize ? 250 : 2_000;
const MORE_MB = isFullSize ? 64 : 128;
const FILES = '/api/v1/sources/demo-jp/files';

/** Ten kilobytes that say of themselves that they unpack to four gigabytes. */
function zipBomb(): Buffer {
  const packed = Buffer.alloc(10_000, 7);
  const name = Buffer.from('xl/worksheets/sheet1.xml');
  const header = Buffer.alloc(30);
  header.write('PK\u0003\u0004', 0, 'latin1');
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(8, 8);
  header.writeUInt32LE(packed.length, 18);
  header.writeUInt32LE(2 ** 32 - 2, 22);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, name, packed]);
}

/** Ten entities, each ten times the one before. */
function billionLaughs(): Buffer {
  const entities = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`);
  return Buffer.from(
    `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY l0 "lol">${entities.join('')}]><lolz>&l9;</lolz>`,
  );
}

function millionColumns(): Buffer {
  const columns = 1_000_000;
  return Buffer.from(
    `${Array.from({ length: columns }, (_, n) => `c${n}`).join(',')}\n${','.repeat(columns - 1)}\n`,
  );
}

let own: TestDatabase;
let house: EnishiProcess;
let url: string;
let source: string;
let hr: string;

beforeAll(async () => {
  own = await testDatabase();
  await migrate(own.url);
  const database = new Database(own.url, 2);
  const keys = new ApiKeysService(database, new Clock());
  const wish = { company: null, expiresAt: null, by: 'test', name: 'test' } as const;
  source = (await keys.create({ ...wish, role: 'source', source: 'demo-jp' })).key;
  hr = (await keys.create({ ...wish, role: 'hr', source: null })).key;
  await database.onApplicationShutdown();
  house = startEnishi({ args: ['--role', 'api'], env: { DATABASE_URL: own.url } });
  url = await house.listening();
  // What a process takes when it first works counts for nobody.
  for (let n = 0; n < 30; n += 1) await otherRequest();
  const csv = '社員番号,姓,名,入社日\n1,青葉,みのり,2015-04-01\n';
  await heldOrRead(await upload(Buffer.from(csv)));
});
afterAll(async () => {
  await house.stop();
  const broken = await violations({ url: own.url, log: house.lines.join('\n'), canaries: ['みのり'] });
  await own.drop();
  expect(broken).toEqual([]);
});

const upload = (body: Buffer) =>
  call(url, FILES, { key: source, body, headers: { 'content-type': 'text/csv' } });

/** How the run of an upload ended; its notes' codes. */
async function heldOrRead(answer: {
  readonly status: number;
  readonly json: Record<string, unknown>;
}): Promise<{ status: string; codes: readonly string[] }> {
  expect(answer.status).toBe(202);
  for (;;) {
    const { json } = await call(url, `/api/v1/runs/${String(answer.json['runId'])}`, { key: hr });
    const run = (json['run'] ?? {}) as { status?: string };
    const notes = (json['notes'] ?? []) as readonly { code: string }[];
    const { status = '' } = run;
    if (!['', 'reading', 'planned', 'applying'].includes(status)) {
      const error = (json['error'] as { code?: string } | null | undefined)?.code;
      return { status, codes: [...notes.map(({ code }) => code), ...(error === undefined ? [] : [error])] };
    }
    await sleep(25);
  }
}

async function otherRequest(): Promise<number> {
  const from = performance.now();
  expect((await call(url, '/api/v1/candidates', { key: hr })).status).toBe(200);
  return performance.now() - from;
}

const residentMb = (): number =>
  Number(
    /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${house.child.pid ?? 0}/status`, 'utf8'))?.[1] ?? Number.NaN,
  ) / 1_024;

interface Watched<T> {
  readonly result: T;
  readonly ms: number;
  readonly moreMb: number;
  readonly othersP95Ms: number;
}

/** Does `work` while others ask, and tells how long it and they took and how much memory the service grew by. */
async function watched<T>(work: () => Promise<T>): Promise<Watched<T>> {
  const before = residentMb();
  let most = before;
  let isOver = false;
  const others: number[] = [];
  const asking = (async () => {
    while (!isOver || others.length < 20) {
      others.push(await otherRequest());
      await sleep(10);
    }
  })();
  const timer = setInterval(() => (most = Math.max(most, residentMb())), 5);
  try {
    const from = performance.now();
    const result = await work();
    const ms = performance.now() - from;
    isOver = true;
    await asking;
    others.sort((a, b) => a - b);
    const othersP95Ms = others[Math.floor(others.length * 0.95)] ?? Number.NaN;
    return { result, ms: Math.round(ms), moreMb: Math.round(most - before), othersP95Ms };
  } finally {
    isOver = true;
    clearInterval(timer);
  }
}

/** A body that says it is so long, of which only the beginning is ever sent; the status of the answer. */
function declare(bytes: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const sending = request(url + FILES, {
      method: 'POST',
      headers: { authorization: `Bearer ${source}`, 'content-type': 'text/csv', 'content-length': bytes },
    });
    sending.once('response', (answer) => {
      resolve(answer.statusCode ?? 0);
      answer.resume();
      sending.destroy();
    });
    sending.once('error', reject);
    sending.write('社員番号,姓,名,入社日\n');
  });
}

describe('files that are made to break the service', () => {
  faultCase(
    'I15',
    'a body of 5 GB is refused by its length, before it is read',
    { bytes: FIVE_GIGABYTES },
    async (fault) => {
      const { result, ms, moreMb, othersP95Ms } = await watched(() => declare(FIVE_GIGABYTES));
      fault.count('ms', ms);
      fault.count('MB', moreMb);
      fault.count('others p95 ms', Math.round(othersP95Ms));
      expect(result).toBe(413);
      expect(ms).toBeLessThan(AT_ONCE_MS);
      expect(moreMb).toBeLessThanOrEqual(MORE_MB);
      expect(othersP95Ms).toBeLessThan(OTHERS_P95_MS);
    },
  );

  it.each(['ja', 'en'])('I15: a file of 5 GB is refused by the command too, in words (%s)', async (lang) => {
    const folder = mkdtempSync(join(tmpdir(), 'enishi-large-'));
    try {
      const file = join(folder, 'people.csv');
      writeFileSync(file, '社員番号,姓,名,入社日\n');
      // No blocks are taken for what is only length.
      truncateSync(file, FIVE_GIGABYTES);
      const env = { DATABASE_URL: own.url, ENISHI_LANG: lang };
      const { status, stderr } = await runCli(['import', file, '--source', 'demo-jp', '--lang', lang], env);
      expect(status).toBe(2);
      expect(stderr).toContain('FILE_TOO_LARGE');
      expect(stderr).toContain(lang === 'ja' ? '2048 MB まで' : 'at most 2048 MB');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  faultCase(
    'I15',
    'a zip bomb, a billion laughs and a million columns are held or refused at once, in little memory, while others are served',
    { kinds: 3 },
    async (fault) => {
      const kinds: readonly (readonly [string, Buffer, RegExp])[] = [
        ['zip bomb', zipBomb(), /^FILE_IS_SPREADSHEET$/],
        ['billion laughs', billionLaughs(), /^FILE_(IS_HTML|IS_XML|NOT_A_TABLE|IS_BINARY)$/],
        ['million columns', millionColumns(), /^FILE_(TOO_MANY_COLUMNS|HEADER_TOO_LONG)$/],
      ];
      for (const [name, bytes, expected] of kinds) {
        const { result, ms, moreMb, othersP95Ms } = await watched(async () =>
          heldOrRead(await upload(bytes)),
        );
        fault.count(`${name}: ms`, ms);
        fault.count(`${name}: MB`, moreMb);
        fault.count(`${name}: others p95 ms`, Math.round(othersP95Ms));
        expect(['held', 'failed', 'rejected']).toContain(result.status);
        expect(result.codes.filter((code) => expected.test(code))).toHaveLength(1);
        expect(ms).toBeLessThan(AT_ONCE_MS);
        expect(moreMb).toBeLessThanOrEqual(MORE_MB);
        expect(othersP95Ms).toBeLessThan(OTHERS_P95_MS);
      }
    },
  );
});
