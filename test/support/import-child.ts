import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ChildImport } from './child-import.js';

/** What an import in a process of its own says about itself at its end. */
export interface ImportOutcome {
  readonly status: string;
  readonly rows: { readonly read: number; readonly accepted: number; readonly rejected: number };
  readonly changes: Readonly<Record<string, number>>;
  readonly failures: number;
  readonly ms: number;
  readonly cpuMs: number;
  /** Megabytes resident before the first byte was read, and at most. */
  readonly rssAt: number;
  readonly rss: number;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One import in a process of its own, for tests that kill it or measure it. */
export class ImportChild {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private readonly ended: Promise<unknown>;
  private errors = '';

  constructor(options: ChildImport, env: Readonly<Record<string, string>> = {}) {
    const starter = join(import.meta.dirname, 'enishi-process.mjs');
    const child = spawn(
      process.execPath,
      [starter, '../test/support/child-import.ts', JSON.stringify(options)],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_OPTIONS: '', TZ: 'UTC', ...env } },
    );
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    running.add(child);
    this.child = child;
    this.ended = once(child, 'close').then(() => running.delete(child));
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Comes back when the first byte is about to be read. */
  async ready(): Promise<void> {
    const line = await this.line();
    if (line !== 'ready') throw new Error(`the import did not begin: ${line ?? this.errors}`);
  }

  /** @throws with what it wrote on stderr when it ended without an outcome */
  async outcome(): Promise<ImportOutcome> {
    const line = await this.line();
    if (line !== null) return JSON.parse(line) as ImportOutcome;
    await this.ended;
    throw new Error(`the import ended without an outcome:\n${this.errors.slice(-4_000)}`);
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  private async line(): Promise<string | null> {
    const next = await this.lines.next();
    return next.done === true ? null : next.value;
  }
}

export async function importedBy(options: ChildImport): Promise<ImportOutcome> {
  const child = new ImportChild(options);
  await child.ready();
  return child.outcome();
}
