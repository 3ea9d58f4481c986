import { Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';
import { CopyWriter } from '../platform/database/bulk.js';
import { Database, type Sql } from '../platform/database/database.js';
import { BlockCutter, type RowBlock } from './file/block-cutter.js';
import { skipBytes } from './file/byte-source.js';
import type { RawHash } from './file/raw-hash.js';
import { RecordFramer, type EachRecord } from './file/record-framer.js';
import { HeldParts, onlySlices, type Slice } from './file/reduced.js';
import type { Table } from './file/table.js';
import { noteKnown } from './known-blocks.js';
import { NOT_SEEN_AGAIN } from './reading-blocks.queries.js';
import type { Run } from './run.js';
import { blockWriter } from './staging.service.js';

/** What of a file has to be read because nothing is known by its bytes. */
export interface Unread {
  /** The header with all that stands above it, then each record that is not known. */
  bytes(open: () => AsyncIterable<Uint8Array>): AsyncIterable<Buffer>;
  /** The row number of each of these records. */
  readonly rowNumbers: readonly number[];
  readonly knownCount: number;
  /** Something follows behind the last line end. */
  readonly hasTail: boolean;
}

/** With fewer known rows than this, reading everything at once is quicker than looking first. */
const LEAST_KNOWN = 0.8;
const MAX_RECORD_BYTES = 1 << 20;
const BLOCKS_AT_ONCE = 512;
/** Rows may be long: blocks of so many bytes do not wait for more of them. */
const MOST_WAITING_BYTES = 16 << 20;
/** Of blocks that are not known, so much is kept to take rows from; of more, the file is read once more. */
const MOST_HELD_BYTES = 24 << 20;

/**
 * Recognises rows by their bytes. What a source said in the same bytes, read in the same way, when it last spoke of the
 * person, it says again: such a row need not be parted, decoded, interpreted or compared. Most are recognised a block at
 * a time; only the rows of the other blocks are looked at one by one.
 */
@Injectable()
export class KnownRowsService {
  constructor(private readonly db: Database) {}

  /**
   * Notes the rows of the file that are known, and tells which are not. Null, with nothing noted, when too few are known
   * or the file is not made so that its records can be told apart for certain.
   */
  async find(
    run: Run,
    table: Pick<Table, 'layout' | 'delimiter'>,
    hasher: RawHash,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<Unread | null> {
    const { layout } = table;
    if (layout === null || !(await this.hasSpoken(run))) return null;
    try {
      return await this.db.transaction(async (sql) => {
        // A hash of everybody fits, and need not go to disk and back.
        await sql.query(`set local work_mem = '128MB'`);
        const look = new Look(sql, run, hasher, layout.recordsAboveHeader);
        await look.prepare();
        const ends = await look.through(bytes, layout.bomLength, table.delimiter.charCodeAt(0));
        if (ends === null) throw NOT_WORTH_IT;
        return compare(sql, run, ends);
      });
    } catch (error) {
      if (error === NOT_WORTH_IT) return null;
      throw error;
    }
  }

  /** Only what was said by the newest reading of the source is known, and only to one that is as new. */
  private async hasSpoken(run: Run): Promise<boolean> {
    const state = await this.db.one<{ is: boolean }>(
      `select confirmed_as_of_at <= $2::timestamptz and exists (select 1 from reading_block where source = $1) as is
       from source_state where source = $1`,
      [run.source, run.asOfAt],
    );
    return state?.is === true;
  }
}

/** Rolls back what was looked at in vain. */
const NOT_WORTH_IT = new Error('too little of the file is known');

/** Where a file begins and ends, and how much lies between. */
interface Ends {
  readonly rowCount: number;
  /** Up to the first byte behind the header. */
  readonly headerEnd: number;
  /** Behind the last line end. */
  readonly tail: Slice;
  /** Whatever is not known, and more around it. */
  readonly held: HeldParts;
}

/** A block with its name, and where it begins in the file. */
interface FoundBlock extends RowBlock {
  readonly hash: string;
  readonly at: number;
}

/** One look through a file: known blocks are noted, the others staged, with their rows in `raw_row`. */
class Look {
  private readonly cutter = new BlockCutter();
  private readonly rows: CopyWriter;
  private readonly others: CopyWriter;
  private readonly held = new HeldParts(MOST_HELD_BYTES);
  private blocks: FoundBlock[] = [];
  /** Of the rows since blocks were last looked for. */
  private waitingBytes = 0;
  /** How the look that goes on ends: null, or what went wrong, which whoever waits next throws. */
  private looking: Promise<Error | null> = Promise.resolve(null);

  constructor(
    private readonly sql: PoolClient,
    private readonly run: Run,
    private readonly hasher: RawHash,
    private readonly recordsAboveHeader: number,
  ) {
    this.rows = new CopyWriter(sql, 'raw_row', ['row_no', 'raw_hash', 'at', 'size']);
    this.others = blockWriter(sql);
  }

  async prepare(): Promise<void> {
    await this.sql.query(
      'create temp table raw_row (row_no int, raw_hash uuid, at bigint, size int) on commit drop',
    );
  }

  /** Null when the records cannot be told apart for certain, or there are none below the header. */
  async through(...file: Parameters<Look['read']>): Promise<Ends | null> {
    try {
      return await this.read(...file);
    } finally {
      // The connection is somebody else's as soon as this has come back, however it ends.
      await this.looking;
    }
  }

  private async read(
    bytes: AsyncIterable<Uint8Array>,
    bomLength: number,
    delimiter: number,
  ): Promise<Ends | null> {
    const framer = new RecordFramer(delimiter, MAX_RECORD_BYTES);
    let byteLength = bomLength;
    let end = bomLength;
    let headerEnd = 0;
    let rowNo = -this.recordsAboveHeader - 1;
    const each: EachRecord = (data, begin, size, at) => {
      rowNo += 1;
      end = bomLength + at + size;
      if (rowNo === 0) headerEnd = end;
      if (rowNo < 1) return;
      this.waitingBytes += size;
      this.push(this.cutter.add(rowNo, data, begin, size), end);
    };
    for await (const chunk of skipBytes(asBuffers(bytes), bomLength)) {
      byteLength += chunk.length;
      framer.scan(chunk, each);
      if (framer.isLost) {
        await this.looked();
        return null;
      }
      if (this.blocks.length >= BLOCKS_AT_ONCE || this.waitingBytes >= MOST_WAITING_BYTES)
        await this.lookUp();
    }
    this.push(this.cutter.end(), end);
    await this.lookUp();
    await this.looked();
    await this.rows.end();
    await this.others.end();
    if (rowNo < 1) return null;
    this.held.add(end, [framer.rest]);
    return { rowCount: rowNo, headerEnd, tail: { at: end, size: byteLength - end }, held: this.held };
  }

  /** @param end where in the file the last row of the block ends */
  private push(block: RowBlock | null, end: number): void {
    if (block === null) return;
    const at = end - block.sizes.reduce((sum, size) => sum + size, 0);
    this.blocks.push({ ...block, at, hash: this.hasher.ofBlock(block.pieces) });
  }

  /** Begins to look for the blocks that are ready, while the file is read on; waits for those before. */
  private async lookUp(): Promise<void> {
    await this.looked();
    const { blocks } = this;
    this.blocks = [];
    this.waitingBytes = 0;
    this.looking = this.note(blocks).then(
      () => null,
      (error: unknown) => (error instanceof Error ? error : new Error('LOOK_FAILED', { cause: error })),
    );
  }

  private async looked(): Promise<void> {
    const failure = await this.looking;
    if (failure !== null) throw failure;
  }

  private async note(blocks: readonly FoundBlock[]): Promise<void> {
    const known = await this.sql.query<{ first_row: number }>(
      `insert into staged_known_block (run_id, block, raw, row_nos, observation_ids, reading_block)
       select $1, -f.first_row, true,
         array(select generate_series(f.first_row, f.first_row + cardinality(b.observation_ids) - 1)),
         b.observation_ids, b.id
       from unnest($3::int[], $4::uuid[]) as f(first_row, hash)
       cross join lateral (
         select id, observation_ids from reading_block where source = $2 and hash = f.hash order by id desc limit 1) b
       returning -block as first_row`,
      [this.run.id, this.run.source, blocks.map(({ firstRow }) => firstRow), blocks.map(({ hash }) => hash)],
    );
    const firstRows = new Set(known.rows.map((row) => row.first_row));
    for (const block of blocks) if (!firstRows.has(block.firstRow)) await this.keepForRows(block);
  }

  private async keepForRows({ firstRow, sizes, pieces, at, hash }: FoundBlock): Promise<void> {
    this.held.add(at, pieces);
    await this.others.write([this.run.id, firstRow, sizes.length, hash]);
    let rowAt = at;
    for (const [index, record] of recordsOf(sizes, pieces).entries()) {
      await this.rows.write([firstRow + index, this.hasher.of(record), rowAt, record.length]);
      rowAt += record.length;
    }
  }
}

function recordsOf(sizes: readonly number[], pieces: readonly Buffer[]): Buffer[] {
  const rest = [...pieces];
  return sizes.map((size) => {
    const [piece = Buffer.alloc(0)] = rest;
    if (piece.length === size) rest.shift();
    else rest[0] = piece.subarray(size);
    return piece.subarray(0, size);
  });
}

async function* asBuffers(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of bytes)
    yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

/** A row that was in the newest reading is in a known block, or in one that was not found again. */
async function compare(sql: Sql, run: Run, { rowCount, headerEnd, tail, held }: Ends): Promise<Unread> {
  await sql.query('analyze raw_row');
  const mostUnread = rowCount - Math.ceil(rowCount * LEAST_KNOWN);
  const unread = await sql.query<{ row_no: number; at: number; size: number }>(
    `with said as (
       select k.raw_hash, max(k.id) as id
       from reading_block b cross join lateral unnest(b.raw_hashes, b.observation_ids) as k(raw_hash, id)
       where b.source = $2 and ${NOT_SEEN_AGAIN} group by 1),
     matched as materialized (
       select r.row_no, r.at, r.size, said.id from raw_row r left join said on said.raw_hash = r.raw_hash),
     noted as (${noteKnown('select $1::uuid, row_no, id, true from matched where id is not null')})
     select row_no, at, size from matched where id is null order by row_no limit $3`,
    [run.id, run.source, mostUnread + 1],
  );
  if (unread.rows.length > mostUnread) throw NOT_WORTH_IT;
  const knownCount = rowCount - unread.rows.length;
  // Whatever joins them from here on would take a few rows for granted.
  await sql.query('analyze staged_known_block (run_id, block, raw, reading_block)');
  const rest = unread.rows.map(({ row_no: rowNo, at, size }) => ({ rowNo, at, size }));
  if (tail.size > 0) rest.push({ rowNo: rowCount + 1, ...tail });
  const header = { at: 0, size: headerEnd };
  return {
    async *bytes(open) {
      const kept = held.slices(rest);
      yield* onlySlices(open(), kept === null ? [header, ...rest] : [header]);
      if (kept !== null) yield* kept;
    },
    rowNumbers: rest.map(({ rowNo }) => rowNo),
    knownCount,
    hasTail: tail.size > 0,
  };
}
