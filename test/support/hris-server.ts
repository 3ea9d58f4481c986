import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { worker } from './intake-files.js';

/** How the server answers for a page; `times` so often, then as it should. */
export interface Misbehaviour {
  readonly page: number;
  readonly manner:
    'error' | 'repeat' | 'empty' | 'shrink' | 'busy' | 'silent' | 'reset' | 'unauthorised' | 'html' | 'away';
  readonly times?: number;
}

export interface HrisState {
  /** Numbers of the people it lists, as `worker` knows them. */
  readonly people: readonly number[];
  readonly leaving: Readonly<Record<number, string>>;
  readonly misbehaviour: Misbehaviour | null;
  /** Of every record, for a system that renamed something. */
  readonly without?: string;
}

export interface HrisRequest {
  readonly page: number;
  readonly atMs: number;
  readonly authorised: boolean;
}

// An HR system as a process of its own: an employee list in pages, which does as it is told by PUT /state.
let state: HrisState = { people: [], leaving: {}, misbehaviour: null };
let requests: HrisRequest[] = [];
let misbehaved = 0;
const token = process.env.HRIS_TOKEN ?? '';

const server = createServer((request, response) => {
  void answer(request, response);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  const address = `http://127.0.0.1:${port}`;
  process.stdout.write(`${JSON.stringify({ msg: 'listening', address })}\n`);
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '', `http://${request.headers.host ?? ''}`);
  if (url.pathname === '/state') {
    if (request.method === 'PUT') {
      state = (await json(request)) as HrisState;
      requests = [];
      misbehaved = 0;
    }
    send(response, 200, requests);
    return;
  }
  const size = Number(url.searchParams.get('size') ?? 20);
  const page = pageOf(url, size);
  const authorised = request.headers.authorization === `Bearer ${token}`;
  requests.push({ page, atMs: Date.now(), authorised });
  if (!authorised) return send(response, 401, {});
  const { misbehaviour } = state;
  if (misbehaviour?.page === page && misbehaved < (misbehaviour.times ?? Infinity)) {
    misbehaved += 1;
    return misbehave(misbehaviour.manner, url, page, size, response);
  }
  send(response, 200, list(url, page, size));
}

function pageOf(url: URL, size: number): number {
  const cursor = url.searchParams.get('cursor');
  if (cursor !== null) return Number(cursor.slice(1));
  const offset = url.searchParams.get('offset');
  return offset === null ? Number(url.searchParams.get('page') ?? 1) : Number(offset) / size + 1;
}

function misbehave(
  manner: Misbehaviour['manner'],
  url: URL,
  page: number,
  size: number,
  response: ServerResponse,
): void {
  const usual = list(url, page, size);
  switch (manner) {
    case 'error':
      return send(response, 500, { message: 'internal error' });
    case 'repeat':
      return send(response, 200, { ...usual, items: list(url, page - 1, size).items });
    case 'empty':
      return send(response, 200, { ...usual, items: [], next: null, cursor: null });
    case 'shrink':
      return send(response, 200, {
        total: (page - 1) * size + 1,
        items: usual.items.slice(0, 1),
        next: null,
        cursor: null,
      });
    case 'busy':
      response.setHeader('retry-after', '1');
      return send(response, 429, { message: 'slow down' });
    case 'silent':
      return;
    case 'reset':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100000' });
      response.write('{"items":[');
      setTimeout(() => response.destroy(), 20);
      return;
    case 'unauthorised':
      return send(response, 401, { message: 'token expired' });
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html>Sign in</html>');
      return;
    case 'away':
      return send(response, 200, { ...usual, next: 'http://localhost:1/api/employees?page=9' });
  }
}

function list(url: URL, page: number, size: number) {
  const { people } = state;
  const items = people.slice((page - 1) * size, page * size).map(record);
  const isLast = page * size >= people.length;
  const onward = new URL(url);
  onward.searchParams.set('page', String(page + 1));
  return {
    total: people.length,
    next: isLast ? null : onward.pathname + onward.search,
    cursor: isLast ? null : `c${page + 1}`,
    items,
  };
}

function record(n: number): Record<string, unknown> {
  const cells = worker(n);
  const lastDay = state.leaving[n];
  const all: Record<string, unknown> = {
    number: cells.社員番号,
    name: { family: cells.姓, given: cells.名, familyKana: cells.姓カナ, givenKana: cells.名カナ },
    birth_date: cells.生年月日,
    personal_email: cells.個人メール,
    hired_on: cells.入社日,
    left_on: lastDay ?? null,
    status: lastDay === undefined ? '在籍' : '退職',
    department: { name: cells.部署 },
  };
  return Object.fromEntries(Object.entries(all).filter(([key]) => key !== state.without));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
