import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RawHash } from './raw-hash.js';
import { RecordFramer } from './record-framer.js';
import { RecordParser } from './record-parser.js';
import { onlySlices } from './reduced.js';

const MOST = 1 << 20;

function framesOf(chunks: readonly Buffer[]): {
  texts: string[];
  slices: { at: number; size: number }[];
  isLost: boolean;
} {
  const framer = new RecordFramer(','.charCodeAt(0), MOST);
  const texts: string[] = [];
  const slices: { at: number; size: number }[] = [];
  for (const chunk of chunks)
    for (const { at, bytes } of framer.push(chunk)) {
      texts.push(bytes.toString('latin1').replace(/\r?\n$/, ''));
      slices.push({ at, size: bytes.length });
    }
  return { texts, slices, isLost: framer.isLost };
}

async function recordsOf(chunks: readonly Buffer[]): Promise<string[][]> {
  const parser = new RecordParser(',', MOST);
  const records: string[][] = [];
  for (const chunk of chunks) records.push(...(await parser.push(chunk)));
  records.push(...(await parser.end()));
  parser.close();
  return records;
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((n) => n % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

/** Everything that decides where a record ends, and something that does not. */
const messy = fc.array(fc.constantFrom('a', ',', '"', '""', '\r\n', '\n', '\r', '", "', 'é'), {
  maxLength: 60,
});

describe('frames of records', () => {
  it('are the records of the parser, one for one, for as long as the framer says anything', async () => {
    let framed = 0;
    await fc.assert(
      fc.asyncProperty(messy, fc.array(fc.nat(), { maxLength: 4 }), async (parts, places) => {
        const bytes = Buffer.from(parts.join(''), 'latin1');
        const chunks = cut(bytes, places);
        const { texts, isLost } = framesOf(chunks);
        const records = await recordsOf(chunks);
        if (!isLost) {
          const hasTail = bytes.length > 0 && !bytes.subarray(-1).equals(Buffer.from('\n'));
          // An open quote at the end of the file is the parser's to refuse.
          if (texts.length > 0) framed += 1;
          expect(records.length - texts.length).toBeLessThanOrEqual(hasTail ? 1 : 0);
        }
        for (const [index, text] of texts.entries()) {
          const [record] = await recordsOf([Buffer.from(`${text}\n`, 'latin1')]);
          expect(records[index]).toEqual(record);
        }
      }),
      { numRuns: 3000 },
    );
    expect(framed).toBeGreaterThan(100);
  });

  it('do not depend on where the chunks are cut', () => {
    fc.assert(
      fc.property(messy, fc.array(fc.nat(), { maxLength: 6 }), (parts, places) => {
        const bytes = Buffer.from(parts.join(''), 'latin1');
        const whole = framesOf([bytes]);
        const pieces = framesOf(cut(bytes, places));
        expect(pieces.isLost).toBe(whole.isLost);
        if (!whole.isLost) expect(pieces).toEqual(whole);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['a quote inside a plain cell', 'a,b"c,d\n'],
    ['something behind a closing quote', 'a,"b"c,d\n'],
    ['the line end of old Macs', 'a,b\rc,d\r'],
  ])('give up on %s', (_what, text) => {
    expect(framesOf([Buffer.from(text)])).toMatchObject({ texts: [], isLost: true });
  });

  it('lie where they say', async () => {
    const bytes = Buffer.from('k,v\r\n1,"x\ny"\n2,z\n3,w\n');
    const { slices } = framesOf([bytes]);
    const parts: Buffer[] = [];
    const wanted = [slices[0], slices[1], slices[3]].flatMap((slice) => slice ?? []);
    for await (const part of onlySlices(inPieces(bytes, 3), wanted)) parts.push(part);
    expect(Buffer.concat(parts).toString()).toBe('k,v\r\n1,"x\ny"\n3,w\n');
  });
});

describe('the name of a row', () => {
  it('is another one for other bytes and for another way of reading them', () => {
    const [hash, other] = [new RawHash({ profile: 'a' }), new RawHash({ profile: 'b' })];
    const bytes = Buffer.from('1,髙橋');
    expect(hash.of(bytes)).toBe(new RawHash({ profile: 'a' }).of(Buffer.from('1,髙橋')));
    expect(
      new Set([hash.of(bytes), other.of(bytes), hash.of(Buffer.from('1,高橋')), hash.of(Buffer.alloc(9000))])
        .size,
    ).toBe(4);
  });

  it('is the same however its line ends, and that of a block is by all of its bytes', () => {
    const hash = new RawHash({});
    const names = ['1,a', '1,a\n', '1,a\r\n'].map((text) => hash.of(Buffer.from(text)));
    expect(new Set(names).size).toBe(1);
    expect(hash.of(Buffer.from('1,a\r'))).not.toBe(names[0]);
    const block = (...texts: string[]): string => hash.ofBlock(texts.map((text) => Buffer.from(text)));
    expect(block('1,a\n', '2,b\n')).toBe(block('1,a\n2,b\n'));
    expect(new Set([block('1,a\n2,b\n'), block('1,a\r\n2,b\n'), block('2,b\n1,a\n')]).size).toBe(3);
  });
});

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}
