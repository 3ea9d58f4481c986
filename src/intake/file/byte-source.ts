/** Anything that hands out bytes in order: a Readable, a query cursor's chunks, an array of buffers. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface PeekedSource {
  /** The first bytes, at most about `limit` and one chunk. */
  readonly sample: Buffer;
  /** True when the sample is the whole source. */
  readonly isWhole: boolean;
  /** The whole source from its first byte, the sample included. */
  readonly bytes: AsyncIterable<Buffer>;
  /** Lets go of the source when its rest is not wanted. */
  close(): Promise<void>;
}

/** Looks at the beginning without losing it. */
export async function peek(source: ByteSource, limit: number): Promise<PeekedSource> {
  const iterator = toAsync(source);
  const chunks: Buffer[] = [];
  let length = 0;
  let isWhole = false;
  while (length < limit) {
    const next = await iterator.next();
    if (next.done === true) {
      isWhole = true;
      break;
    }
    chunks.push(next.value);
    length += next.value.length;
  }
  const sample = Buffer.concat(chunks, length);
  return {
    sample,
    isWhole,
    bytes: rejoin(sample, iterator),
    close: async () => {
      await iterator.return();
    },
  };
}

async function* toAsync(source: ByteSource): AsyncGenerator<Buffer, void> {
  for await (const chunk of source) {
    yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}

async function* rejoin(sample: Buffer, rest: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer, void> {
  try {
    // In pieces: the parser collects what one piece holds before anybody can take it.
    for (let at = 0; at < sample.length; at += 65_536) yield sample.subarray(at, at + 65_536);
    yield* rest;
  } finally {
    await rest.return();
  }
}

/** Leaves out the first `count` bytes. */
export async function* skipBytes(bytes: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer, void> {
  let left = count;
  for await (const chunk of bytes) {
    if (left >= chunk.length) {
      left -= chunk.length;
      continue;
    }
    yield left === 0 ? chunk : chunk.subarray(left);
    left = 0;
  }
}

/**
 * UTF-8 of a source in an encoding whose bytes cannot be split at separators. What cannot be decoded becomes U+FFFD, which
 * the reader of cells refuses; it never passes for text.
 */
export async function* transcode(
  bytes: AsyncIterable<Buffer>,
  encoding: 'utf-16le' | 'utf-16be' | 'iso-2022-jp',
): AsyncGenerator<Buffer, void> {
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  for await (const chunk of bytes) {
    const text = decoder.decode(chunk, { stream: true });
    if (text !== '') yield Buffer.from(text, 'utf8');
  }
  const end = decoder.decode();
  if (end !== '') yield Buffer.from(end, 'utf8');
}
