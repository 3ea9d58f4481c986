import { createServer, get, type RequestListener, type Server } from 'node:http';
import { createServer as createRawServer, type AddressInfo, type Server as RawServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AppError } from '../../src/domain/app-error.js';
import { BoundHttpAgent } from '../../src/platform/http-out/bound-agents.js';
import { ServiceClient, type ServiceClientOptions } from '../../src/platform/http-out/service-client.js';
import { errorForLog } from '../../src/platform/logging/error-for-log.js';

const NAME = 'KANARIE-7f3a';

let service: Server;
let canary: RawServer;
let paths: string[];
let answer: RequestListener;
let connections: number;
const clients: ServiceClient[] = [];

const portOf = (server: RawServer): number => (server.address() as AddressInfo).port;
const listening = (server: RawServer): Promise<void> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

beforeEach(async () => {
  paths = [];
  connections = 0;
  answer = (_request, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"a":1}');
  service = createServer((request, response) => {
    paths.push(request.url ?? '');
    answer(request, response);
  });
  canary = createRawServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await Promise.all([listening(service), listening(canary)]);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  service.closeAllConnections();
  await Promise.all([service, canary].map((server) => new Promise((resolve) => server.close(resolve))));
});

function aClient(options: Partial<ServiceClientOptions> = {}): ServiceClient {
  const client = new ServiceClient({
    base: new URL(`http://127.0.0.1:${portOf(service)}/api/`),
    privateHosts: ['127.0.0.1', 'localhost'],
    now: Date.now,
    ...options,
  });
  clients.push(client);
  return client;
}

/** Ways to write the canary's address that one parser or another takes for the host to go to. */
function waysOut(): string[] {
  const host = `127.0.0.1:${portOf(canary)}`;
  return [
    `http://${host}/x`,
    `https://${host}/x`,
    `HTTP://${host}`,
    `http:/${host}`,
    `http:${host}`,
    `//${host}/x`,
    `///${host}/x`,
    `\\\\${host}\\x`,
    `/\\${host}`,
    `\\/${host}`,
    `\t//${host}`,
    ` //${host}`,
    `@${host}/`,
    `:secret@${host}/`,
    `user:secret@${host}`,
    `.${host}`,
    `..//${host}`,
    `../../../..//${host}`,
    `%2F%2F${host}`,
    `%5C%5C${host}`,
    `%40${host}`,
    `http%3A%2F%2F${host}`,
    `%2e%2e%2f%2e%2e%2f/${host}`,
    `%252F%252F${host}`,
    `／／${host}`,
    `x?y=//${host}`,
    `#@${host}/`,
    `x\r\nHost: ${host}\r\n\r\nGET / HTTP/1.1`,
    `;@${host}`,
    `file://${host}/etc/passwd`,
  ];
}

describe('X05: a call stays with its service', () => {
  it('whatever a path parameter, a query or a body holds', async () => {
    const client = aClient();
    for (const id of waysOut()) {
      await client.fetchJson({ path: '/v1/members/{id}/x', params: { id } });
      await client.fetchJson({ path: '/v1/members', query: { id } });
      await client.send({ method: 'POST', path: '/v1/{id}', params: { id }, body: id });
    }
    expect(connections).toBe(0);
    expect(paths).toHaveLength(3 * waysOut().length);
    const inPath = paths.filter((_, index) => index % 3 === 0);
    expect(inPath).toEqual(waysOut().map((id) => `/api/v1/members/${encodeURIComponent(id)}/x`));
    const inQuery = paths.filter((_, index) => index % 3 === 1);
    expect(inQuery.map((path) => new URL(path, 'http://x').searchParams.get('id'))).toEqual(waysOut());
  });

  it('a path of its own making reaches nobody at all', async () => {
    const client = aClient();
    for (const path of waysOut()) {
      const error = await client.send({ path }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'SERVICE_PATH_INVALID' });
    }
    expect([connections, paths]).toEqual([0, []]);
  });

  it('redirects are answers, not orders', async () => {
    const client = aClient();
    for (const status of [300, 301, 302, 303, 307, 308]) {
      for (const location of [
        `http://127.0.0.1:${portOf(canary)}/`,
        `//127.0.0.1:${portOf(canary)}/`,
        '/else',
      ]) {
        answer = (_request, response) => response.writeHead(status, { location }).end();
        expect(await client.send({ path: '/v1' })).toMatchObject({ status });
        await expect(client.fetchJson({ path: '/v1' })).rejects.toMatchObject({
          code: 'SERVICE_REFUSED',
          retryable: false,
        });
      }
    }
    expect(connections).toBe(0);
    expect(new Set(paths)).toEqual(new Set(['/api/v1']));
  });

  it('no proxy of the environment comes between', async () => {
    const names = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'];
    const before = names.map((name) => [name, process.env[name]] as const);
    try {
      for (const name of names) process.env[name] = `http://127.0.0.1:${portOf(canary)}`;
      expect(await aClient().fetchJson({})).toEqual({ a: 1 });
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
    expect(connections).toBe(0);
  });

  it('the agent refuses another host or port even when it is asked for one', async () => {
    const bound = { hostname: '127.0.0.1', port: portOf(service), allowPrivate: true };
    const agent = new BoundHttpAgent(bound);
    for (const options of [
      { host: '127.0.0.1', port: portOf(canary) },
      { host: 'localhost', port: portOf(service) },
    ]) {
      const error = await new Promise((resolve) => {
        get({ ...options, agent }, resolve).on('error', resolve);
      });
      expect(error).toMatchObject({ code: 'SERVICE_HOST_NOT_ALLOWED' });
    }
    agent.destroy();
    expect([connections, paths]).toEqual([0, []]);
  });
});

describe('X04: a private host is called only by name', () => {
  it.each(['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '[::1]', '2130706433', '0177.0.0.1', '0x7f.1'])(
    '%s over https',
    async (host) => {
      const base = new URL(`https://${host}:${portOf(canary)}`);
      const client = aClient({ base, privateHosts: ['127.0.0.2'] });
      await expect(client.send({})).rejects.toMatchObject({ code: 'ADDRESS_NOT_PUBLIC' });
      expect(connections).toBe(0);
    },
  );

  it('over https too, with the name that was asked for, and never in the clear', async () => {
    let first: Buffer | null = null;
    const tls = createRawServer((socket) =>
      socket.once('data', (data) => ((first = data), socket.destroy())),
    );
    await listening(tls);
    const base = new URL(`https://localhost:${portOf(tls)}`);
    await expect(aClient({ base }).send({ query: { q: NAME } })).rejects.toMatchObject({
      code: 'SERVICE_UNREACHABLE',
      retryable: true,
    });
    await new Promise((resolve) => tls.close(resolve));
    const hello = first as Buffer | null;
    expect([hello?.[0], hello?.includes('localhost'), hello?.includes(NAME)]).toEqual([22, true, false]);
  });

  it.each([
    'http://hris.example/',
    'https://u:p@hris.example/',
    'https://hris.example/#x',
    'ftp://127.0.0.1/',
  ])('the base %s is refused', (base) =>
    expect(() => aClient({ base: new URL(base) })).toThrow('SERVICE_BASE_INVALID'),
  );
});

describe('a service that does not do as it should', () => {
  it.each([
    ['SERVICE_REFUSED', 404, {}, undefined],
    ['SERVICE_REFUSED', 401, {}, undefined],
    ['SERVICE_BUSY', 429, { 'retry-after': '7' }, 7],
    ['SERVICE_BUSY', 503, { 'retry-after': 'Thu, 01 Jan 1970 00:00:09 GMT' }, 9],
    ['SERVICE_ANSWER_UNREADABLE', 200, {}, undefined],
  ])('%s for %i, without a word that names anybody', async (code, status, headers, wait) => {
    answer = (_request, response) => response.writeHead(status, headers).end(`<p>${NAME}`);
    const client = aClient({ now: () => 0 });
    const error = await client
      .fetchJson({
        path: '/{id}',
        params: { id: NAME },
        query: { q: NAME },
        headers: { authorization: `Bearer ${NAME}` },
      })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, retryable: code === 'SERVICE_BUSY' });
    expect((error as AppError).details['retryAfterSecs']).toBe(wait);
    expect(JSON.stringify(errorForLog(error))).not.toContain(NAME);
  });

  it('bytes that are no UTF-8 are not guessed at', async () => {
    answer = (_request, response) => response.end(Buffer.from([0x22, 0x96, 0xb1, 0x22]));
    await expect(aClient().fetchJson({})).rejects.toMatchObject({ code: 'SERVICE_ANSWER_UNREADABLE' });
  });

  it('too large, also once unpacked', async () => {
    const client = aClient({ maxAnswerBytes: 10_000 });
    answer = (_request, response) => response.end(Buffer.alloc(10_001));
    await expect(client.send({})).rejects.toMatchObject({
      code: 'SERVICE_ANSWER_TOO_LARGE',
      retryable: false,
    });
    answer = (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000)));
    await expect(client.send({})).rejects.toMatchObject({ code: 'SERVICE_ANSWER_TOO_LARGE' });
    answer = (_request, response) => response.end(Buffer.alloc(10_000));
    expect((await client.send({})).body).toHaveLength(10_000);
  });

  it('silent, or dripping: over in time', async () => {
    const client = aClient({ timeoutMs: 300 });
    answer = () => undefined;
    await expect(client.send({})).rejects.toMatchObject({ code: 'SERVICE_TIMED_OUT', retryable: true });
    const timers: NodeJS.Timeout[] = [];
    answer = (_request, response) => timers.push(setInterval(() => response.write('.'), 50));
    await expect(client.send({})).rejects.toMatchObject({ code: 'SERVICE_TIMED_OUT' });
    for (const timer of timers) clearInterval(timer);
  });

  it('gone, cut off, or called off by the caller', async () => {
    const client = aClient();
    answer = (request) => request.socket.destroy();
    const error = await client
      .send({ path: '/{id}', params: { id: NAME } })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SERVICE_UNREACHABLE', details: { reason: 'ECONNRESET' } });
    expect(JSON.stringify(errorForLog(error))).not.toContain(NAME);
    answer = (_request, response) =>
      response.writeHead(200, { 'content-length': 100 }).write('x', () => response.destroy());
    await expect(client.send({})).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
    const off = new AbortController();
    answer = () => off.abort(new Error('called off'));
    await expect(client.send({ signal: off.signal })).rejects.toThrow('called off');
  });
});
