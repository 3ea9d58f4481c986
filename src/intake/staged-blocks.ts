import { BlockCutter, type RowBlock } from './file/block-cutter.js';
import type { RawHash } from './file/raw-hash.js';
import type { StagingWriter } from './staging.service.js';

/** Stages the blocks of a file that is read as a whole, so that the next file is compared by them. */
export class StagedBlocks {
  private readonly cutter = new BlockCutter();

  constructor(
    private readonly hasher: RawHash,
    private readonly writer: StagingWriter,
  ) {}

  /** Rows in order; where one is left out, or has no bytes of its own, a block ends before it. */
  async add(rowNo: number, raw: Buffer | undefined): Promise<void> {
    const { nextRow } = this.cutter;
    if (nextRow !== rowNo || raw === undefined) await this.end();
    if (raw !== undefined) await this.write(this.cutter.add(rowNo, raw, 0, raw.length));
  }

  async end(): Promise<void> {
    await this.write(this.cutter.end());
  }

  private async write(block: RowBlock | null): Promise<void> {
    if (block === null) return;
    const { firstRow, sizes, pieces } = block;
    await this.writer.block({ firstRow, rowCount: sizes.length, hash: this.hasher.ofBlock(pieces) });
  }
}
