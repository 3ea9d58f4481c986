import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

interface Message {
  readonly url?: string;
  readonly log?: string;
}

export const projectRoot = join(import.meta.dirname, '..', '..');

export interface ClientProcess {
  readonly url: string;
  /** What the start said for a person to read. */
  readonly lines: readonly string[];
  /** Leaves the server in order; resolves when the process has ended. */
  leave(): Promise<void>;
  kill(): Promise<void>;
}

async function end(child: Child, act: () => void): Promise<void> {
  const ended = once(child, 'exit');
  act();
  const [code] = (await ended) as [number | null];
  if (code !== 0 && code !== null) throw new Error(`The client ended with ${code}.`);
}

/** Starts a process that uses the server of `home`, from the code under `root`, as this user or another. */
export async function startClient(
  home: string,
  { root = projectRoot, uid, gid }: { root?: string; uid?: number; gid?: number } = {},
): Promise<ClientProcess> {
  const script = join(root, 'test', 'support', 'embedded-client-process.mjs');
  const child = spawn(process.execPath, [script, root, home], {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH },
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line) as Message;
    if (message.log !== undefined) lines.push(message.log);
    if (message.url === undefined) continue;
    return {
      url: message.url,
      lines,
      leave: () => end(child, () => child.stdin.end()),
      kill: () => end(child, () => child.kill('SIGKILL')),
    };
  }
  throw new Error(`The client ended without an address: ${complaint}`);
}
