import { describe, expect, it } from '@jest/globals';
import encodingJapanese from 'encoding-japanese';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { openTable, type OpenTableOptions } from './open-table.js';
import type { Table, TableRow, UnusableFile } from './table.js';

type Read =
  | { readonly refused: UnusableFile }
  | { readonly refused: null; readonly table: Table; readonly rows: readonly TableRow[] };

async function read(bytes: Uint8Array | string, options?: OpenTableOptions, piece = 7): Promise<Read> {
  const buffer = Buffer.from(bytes);
  const chunks: Buffer[] = [];
  for (let at = 0; at < buffer.length; at += piece) chunks.push(buffer.subarray(at, at + piece));
  const table = await openTable(chunks, options);
  if (table.unusable !== null) return { refused: table };
  const rows: TableRow[] = [];
  for await (const batch of table.rows) rows.push(...batch);
  return { refused: null, table, rows };
}

async function readRows(
  bytes: Uint8Array | string,
  options?: OpenTableOptions,
): Promise<readonly TableRow[]> {
  const result = await read(bytes, options);
  if (result.refused !== null) throw new Error(result.refused.unusable);
  return result.rows;
}

async function refusalOf(bytes: Uint8Array | string, options?: OpenTableOptions): Promise<UnusableFile> {
  const result = await read(bytes, options);
  if (result.refused === null) throw new Error('the file was accepted');
  return result.refused;
}

const cellsOf = (rows: readonly TableRow[]) => rows.map((row) => row.cells);
const codesOf = (rows: readonly TableRow[]) => rows.map((row) => row.problems.map((problem) => problem.code));

const JAPANESE = [
  ['社員番号', '姓', '名', '姓（ヨミガナ）', '部署'],
  ['00123', '髙橋', '﨑子', 'タカハシ', '①営業部'],
  ['00124', '渡邊', '一', 'ワタナベ', '総務・人事, 本社'],
  ['00125', '表', 'ソ能', 'オモテ', '十貼"ー'],
];

function toCsv(rows: readonly (readonly string[])[], delimiter = ',', lineEnd = '\r\n'): string {
  const quote = (cell: string) => (/[",\t;\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return rows.map((row) => row.map(quote).join(delimiter) + lineEnd).join('');
}

function encode(text: string, encoding: string): Buffer {
  if (encoding === 'utf-8-bom') return Buffer.from(`\ufeff${text}`, 'utf8');
  if (encoding === 'utf-16le-bom') return Buffer.from(`\ufeff${text}`, 'utf16le');
  if (encoding === 'utf-16be') return iconv.encode(text, 'utf-16be');
  if (encoding === 'iso-2022-jp') {
    return Buffer.from(encodingJapanese.convert(Buffer.from(text, 'utf8'), { to: 'JIS', from: 'UTF8' }));
  }
  return iconv.encode(text, encoding);
}

describe('encoding', () => {
  it.each(['utf-8', 'utf-8-bom', 'utf-16le', 'utf-16le-bom', 'utf-16be', 'cp932', 'euc-jp'])(
    'edge-cases/25: %s is found, and every character comes out as it was',
    async (encoding) => {
      const rows = await readRows(encode(toCsv(JAPANESE), encoding));
      expect(cellsOf(rows)).toEqual(JAPANESE.slice(1));
      expect(codesOf(rows)).toEqual([[], [], []]);
    },
  );

  it('reads ISO-2022-JP, whose bytes look like separators', async () => {
    const plain = JAPANESE.map((row) => row.map((cell) => cell.replace(/[髙﨑①]/g, '高')));
    expect(cellsOf(await readRows(encode(toCsv(plain), 'iso-2022-jp')))).toEqual(plain.slice(1));
  });

  it('I07: of 240 generated files at least 99 of 100 are read right, the others refused, none read wrong', async () => {
    const names = ['佐藤', '髙橋', '﨑山', '渡邉', '田中', 'ソ能表', '東海林', '中村', '小笠原', '五十嵐'];
    const kana = ['サトウ', 'ﾀｶﾊｼ', 'さきやま', 'ワタナベ', 'ﾔﾏﾀﾞ', 'ショウジ'];
    const headers = [
      ['社員番号', '姓', 'カナ', '退職日', '住所'],
      ['No', '氏名', 'フリガナ', '退職年月日', '備考'],
      ['employee_id', 'name', 'kana', 'last_day', 'note'],
    ];
    let right = 0;
    let refused = 0;
    const wrong: string[] = [];
    const encodings = [
      'utf-8',
      'utf-8-bom',
      'cp932',
      'euc-jp',
      'utf-16le',
      'utf-16le-bom',
      'utf-16be',
      'cp932',
    ];
    for (let n = 0; n < 240; n += 1) {
      const encoding = encodings[n % encodings.length] ?? 'utf-8';
      const pick = (list: readonly string[], i: number) => list[(n * 7 + i * 3) % list.length] ?? '';
      const usable = (text: string) => (encoding === 'euc-jp' ? text.replace(/[髙﨑]/g, '高') : text);
      const rows = Array.from({ length: 1 + (n % 9) }, (_, i) =>
        [
          String(n * 10 + i).padStart(6, '0'),
          pick(names, i),
          pick(kana, i),
          '2026/3/31',
          '東京都千代田区',
        ].map(usable),
      );
      const lineEnd = ['\r\n', '\n', '\r'][n % 3] ?? '\n';
      const table = [headers[(n * 5 + 1) % 3] ?? [], ...rows];
      const result = await read(
        encode(toCsv(table, [',', '\t', ';'][(n >> 2) % 3], lineEnd), encoding),
        {},
        64,
      );
      if (result.refused !== null) refused += 1;
      else if (JSON.stringify(cellsOf(result.rows)) === JSON.stringify(rows)) right += 1;
      else wrong.push(`${n} ${encoding} as ${result.table.encoding}`);
    }
    expect(wrong).toEqual([]);
    expect(right + refused).toBe(240);
    expect(right).toBeGreaterThanOrEqual(238);
  });

  it('names row and column of a cell that is no text, and reads the rest', async () => {
    const good = encode(toCsv(JAPANESE), 'cp932');
    const bad = Buffer.concat([
      good,
      Buffer.from('00126,'),
      Buffer.from([0x95, 0xff, 0x82]),
      Buffer.from(',b,c,d\r\n00127,a,b,c,d\r\n'),
    ]);
    const rows = await readRows(bad);
    expect(rows).toHaveLength(5);
    expect(rows[3]?.problems).toEqual([
      {
        code: 'CELL_UNDECODABLE',
        field: null,
        column: '姓',
        found: '0x95***',
        details: { encoding: 'shift_jis' },
      },
    ]);
    expect(rows[4]).toEqual({ rowNo: 5, cells: ['00127', 'a', 'b', 'c', 'd'], problems: [] });
    expect(JSON.stringify(rows)).not.toContain('\ufffd');
  });

  it('keeps a file UTF-8 although one of its cells is broken', async () => {
    const bad = Buffer.concat([
      encode(toCsv(JAPANESE), 'utf-8'),
      Buffer.from([0x31, 0x2c, 0xe3, 0x81, 0x2c, 0x2c, 0x2c, 0x0a]),
    ]);
    const result = await read(bad);
    expect(result.refused === null && result.table.encoding).toBe('utf-8');
    expect(result.refused === null && codesOf(result.rows).flat()).toEqual(['CELL_UNDECODABLE']);
  });

  it('refuses a replacement character that already stands in the file, and a zero byte', async () => {
    const rows = await readRows('id,名前\n1,山\ufffd\n2,山\0田\n3,山田\n');
    expect(codesOf(rows)).toEqual([['CELL_REPLACEMENT_CHARACTER'], ['CELL_NUL'], []]);
    expect(JSON.stringify(rows)).not.toMatch(/\ufffd|\\u0000/);
  });

  it('does not guess single-byte encodings, but reads them when declared', async () => {
    const bytes = iconv.encode('id,name\n1,José García\n2,Jérôme Muñoz\n', 'windows-1252');
    expect((await refusalOf(bytes)).unusable).toBe('FILE_ENCODING_UNSURE');
    expect(cellsOf(await readRows(bytes, { encoding: 'latin1' }))[0]).toEqual(['1', 'José García']);
  });

  it('decides late when the first megabyte is ASCII', async () => {
    const ascii = `id,name\n${'12345678,abcdefgh\n'.repeat(60_000)}`;
    const bytes = Buffer.concat([Buffer.from(ascii), iconv.encode('1,髙橋営業部\n2,山田太郎\n', 'cp932')]);
    const result = await read(bytes, {}, 65_536);
    if (result.refused !== null) throw new Error(result.refused.unusable);
    expect(cellsOf(result.rows.slice(-2))).toEqual([
      ['1', '髙橋営業部'],
      ['2', '山田太郎'],
    ]);
    expect(result.table.outcome()).toMatchObject({ encoding: 'shift_jis', rowCount: 60_002, complete: true });
  });

  it('names the encodings it knows when the declared one is none of them', async () => {
    await expect(read('a,b\n1,2\n', { encoding: 'ebcdic' })).rejects.toMatchObject({
      code: 'FILE_ENCODING_UNKNOWN',
    });
  });
});

describe('shape', () => {
  it.each([
    ['FILE_EMPTY', ''],
    ['FILE_EMPTY', ' \r\n\r\n'],
    ['FILE_HEADER_ONLY', 'a,b,c\r\n'],
    ['FILE_HEADER_ONLY', 'a,b,c\r\n,,\r\n\r\n'],
    ['FILE_IS_HTML', '<!DOCTYPE html>\n<html><body>503, sorry, try again</body></html>\n'],
    ['FILE_IS_HTML', '\ufeff<html lang="ja"><title>エラー</title>'],
    ['FILE_IS_JSON', '{"error": "unauthorized", "code": 401}'],
    ['FILE_IS_JSON', '[{"id":1,"name":"a"}]\n'],
    ['FILE_IS_SPREADSHEET', 'PK\u0003\u0004abcdef'],
    ['FILE_IS_BINARY', '%PDF-1.7, and, more\n'],
    ['FILE_NOT_A_TABLE', 'only words\nin lines\n'],
    ['HEADER_DUPLICATE', '社員番号,退職日, 退職日 \r\n1,2,3\r\n'],
    ['FILE_HEADER_UNREADABLE', 'a,"b\n1,2\n'],
  ])('I03: %s', async (code, text) => {
    expect((await refusalOf(text)).unusable).toBe(code);
  });

  it('I15: refuses a header of a million columns without keeping it', async () => {
    expect((await refusalOf(`${'a,'.repeat(1_000_000)}b\n1\n`)).unusable).toBe('FILE_HEADER_TOO_LONG');
    const many = Array.from({ length: 501 }, (_, i) => `c${i}`).join(',');
    expect(await refusalOf(`${many}\n1\n`)).toEqual({
      unusable: 'FILE_TOO_MANY_COLUMNS',
      details: { found: 501, limit: 500 },
    });
  });

  it.each([
    ['tab', 'a\tb,c\td\n1\tx, y, z\t2\n3\tp\t4\n', ['a', 'b,c', 'd']],
    ['semicolon', 'a;b;c\n1;"x;y,z";2\n', ['a', 'b', 'c']],
    ['comma, though a quoted cell is full of tabs', 'a,b\n1,"x\ty\tz\nw"\n', ['a', 'b']],
  ])('finds the separator by evidence: %s', async (_title, text, header) => {
    const result = await read(text);
    expect(result.refused === null && result.table.header).toEqual(header);
  });

  it('takes mixed line ends, line ends in quotes, blank trailing columns and blank rows', async () => {
    const rows = await readRows('a,b,,\r\n1,2,,\n3,"4\r\n5",\r,,,\n\r\n6,7\r\n');
    expect(rows.map(({ rowNo, cells }) => [rowNo, ...cells])).toEqual([
      [1, '1', '2'],
      [2, '3', '4\r\n5'],
      [5, '6', '7'],
    ]);
  });

  it('rejects ragged rows one by one, with what was expected', async () => {
    const rows = await readRows('a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3\n');
    expect(codesOf(rows)).toEqual([[], ['ROW_HAS_FEWER_CELLS'], ['ROW_HAS_MORE_CELLS'], []]);
    expect(rows[1]?.problems[0]?.details).toEqual({ expected: 3, found: 2 });
  });

  it('accounts for every row before a quote that never closes, and calls the file incomplete', async () => {
    const result = await read('a,b\n1,2\n3,"4\n5,6\n7,8\n');
    if (result.refused !== null) throw new Error(result.refused.unusable);
    expect(codesOf(result.rows)).toEqual([[], ['QUOTE_NOT_CLOSED']]);
    expect(result.table.outcome()).toMatchObject({ rowCount: 2, complete: false });
  });

  it('stops at a row that is too long', async () => {
    const result = await read(`a,b\n1,2\n3,${'x'.repeat(5_000)}\n4,5\n`, { maxRecordBytes: 1_000 });
    if (result.refused !== null) throw new Error(result.refused.unusable);
    expect(codesOf(result.rows)).toEqual([[], ['ROW_TOO_LONG']]);
    expect(result.table.outcome().complete).toBe(false);
  });

  it('edge-cases/01: a last line without a line end is suspect, unless the file is known to be whole', async () => {
    const text = 'a,b\n1,2026-03-31\n2,2026-03-3';
    expect(codesOf(await readRows(text))).toEqual([[], ['ROW_CUT']]);
    expect(codesOf(await readRows(text, { isKnownWhole: true }))).toEqual([[], []]);
  });

  it('takes the end mark of old exports for an end', async () => {
    const result = await read('a,b\r\n1,2\r\n\u001a');
    if (result.refused !== null) throw new Error(result.refused.unusable);
    expect(cellsOf(result.rows)).toEqual([['1', '2']]);
    expect(result.table.outcome().complete).toBe(true);
  });

  it('leaves out declared title lines', async () => {
    const rows = await readRows('従業員一覧\n2026年3月31日現在,,\nid,名前,部署\n1,山田,営業\n', {
      skipLines: 2,
    });
    expect(cellsOf(rows)).toEqual([['1', '山田', '営業']]);
  });

  it.each(['utf-8', 'cp932', 'utf-16le-bom', 'euc-jp'])(
    'I02: cut at any of 200 bytes, a %s file yields no partial value',
    async (encoding) => {
      const plain = JAPANESE.map((row) =>
        row.map((cell) => (encoding === 'euc-jp' ? cell.replace(/[髙﨑①]/g, '高') : cell)),
      );
      const table = [plain[0] ?? [], ...Array.from({ length: 30 }, (_, i) => plain[1 + (i % 3)] ?? [])];
      const bytes = encode(toCsv(table), encoding);
      const whole = new Set(table.map((row) => JSON.stringify(row)));
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 3 }), async (at) => {
          const result = await read(bytes.subarray(0, at), {}, 100);
          if (result.refused !== null) return;
          for (const row of result.rows) {
            if (row.problems.length === 0) expect(whole).toContain(JSON.stringify(row.cells));
          }
        }),
        { numRuns: 200 },
      );
    },
  );

  it('reads any table back as it was written, however the bytes arrive', async () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', '1', ' ', '"', ',', '\t', '\n', '\r', '表', 'ソ', '｢', '髙', '😀'),
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 40 }),
        async (rows, piece) => {
          const quoted = (cells: readonly string[]) =>
            cells.map((c) => `"${c.replaceAll('"', '""')}"`).join(',') + '\n';
          const text = `"番号","姓","名"\n${rows.map((cells) => quoted(cells)).join('')}`;
          const filled = rows.filter((cells) => cells.some((c) => c.trim() !== ''));
          const result = await read(text, {}, piece);
          if (result.refused !== null)
            expect([result.refused.unusable, filled]).toEqual(['FILE_HEADER_ONLY', []]);
          else expect(cellsOf(result.rows)).toEqual(filled);
        },
      ),
    );
  });
});
