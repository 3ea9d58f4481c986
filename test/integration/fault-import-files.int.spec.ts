import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Encoding from 'encoding-japanese';
import iconv from 'iconv-lite';
import { DoorsService } from '../../src/intake/doors.service.js';
import type { Run } from '../../src/intake/run.js';
import { faultCase, isFullSize, size } from '../support/fault-report.js';
import { importedBy, type ImportOutcome } from '../support/import-child.js';
import { CSV_HEADER, csvOf, leaver, worker, workers, type Cells } from '../support/intake-files.js';
import { dropTemplate, IntakeWorld, migratedDatabase } from '../support/intake-world.js';
import { violations } from '../support/invariants.js';

const FIXTURES = size('ENISHI_TEST_I07_FIXTURES', 48, 200);
/** At full size just under what is refused by its length. */
const BIG_MB = size('ENISHI_TEST_I15_MB', 12, 1_900);
const COLUMNS = size('ENISHI_TEST_I15_COLUMNS', 1_000_000, 1_000_000);
const STEADY_ROWS = size('ENISHI_TEST_R23_ROWS', 3_000, 100_000);

let world: IntakeWorld;

beforeEach(async () => {
  world = await IntakeWorld.start();
});
afterEach(async () => {
  const broken = await violations({ url: world.url, configDir: world.config, clock: world.clock });
  await world.stop();
  expect(broken).toEqual([]);
});
afterAll(dropTemplate);

const codes = (run: Run): string[] => run.notes.map(({ code }) => code);

const ENCODINGS = ['utf-8', 'utf-8 with mark', 'cp932', 'euc-jp', 'utf-16le', 'utf-16be'] as const;
const LINE_ENDS = ['\n', '\r\n', '\r', 'mixed'] as const;
type FixtureEncoding = (typeof ENCODINGS)[number];

/** Names that the old sets have, half-width kana and vendor characters among them. */
const NAMES = ['髙橋', '﨑山', '佐藤', '渡邉', '齋藤', 'ｻﾄｳ', '①課', '㈱縁', '森', '表', '能', '構', '山田'];
/** Of EUC-JP: without what only Microsoft's set holds. */
const PLAIN_NAMES = ['佐藤', '渡邉', '齋藤', '森', '表', '能', '構', '山田', '鈴木', '高橋'];

function encoded(text: string, encoding: FixtureEncoding): Buffer {
  switch (encoding) {
    case 'utf-8':
      return Buffer.from(text, 'utf8');
    case 'utf-8 with mark':
      return Buffer.from(`\ufeff${text}`, 'utf8');
    case 'cp932':
      return iconv.encode(text, 'cp932');
    case 'euc-jp':
      return Buffer.from(Encoding.convert(Encoding.stringToCode(text), { to: 'EUCJP', from: 'UNICODE' }));
    case 'utf-16le':
      return iconv.encode(`\ufeff${text}`, 'utf-16le', { addBOM: false });
    case 'utf-16be':
      return iconv.encode(`\ufeff${text}`, 'utf-16be', { addBOM: false });
  }
}

describe('encodings', () => {
  faultCase(
    'I07',
    'files in every encoding and with every line end: 99 of 100 are read right, the rest is held, nothing garbled is stored',
    { fixtures: FIXTURES },
    async (fault) => {
      let [right, held] = [0, 0];
      const wrong: string[] = [];
      for (let n = 0; n < FIXTURES; n += 1) {
        const encoding = ENCODINGS[n % ENCODINGS.length] ?? 'utf-8';
        const lineEnd = LINE_ENDS[Math.floor(n / ENCODINGS.length) % LINE_ENDS.length] ?? '\n';
        const names = encoding === 'euc-jp' ? PLAIN_NAMES : NAMES;
        const pick = () => names[Math.floor(fault.random() * names.length)] ?? '森';
        const rows = Array.from({ length: 2 + Math.floor(fault.random() * 6) }, (_, i) =>
          worker(n * 10 + i, { 姓: pick(), 部署: `${pick()}部`, 役職: '' }),
        );
        const ends = (at: number) => (lineEnd === 'mixed' ? (['\n', '\r\n'][at % 2] ?? '\n') : lineEnd);
        const lines = csvOf(CSV_HEADER, rows).trimEnd().split('\n');
        const text = lines.map((line, at) => line + ends(at)).join('');
        const run = await world.import(encoded(text, encoding));
        const stored = await world.db.query<{ n: string; family: string; department: string }>(
          `select employee_number as n, facts->>'familyName' as family, department from employment
           where employee_number = any($1::text[]) order by 1`,
          [rows.map((row) => row.社員番号)],
        );
        const expected = rows.map((row) => ({ n: row.社員番号, family: row.姓, department: row.部署 }));
        if (JSON.stringify(stored) === JSON.stringify(expected)) right += 1;
        else if (run.status === 'held' && stored.length === 0) held += 1;
        else wrong.push(`${n}: ${encoding} ${JSON.stringify(lineEnd)} ${run.status} ${codes(run).join()}`);
        world.clock.addDays(0.01);
      }
      fault.count('right', right);
      fault.count('held', held);
      expect(wrong).toEqual([]);
      expect(right).toBeGreaterThanOrEqual(Math.ceil(FIXTURES * 0.99));
    },
  );

  faultCase(
    'I08',
    'what CP932 cannot say is refused or told by row, never a silent question mark',
    { rows: 6 },
    async () => {
      const strange = ['𠮷田', '田中−', '山🎉田', '髙橋', 'é', '~'];
      const rows = strange.map((family, n) => worker(n, { 姓: family }));
      // As exports do it that only know CP932: a question mark, a numeric reference, or a cell that cannot be decoded.
      const bytes = iconv.encode(csvOf(CSV_HEADER, rows), 'cp932');
      const run = await world.import(bytes, { encoding: 'cp932' });
      const stored = await world.db.query<{ family: string }>(
        `select facts->>'familyName' as family from employment order by 1`,
      );
      expect(stored.map(({ family }) => family)).toEqual(['~', '髙橋']);
      expect([run.rows.read, run.rows.accepted, run.rows.rejected]).toEqual([6, 2, 4]);
      expect((await world.rejectionsCsv(run.id)).match(/NAME_CHARACTER_LOST/g)).toHaveLength(4);
      // Our own downloads in CP932 say by code which characters it has not.
      const bad = { ...worker(90, { 姓: '𠮷田', 部署: '−🎉' }), 入社日: '2026-13-45' };
      const rejected = await world.import(csvOf(CSV_HEADER, [bad]));
      const csv = await world.rejectionsCsv(rejected.id);
      expect(csv).toContain('𠮷田');
      expect(csv).not.toMatch(/\?田|\ufffd/);
    },
  );
});

async function* bytesOf(megabytes: number, row: (n: number) => string): AsyncGenerator<Buffer> {
  yield Buffer.from(csvOf(CSV_HEADER, []));
  for (let sent = 0, n = 0; sent < megabytes * 1_048_576;) {
    const lines = Array.from({ length: 500 }, () => row(n++)).join('');
    sent += Buffer.byteLength(lines);
    yield await Promise.resolve(Buffer.from(lines));
  }
}

const lineOf = (cells: Cells): string => csvOf(CSV_HEADER, [cells]).split('\n')[1] + '\n';

/** Writes these to a file, which a process of its own imports into a house of its own. */
async function importedInChild(
  chunks: Iterable<string | Buffer> | AsyncIterable<string | Buffer>,
): Promise<ImportOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'enishi-long-'));
  const at = await migratedDatabase();
  try {
    const file = join(folder, 'rows.csv');
    await pipeline(chunks, createWriteStream(file));
    return await importedBy({
      url: at.url,
      configDir: world.config,
      file,
      source: 'demo-jp',
      mode: 'delta',
      asOf: '2026-04-10T00:00:00.000Z',
      now: '2026-04-10T03:00:00.000Z',
      retries: 0,
    });
  } finally {
    await at.drop();
    await rm(folder, { recursive: true });
  }
}

/** How much memory the work takes at most beyond what was taken before. */
async function peakOf<T>(work: () => Promise<T>): Promise<{ result: T; megabytes: number }> {
  const before = process.memoryUsage.rss();
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 10);
  try {
    const result = await work();
    return { result, megabytes: Math.round((peak - before) / 1_048_576) };
  } finally {
    clearInterval(timer);
  }
}

describe('files that are made to break the reader', () => {
  const send = (bytes: AsyncIterable<Uint8Array>): Promise<Run | string> =>
    world
      .get(DoorsService)
      .importFile({ source: 'demo-jp', fileName: 'big.csv', bytes, by: 'sato' })
      .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));

  faultCase(
    'I15',
    'a million columns are refused at once, in little memory',
    { columns: COLUMNS },
    async (fault) => {
      const header = Buffer.from(`${Array.from({ length: COLUMNS }, (_, n) => `c${n}`).join(',')}\n`);
      const row = Buffer.from(`${','.repeat(COLUMNS - 1)}\n`);
      const from = performance.now();
      const { result, megabytes } = await peakOf(() =>
        world.import(Buffer.concat([header, row])).catch((e: Error) => e.message),
      );
      fault.count('ms', Math.round(performance.now() - from));
      fault.count('MB', megabytes);
      expect(performance.now() - from).toBeLessThan(isFullSize ? 5_000 : 15_000);
      if (typeof result === 'string') expect(result).toBe('FILE_TOO_MANY_COLUMNS');
      else expect([result.status, codes(result)]).toEqual(['held', ['FILE_HEADER_TOO_LONG']]);
      expect((await world.effects())['observation']).toBe(0);
    },
  );

  faultCase(
    'I15',
    'one huge cell ends the reading there: no part of it is stored, nobody is absent',
    { MB: BIG_MB },
    async (fault) => {
      const huge = async function* () {
        yield Buffer.from(csvOf(CSV_HEADER, workers(3)));
        yield Buffer.from('10003,"');
        for (let mb = 0; mb < BIG_MB; mb += 1) yield await Promise.resolve(Buffer.alloc(1_048_576, 'x'));
      };
      const { result, megabytes } = await peakOf(() => send(huge()));
      fault.count('MB', megabytes);
      if (typeof result === 'string') expect(result).toMatch(/^FILE_|^BODY_/);
      else {
        expect([result.seenToEnd, result.rows.accepted, result.rows.rejected]).toEqual([false, 3, 1]);
        expect(codes(result)).toContain('FILE_CUT');
      }
      expect(megabytes).toBeLessThan(256);
    },
  );

  faultCase(
    'I15',
    'a very long file is streamed: memory does not follow its length',
    { MB: BIG_MB },
    async (fault) => {
      // Every row the same: it grows the file, not the registry.
      const line = lineOf(worker(1, { 役職: 'x'.repeat(150) }));
      const { status, rows, rssAt, rss } = await importedInChild(bytesOf(BIG_MB, () => line));
      fault.count('rows', rows.read);
      fault.count('RSS MB', rss);
      fault.count('RSS MB before', rssAt);
      expect([status, rows.accepted, rows.rejected]).toEqual(['applied', rows.read, 0]);
      expect(rss).toBeLessThanOrEqual(512);
    },
  );

  it('I15: a spreadsheet and a zip are refused kindly in both languages, whatever is in them', async () => {
    const zip = Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), Buffer.alloc(10_000, 7)]);
    const run = await world.import(zip, { fileName: 'people.xlsx' });
    expect([run.status, codes(run)]).toEqual(['held', ['FILE_IS_SPREADSHEET']]);
    expect((await world.effects())['observation']).toBe(0);
  });
});

describe('a mass change that is no deletion', () => {
  faultCase(
    'I23',
    'the department of most people, their status or their reason changes at once: held by the same brakes',
    { people: 300 },
    async (fault) => {
      await world.import(workers(300));
      world.clock.addDays(1);
      const moved = await world.import(
        workers(300).map((row, n) => (n < 240 ? { ...row, 部署: '新統合部' } : row)),
      );
      const tripped = (run: Run) => [
        ...new Set(run.brakes.filter((brake) => brake.tripped).map((brake) => brake.name)),
      ];
      expect([moved.status, tripped(moved), moved.changes.amended]).toEqual(['held', ['amendments'], 240]);
      expect(await world.count('employment', `department = '新統合部'`)).toBe(0);
      await world.reject(moved);
      const gone = workers(300).map((row, n) => (n < 100 ? leaver(n, '2020-05-20') : row));
      world.clock.addDays(1);
      const many = await world.import(gone);
      expect([many.status, tripped(many)]).toEqual(['held', ['leavers']]);
      expect(await world.count('registry_entry')).toBe(0);
      fault.count('amended', moved.changes.amended);
      fault.count('sudden verdicts', many.verdicts.eligible + many.verdicts.review + many.verdicts.unknown);
    },
  );
});

describe('a long file', () => {
  faultCase(
    'R23',
    'is imported within 512 MB at 2,000 rows a second',
    { rows: STEADY_ROWS },
    async (fault) => {
      const { status, rows, ms, rss, rssAt } = await importedInChild(rowsOf(STEADY_ROWS));
      const perSecond = Math.round(rows.read / (ms / 1_000));
      fault.count('rows per second', perSecond);
      fault.count('RSS MB', rss);
      fault.count('RSS MB before', rssAt);
      expect([status, rows.read, rows.rejected]).toEqual(['applied', STEADY_ROWS, 0]);
      expect(rss).toBeLessThanOrEqual(512);
      // A handful of rows says nothing about speed.
      if (STEADY_ROWS >= 100_000) expect(perSecond).toBeGreaterThanOrEqual(2_000);
    },
  );
});

function* rowsOf(count: number): Generator<string> {
  yield csvOf(CSV_HEADER, []);
  for (let n = 0; n < count; n += 1) yield lineOf(n % 10 < 3 ? leaver(n, '2024-06-30') : worker(n));
}
