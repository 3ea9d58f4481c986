import encodingJapanese from 'encoding-japanese';
import { StrictDecoder } from './strict-decoder.js';
import { judgePlausibility, type Plausibility } from './text-plausibility.js';
import type { FileEncoding } from './table.js';

export interface EncodingFinding {
  /** `ascii`: no byte of the sample tells encodings apart. `unsure`: several readings are about as good, so none is taken. */
  readonly encoding: FileEncoding | 'ascii' | 'unsure';
  /** Bytes of the byte order mark, to be left out. */
  readonly bomLength: number;
  readonly evidence: string;
}

/** Below this no reading is Japanese or a European name. */
const LEAST_MEAN = 1;
/** A reading must be better than the next one by this much, or by half of it when a second opinion agrees. */
const LEAST_MARGIN = 0.5;
const CLEAR_MARGIN = 1.2;

const JIS_ESCAPES = ['$@', '$B', '(J', '(I'].map((rest) => Buffer.from(`\u001b${rest}`, 'latin1'));
const OPINIONS: Readonly<Record<string, FileEncoding>> = {
  UTF8: 'utf-8',
  SJIS: 'shift_jis',
  EUCJP: 'euc-jp',
};

/**
 * Finds the encoding of a file from its beginning: byte order mark, zero bytes of UTF-16, escape sequences of ISO-2022-JP,
 * strict UTF-8, then how well each reading reads. Single-byte encodings are never guessed, they cannot be told apart.
 * `isWhole` says that the sample is the file, so that its last character is complete.
 */
export function detectEncoding(sample: Buffer, isWhole: boolean): EncodingFinding {
  const bom = findBom(sample);
  if (bom !== null) return bom;
  const utf16 = findUtf16(sample);
  if (utf16 !== null) return utf16;
  const text = isWhole ? sample : wholeLines(sample);
  if (!hasHighByte(text)) {
    return JIS_ESCAPES.some((escape) => text.includes(escape))
      ? found('iso-2022-jp', 'escape sequences')
      : found('ascii', 'only ASCII');
  }
  if (new StrictDecoder('utf-8').decode(text) !== null && hasLongSequence(text))
    return found('utf-8', 'every sequence is valid UTF-8');
  return compareReadings(text);
}

function found(encoding: EncodingFinding['encoding'], evidence: string): EncodingFinding {
  return { encoding, bomLength: 0, evidence };
}

function findBom(sample: Buffer): EncodingFinding | null {
  if (sample[0] === 0xef && sample[1] === 0xbb && sample[2] === 0xbf) {
    return { encoding: 'utf-8', bomLength: 3, evidence: 'bom' };
  }
  if (sample[0] === 0xff && sample[1] === 0xfe)
    return { encoding: 'utf-16le', bomLength: 2, evidence: 'bom' };
  if (sample[0] === 0xfe && sample[1] === 0xff)
    return { encoding: 'utf-16be', bomLength: 2, evidence: 'bom' };
  return null;
}

/** Separators, line ends and digits of UTF-16 have a zero byte on one side; no other text has zero bytes at all. */
function findUtf16(sample: Buffer): EncodingFinding | null {
  const end = Math.min(sample.length - 1, 65_536);
  let little = 0;
  let big = 0;
  for (let i = 0; i < end; i += 2) {
    if (sample[i + 1] === 0 && isTableByte(sample[i])) little += 1;
    if (sample[i] === 0 && isTableByte(sample[i + 1])) big += 1;
  }
  const winner = Math.max(little, big);
  if (winner < 2 || winner < end / 100 || winner < 10 * Math.min(little, big)) return null;
  const encoding = little > big ? 'utf-16le' : 'utf-16be';
  return found(encoding, `zero bytes beside separators: ${little} little-endian, ${big} big-endian`);
}

function isTableByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return byte === 0x0a || byte === 0x0d || byte === 0x09 || (byte >= 0x20 && byte <= 0x7e);
}

function wholeLines(sample: Buffer): Buffer {
  const end = Math.max(sample.lastIndexOf(0x0a), sample.lastIndexOf(0x0d));
  return end < 0 ? sample : sample.subarray(0, end + 1);
}

function hasHighByte(bytes: Buffer): boolean {
  return bytes.some((byte) => byte >= 0x80);
}

/** Sequences of three or four bytes do not arise by chance; two valid bytes may be two half-width kana. */
function hasLongSequence(bytes: Buffer): boolean {
  return bytes.some((byte) => byte >= 0xe0);
}

function compareReadings(bytes: Buffer): EncodingFinding {
  const candidates: FileEncoding[] = ['utf-8', 'shift_jis', 'euc-jp', 'windows-1252'];
  const ranked = candidates
    .map((encoding) => ({ encoding, ...judgePlausibility(new TextDecoder(encoding).decode(bytes)) }))
    .sort((a, b) => b.mean - a.mean);
  const evidence = ranked.map((reading) => describe(reading)).join(', ');
  const [best, next] = ranked;
  if (best === undefined || next === undefined || best.mean < LEAST_MEAN) return found('unsure', evidence);
  // Which single-byte encoding it is cannot be seen: Polish read as French would be stored wrong without any sign.
  if (best.encoding === 'windows-1252') return found('unsure', evidence);
  const margin = best.mean - next.mean;
  if (isKanaTrap(bytes, best.encoding) && margin < CLEAR_MARGIN) return found('unsure', evidence);
  if (margin >= LEAST_MARGIN) return found(best.encoding, evidence);
  const opinion = encodingJapanese.detect(bytes);
  const agrees = typeof opinion === 'string' && OPINIONS[opinion] === best.encoding;
  return found(agrees && margin >= LEAST_MARGIN / 2 ? best.encoding : 'unsure', evidence);
}

/**
 * Half-width kana alone are the one text that CP932 and EUC-JP both read as something that could be Japanese: in CP932 each
 * is a byte of A1 to DF, and two of them are a kanji in EUC-JP; in EUC-JP each follows a byte 8E, and the two are a kanji
 * in CP932.
 */
function isKanaTrap(bytes: Buffer, winner: FileEncoding): boolean {
  let high = 0;
  let kanaOfCp932 = 0;
  let kanaOfEuc = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte < 0x80) continue;
    high += 1;
    if (byte === 0x8e && isHalfKana(bytes[i + 1])) kanaOfEuc += 2;
    if (isHalfKana(byte)) kanaOfCp932 += 1;
  }
  return winner === 'shift_jis' ? kanaOfEuc > high * 0.4 : winner === 'euc-jp' && kanaOfCp932 > high * 0.85;
}

function isHalfKana(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0xa1 && byte <= 0xdf;
}

function describe(reading: Plausibility & { readonly encoding: string }): string {
  return `${reading.encoding} ${reading.mean.toFixed(2)} (${reading.broken} of ${reading.count} broken)`;
}
