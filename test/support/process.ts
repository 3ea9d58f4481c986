import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '..', '..');
const RUNNER = join(import.meta.dirname, 'enishi-process.mjs');

export type LogLine = Readonly<Record<string, unknown>>;

export interface EnishiProcess {
  readonly child: ChildProcess;
  /** Everything that it has written on stdout so far, line by line. */
  readonly lines: string[];
  /** Everything that it has written on stderr so far. */
  readonly errors: string[];
  /** The same as objects; a line that is no JSON fails the test. */
  log(): LogLine[];
  /** Its address, as soon as it listens. @throws when it ends before */
  listening(): Promise<string>;
  /** How it ended: the status, or the signal. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  /** SIGTERM; how it ended and after how long. */
  stop(): Promise<{ readonly status: number | NodeJS.Signals | null; readonly tookMs: number }>;
  kill(): Promise<void>;
}

export interface EnishiOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Under src/. */
  readonly entry?: string;
}

const running = new Set<ChildProcess>();
// A test that fails half-way must not leave a worker behind that sends the mails of the next one.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts the service as a process of its own, from the sources, with a home of its own. */
export function startEnishi({ args = [], env = {}, entry = 'main.ts' }: EnishiOptions): EnishiProcess {
  const home = mkdtempSync(join(tmpdir(), 'enishi-process-'));
  const child = spawn(process.execPath, [RUNNER, entry, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, TZ: 'UTC', ENISHI_HOME: home, PORT: '0', NODE_ENV: 'test', ...env },
  });
  running.add(child);
  const lines: string[] = [];
  const errors: string[] = [];
  collect(child.stdout, lines);
  collect(child.stderr, errors);
  const ended = once(child, 'close').then(([status, signal]: unknown[]) => {
    running.delete(child);
    rmSync(home, { recursive: true, force: true });
    return (status ?? signal ?? null) as number | NodeJS.Signals | null;
  });
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const log = () => lines.map((line) => JSON.parse(line) as LogLine);
  return {
    child,
    lines,
    errors,
    ended,
    log,
    async listening() {
      for (;;) {
        const line = lines.find((one) => one.includes('"listening"'));
        if (line !== undefined)
          return String((JSON.parse(line) as LogLine)['address']).replace('[::]', '127.0.0.1');
        if (over) throw new Error(`It ended before it listened:\n${[...lines, ...errors].join('\n')}`);
        await sleep(20);
      }
    },
    async stop() {
      const from = performance.now();
      child.kill('SIGTERM');
      return { status: await ended, tookMs: performance.now() - from };
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function collect(stream: NodeJS.ReadableStream, into: string[]): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    into.push(...parts);
  });
  stream.on('end', () => {
    if (rest !== '') into.push(rest);
  });
}
