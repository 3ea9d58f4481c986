import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { stopped } from './server.js';
import type { World } from './world.js';

const SLOTS = 16_384;
const MASTERS = 3;

/** True when this machine has a redis-server; else the skipped line is said loudly. */
export function hasRedis(name: string): boolean {
  if (spawnSync('redis-server', ['--version']).status === 0) return true;
  process.stderr.write(`\n!!! SKIPPED: ${name}: no redis-server here (apt-get install redis-server) !!!\n\n`);
  return false;
}

/** A Redis that keeps what it is told as a deployment's does; null, said loudly, where there is none. */
export async function startRedis(
  world: World,
  name: string,
): Promise<{ url: string; stop(): Promise<void> } | null> {
  if (!hasRedis(name)) return null;
  const node = await startNode(world, []);
  return { url: node.url, stop: () => stopped(node.child) };
}

/** Three masters that share the slots. */
export async function startCluster(
  world: World,
): Promise<{ urls: readonly string[]; stop(): Promise<void> }> {
  const flags = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];
  const nodes = await Promise.all(Array.from({ length: MASTERS }, () => startNode(world, flags)));
  const clients = nodes.map(({ url }) => new Redis(url));
  const [first] = nodes;
  if (first === undefined) throw new Error('a cluster without nodes');
  for (const [i, client] of clients.entries()) {
    const from = Math.floor((i * SLOTS) / MASTERS);
    const to = Math.floor(((i + 1) * SLOTS) / MASTERS) - 1;
    await client.call('CLUSTER', 'ADDSLOTSRANGE', from, to);
    if (i > 0) await client.call('CLUSTER', 'MEET', '127.0.0.1', first.port);
  }
  for (const client of clients) {
    while (!String(await client.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(50);
    client.disconnect();
  }
  return {
    urls: nodes.map(({ url }) => url),
    async stop() {
      await Promise.all(nodes.map(({ child }) => stopped(child)));
    },
  };
}

interface RedisNode {
  readonly url: string;
  readonly port: number;
  readonly child: ChildProcess;
}

async function startNode(world: World, flags: readonly string[]): Promise<RedisNode> {
  const port = await freePort();
  const dir = world.file(`redis-${port}`);
  mkdirSync(dir);
  const args = [
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
  const child = spawn('redis-server', [...args, ...flags], { stdio: 'ignore' });
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 25 });
  client.on('error', () => undefined); // Refused until it listens.
  await client.ping();
  client.disconnect();
  return { url, port, child };
}

/** Low enough that the port of the cluster's own talk, 10,000 above, is one too. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
