import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { AppError } from '../domain/app-error.js';

/**
 * Writes the pieces one after the other, waiting where the disk is slower than they come.
 *
 * @throws FILE_NOT_WRITABLE
 */
export async function writeTextFile(file: string, pieces: AsyncIterable<string>): Promise<void> {
  const stream = createWriteStream(file, { encoding: 'utf8' });
  const failed = once(stream, 'error').then(([cause]: unknown[]): never => {
    throw new AppError('FILE_NOT_WRITABLE', { details: { file }, cause });
  });
  const work = async (): Promise<void> => {
    await once(stream, 'open');
    for await (const piece of pieces) {
      if (!stream.write(piece)) await once(stream, 'drain');
    }
    stream.end();
    await finished(stream);
  };
  await Promise.race([work(), failed]);
}

/** The same pieces, with their records counted: line ends outside quotes, without the header. */
export async function* countRecords(
  pieces: AsyncIterable<string>,
  told: (records: number) => void,
): AsyncGenerator<string> {
  let records = -1;
  let isQuoted = false;
  for await (const piece of pieces) {
    for (const character of piece) {
      if (character === '"') isQuoted = !isQuoted;
      else if (character === '\n' && !isQuoted) records += 1;
    }
    yield piece;
  }
  told(Math.max(0, records));
}
