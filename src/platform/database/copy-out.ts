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

/** The text of a cell; null for NULL. */
export function copiedText(cell: string | undefined): string | null {
  if (cell === undefined || cell === COPY_NULL) return null;
  return cell.includes('\\') ? cell.replace(/\\(.)/g, (_all, c: string) => UNESCAPED[c] ?? c) : cell;
}
