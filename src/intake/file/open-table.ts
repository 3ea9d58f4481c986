import { AppError } from '../../domain/app-error.js';
import { peek, skipBytes, transcode, type ByteSource, type PeekedSource } from './byte-source.js';
import { CellDecoder, type RawRow } from './cell-decoder.js';
import { detectDelimiter } from './detect-delimiter.js';
import { detectEncoding, type EncodingFinding } from './detect-encoding.js';
import { explanationFilterOf, type ExplanationFilter } from './explanation-columns.js';
import { recogniseByMagic, recogniseByText } from './recognise-content.js';
import { RecordFramer } from './record-framer.js';
import { RecordParser } from './record-parser.js';
import { RowReader, type RowReaderOptions } from './row-reader.js';
import {
  FILE_ENCODINGS,
  type Delimiter,
  type FileEncoding,
  type Table,
  type TableRow,
  type UnusableCode,
  type UnusableFile,
} from './table.js';

export interface OpenTableOptions {
  /** Declared encoding; common spellings such as `cp932`, `sjis`, `utf8` are understood. Wins over evidence. */
  readonly encoding?: string;
  /** Declared separator. Wins over evidence. */
  readonly delimiter?: Delimiter;
  /** Lines of title above the header. */
  readonly skipLines?: number;
  /**
   * True when the length, row count or hash of the file was declared and matched: only then is a last line without a line
   * end known to be whole.
   */
  readonly isKnownWhole?: boolean;
  readonly maxColumns?: number;
  readonly maxRecordBytes?: number;
}

const SAMPLE_BYTES = 1 << 20;
const MAX_COLUMNS = 500;
const MAX_RECORD_BYTES = 1 << 20;

const ENCODING_NAMES: Readonly<Record<string, FileEncoding>> = {
  utf8: 'utf-8',
  utf8bom: 'utf-8',
  cp932: 'shift_jis',
  ms932: 'shift_jis',
  windows31j: 'shift_jis',
  sjis: 'shift_jis',
  shiftjis: 'shift_jis',
  eucjp: 'euc-jp',
  utf16: 'utf-16le',
  utf16le: 'utf-16le',
  utf16be: 'utf-16be',
  iso2022jp: 'iso-2022-jp',
  jis: 'iso-2022-jp',
  cp1252: 'windows-1252',
  windows1252: 'windows-1252',
  latin1: 'windows-1252',
  iso88591: 'windows-1252',
};

/**
 * Opens a CSV or TSV of any supported encoding for one streamed reading in bounded memory. Nothing is guessed: where the
 * evidence does not tell, or the content is no table, the answer says so and no row is handed out.
 *
 * @throws FILE_ENCODING_UNKNOWN when the declared encoding is not one of the supported names
 */
export async function openTable(
  source: ByteSource,
  options: OpenTableOptions = {},
): Promise<Table | UnusableFile> {
  const declared = options.encoding === undefined ? null : resolveEncoding(options.encoding);
  const peeked = await peek(source, SAMPLE_BYTES);
  const opened = await open(peeked, declared, options);
  if (opened.unusable !== null) await peeked.close();
  return opened;
}

/** @throws FILE_ENCODING_UNKNOWN */
export function resolveEncoding(name: string): FileEncoding {
  const encoding = ENCODING_NAMES[name.toLowerCase().replace(/[^a-z0-9]/g, '')];
  if (encoding === undefined) {
    throw new AppError('FILE_ENCODING_UNKNOWN', {
      details: { found: name.slice(0, 40), expected: FILE_ENCODINGS.join(', ') },
    });
  }
  return encoding;
}

async function open(
  peeked: PeekedSource,
  declared: FileEncoding | null,
  options: OpenTableOptions,
): Promise<Table | UnusableFile> {
  const { sample, isWhole } = peeked;
  const magic = recogniseByMagic(sample);
  if (magic !== null) return magic;
  const finding = declared === null ? detectEncoding(sample, isWhole) : declare(sample, declared, isWhole);
  if (finding.encoding === 'unsure') {
    const content = recogniseByText(sample.toString('latin1'));
    return content ?? unusable('FILE_ENCODING_UNSURE', { evidence: finding.evidence });
  }
  const { encoding } = finding;
  const text = new TextDecoder(encoding === 'ascii' ? 'utf-8' : encoding).decode(
    sample.subarray(finding.bomLength),
  );
  const content = recogniseByText(text);
  if (content !== null) return content;
  const delimiter = options.delimiter ?? detectDelimiter(text, options.skipLines ?? 0);
  if (delimiter === null) return unusable('FILE_NOT_A_TABLE');
  return readHeader(peeked, { ...finding, encoding }, delimiter, options);
}

function declare(sample: Buffer, encoding: FileEncoding, isWhole: boolean): EncodingFinding {
  const { encoding: seen, bomLength } = detectEncoding(sample.subarray(0, 4), isWhole);
  // A mark of another encoding is no mark: its bytes stay and are refused as undecodable.
  return { encoding, bomLength: seen === encoding ? bomLength : 0, evidence: 'declared' };
}

async function readHeader(
  peeked: PeekedSource,
  finding: EncodingFinding & { readonly encoding: FileEncoding | 'ascii' },
  delimiter: Delimiter,
  options: OpenTableOptions,
): Promise<Table | UnusableFile> {
  const { encoding, bomLength } = finding;
  const content = skipBytes(peeked.bytes, bomLength);
  const isTextMode = encoding === 'utf-16le' || encoding === 'utf-16be' || encoding === 'iso-2022-jp';
  const decoder = new CellDecoder(isTextMode ? 'utf-8' : encoding);
  const readerOptions: RowReaderOptions = {
    skipLines: options.skipLines ?? 0,
    isKnownWhole: options.isKnownWhole ?? false,
    framer: isTextMode
      ? null
      : new RecordFramer(delimiter.charCodeAt(0), options.maxRecordBytes ?? MAX_RECORD_BYTES),
  };
  const parser = new RecordParser(delimiter, options.maxRecordBytes ?? MAX_RECORD_BYTES);
  const bytes = isTextMode ? transcode(content, encoding) : content;
  const reader = new RowReader(bytes, parser, decoder, readerOptions);
  const raw = await reader.readHeader();
  if (raw === null) return refusalOf(parser);
  const recordsAboveHeader = reader.recordCount - 1;
  const header = decodeHeader(raw, decoder);
  if (header === null) return unusable('FILE_HEADER_UNREADABLE');
  const problem = checkHeader(header, options);
  if (problem !== null) return problem;
  if (!(await reader.hasRows())) return unusable('FILE_HEADER_ONLY');
  const filter = explanationFilterOf(header);
  return {
    unusable: null,
    get encoding() {
      return isTextMode ? encoding : decoder.encoding;
    },
    encodingEvidence: finding.evidence,
    delimiter,
    header: filter?.header ?? header,
    isRejectionDownload: filter !== null,
    layout: isTextMode ? null : { bomLength, recordsAboveHeader },
    rows: filter === null ? reader.rows(header) : cleaned(reader.rows(header), filter),
    outcome: () => ({ ...reader.outcome(), encoding: isTextMode ? encoding : decoder.encoding }),
  };
}

async function* cleaned(
  rows: AsyncIterable<readonly TableRow[]>,
  filter: ExplanationFilter,
): AsyncGenerator<readonly TableRow[], void> {
  for await (const batch of rows) yield batch.map(filter.clean);
}

function refusalOf(parser: RecordParser): UnusableFile {
  if (parser.stop === 'ROW_TOO_LONG') return unusable('FILE_HEADER_TOO_LONG');
  return unusable(parser.stop === 'QUOTE_NOT_CLOSED' ? 'FILE_HEADER_UNREADABLE' : 'FILE_EMPTY');
}

/** Trimmed names without the blank columns that spreadsheets add at the end; null when a name cannot be decoded. */
function decodeHeader(raw: RawRow, decoder: CellDecoder): string[] | null {
  const [row] = decoder.decodeRows([raw], []);
  if (row === undefined || row.problems.length > 0) return null;
  const names = row.cells.map((cell) => cell.trim());
  while (names.length > 0 && names.at(-1) === '') names.pop();
  return names;
}

function checkHeader(header: readonly string[], options: OpenTableOptions): UnusableFile | null {
  const max = options.maxColumns ?? MAX_COLUMNS;
  if (header.length > max) return unusable('FILE_TOO_MANY_COLUMNS', { found: header.length, limit: max });
  if (header.length < 2) return unusable('FILE_NOT_A_TABLE');
  const twice = header.filter((name, index) => name !== '' && header.indexOf(name) !== index);
  if (twice.length === 0) return null;
  return unusable('HEADER_DUPLICATE', { column: [...new Set(twice)].join(', ') });
}

function unusable(code: UnusableCode, details: UnusableFile['details'] = {}): UnusableFile {
  return { unusable: code, details };
}
