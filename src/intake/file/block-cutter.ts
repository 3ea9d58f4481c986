import { hash } from 'node:crypto';

/** Rows of a file, one behind the other. The lists are as long as one another. */
export interface RowBlock {
  readonly firstRow: number;
  /** As `RawHash` gives them: 32 hexadecimal digits. */
  readonly rawHashes: readonly string[];
  readonly ats: readonly number[];
  readonly sizes: readonly number[];
  /** Its bytes, from the first of its rows on, line ends included; views of what was read. */
  readonly pieces: readonly Buffer[];
}

/** How the hash of a row ends that is the last of its block: one row in 32. */
export const LAST_OF_BLOCK: ReadonlySet<string> = new Set(['00', '20', '40', '60', '80', 'a0', 'c0', 'e0']);
/** However the hashes may fall, no block has more rows. */
export const MOST_ROWS_IN_BLOCK = 256;

/**
 * Parts the rows of a file into blocks by what they say, not by where they stand: a row that comes, goes or changes
 * alters the block around it, and the others stay what they were (content-defined chunking).
 */
export class BlockCutter {
  #block: { firstRow: number; rawHashes: string[]; ats: number[]; sizes: number[]; pieces: Buffer[] } | null =
    null;
  /** The piece that is growing: from `#from` to `#to` of `#data`. */
  #data: Buffer | null = null;
  #from = 0;
  #to = 0;

  /**
   * Rows in order, without gaps; one lies in `data` from `begin` on, `size` bytes with its line end. Gives the block that
   * this row ends, otherwise null.
   */
  add(
    rowNo: number,
    rawHash: string,
    at: number,
    data: Buffer,
    begin: number,
    size: number,
  ): RowBlock | null {
    this.#block ??= { firstRow: rowNo, rawHashes: [], ats: [], sizes: [], pieces: [] };
    const block = this.#block;
    block.rawHashes.push(rawHash);
    block.ats.push(at);
    block.sizes.push(size);
    if (data !== this.#data) {
      this.#closePiece();
      this.#data = data;
      this.#from = begin;
    }
    this.#to = begin + size;
    const isLast = LAST_OF_BLOCK.has(rawHash.slice(-2)) || block.rawHashes.length === MOST_ROWS_IN_BLOCK;
    return isLast ? this.end() : null;
  }

  /** What was added since the last block; null when there is nothing. */
  end(): RowBlock | null {
    const block = this.#block;
    this.#closePiece();
    this.#block = null;
    return block;
  }

  #closePiece(): void {
    if (this.#data !== null) this.#block?.pieces.push(this.#data.subarray(this.#from, this.#to));
    this.#data = null;
  }
}

/** Names the rows of a block together, in their order. In SQL it is `BLOCK_HASH`. */
export function blockHash({ rawHashes }: RowBlock): string {
  return hash('md5', rawHashes.join(''), 'hex');
}
