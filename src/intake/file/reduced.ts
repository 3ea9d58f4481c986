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
  }
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
