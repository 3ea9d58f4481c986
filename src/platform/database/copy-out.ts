import type { PoolClient } from 'pg';
import { to as copyTo } from 'pg-copy-streams';

/** What COPY writes for null. */
const COPY_NULL = '\\N';

const UNESCAPED: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/**
 * The rows of a query as PostgreSQL writes them, each a list of cells, in chunks as they arrive: several times as quick
 * as rows that the driver makes objects of, for passes over a whole table. Memory stays at one chunk; the connection
 * is busy until the last one was taken. The query takes no parameters.
 */
export async function* copyOut(client: PoolClient, query: string): AsyncGenerator<string[][]> {
  const stream = client.query(copyTo(`copy (${query}) to stdout`));
  stream.setEncoding('utf8');
  let rest = '';
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) yield lines.map((line) => line.split('\t'));
  }
}

/** Signature, flags, and the length of what else the header holds (PostgreSQL 18, COPY, "Binary Format"; read 2026-11-23). */
const BINARY_HEADER_BYTES = 19;
const BINARY_ROW_BYTES = 6;

/**
 * The values of a query for one column of bytes, none of them null; all are in memory. The driver reads them as
 * hexadecimal text: twice as much, and most of the time of fetching large ones. The query takes no parameters.
 */
export async function copyOutBytes(client: PoolClient, query: string): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  const stream = client.query(copyTo(`copy (${query}) to stdout (format binary)`));
  for await (const part of stream as AsyncIterable<Buffer>) parts.push(part);
  const all = Buffer.concat(parts);
  const values: Buffer[] = [];
  let at = BINARY_HEADER_BYTES + all.readInt32BE(BINARY_HEADER_BYTES - 4);
  while (all.readInt16BE(at) === 1) {
    const begin = at + BINARY_ROW_BYTES;
    at = begin + all.readInt32BE(begin - 4);
    values.push(all.subarray(begin, at));
  }
  return values;
}

/** The text of a cell; null for NULL. */
export function copiedText(cell: string | undefined): string | null {
  if (cell === undefined || cell === COPY_NULL) return null;
  return cell.includes('\\') ? cell.replace(/\\(.)/g, (_all, c: string) => UNESCAPED[c] ?? c) : cell;
}
