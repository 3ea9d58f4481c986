import { createHash, type Hash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { escapeLiteral } from 'pg';
import { AppError } from '../domain/app-error.js';
import { Clock } from '../platform/clock/clock.js';
import { ahead } from '../platform/database/ahead.js';
import { copyOutBytes } from '../platform/database/copy-out.js';
import { Database } from '../platform/database/database.js';
import { newId } from '../platform/database/id.js';
import { BODY_LIMITS } from '../platform/http/body.js';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const CHUNK_BYTES = 1 << 20;
const CHUNKS_AT_ONCE = 8;
/** Node works through 16 kB at a time unless told: four times the processor time for a chunk that comes out whole. */
const PACKED = { chunkSize: 1 << 18, params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const UNPACKED = { chunkSize: CHUNK_BYTES + (1 << 17) };
/** Ten million rows and more: whatever is longer is no export of people, and would fill the database first. */
export const MAX_FILE_BYTES = BODY_LIMITS.uploadBytes;
const MEBIBYTE = 1 << 20;
/** A chunk need not be on disk before the next: the file counts once it is settled, and that waits for all of them. */
const KEEP_CHUNK = `with later as (select set_config('synchronous_commit', 'off', true))
  insert into stored_file_chunk (sha256, seq, data) select $1, $2::int, $3::bytea from later`;

export interface StoredFile {
  readonly sha256: string;
  readonly byteLength: number;
}

/**
 * Keeps every file that was handed in, by its hash, compressed, beside everything else in PostgreSQL: whichever process
 * goes on with a run finds it, and one backup holds all.
 */
@Injectable()
export class FileStoreService {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes a file in one pass with three chunks in memory: one is read, one packed and one on its way. The same content again is kept once.
   *
   * @throws FILE_TOO_LARGE with nothing kept, as soon as more than MAX_FILE_BYTES came
   */
  async keep(bytes: AsyncIterable<Uint8Array>): Promise<StoredFile> {
    const hash = createHash('sha256');
    // Until the last byte is in nobody knows the hash, so the chunks wait under a name of their own.
    const draft = `draft-${newId()}`;
    let byteLength = 0;
    await this.db.query(`insert into stored_file (sha256, byte_length, stored_at) values ($1, 0, $2)`, [
      draft,
      this.clock.nowIso(),
    ]);
    try {
      for await (const { seq, size, data } of ahead(packed(ahead(chunked(bytes, hash))))) {
        byteLength += size;
        checkFileSize(byteLength);
        await this.db.query(KEEP_CHUNK, [draft, seq, data]);
      }
    } catch (error) {
      await this.drop(draft);
      throw error;
    }
    const sha256 = hash.digest('hex');
    await this.settle(draft, sha256, byteLength);
    return { sha256, byteLength };
  }

  /** The content as it came. @throws FILE_NOT_KEPT when there is none with this hash, or no longer all of it */
  async *read(sha256: string): AsyncGenerator<Buffer> {
    const file = await this.db.one<{ byteLength: number }>(
      `select byte_length as "byteLength" from stored_file where sha256 = $1 and complete`,
      [sha256],
    );
    let missing = file?.byteLength ?? -1;
    if (file !== null)
      for await (const data of ahead(this.chunks(sha256))) {
        missing -= data.length;
        yield data;
      }
    // What is left of a file must not pass for the whole: everybody below would count as gone.
    if (missing !== 0) throw new AppError('FILE_NOT_KEPT', { details: { sha256 } });
  }

  private async *chunks(sha256: string): AsyncGenerator<Buffer> {
    for (let seq = 0; ; seq += CHUNKS_AT_ONCE) {
      const chunks = await this.db.connection((sql) =>
        copyOutBytes(
          sql,
          `select data from stored_file_chunk where sha256 = ${escapeLiteral(sha256)}
             and seq between ${seq} and ${seq + CHUNKS_AT_ONCE - 1} order by seq`,
        ),
      );
      for (const chunk of chunks) yield await decompress(chunk, UNPACKED);
      if (chunks.length < CHUNKS_AT_ONCE) return;
    }
  }

  private async settle(draft: string, sha256: string, byteLength: number): Promise<void> {
    await this.db.transaction(async (sql) => {
      const taken = await sql.query(
        `insert into stored_file (sha256, byte_length, complete, stored_at) values ($1, $2, true, $3)
         on conflict (sha256) do nothing returning sha256`,
        [sha256, byteLength, this.clock.nowIso()],
      );
      if (taken.rowCount === 1) {
        await sql.query('update stored_file_chunk set sha256 = $2 where sha256 = $1', [draft, sha256]);
      }
      await sql.query('delete from stored_file where sha256 = $1', [draft]);
    });
  }

  private async drop(draft: string): Promise<void> {
    await this.db.query('delete from stored_file where sha256 = $1', [draft]);
  }
}

/** @throws FILE_TOO_LARGE */
export function checkFileSize(bytes: number): void {
  if (bytes <= MAX_FILE_BYTES) return;
  const inMegabytes = (n: number) => Math.ceil(n / MEBIBYTE);
  throw new AppError('FILE_TOO_LARGE', {
    details: { found: inMegabytes(bytes), limit: inMegabytes(MAX_FILE_BYTES) },
  });
}

async function* packed(
  chunks: AsyncIterable<{ seq: number; chunk: Buffer }>,
): AsyncGenerator<{ seq: number; size: number; data: Buffer }> {
  for await (const { seq, chunk } of chunks)
    yield { seq, size: chunk.length, data: await compress(chunk, PACKED) };
}

async function* chunked(
  bytes: AsyncIterable<Uint8Array>,
  hash: Hash,
): AsyncGenerator<{ seq: number; chunk: Buffer }> {
  let held: Uint8Array[] = [];
  let length = 0;
  let seq = 0;
  for await (const part of bytes) {
    hash.update(part);
    held.push(part);
    length += part.length;
    if (length < CHUNK_BYTES) continue;
    yield { seq, chunk: Buffer.concat(held) };
    seq += 1;
    held = [];
    length = 0;
  }
  if (length > 0) yield { seq, chunk: Buffer.concat(held) };
}
