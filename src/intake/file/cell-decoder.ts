import type { RejectionReason } from '../../domain/observation.js';
import { detectEncoding } from './detect-encoding.js';
import { StrictDecoder } from './strict-decoder.js';
import type { FileEncoding, TableRow } from './table.js';

/** A row as the parser hands it out: each character is one byte of the file. */
export interface RawRow {
  readonly rowNo: number;
  readonly cells: readonly string[];
  readonly problems: readonly RejectionReason[];
  readonly raw?: Buffer | undefined;
}

// Not ASCII, so that no separator or quote can be among it, and no byte of it inside a character of any supported encoding.
const BETWEEN_CELLS = '\0';
/** Stands in a rejected row where bytes were that are no text, so that a row sent again unmended is rejected again. */
const UNREADABLE = /⟦[0-9A-F]{2}/;

/**
 * Decodes cells strictly. A cell that is not text in the file's encoding makes its row a rejection that names the column;
 * a replacement character never gets through, whether decoding made it or the file already held it.
 */
export class CellDecoder {
  #encoding: FileEncoding | 'ascii';
  #decoder: StrictDecoder | null = null;

  constructor(encoding: FileEncoding | 'ascii') {
    this.#encoding = encoding;
  }

  get encoding(): FileEncoding | 'ascii' {
    return this.#encoding;
  }

  decodeRows(rows: readonly RawRow[], header: readonly string[]): TableRow[] {
    const whole = this.#decodeAtOnce(rows);
    return whole ?? rows.map((row) => this.#decodeRow(row, header));
  }

  /** Null when one row of these needs a closer look. */
  #decodeAtOnce(rows: readonly RawRow[]): TableRow[] | null {
    const bytes = rows.map((row) => row.cells.join(BETWEEN_CELLS)).join(BETWEEN_CELLS);
    const text = this.#decode(bytes);
    if (text === null || text.includes('\ufffd') || text.includes('⟦')) return null;
    const cells = text.split(BETWEEN_CELLS);
    const expected = rows.reduce((sum, row) => sum + row.cells.length, 0);
    if (cells.length !== expected) return null;
    let at = 0;
    return rows.map(({ rowNo, cells: encoded, problems, raw }) => ({
      rowNo,
      cells: cells.slice(at, (at += encoded.length)),
      problems,
      raw,
    }));
  }

  #decodeRow(row: RawRow, header: readonly string[]): TableRow {
    const problems: RejectionReason[] = [];
    const cells = row.cells.map((raw, index) => {
      const code = this.#problemOf(raw);
      if (code === null) return this.#decode(raw) ?? '';
      const column = header[index] ?? String(index + 1);
      problems.push({
        code,
        field: null,
        column,
        found: maskBytes(raw),
        details: { encoding: this.#encoding },
      });
      return code === 'CELL_UNREADABLE' ? (this.#decode(raw) ?? '') : describeBytes(raw);
    });
    return { rowNo: row.rowNo, cells, problems: [...row.problems, ...problems] };
  }

  #problemOf(raw: string): string | null {
    if (raw.includes('\0')) return 'CELL_NUL';
    const text = this.#decode(raw);
    if (text === null) return 'CELL_UNDECODABLE';
    if (text.includes('\ufffd')) return 'CELL_REPLACEMENT_CHARACTER';
    return UNREADABLE.test(text) ? 'CELL_UNREADABLE' : null;
  }

  /** The text of bytes given as one character each; null when it is none in this encoding. */
  #decode(raw: string): string | null {
    if (!/[^\0-\x7f]/.test(raw)) return raw;
    const bytes = Buffer.from(raw, 'latin1');
    if (this.#encoding === 'ascii') this.#settle(bytes);
    if (this.#encoding === 'ascii') return null;
    this.#decoder ??= new StrictDecoder(this.#encoding);
    return this.#decoder.decode(bytes);
  }

  /** The beginning of the file was plain ASCII: the first rows beyond it decide. While they leave it open, rows are refused. */
  #settle(bytes: Buffer): void {
    const { encoding } = detectEncoding(bytes, true);
    if (encoding === 'utf-8' || encoding === 'shift_jis' || encoding === 'euc-jp') this.#encoding = encoding;
  }
}

function maskBytes(raw: string): string {
  const first = raw.split('').find((char) => char.charCodeAt(0) >= 0x80 || char === '\0');
  return `0x${hex(first ?? '')}***`;
}

function describeBytes(raw: string): string {
  return `⟦${hex(raw.slice(0, 64))}⟧`;
}

function hex(raw: string): string {
  return Buffer.from(raw, 'latin1').toString('hex').toUpperCase();
}
