import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openServer, type OpenedServer } from '../../src/server.js';
import type { Role } from '../../src/platform/auth/access.js';
import { ApiKeysService } from '../../src/platform/auth/api-keys.service.js';
import { loadEnv } from '../../src/platform/config/env.js';
import { Database } from '../../src/platform/database/database.js';
import type { HttpSettings } from '../../src/platform/http/http.module.js';
import { createLogger } from '../../src/platform/logging/logger.js';
import { projectRoot } from './cli.js';
import { testDatabase } from './postgres.js';

export interface KeyWish {
  readonly role: Role;
  readonly company?: string;
  readonly source?: string;
}

export interface CallOptions {
  readonly method?: string;
  readonly key?: string | null;
  /** Sent as JSON unless it is a text or bytes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed, or null when it is not JSON. */
  readonly json: Record<string, unknown>;
}

/** A real server of role `api` on a database of its own, and a client for it. */
export interface TestApi {
  readonly url: string;
  readonly server: OpenedServer;
  readonly database: Database;
  /** Everything that was logged. */
  log(): string;
  key(wish: KeyWish): Promise<string>;
  call(path: string, options?: CallOptions): Promise<ApiAnswer>;
  /** Another process's server on the same database. */
  another(): Promise<OpenedServer>;
  close(): Promise<void>;
}

/** Limits that a test of something else does not run into. */
const WIDE = { read: 1e6, search: 1e6, write: 1e6, push: 1e6, stranger: 1e6 };

/** The shipped configuration; with `unbraked` nothing is held, for tests that are about something else. */
function configIn(home: string, unbraked: boolean): string {
  const shipped = join(projectRoot, 'config');
  if (!unbraked) return shipped;
  const dir = join(home, 'config');
  cpSync(shipped, dir, { recursive: true });
  const file = join(dir, 'brakes.yaml');
  const wide = readFileSync(file, 'utf8').replace(/(absolute|ignoreUpTo): \d+/g, '$1: 100000');
  writeFileSync(file, wide.replace(/percent: [\d.]+/g, 'percent: 100'));
  return dir;
}

export async function openTestApi(
  http: HttpSettings = {},
  {
    unbraked = false,
    redisUrl = null,
  }: { readonly unbraked?: boolean; readonly redisUrl?: string | null } = {},
): Promise<TestApi> {
  const home = mkdtempSync(join(tmpdir(), 'enishi-http-'));
  const own = await testDatabase();
  const env = loadEnv({
    DATABASE_URL: own.url,
    ENISHI_HOME: home,
    ENISHI_CONFIG: configIn(home, unbraked),
    ...(redisUrl === null ? {} : { REDIS_URL: redisUrl }),
    ENISHI_SECRET_KEY: 'a-secret-of-the-tests-that-is-long-enough',
  });
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', to: { write: (line: string) => void lines.push(line) } });
  const open = () =>
    openServer(env, {
      role: 'api',
      port: 0,
      logger,
      log: () => undefined,
      onError: () => undefined,
      http: { ...http, rates: { ...WIDE, ...http.rates } },
    });
  const server = await open();
  const database = server.get(Database);
  const url = `http://127.0.0.1:${new URL(server.address).port}`;
  const others: OpenedServer[] = [];
  return {
    url,
    server,
    database,
    log: () => lines.join(''),
    async key({ role, company = null, source = null }) {
      const wish = { role, company, source, name: `test ${role}`, expiresAt: null, by: 'test' };
      return (await server.get(ApiKeysService).create(wish)).key;
    },
    call: (path, options) => call(url, path, options),
    async another() {
      const other = await open();
      others.push(other);
      return other;
    },
    async close() {
      for (const other of others) await other.close();
      await server.close();
      await own.drop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

export async function call(url: string, path: string, options: CallOptions = {}): Promise<ApiAnswer> {
  const { method = options.body === undefined ? 'GET' : 'POST', key = null, body, headers = {} } = options;
  const isRaw = typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData;
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined || isRaw ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isRaw ? (body as string) : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parsed(text) };
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** An invented leaver as an HR system pushes one. */
export function aRecord(over: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    employeeNumber: 'T-1001',
    familyName: '青葉',
    givenName: 'みのり',
    hiredOn: '2015-04-01',
    lastDay: '2026-03-31',
    status: 'left',
    leavingReason: '自己都合',
    birthDate: '1988-05-05',
    personalEmail: 'minori.aoba@example.com',
    department: '設計部',
    ...over,
  };
}
