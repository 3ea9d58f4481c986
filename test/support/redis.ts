import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

export interface TestRedis {
  readonly url: string;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no address.');
  return address.port;
}

async function waitUntilReady(url: string, hasEnded: () => boolean): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => 25, maxRetriesPerRequest: null });
  client.on('error', () => undefined); // Refused until it listens.
  try {
    const answer = client.ping();
    while (!hasEnded()) {
      if ((await Promise.race([answer, sleep(25)])) === 'PONG') return;
    }
    throw new Error('redis-server ended while it started.');
  } finally {
    client.disconnect();
  }
}

/**
 * A redis-server of the system's own, empty, on a free port; null (said in one loud line) when the machine has none.
 * It keeps an append-only file, as production does.
 */
export async function startTestRedis(suite: string): Promise<TestRedis | null> {
  if (spawnSync('redis-server', ['--version']).status !== 0) {
    process.stderr.write(
      `\n!!! SKIPPED: ${suite}: this machine has no redis-server (apt-get install redis-server) !!!\n\n`,
    );
    return null;
  }
  const dir = mkdtempSync(join(tmpdir(), 'enishi-redis-'));
  const port = await freePort();
  const flags = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    dir,
    '--save',
    '',
    '--appendonly',
    'yes',
  ];
  const child = spawn('redis-server', [...flags, '--maxmemory-policy', 'noeviction'], { stdio: 'ignore' });
  let ended = false;
  const end = new Promise<void>((resolve) => {
    child.once('exit', () => {
      ended = true;
      resolve();
    });
  });
  // A worker that ends without stop() must not leave the server behind.
  process.once('exit', () => child.kill('SIGKILL'));
  const url = `redis://127.0.0.1:${port}`;
  await waitUntilReady(url, () => ended);
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await end;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
