import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { OpenApiDocument } from '../../src/platform/http/openapi.js';
import { aRecord, openTestApi, type TestApi } from '../support/http-api.js';

type Schema = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly schema: Schema;
}

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

interface Attack {
  readonly method: string;
  readonly path: string;
  readonly type: string | null;
  readonly body: string | null;
  readonly language: string;
  readonly key: string | null;
}

const REQUESTS = Number(process.env['ENISHI_FUZZ_REQUESTS'] ?? 10_000);
const SEED = Number(process.env['ENISHI_FUZZ_SEED'] ?? 20_261_122);
const AT_ONCE = 16;

const NASTY = fc.constantFrom(
  "' or 1=1 --",
  '1; drop table person; --',
  '${7*7}',
  '{{constructor}}',
  '../../etc/passwd',
  '\u0000',
  '\ud800',
  '\ufffd',
  '%00',
  '＝cmd',
  '\u202e',
  '9'.repeat(400),
  'é'.repeat(5_000),
  '-1',
  '1e309',
  'null',
  '[]',
  '0001-01-01',
  '275760-09-13',
  '2026-02-30',
  '𠮷野家',
  '(((((((((a+)+)+)+)+)+)+)+)+$',
);
/** Any UTF-16, lone surrogates too. The library's own unit for this takes seconds to set up. */
const anyUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
  .map((units) => String.fromCharCode(...units));
const anyText = fc.oneof(NASTY, anyUnits, fc.string({ maxLength: 20 }));

const PLAIN = fc.constantFrom('青葉', 'Jo', 'T-1001', '設計部', 'left', '2026-03-31', 'x@example.com');

/** Values for a schema: mostly such as it allows, often one that it does not. */
function valueOf(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 4, arbitrary: rightValue(schema, depth) },
    { weight: 1, arbitrary: wrongValue() },
  );
}

function wrongValue(): fc.Arbitrary<unknown> {
  return fc.oneof(anyText, fc.jsonValue({ maxDepth: 2 }), fc.double(), fc.constant(null));
}

function rightValue(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const { type, anyOf, enum: values, properties, items, pattern, format } = schema;
  if (Array.isArray(values)) return fc.constantFrom(...(values as unknown[]));
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(anyOf)) return fc.oneof(...(anyOf as Schema[]).map((one) => valueOf(one, depth)));
  if (type === 'object' && depth < 6) {
    const fields = Object.entries((properties ?? {}) as Record<string, Schema>);
    const known = Object.fromEntries(fields.map(([name, one]) => [name, valueOf(one, depth + 1)]));
    return fc.record(known, { requiredKeys: [] });
  }
  if (type === 'array' && depth < 6)
    return fc.array(valueOf((items ?? {}) as Schema, depth + 1), { maxLength: 4 });
  if (type === 'integer' || type === 'number') return fc.integer({ min: -5, max: 2_000 });
  if (type === 'boolean') return fc.boolean();
  if (format === 'uuid') return fc.uuid();
  if (format === 'date') return fc.constantFrom('2026-03-31', '2024-02-29', '9999-12-31', '0001-01-01');
  if (typeof pattern === 'string' && pattern.includes('[a-z0-9]'))
    return fc.constantFrom('jp', 'en', 'demo-jp', 'demo-en');
  if (typeof pattern === 'string' && pattern.includes('{64}')) return fc.constant('0'.repeat(64));
  return fc.oneof({ weight: 8, arbitrary: PLAIN }, { weight: 1, arbitrary: anyText });
}

describe('X27: whatever is sent', () => {
  let api: TestApi;
  let document: OpenApiDocument;
  const known: Record<string, string[]> = {};
  const keys: (string | null)[] = [];

  beforeAll(async () => {
    api = await openTestApi({ bodies: { idleMs: 5_000 } });
    document = (await api.call('/api/openapi.json')).json as unknown as OpenApiDocument;
    const admin = await api.key({ role: 'admin' });
    keys.push(
      admin,
      admin,
      admin,
      await api.key({ role: 'hr', company: 'jp' }),
      await api.key({ role: 'recruiter' }),
      null,
    );
    const pushed = await api.call('/api/v1/sources/demo-jp/records?wait=true', {
      key: admin,
      body: aRecord(),
    });
    const { batchId, run } = pushed.json as { batchId: string; run: { run: { id: string } } };
    const row = await api.database.one<{ person_id: string }>('select person_id from employment limit 1');
    Object.assign(known, {
      id: [batchId, run.run.id],
      personId: [row?.person_id ?? ''],
      source: ['demo-jp', 'demo-en'],
      version: ['1', '2'],
    });
  });
  afterAll(() => api.close());

  /** A request for one operation, from its declaration. */
  function attackOn(path: string, method: string, operation: Operation): fc.Arbitrary<Attack> {
    const inPath = operation.parameters.filter((parameter) => parameter.in === 'path');
    const inQuery = operation.parameters.filter((parameter) => parameter.in === 'query');
    const names = fc.record(
      Object.fromEntries(
        inPath.map(({ name, schema }) => [
          name,
          fc.oneof(
            { weight: 10, arbitrary: fc.constantFrom(...(known[name] ?? ['x'])) },
            { weight: 1, arbitrary: valueOf(schema) },
            { weight: 1, arbitrary: anyText },
          ),
        ]),
      ),
    );
    const search = fc.record(Object.fromEntries(inQuery.map(({ name, schema }) => [name, valueOf(schema)])), {
      requiredKeys: [],
    });
    // Half of them without any, or hardly one would get further than its parameters.
    const query: fc.Arbitrary<Record<string, unknown>> = fc.oneof(fc.constant({}), search);
    const content = Object.entries(operation.requestBody?.content ?? {});
    const body = fc.oneof(
      ...content.map(([type, { schema }]) => ({
        weight: 4,
        arbitrary: fc.tuple(fc.constant(type), bodyOf(type, schema)),
      })),
      fc.tuple(fc.constantFrom('application/json', 'text/plain', 'application/x-ndjson'), anyText),
    );
    return fc
      .tuple(
        names,
        query,
        fc.option(body, { freq: content.length > 0 ? 9 : 1 }),
        fc.constantFrom('ja', 'en', '*', ';;;q=x'),
        fc.nat(5),
      )
      .map(([values, search, sent, language, at]) => ({
        method: method.toUpperCase(),
        path: `${filled(path, values)}${searchOf(search)}`,
        type: method === 'get' ? null : (sent?.[0] ?? null),
        body: method === 'get' ? null : (sent?.[1] ?? null),
        language,
        key: keys[at] ?? null,
      }));
  }

  async function send({ method, path, type, body, language, key }: Attack) {
    const headers: Record<string, string> = { 'accept-language': language };
    if (type !== null)
      headers['content-type'] = type === 'multipart/form-data' ? `${type}; boundary=xx` : type;
    return api.call(path, { method, key, headers, ...(body === null ? {} : { body }) });
  }

  it(`${REQUESTS} requests from the OpenAPI file: no 5xx, no stack, no SQL, no path`, async () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => attackOn(path, method, operation as Operation)),
    );
    const attacks = fc.sample(fc.oneof(...operations), { numRuns: REQUESTS, seed: SEED });
    const statuses = new Map<number, number>();
    const wrong: object[] = [];
    const left = attacks.values();
    // Each takes the next one as soon as it has its answer: nobody waits for the slowest of a batch.
    const tryAll = async (): Promise<void> => {
      for (const attack of left) {
        const answer = await send(attack);
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        const isProblem =
          answer.status < 400 || answer.headers.get('content-type')?.includes('problem+json') === true;
        const leaks = LEAK.exec(answer.text)?.[0];
        if (answer.status >= 500 || leaks !== undefined || !isProblem) {
          const text = answer.text.slice(0, 300);
          wrong.push({ ...attack, key: null, status: answer.status, leaks, text });
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, tryAll));
    process.stderr.write(`fuzz seed ${SEED}: ${JSON.stringify(Object.fromEntries(statuses))}\n`);
    expect(wrong.slice(0, 5)).toEqual([]);
    // A fuzz that is refused at the door everywhere has tried nothing.
    expect(statuses.get(200) ?? 0).toBeGreaterThan(REQUESTS / 10);
    expect(statuses.get(202) ?? 0).toBeGreaterThan(REQUESTS / 200);
    expect((await api.call('/api/v1/runs?limit=1', { key: keys[0] ?? '' })).status).toBe(200);
  }, 600_000);

  it('what was taken in between ends: nothing of it keeps the inbox from going on', async () => {
    for (let i = 0; i < 600; i += 1) {
      const left = await api.database.one<{ n: number }>(
        `select count(*)::int as n from inbox where state = 'pending' and attempts = 0`,
      );
      if (left?.n === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const broken = await api.database.query(
      `select kind, error->>'code' as code, count(*)::int as n from inbox
       where error->>'code' = 'RUN_BROKE_OFF' or (state = 'pending' and attempts = 0) group by 1, 2`,
    );
    expect(broken).toEqual([]);
  }, 120_000);
});

const LEAK =
  /\bat (?:async )?[\w.<>]+ \(|node_modules|\/src\/|\.ts:\d|\bselect\b.+\bfrom\b|\binsert into\b|syntax error at|SqlState|violates|invalid input syntax/i;

function bodyOf(type: string, schema: Schema): fc.Arbitrary<string> {
  if (type === 'application/json') {
    return fc.oneof(
      { weight: 6, arbitrary: valueOf(schema).map((value) => JSON.stringify(value) ?? '') },
      { weight: 1, arbitrary: anyText },
    );
  }
  if (type === 'multipart/form-data') {
    return anyText.map(
      (text) =>
        `--xx\r\nContent-Disposition: form-data; name="file"; filename="${text}"\r\n\r\na,b\r\n--xx--\r\n`,
    );
  }
  return fc.oneof(
    anyText,
    fc.constant('社員番号,氏名\n1,青葉\n'),
    fc.array(anyText, { maxLength: 5 }).map((lines) => lines.join('\n')),
  );
}

function filled(path: string, values: Readonly<Record<string, unknown>>): string {
  return path.replace(/\{(\w+)\}/g, (_all, name: string) => encoded(values[name]) || 'x');
}

function searchOf(search: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(search).map(([name, value]) => `${name}=${encoded(value)}`);
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

function encoded(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return encodeURIComponent(text.toWellFormed())
    .slice(0, 3_000)
    .replace(/%[0-9A-F]?$/i, '');
}
