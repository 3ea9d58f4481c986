import type { TableRow } from './table.js';

/** A part of a source: `size` bytes from `at` on. */
export interface Slice {
  readonly at: number;
  readonly size: number;
}

/** The slices of a source one after the other. They are in order and do not overlap; what lies between is left out. */
export async function* onlySlices(
  source: AsyncIterable<Uint8Array>,
  slices: readonly Slice[],
): AsyncGenerator<Buffer, void> {
  let at = 0;
  let next = 0;
  for await (const chunk of source) {
    const end = at + chunk.length;
    const parts: Uint8Array[] = [];
    for (; next < slices.length; next += 1) {
      const slice = slices[next];
      if (slice === undefined || slice.at >= end) break;
      parts.push(chunk.subarray(Math.max(slice.at - at, 0), Math.min(slice.at + slice.size, end) - at));
      // The rest of it lies in the next chunk.
      if (slice.at + slice.size > end) break;
    }
    at = end;
    if (parts.length > 0) yield Buffer.concat(parts);
    if (next >= slices.length) return;
  }
}

/** Parts of a source that are kept in memory, so that it need not be read again for the sake of a few of its rows. */
export class HeldParts {
  #parts: { readonly at: number; readonly bytes: Buffer }[] = [];
  #byteLength = 0;

  /** @param mostBytes of more than this, nothing is kept */
  constructor(private readonly mostBytes: number) {}

  /** A part that begins at `at`, in pieces; behind all that were added before. */
  add(at: number, pieces: readonly Buffer[]): void {
    for (const piece of pieces) this.#byteLength += piece.length;
    // A copy: what it was cut from is much larger.
    if (this.#byteLength <= this.mostBytes) this.#parts.push({ at, bytes: Buffer.concat(pieces) });
    else this.#parts = [];
  }

  /** The slices, which are in order and each within one part. Null when the parts were too many to be kept. */
  slices(slices: readonly Slice[]): Generator<Buffer, void> | null {
    return this.#byteLength > this.mostBytes ? null : sliced(this.#parts, slices);
  }
}

function* sliced(
  parts: readonly { readonly at: number; readonly bytes: Buffer }[],
  slices: readonly Slice[],
): Generator<Buffer, void> {
  let next = 0;
  for (const { at, bytes } of parts) {
    for (; next < slices.length; next += 1) {
      const slice = slices[next];
      if (slice === undefined || slice.at >= at + bytes.length) break;
      yield bytes.subarray(slice.at - at, slice.at - at + slice.size);
    }
  }
  if (next < slices.length) throw new RangeError('a slice lies outside of what was kept');
}

/** Rows of a reduced source under the numbers that they have in the whole one. */
export async function* renumbered(
  batches: AsyncIterable<readonly TableRow[]>,
  numbers: readonly number[],
): AsyncGenerator<readonly TableRow[], void> {
  const last = numbers.at(-1) ?? 0;
  for await (const batch of batches)
    yield batch.map((row) => ({
      ...row,
      rowNo: numbers[row.rowNo - 1] ?? last + row.rowNo - numbers.length,
    }));
}
