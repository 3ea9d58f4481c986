import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { peakOf } from './measure.js';

/** A process that says where it listens, started as its users start it. */
export interface Listening {
  readonly url: string;
  /** From the start of the process until it said where it listens. */
  readonly startMs: number;
  peakMb(): number;
  stop(): Promise<void>;
}

const ADDRESS = /http:\/\/[^\s",]+/;

/** Starts a process and waits for the address on its stdout. */
export async function listening(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Listening> {
  const from = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let complained = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    complained = (complained + part).slice(-2_000);
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => reject(new Error(`ended with status ${status}: ${complained}`)));
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      said += part;
      const found = ADDRESS.exec(said)?.[0];
      if (found !== undefined) resolve(found.replace('[::1]', '127.0.0.1').replace('localhost', '127.0.0.1'));
    });
  });
  return {
    url,
    startMs: performance.now() - from,
    peakMb: () => peakOf(child.pid),
    stop: () => stopped(child),
  };
}

/** Ends a process as its supervisor would. */
export async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
}

export interface Posted {
  readonly status: number;
  readonly body: string;
}

/** Sends over connections that stay open, at most `connections` at once. */
export class Sender {
  private readonly agent: Agent;

  constructor(
    private readonly base: string,
    private readonly headers: Readonly<Record<string, string>>,
    private readonly connections: number,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  async post(path: string, body: string | Buffer, type = 'application/json'): Promise<Posted> {
    return new Promise((resolve, reject) => {
      const headers = { ...this.headers, 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) };
      const sent = request(
        `${this.base}${path}`,
        { method: 'POST', agent: this.agent, headers },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (part: string) => {
            text += part;
          });
          answer.once('end', () => resolve({ status: answer.statusCode ?? 0, body: text }));
          answer.once('error', reject);
        },
      );
      sent.once('error', reject);
      sent.end(body);
    });
  }

  /** Posts every body once and gives the milliseconds of each; an answer that is not `expected` ends the bench. */
  async postAll(path: string, bodies: readonly string[], expected: number): Promise<number[]> {
    const took: number[] = [];
    let next = 0;
    const one = async (): Promise<void> => {
      for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
        const from = performance.now();
        const answer = await this.post(path, body);
        if (answer.status !== expected)
          throw new Error(`answered ${answer.status}: ${answer.body.slice(0, 300)}`);
        took.push(performance.now() - from);
      }
    };
    await Promise.all(Array.from({ length: this.connections }, one));
    return took;
  }

  close(): void {
    this.agent.destroy();
  }
}
