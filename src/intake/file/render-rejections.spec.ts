import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeCp932 } from './encode-cp932.js';
import { guardCell, unguardCell } from './formula-guard.js';
import { openTable } from './open-table.js';
import { renderRejections } from './render-rejections.js';

async function render(
  header: readonly string[],
  cells: readonly (readonly string[])[],
  lang: 'ja' | 'en' = 'ja',
): Promise<string> {
  const rows = cells.map((row, i) => ({ rowNo: i + 1, cells: row, explanation: '=退職日が読めません' }));
  let text = '';
  for await (const chunk of renderRejections(header, rows, lang)) text += chunk;
  return text;
}

async function readBack(text: string) {
  const table = await openTable([Buffer.from(text)]);
  if (table.unusable !== null) throw new Error(table.unusable);
  const rows = [];
  for await (const batch of table.rows) rows.push(...batch);
  return { table, rows };
}

const RUNS = Number(process.env['ENISHI_FUZZ_RUNS'] ?? 2_000);
const nasty = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '=',
      '+',
      '-',
      '@',
      '＝',
      '＋',
      '－',
      '＠',
      '\t',
      '\r',
      '\n',
      "'",
      '"',
      ',',
      ' ',
      '髙',
      '1',
      'a',
    ),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 8,
});

describe(renderRejections, () => {
  it.each(['ja', 'en'] as const)(
    'gives the same columns with row and reason in front (%s), and reads it back',
    async (lang) => {
      const text = await render(
        ['社員番号', '退職日'],
        [
          ['=1+1', '31/02/2026'],
          ['+81', "'x"],
        ],
        lang,
      );
      expect(text.startsWith('\ufeff')).toBe(true);
      const { table, rows } = await readBack(text);
      expect(table.header).toEqual(['社員番号', '退職日']);
      expect(table.isRejectionDownload).toBe(true);
      expect(rows.map((row) => row.cells)).toEqual([
        ['=1+1', '31/02/2026'],
        ['+81', "'x"],
      ]);
    },
  );

  it('rejects again what was not mended: a ragged row, bytes that are no text', async () => {
    const { rows } = await readBack(
      await render(['a', 'b'], [['1'], ['⟦95FF⟧', 'x'], ['1', '2', '3'], ['1', '2']]),
    );
    expect(rows.map((row) => row.problems.map((problem) => problem.code))).toEqual([
      ['ROW_HAS_FEWER_CELLS'],
      ['CELL_UNREADABLE'],
      ['ROW_HAS_MORE_CELLS'],
      [],
    ]);
  });

  it('X06: no cell begins as a formula, and the round trip gives back every character', () => {
    fc.assert(
      fc.property(nasty, (cell) => {
        const guarded = guardCell(cell);
        expect(guarded).not.toMatch(/^[\s]*[=+\-@＝＋－＠\t\r]/);
        expect(unguardCell(guarded)).toBe(cell);
      }),
      { numRuns: RUNS },
    );
  });

  it('X06: so do whole files', async () => {
    const usable = nasty.filter((cell) => cell.trim() !== '' && !/[\0\ufffd⟦]|[\ud800-\udfff]/.test(cell));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(usable, usable), { minLength: 1, maxLength: 5 }), async (cells) => {
        const { rows } = await readBack(await render(['社員番号', '名前'], cells));
        expect(rows.map((row) => row.cells)).toEqual(cells);
      }),
      { numRuns: RUNS / 10 },
    );
  });
});

describe(encodeCp932, () => {
  it('I08: says which characters CP932 has not, never writes a question mark for one', () => {
    expect(encodeCp932('𠮷野−家😀¥𠮷〜é')).toEqual({ unencodable: ['𠮷', '−', '😀', '¥', '〜', 'é'] });
    expect(encodeCp932('髙﨑①～?')).toEqual({ bytes: Buffer.from('fbfcfab1874081603f', 'hex') });
  });

  it('I08: what it encodes reads back the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const result = encodeCp932(text);
        if ('bytes' in result) expect(new TextDecoder('shift_jis').decode(result.bytes)).toBe(text);
        else expect(result.unencodable.length).toBeGreaterThan(0);
      }),
    );
  });
});
