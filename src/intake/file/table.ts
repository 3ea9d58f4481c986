import type { RejectionReason } from '../../domain/observation.js';

export const FILE_ENCODINGS = [
  'utf-8',
  'shift_jis',
  'euc-jp',
  'utf-16le',
  'utf-16be',
  'iso-2022-jp',
  'windows-1252',
] as const;
/** Names as the WHATWG Encoding Standard spells them; `shift_jis` there is CP932 with the NEC and IBM characters. */
export type FileEncoding = (typeof FILE_ENCODINGS)[number];

export const DELIMITERS = [',', '\t', ';'] as const;
export type Delimiter = (typeof DELIMITERS)[number];

/** One line of the table. With `problems` it must be rejected as a whole: its cells are then for showing only. */
export interface TableRow {
  /** 1 is the first row below the header; blank rows count too, so that it is the row in a spreadsheet minus the header. */
  readonly rowNo: number;
  /** As many as the header has (a ragged row: as many as were found). Exact text, nothing trimmed. */
  readonly cells: readonly string[];
  readonly problems: readonly RejectionReason[];
  /** The bytes of the row with its line end; missing where they cannot be told for certain. */
  readonly raw?: Buffer | undefined;
  /** In a download of rejected rows: the row of the run that this one was, as far as its cells still tell. */
  readonly origin?: RowOrigin;
}

export interface RowOrigin {
  readonly rowNo: number | null;
  readonly runId: string | null;
}

/** What is only known when the last row was read. */
export interface TableOutcome {
  /** Rows handed out, the rejected ones too. */
  readonly rowCount: number;
  /** Rows that hold nothing at all; not handed out. */
  readonly blankRowCount: number;
  /**
   * False when the end of the file is missing or cannot be read (cut, a quote that never closes, a row too long): such a
   * file must not tell who is absent.
   */
  readonly complete: boolean;
  /** `ascii` when no character beyond it occurred, so that no encoding had to be chosen. */
  readonly encoding: FileEncoding | 'ascii';
  readonly byteLength: number;
}

export interface TableLayout {
  readonly bomLength: number;
  /** Records above the header: titles and blank lines. */
  readonly recordsAboveHeader: number;
}

export interface Table {
  readonly unusable: null;
  readonly encoding: FileEncoding | 'ascii';
  /** What the encoding was found by, for people: `bom`, `declared`, or a line such as `shift_jis 812, euc-jp -90 …`. */
  readonly encodingEvidence: string;
  readonly delimiter: Delimiter;
  readonly header: readonly string[];
  /** True for a download of rejected rows sent again: the columns that it added and its guards of cells are taken out. */
  readonly isRejectionDownload: boolean;
  /** Where the table lies in its bytes; null for an encoding whose bytes have to be transcoded first. */
  readonly layout: TableLayout | null;
  /** Batches of at most 1,000 rows in the order of the file. Can be read once. */
  readonly rows: AsyncIterable<readonly TableRow[]>;
  /** @throws FILE_NOT_READ before the rows were read to their end */
  outcome(): TableOutcome;
}

export const UNUSABLE_CODES = [
  'FILE_EMPTY',
  'FILE_HEADER_ONLY',
  'FILE_IS_HTML',
  'FILE_IS_JSON',
  'FILE_IS_SPREADSHEET',
  'FILE_IS_BINARY',
  'FILE_NOT_A_TABLE',
  'FILE_ENCODING_UNSURE',
  'FILE_HEADER_UNREADABLE',
  'FILE_TOO_MANY_COLUMNS',
  'FILE_HEADER_TOO_LONG',
  'HEADER_DUPLICATE',
] as const;
export type UnusableCode = (typeof UNUSABLE_CODES)[number];

/** A file that no row can be read from. A value, so that the run can be held with the reason. */
export interface UnusableFile {
  readonly unusable: UnusableCode;
  readonly details: Readonly<Record<string, string | number>>;
}
