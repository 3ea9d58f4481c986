import type { ReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { AppError } from '../domain/app-error.js';

const READ_BYTES = 256 * 1024;

/**
 * A file to read from its beginning. It is open when this returns, so that nothing has begun when it cannot be read.
 *
 * @param check is asked for the length in bytes, before anything is read
 * @throws FILE_NOT_FOUND also for a folder, and for a file that may not be read; and what `check` throws
 */
export async function openFile(
  file: string,
  check: (bytes: number) => void = () => undefined,
): Promise<ReadStream> {
  const missing = (cause?: unknown) => new AppError('FILE_NOT_FOUND', { details: { file }, cause });
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw missing(cause);
  });
  try {
    const stat = await handle.stat();
    if (stat.isDirectory()) throw missing();
    check(stat.size);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return handle.createReadStream({ highWaterMark: READ_BYTES });
}

/** The same for readers that begin again: each call reads the file from its beginning. */
export async function* readFileBytes(file: string): AsyncGenerator<Uint8Array> {
  for await (const chunk of await openFile(file)) yield chunk as Uint8Array;
}
