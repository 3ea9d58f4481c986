import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

export interface TestRedis {
  readonly url: string;
  /** Again, after `halt` or `kill`: same port, same data. */
  start(): Promise<void>;
  /** Ends it in good order; the data stays. */
  halt(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /** For good: the data is removed. */
  stop(): Promise<void>;
}

export async function freePort(): Promise<number> {
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

export interface RedisOptions {
  readonly policy?: 'noeviction' | 'allkeys-lru';
  readonly appendOnly?: boolean;
  /** Anything else, as on the command line of redis-server. */
  readonly flags?: readonly string[];
}

/** True when this machine has a redis-server; else says so in one loud line. */
export function hasRedis(suite: string): boolean {
  if (spawnSync('redis-server', ['--version']).status === 0) return true;
  process.stderr.write(
    `\n!!! SKIPPED: ${suite}: this machine has no redis-server (apt-get install redis-server) !!!\n\n`,
  );
  return false;
}

/** A redis-server that a test may stop, kill and start again with the same data on the same port. */
export async function startRedis(options: RedisOptions = {}): Promise<TestRedis> {
  const { policy = 'noeviction', appendOnly = true, flags = [] } = options;
  const dir = mkdtempSync(join(tmpdir(), 'enishi-redis-'));
  const port = await freePort();
  const settings: Record<string, string> = {
    port: String(port),
    bind: '127.0.0.1',
    dir,
    save: '',
    appendonly: appendOnly ? 'yes' : 'no',
    'maxmemory-policy': policy,
  };
  const args = [...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]), ...flags];
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess;
  let end: Promise<unknown>;

  async function start(): Promise<void> {
    let ended = false;
    child = spawn('redis-server', args, { stdio: 'ignore' });
    end = once(child, 'exit').then(() => {
      ended = true;
    });
    await waitUntilReady(url, () => ended);
  }
  async function finish(signal: NodeJS.Signals): Promise<void> {
    child.kill(signal);
    await end;
  }
  // A test that ends without stop() must not leave the server behind.
  process.once('exit', () => child.kill('SIGKILL'));
  await start();
  return {
    url,
    start,
    kill: () => finish('SIGKILL'),
    halt: () => finish('SIGTERM'),
    async stop() {
      await finish('SIGTERM');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/**
 * A redis-server of the system's own, empty, on a free port; null (said in one loud line) when the machine has none.
 * It keeps an append-only file, as production does.
 */
export async function startTestRedis(suite: string): Promise<TestRedis | null> {
  return hasRedis(suite) ? startRedis() : null;
}

export interface TestRedisCluster {
  /** The nodes, as REDIS_URL takes them. */
  readonly urls: readonly string[];
  /** Empties every master. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

const NODES = 6;

/** Three masters and three replicas on loopback; null (said in one loud line) when the machine has no redis-server. */
export async function startTestRedisCluster(suite: string): Promise<TestRedisCluster | null> {
  if (!hasRedis(suite)) return null;
  const flags = [
    '--cluster-enabled',
    'yes',
    '--cluster-node-timeout',
    '2000',
    '--cluster-config-file',
    'nodes.conf',
  ];
  const nodes: TestRedis[] = [];
  for (let i = 0; i < NODES; i += 1) {
    const busPort = String(await freePort());
    nodes.push(await startRedis({ flags: [...flags, '--cluster-port', busPort] }));
  }
  const urls = nodes.map((node) => node.url);
  const hosts = urls.map((url) => new URL(url).host);
  const made = spawnSync(
    'redis-cli',
    ['--cluster', 'create', ...hosts, '--cluster-replicas', '1', '--cluster-yes'],
    {
      encoding: 'utf8',
    },
  );
  if (made.status !== 0) throw new Error(`redis-cli --cluster create: ${made.stdout}${made.stderr}`);
  return {
    urls,
    async flush() {
      for (const url of urls) {
        const client = new Redis(url);
        // A replica refuses; its master tells it.
        if ((await client.info('replication')).includes('role:master')) await client.flushall();
        client.disconnect();
      }
    },
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}
