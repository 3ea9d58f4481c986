import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import multer from 'multer';
import { AppError } from '../../domain/app-error.js';
import { bodyChunks, type BodyLimits } from './body.js';

/** A file on its way in. Read it once, to its end. */
export interface Upload {
  /** For people only: never a path, never trusted. Known once reading has begun; null when the sender gave none. */
  fileName(): string | null;
  /** Throws when the body is cut short, too large or too slow: what was read until then is to be thrown away. */
  readonly bytes: AsyncIterable<Buffer>;
  /** SHA-256 of what has been read so far, in hex. */
  sha256(): string;
}

const FIELD = 'file';
// Field names and headers around the one part.
const PART_LIMITS = { files: 1, fields: 0, parts: 1, fieldNameSize: 100, headerPairs: 50 };

/**
 * The file that the body is or, as `multipart/form-data`, holds in its one part `file`.
 * @throws (while it is read) as `bodyChunks`, MULTIPART_INVALID, MULTIPART_FILE_MISSING
 */
export function uploadOf(request: IncomingMessage, mediaType: string, limits: BodyLimits): Upload {
  const hash = createHash('sha256');
  const name: { text: string | null } = { text: null };
  const chunks = () => bodyChunks(request, limits.uploadBytes, limits.idleMs);
  async function* bytes(): AsyncGenerator<Buffer> {
    const source = mediaType === 'multipart/form-data' ? partBytes(request, chunks, name) : chunks();
    for await (const chunk of source) {
      hash.update(chunk);
      yield chunk;
    }
  }
  return { fileName: () => name.text, bytes: bytes(), sha256: () => hash.copy().digest('hex') };
}

interface OpenPart {
  readonly name: string;
  readonly stream: Readable;
  readonly done: (error: Error | null) => void;
}

async function* partBytes(
  request: IncomingMessage,
  chunks: () => AsyncGenerator<Buffer>,
  name: { text: string | null },
): AsyncGenerator<Buffer> {
  let failure: unknown = null;
  const part = Promise.withResolvers<OpenPart | null>();
  const end = Promise.withResolvers<null>();
  const parse = multer({
    limits: PART_LIMITS,
    storage: {
      _handleFile: (_request, file, done) =>
        part.resolve({ name: file.originalname, stream: file.stream, done: (error) => done(error, {}) }),
      _removeFile: (_request, _file, done) => done(null),
    },
    streamHandler: (_request, parser) => {
      pipeline(Readable.from(chunks(), { objectMode: false }), parser).catch((error: unknown) => {
        failure ??= error;
        parser.destroy(error instanceof Error ? error : new Error('MULTIPART'));
      });
    },
  }).single(FIELD);
  parse(request, null, (error) => {
    if (error !== undefined && error !== null) failure ??= error;
    part.resolve(null);
    end.resolve(null);
  });
  const open = await part.promise;
  if (open === null) throw multipartError(failure, 'MULTIPART_FILE_MISSING');
  name.text = open.name;
  try {
    for await (const chunk of open.stream) yield chunk as Buffer;
  } catch (error) {
    throw multipartError(failure ?? error, 'MULTIPART_INVALID');
  }
  open.done(null);
  await end.promise;
  if (failure !== null) throw multipartError(failure, 'MULTIPART_INVALID');
}

/** What our own reading of the body found says more than what its parser made of it. */
function multipartError(failure: unknown, code: 'MULTIPART_INVALID' | 'MULTIPART_FILE_MISSING'): AppError {
  if (failure instanceof AppError) return failure;
  if (failure === null) return new AppError(code, { details: { field: FIELD } });
  return new AppError('MULTIPART_INVALID', { details: { field: FIELD }, cause: failure });
}
