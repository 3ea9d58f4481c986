import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import iconv from 'iconv-lite';
import { openTable } from '../../src/intake/file/open-table.js';
import { renderRejections, type RejectedRow } from '../../src/intake/file/render-rejections.js';
import type { Table, TableRow } from '../../src/intake/file/table.js';
import { bindProfile } from '../../src/intake/mapping/bind.js';
import { emptyDayEvidence, judgeDayColumns } from '../../src/intake/mapping/day-columns.js';
import { interpretRow, type InterpretContext } from '../../src/intake/mapping/interpret.js';
import { loadProfiles } from '../../src/intake/mapping/profile.js';
import { describeRejection } from '../../src/platform/i18n/i18n.js';

const HEADER = ['社員番号', '姓', '名', '在籍状況', '入社年月日', '退職年月日', '個人メールアドレス', '部署'];
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'enishi-file-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

interface ReadFile {
  readonly table: Table;
  readonly accepted: readonly TableRow[];
  readonly rejected: readonly RejectedRow[];
}

/** Reads a file as an import does: rows whose days the column decides wait until it was seen. */
async function importFile(name: string): Promise<ReadFile> {
  const table = await openTable(createReadStream(join(folder, name)));
  if (table.unusable !== null) throw new Error(table.unusable);
  const profile = (await loadProfiles('config')).get('smarthr');
  if (profile === undefined) throw new Error('no profile');
  const bound = bindProfile(profile, table.header);
  const evidence = emptyDayEvidence(bound);
  const accepted: TableRow[] = [];
  const rejected: RejectedRow[] = [];
  const deferred: TableRow[] = [];
  const take = (row: TableRow, context: InterpretContext) => {
    const result = interpretRow(bound, row, context);
    if (result.kind === 'deferred') deferred.push(row);
    else if (result.kind === 'observation') accepted.push(row);
    else {
      const explanation = result.reasons.map((reason) => describeRejection(reason, 'ja').title).join(' / ');
      rejected.push({ rowNo: row.rowNo, cells: row.cells, explanation });
    }
  };
  const context = {
    company: 'jp',
    companies: new Set(['jp']),
    asOfAt: '2026-11-22T00:00:00.000Z',
    zone: 'Asia/Tokyo',
  };
  for await (const batch of table.rows) {
    for (const row of batch) take(row, { ...context, orders: new Map(), evidence });
  }
  const orders = judgeDayColumns(evidence);
  for (const row of deferred.splice(0)) take(row, { ...context, orders, evidence: null });
  expect(deferred).toEqual([]);
  return { table, accepted, rejected };
}

function goodRow(n: number): string[] {
  const leaves = n % 7 === 0;
  const number = String(n).padStart(5, '0');
  const hired = n % 2 === 0 ? '2015/4/1' : '平成27年4月1日';
  return [
    number,
    '髙橋',
    '﨑子',
    leaves ? '退職済' : '在職中',
    hired,
    leaves ? 'R8.3.31' : '',
    `a${n}@example.net`,
    '営業,一課',
  ];
}

const BAD: readonly ((cells: string[]) => string[])[] = [
  (cells) => cells.with(0, ''),
  (cells) => cells.with(3, '謎'),
  (cells) => cells.with(5, '2026/2/30'),
  (cells) => cells.with(6, '＠example'),
  (cells) => cells.with(4, '2026/4/1').with(5, '2015/4/1'),
  (cells) => cells.slice(0, 7),
];

function toCsv(rows: readonly (readonly string[])[]): Buffer {
  const line = (cells: readonly string[]) =>
    cells.map((cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',') + '\r\n';
  return iconv.encode(rows.map(line).join(''), 'cp932');
}

describe('a file and its rejected rows', () => {
  it('I20: of 1,000 rows 37 bad ones are set aside, and only they come back once mended', async () => {
    const isBad = (n: number) => n % 27 === 1 && n <= 973;
    const rows = Array.from({ length: 1_000 }, (_, i) => {
      const n = i + 1;
      const spoil = BAD[Math.floor(n / 27) % BAD.length];
      return isBad(n) && spoil !== undefined ? spoil(goodRow(n)) : goodRow(n);
    });
    await writeFile(join(folder, 'all.csv'), toCsv([HEADER, ...rows]));
    const first = await importFile('all.csv');
    expect(first.table.encoding).toBe('shift_jis');
    expect([first.accepted.length, first.rejected.length]).toEqual([963, 37]);
    expect(first.table.outcome()).toMatchObject({ rowCount: 1_000, complete: true });
    for (const { explanation } of first.rejected) {
      expect(explanation).not.toBe('');
      expect(explanation).not.toMatch(/[A-Z]{4,}_|example\.net|2026\/2/);
    }

    let download = '';
    for await (const part of renderRejections(HEADER, first.rejected, 'ja')) download += part;
    await writeFile(join(folder, 'rejected.csv'), download);
    const again = await importFile('rejected.csv');
    expect([again.table.isRejectionDownload, again.accepted.length, again.rejected.length]).toEqual([
      true,
      0,
      37,
    ]);

    const mended = first.rejected.map(({ rowNo }) => ({ rowNo, cells: goodRow(rowNo), explanation: '=1' }));
    let text = '';
    for await (const part of renderRejections(HEADER, mended, 'ja')) text += part;
    await writeFile(join(folder, 'mended.csv'), text);
    const last = await importFile('mended.csv');
    expect([last.accepted.length, last.rejected.length]).toEqual([37, 0]);
    expect(last.accepted.map(({ cells }) => cells)).toEqual(mended.map(({ cells }) => cells));
  });

  it('R23: takes bytes no faster than its rows are wanted', async () => {
    let handedOut = 0;
    const chunk = Buffer.from('123,山田,太郎,在職中,2015/4/1,,x@example.net,営業\n'.repeat(1_000));
    function* endless(): Generator<Buffer> {
      yield Buffer.from(`${HEADER.join(',')}\n`);
      for (;;) {
        handedOut += chunk.length;
        yield chunk;
      }
    }
    const table = await openTable(endless());
    if (table.unusable !== null) throw new Error(table.unusable);
    let rows = 0;
    for await (const batch of table.rows) {
      rows += batch.length;
      if (rows >= 50_000) break;
    }
    expect(handedOut - (rows / 1_000) * chunk.length).toBeLessThan(2 << 20);
  });
});
