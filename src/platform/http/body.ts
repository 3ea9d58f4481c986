import type { IncomingMessage } from 'node:http';
import { AppError } from '../../domain/app-error.js';
import { parseStrictJson } from './strict-json.js';

/** What a body may be at most, and how long a sender may take. */
export interface BodyLimits {
  readonly jsonBytes: number;
  readonly recordsBytes: number;
  readonly uploadBytes: number;
  /** Without a byte for so long, the request is given up. */
  readonly idleMs: number;
  /** A body that is read whole must be there within this time. */
  readonly wholeMs: number;
}

export const BODY_LIMITS: BodyLimits = {
  jsonBytes: 256 * 1024,
  recordsBytes: 8 * 1024 * 1024,
  uploadBytes: 2 * 1024 * 1024 * 1024,
  idleMs: 30_000,
  wholeMs: 30_000,
};

export interface MediaType {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The media type in lower case, its parameters with quotes taken off. */
function mediaType(header: string | undefined): MediaType {
  const [type = '', ...rest] = (header ?? '').split(';');
  const parameters = rest.flatMap((part): [string, string][] => {
    const [name = '', ...value] = part.split('=');
    return name.trim() === ''
      ? []
      : [
          [
            name.trim().toLowerCase(),
            value
              .join('=')
              .trim()
              .replace(/^"(.*)"$/, '$1'),
          ],
        ];
  });
  return { type: type.trim().toLowerCase(), parameters: Object.fromEntries(parameters) };
}

/** @throws CONTENT_TYPE_UNSUPPORTED, CHARSET_UNSUPPORTED, CONTENT_ENCODING_UNSUPPORTED, BODY_TOO_LARGE */
export function checkBodyHeaders(
  request: IncomingMessage,
  expected: readonly string[],
  maxBytes: number,
): MediaType {
  const media = mediaType(request.headers['content-type']);
  const wanted = expected.join(', ');
  if (!expected.includes(media.type)) {
    throw new AppError('CONTENT_TYPE_UNSUPPORTED', { details: { expected: wanted } });
  }
  const charset = media.parameters['charset'] ?? 'utf-8';
  if (media.type.includes('json') && !/^utf-?8$/i.test(charset)) {
    throw new AppError('CHARSET_UNSUPPORTED', { details: { found: charset.slice(0, 40) } });
  }
  // What is packed can be a thousand times as large as it looks.
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw new AppError('CONTENT_ENCODING_UNSUPPORTED');
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) throw new AppError('BODY_TOO_LARGE', { details: { max: maxBytes } });
  return media;
}

/**
 * The bytes as they arrive, never more than `maxBytes`. A body that is cut short throws rather than ends.
 * @throws BODY_TOO_LARGE, BODY_CUT_SHORT, BODY_TOO_SLOW
 */
export async function* bodyChunks(
  request: IncomingMessage,
  maxBytes: number,
  idleMs: number,
): AsyncGenerator<Buffer> {
  let size = 0;
  // By hand, so that giving up early leaves the connection open for the answer.
  const chunks = request.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const next = await inTime(chunks.next(), idleMs);
      if (next.done === true) break;
      const chunk = next.value as Buffer;
      size += chunk.length;
      if (size > maxBytes) throw new AppError('BODY_TOO_LARGE', { details: { max: maxBytes } });
      yield chunk;
    }
  } finally {
    // Not waited for: behind a read that never comes it would not come either.
    chunks.return?.(undefined).catch(() => undefined);
  }
  if (!request.complete) throw new AppError('BODY_CUT_SHORT');
}

async function inTime<T>(reading: Promise<T>, idleMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new AppError('BODY_TOO_SLOW')), idleMs);
  });
  try {
    return await Promise.race([reading, late]);
  } catch (error) {
    // When it was too late, the reading itself may still fail as the connection ends; nobody waits for it any more.
    reading.catch(() => undefined);
    if (error instanceof AppError) throw error;
    throw new AppError('BODY_CUT_SHORT', { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** A whole body. @throws as `bodyChunks` */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  limits: BodyLimits,
): Promise<Buffer> {
  const until = Date.now() + limits.wholeMs;
  const chunks: Buffer[] = [];
  for await (const chunk of bodyChunks(request, maxBytes, limits.idleMs)) {
    if (Date.now() > until) throw new AppError('BODY_TOO_SLOW');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Lines of NDJSON, each read strictly; empty lines between them are allowed. @throws as `parseStrictJson` */
export function parseLines(bytes: Buffer, most: number): unknown[] {
  const values: unknown[] = [];
  for (let from = 0, line = 1; from < bytes.length; line += 1) {
    const end = bytes.indexOf(0x0a, from);
    const to = end === -1 ? bytes.length : end;
    const text = bytes.subarray(from, to);
    from = to + 1;
    if (text.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)) continue;
    if (values.length === most) throw new AppError('TOO_MANY_RECORDS', { details: { max: most } });
    values.push(parseStrictJson(text, line));
  }
  return values;
}
