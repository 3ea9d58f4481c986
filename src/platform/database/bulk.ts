import { once } from 'node:events';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

export type CopyCell = string | number | boolean | null;

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const NEEDS_ESCAPE = /[\\\t\n\r]/;
const FLUSH_AT = 256 * 1024;

/**
 * Rows into one table by COPY, in the order written. Memory stays at one buffer: `write` waits while the server is
 * behind. Nothing is in the table before `end` has come back and the surrounding transaction has committed.
 */
export class CopyWriter {
  private readonly stream: ReturnType<typeof copyFrom> & NodeJS.WritableStream;
  private buffer: string[] = [];
  private length = 0;
  private failure: Error | null = null;

  constructor(client: PoolClient, table: string, columns: readonly string[]) {
    this.stream = client.query(copyFrom(`copy ${table} (${columns.join(', ')}) from stdin`));
    this.stream.on('error', (error: Error) => {
      this.failure = error;
    });
  }

  async write(cells: readonly CopyCell[]): Promise<void> {
    const line = `${cells.map(copyText).join('\t')}\n`;
    this.buffer.push(line);
    this.length += line.length;
    if (this.length >= FLUSH_AT) await this.flush();
  }

  async end(): Promise<void> {
    await this.flush();
    if (this.failure !== null) throw this.failure;
    const finished = once(this.stream, 'finish');
    this.stream.end();
    await finished;
  }

  private async flush(): Promise<void> {
    if (this.failure !== null) throw this.failure;
    if (this.length === 0) return;
    const chunk = this.buffer.join('');
    this.buffer = [];
    this.length = 0;
    if (!this.stream.write(chunk)) await once(this.stream, 'drain');
  }
}

function copyText(cell: CopyCell): string {
  if (cell === null) return '\\N';
  if (typeof cell === 'boolean') return cell ? 't' : 'f';
  if (typeof cell === 'number') return String(cell);
  return NEEDS_ESCAPE.test(cell) ? cell.replace(/[\\\t\n\r]/g, (c) => ESCAPES[c] ?? c) : cell;
}
