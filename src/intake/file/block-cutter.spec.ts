import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BlockCutter, MOST_ROWS_IN_BLOCK, type RowBlock } from './block-cutter.js';
import { RawHash } from './raw-hash.js';
import { HeldParts, onlySlices, type Slice } from './reduced.js';

const name = new RawHash({});

/** The file of these rows, read in chunks of so many rows. */
function blocksOf(rows: readonly string[], rowsPerChunk = 7): { blocks: RowBlock[]; slices: Slice[] } {
  const cutter = new BlockCutter();
  const blocks: (RowBlock | null)[] = [];
  const slices: Slice[] = [];
  let at = 0;
  for (let from = 0; from < rows.length; from += rowsPerChunk) {
    const lines = rows.slice(from, from + rowsPerChunk).map((row) => `${row}\n`);
    const data = Buffer.from(lines.join(''), 'latin1');
    let begin = 0;
    for (const [index, line] of lines.entries()) {
      blocks.push(cutter.add(from + index + 1, data, begin, line.length));
      slices.push({ at: at + begin, size: line.length });
      begin += line.length;
    }
    at += data.length;
  }
  return { blocks: [...blocks, cutter.end()].flatMap((block) => block ?? []), slices };
}

const people = (count: number): string[] => Array.from({ length: count }, (_, n) => `${n},佐藤 ${n % 7}`);
const hashes = (rows: readonly string[], rowsPerChunk?: number): Set<string> =>
  new Set(blocksOf(rows, rowsPerChunk).blocks.map(({ pieces }) => name.ofBlock(pieces)));

describe('blocks of rows', () => {
  it('hold every row once, in order, with its bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(400), { maxLength: 300 }),
        fc.integer({ min: 1, max: 40 }),
        (ns, perChunk) => {
          const rows = ns.map((n) => `${n},x`);
          const { blocks, slices } = blocksOf(rows, perChunk);
          expect(blocks.flatMap(({ sizes }) => sizes)).toEqual(slices.map(({ size }) => size));
          expect(blocks.map(({ firstRow }) => firstRow)).toEqual(
            blocks.map((_, n) => 1 + blocks.slice(0, n).reduce((sum, { sizes }) => sum + sizes.length, 0)),
          );
          const bytes = Buffer.concat(blocks.flatMap(({ pieces }) => pieces));
          expect(bytes.toString('latin1')).toBe(rows.map((row) => `${row}\n`).join(''));
        },
      ),
    );
  });

  it('stay what they are where nothing changed, wherever that stands now', () => {
    const before = people(3000);
    const after = before.filter((_, n) => n % 1000 !== 400);
    after.splice(0, 0, 'new,1', 'new,2');
    after[2000] = 'changed,1';
    const known = hashes(before);
    const unknown = [...hashes(after)].filter((hash) => !known.has(hash));
    expect(known.size).toBeGreaterThan(60);
    expect(unknown.length).toBeGreaterThan(0);
    expect(unknown.length).toBeLessThanOrEqual(5);
  });

  it('are named by their rows in their order, however they were read', () => {
    expect(hashes(['a', 'b'])).toEqual(hashes(['a', 'b']));
    expect(hashes(['a', 'b'])).not.toEqual(hashes(['b', 'a']));
    expect(hashes(people(500), 3)).toEqual(hashes(people(500), 100));
  });

  it('are neither few nor many where rows differ in one place only', () => {
    const rows = Array.from(
      { length: 4000 },
      (_, n) => `株式会社,${'x'.repeat(100)},${String(n).padStart(8, '0')},在籍`,
    );
    const sizes = blocksOf(rows).blocks.map((block) => block.sizes.length);
    expect(sizes.length).toBeGreaterThan(60);
    expect(sizes.length).toBeLessThan(600);
  });

  it('end after so many rows, and after so many bytes, whatever they say', () => {
    const row = people(100).find((text) => blocksOf([text, text]).blocks.length === 1) ?? '';
    const { blocks } = blocksOf(Array.from({ length: MOST_ROWS_IN_BLOCK + 3 }, () => row));
    expect(blocks.map(({ sizes }) => sizes.length)).toEqual([MOST_ROWS_IN_BLOCK, 3]);
    const long = row.padEnd(300_000, '-');
    const most = Math.max(
      ...blocksOf(Array.from({ length: 20 }, () => long)).blocks.map((b) => b.sizes.length),
    );
    expect(most).toBeLessThanOrEqual(4);
  });
});

describe('parts that are kept', () => {
  it('give the slices that the source itself gives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 40, maxLength: 200 }), async (wanted) => {
        const { blocks, slices } = blocksOf(people(wanted.length));
        const chosen = slices.filter((_, n) => wanted[n]);
        const parts = new HeldParts(1 << 20);
        const needed = blocks.filter(({ firstRow, sizes }) => sizes.some((_, n) => wanted[firstRow - 1 + n]));
        for (const { firstRow, pieces } of needed) parts.add(slices[firstRow - 1]?.at ?? 0, pieces);
        const source = Buffer.concat(blocks.flatMap(({ pieces }) => pieces));
        const direct: Buffer[] = [];
        for await (const piece of onlySlices(inPieces(source, 50), chosen)) direct.push(piece);
        expect(Buffer.concat([...(parts.slices(chosen) ?? [])])).toEqual(Buffer.concat(direct));
      }),
      { numRuns: 50 },
    );
  });

  it('are none when they would be too much, and refuse what lies outside of them', () => {
    const parts = new HeldParts(4);
    parts.add(0, [Buffer.from('abcd')]);
    expect([...(parts.slices([{ at: 1, size: 2 }]) ?? [])].join('')).toBe('bc');
    expect(() => [...(parts.slices([{ at: 9, size: 1 }]) ?? [])]).toThrow(RangeError);
    parts.add(4, [Buffer.from('e')]);
    expect(parts.slices([{ at: 0, size: 1 }])).toBeNull();
  });
});

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}
