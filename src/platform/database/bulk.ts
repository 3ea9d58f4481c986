import { finished } from 'node:stream/promises';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

export type CopyCell = string | number | boolean | null;

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const NEEDS_ESCAPE = /[\\\t\n\r]/;
const BUFFER_BYTES = 256 * 1024;
const lastCopy = new WeakMap<PoolClient, Promise<void>>();
/** What went wrong on a connection before a COPY that the server refuses because of it. */
const lastFailure = new WeakMap<PoolClient, Error>();
/** SQLSTATE of whatever is asked after something failed in the same transaction. */
const IN_FAILED_TRANSACTION = '25P02';
/** UTF-16 units to UTF-8 bytes, at worst. */
const BYTES_PER_UNIT = 3;

/**
 * Rows into one table by COPY, in the order written. Memory stays at two buffers: one that fills while the other is on
 * its way. Nothing is in the table before `end` has come back and the surrounding transaction has committed.
 *
 * Each buffer is a COPY of its own. One that stayed open while nothing is written would hold up every DROP DATABASE of
 * the server, and several writers may share the connection of one transaction.
 */
export class CopyWriter {
  private readonly copy: string;
  private filling = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  private idle = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  private length = 0;
  private sending: Promise<void> = Promise.resolve();
  private failure: Error | null = null;

  constructor(
    private readonly client: PoolClient,
    table: string,
    columns: readonly string[],
  ) {
    this.copy = `copy ${table} (${columns.join(', ')}) from stdin`;
  }

  /** Waits only while the buffer before the last is still on its way. */
  async write(cells: readonly CopyCell[]): Promise<void> {
    if (this.add(cells)) return;
    await this.flush();
    this.add(cells);
  }

  /** The same without waiting, for very many rows. False, with nothing taken, when `flush` has to come first. */
  add(cells: readonly CopyCell[]): boolean {
    const line = lineOf(cells);
    const most = line.length * BYTES_PER_UNIT;
    if (this.length + most > this.filling.length) {
      if (this.length > 0) return false;
      this.filling = Buffer.allocUnsafeSlow(most);
    }
    this.length += this.filling.write(line, this.length);
    return true;
  }

  /** Comes back when the rows are on their way to the server, so that it works while the next are made. */
  async flush(): Promise<void> {
    await this.sent();
    if (this.length === 0) return;
    const chunk = this.filling.subarray(0, this.length);
    [this.filling, this.idle] = [this.idle, this.filling];
    this.length = 0;
    // One after the other on a connection, whoever else writes over it.
    const before = lastCopy.get(this.client) ?? Promise.resolve();
    await new Promise<void>((handedOver) => {
      this.sending = before.then(() => this.send(chunk, handedOver));
      lastCopy.set(this.client, this.sending);
    });
  }

  async end(): Promise<void> {
    await this.flush();
    await this.sent();
  }

  private async send(chunk: Buffer, handedOver: () => void): Promise<void> {
    try {
      const copy = this.client.query(copyFrom(this.copy));
      const done = finished(copy);
      copy.write(chunk, handedOver);
      copy.end();
      await done;
      lastFailure.delete(this.client);
    } catch (error) {
      // Told by whoever waits next; until then it must not end the process.
      this.failure = this.firstOf(
        error instanceof Error ? error : new Error('COPY_FAILED', { cause: error }),
      );
    } finally {
      handedOver();
    }
  }

  /** Another writer may be asked before the one that knows why: it tells the same. */
  private firstOf(error: Error): Error {
    const isConsequence = 'code' in error && error.code === IN_FAILED_TRANSACTION;
    const first = (isConsequence ? lastFailure.get(this.client) : undefined) ?? error;
    lastFailure.set(this.client, first);
    return first;
  }

  private async sent(): Promise<void> {
    await this.sending;
    if (this.failure !== null) throw this.failure;
  }
}

function lineOf(cells: readonly CopyCell[]): string {
  let line = '';
  for (let at = 0; at < cells.length; at += 1) {
    if (at > 0) line += '\t';
    line += copyText(cells[at] ?? null);
  }
  return `${line}\n`;
}

function copyText(cell: CopyCell): string {
  if (cell === null) return '\\N';
  if (typeof cell === 'boolean') return cell ? 't' : 'f';
  if (typeof cell === 'number') return String(cell);
  return NEEDS_ESCAPE.test(cell) ? cell.replace(/[\\\t\n\r]/g, (c) => ESCAPES[c] ?? c) : cell;
}
