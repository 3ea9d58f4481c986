import { createHash, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { FileStoreService } from '../../src/intake/file-store.service.js';
import { startWorld, world } from '../support/one-world.js';

const CHUNK = 1 << 20;

let store: FileStoreService;

beforeEach(async () => {
  await startWorld();
  store = world.get(FileStoreService);
});

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function whole(sha256: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of store.read(sha256)) parts.push(part);
  return Buffer.concat(parts);
}

describe(FileStoreService, () => {
  // Chunks are fetched eight at a time.
  it.each([0, 1, CHUNK, 8 * CHUNK - 1, 8 * CHUNK, 8 * CHUNK + 1, 17 * CHUNK])(
    'gives back %d bytes as they came',
    async (size) => {
      // Half of it packs well, half of it not at all.
      const bytes = Buffer.concat([randomBytes(size >> 1), Buffer.alloc(size - (size >> 1), 'a,b\n')]);
      const kept = await store.keep(inPieces(bytes, 300_000));
      expect(kept).toEqual({
        sha256: createHash('sha256').update(bytes).digest('hex'),
        byteLength: size,
      });
      expect((await whole(kept.sha256)).equals(bytes)).toBe(true);
    },
  );

  it('what is left of a file does not pass for the whole', async () => {
    const { sha256 } = await store.keep(inPieces(randomBytes(3 * CHUNK), CHUNK));
    await world.db.query('delete from stored_file_chunk where seq = 2');
    await expect(whole(sha256)).rejects.toMatchObject({ code: 'FILE_NOT_KEPT', details: { sha256 } });
    await world.db.query('delete from stored_file');
    await expect(whole(sha256)).rejects.toMatchObject({ code: 'FILE_NOT_KEPT' });
    await expect(whole(`'; drop table stored_file; --`)).rejects.toMatchObject({ code: 'FILE_NOT_KEPT' });
  });
});
