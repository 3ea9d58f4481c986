import { Injectable } from '@nestjs/common';
import { CopyWriter } from '../platform/database/bulk.js';
import { Database, type Sql } from '../platform/database/database.js';
import { skipBytes } from './file/byte-source.js';
import type { RawHash } from './file/raw-hash.js';
import { RecordFramer } from './file/record-framer.js';
import type { Slice } from './file/reduced.js';
import type { Table } from './file/table.js';
import { noteKnown } from './known-blocks.js';
import type { Run } from './run.js';

/** What of a file has to be read because nothing is known by its bytes. */
export interface Unread {
  /** The header with all that stands above it, then each record that is not known; byte ranges of the file. */
  readonly slices: readonly Slice[];
  /** The row number of each slice behind the header. */
  readonly rowNumbers: readonly number[];
  readonly knownCount: number;
}

/** With fewer known rows than this, reading everything at once is quicker than looking first. */
const LEAST_KNOWN = 0.8;
const MAX_RECORD_BYTES = 1 << 20;

/**
 * Recognises rows by their bytes. What a source said in the same bytes, read in the same way, when it last spoke of the
 * person, it says again: such a row need not be parted, decoded, interpreted or compared.
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
        await sql.query(
          'create temp table raw_row (row_no int, raw_hash uuid, at bigint, size int) on commit drop',
        );
        const frame = await frames(sql, bytes, { ...layout, delimiter: table.delimiter }, hasher);
        if (frame === null) throw NOT_WORTH_IT;
        return compare(sql, run, frame);
      });
    } catch (error) {
      if (error === NOT_WORTH_IT) return null;
      throw error;
    }
  }

  /** Only what was said by the newest reading of the source is known, and only to one that is as new. */
  private async hasSpoken(run: Run): Promise<boolean> {
    const state = await this.db.one<{ is: boolean }>(
      'select confirmed_as_of_at <= $2::timestamptz as is from source_state where source = $1',
      [run.source, run.asOfAt],
    );
    return state?.is === true;
  }
}

/** Rolls back what was looked at in vain. */
const NOT_WORTH_IT = new Error('too little of the file is known');

interface Frames {
  readonly rowCount: number;
  /** Up to the first byte behind the header. */
  readonly headerEnd: number;
  /** Behind the last line end. */
  readonly tail: Slice;
}

async function frames(
  sql: Sql & ConstructorParameters<typeof CopyWriter>[0],
  bytes: AsyncIterable<Uint8Array>,
  layout: { readonly bomLength: number; readonly recordsAboveHeader: number; readonly delimiter: string },
  hasher: RawHash,
): Promise<Frames | null> {
  const framer = new RecordFramer(layout.delimiter.charCodeAt(0), MAX_RECORD_BYTES);
  const rows = new CopyWriter(sql, 'raw_row', ['row_no', 'raw_hash', 'at', 'size']);
  let byteLength = layout.bomLength;
  let end = layout.bomLength;
  let headerEnd = 0;
  let record = -1;
  for await (const chunk of skipBytes(asBuffers(bytes), layout.bomLength)) {
    byteLength += chunk.length;
    for (const frame of framer.push(chunk)) {
      record += 1;
      const at = layout.bomLength + frame.at;
      end = at + frame.size;
      const rowNo = record - layout.recordsAboveHeader;
      if (rowNo < 0) continue;
      if (rowNo === 0) headerEnd = end;
      else {
        const cells = [rowNo, hasher.of(frame.bytes), at, frame.size];
        if (!rows.add(cells)) await rows.flush().then(() => rows.add(cells));
      }
    }
    if (framer.isLost) return null;
  }
  await rows.end();
  const rowCount = record - layout.recordsAboveHeader;
  return rowCount < 1 ? null : { rowCount, headerEnd, tail: { at: end, size: byteLength - end } };
}

async function* asBuffers(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of bytes)
    yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

async function compare(sql: Sql, run: Run, { rowCount, headerEnd, tail }: Frames): Promise<Unread> {
  await sql.query('analyze raw_row');
  const mostUnread = rowCount - Math.ceil(rowCount * LEAST_KNOWN);
  const unread = await sql.query<{ row_no: number; at: number; size: number }>(
    `with matched as materialized (
       select r.row_no, r.at, r.size, o.id
       from raw_row r left join observation o
         on o.raw_hash = r.raw_hash and o.source = $2 and o.follows and o.as_of_at <= $3),
     noted as (${noteKnown('select $1::uuid, row_no, id, true from matched where id is not null')})
     select row_no, at, size from matched where id is null order by row_no limit $4`,
    [run.id, run.source, run.asOfAt, mostUnread + 1],
  );
  if (unread.rows.length > mostUnread) throw NOT_WORTH_IT;
  const knownCount = rowCount - unread.rows.length;
  // Whatever joins them from here on would take a few rows for granted.
  await sql.query('analyze staged_known_block');
  const rest = unread.rows.map(({ row_no: rowNo, at, size }) => ({ rowNo, at, size }));
  if (tail.size > 0) rest.push({ rowNo: rowCount + 1, ...tail });
  return {
    slices: [{ at: 0, size: headerEnd }, ...rest.map(({ at, size }) => ({ at, size }))],
    rowNumbers: rest.map(({ rowNo }) => rowNo),
    knownCount,
  };
}
