/** Rows of a file, one behind the other, with nothing between them. */
export interface RowBlock {
  readonly firstRow: number;
  /** The bytes of each row, line end included. */
  readonly sizes: readonly number[];
  /** The same bytes as they lie in the file; views of what was read, none of which ends within a row. */
  readonly pieces: readonly Buffer[];
}

const { imul } = Math;
/** However the rows may be, no block has more of them, */
export const MOST_ROWS_IN_BLOCK = 256;
/** and none goes on behind a row with which it has so many bytes. */
const ENOUGH_BYTES = 1 << 20;
/** About one row in so many is the last of its block. */
const ROWS_IN_BLOCK = 24;

/**
 * Parts the rows of a file into blocks by what they say, not by where they stand: a row that comes, goes or changes
 * alters the block around it, and the others stay what they were (content-defined chunking).
 */
export class BlockCutter {
  #block: { firstRow: number; sizes: number[]; pieces: Buffer[] } | null = null;
  /** The piece that is growing: from `#from` to `#to` of `#data`. */
  #data: Buffer | null = null;
  #from = 0;
  #to = 0;
  #byteLength = 0;

  /**
   * Rows in order; one lies in `data` from `begin` on, `size` bytes with its line end. Gives the block that this row ends,
   * otherwise null. After `end`, a row may be any later one.
   */
  add(rowNo: number, data: Buffer, begin: number, size: number): RowBlock | null {
    this.#block ??= { firstRow: rowNo, sizes: [], pieces: [] };
    const { sizes } = this.#block;
    sizes.push(size);
    if (data !== this.#data || begin !== this.#to) {
      this.#closePiece();
      this.#data = data;
      this.#from = begin;
    }
    this.#to = begin + size;
    this.#byteLength += size;
    const isFull = sizes.length === MOST_ROWS_IN_BLOCK || this.#byteLength >= ENOUGH_BYTES;
    return isFull || endsBlock(data, begin, size) ? this.end() : null;
  }

  /** The row that may follow within the block; null when there is none. */
  get nextRow(): number | null {
    return this.#block === null ? null : this.#block.firstRow + this.#block.sizes.length;
  }

  /** What was added since the last block; null when there is nothing. */
  end(): RowBlock | null {
    const block = this.#block;
    this.#closePiece();
    this.#block = null;
    this.#byteLength = 0;
    return block;
  }

  #closePiece(): void {
    if (this.#data !== null) this.#block?.pieces.push(this.#data.subarray(this.#from, this.#to));
    this.#data = null;
  }
}

/** Asked of every row: FNV-1a of every other byte, twice, side by side; the bits of both are mixed at the end. */
function endsBlock(data: Buffer, begin: number, size: number): boolean {
  const end = begin + size;
  let even = 0x811c9dc5;
  let odd = even;
  for (let at = begin + 1; at < end; at += 2) {
    even = imul(even ^ (data[at - 1] ?? 0), 0x01000193);
    odd = imul(odd ^ (data[at] ?? 0), 0x01000193);
  }
  let sum = imul(even ^ (odd >>> 7) ^ size, 0x2c1b3c6d) ^ odd;
  sum = imul(sum ^ (sum >>> 15), 0x2c1b3c6d);
  return ((sum ^ (sum >>> 12)) >>> 0) % ROWS_IN_BLOCK === 0;
}
