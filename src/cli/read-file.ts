import type { ReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { AppError } from '../domain/app-error.js';

/**
 * A file to read from its beginning. It is open when this returns, so that nothing has begun when it cannot be read.
 *
 * @throws FILE_NOT_FOUND also for a folder, and for a file that may not be read
 */
export async function openFile(file: string): Promise<ReadStream> {
  const missing = (cause?: unknown) => new AppError('FILE_NOT_FOUND', { details: { file }, cause });
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw missing(cause);
  });
  if ((await handle.stat()).isDirectory()) {
    await handle.close();
    throw missing();
  }
  return handle.createReadStream();
}

/** The same for readers that begin again: each call reads the file from its beginning. */
export async function* readFileBytes(file: string): AsyncGenerator<Uint8Array> {
  for await (const chunk of await openFile(file)) yield chunk as Uint8Array;
}
