import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aRecord, openTestApi, type ApiAnswer, type CallOptions, type TestApi } from '../support/http-api.js';

const RECORDS = '/api/v1/sources/demo-jp/records';
const FILES = '/api/v1/sources/demo-jp/files';
const MEGABYTE = 1024 * 1024;

describe('what comes in by HTTP', () => {
  let api: TestApi;
  let key: string;

  beforeAll(async () => {
    api = await openTestApi({ bodies: { idleMs: 2_000, wholeMs: 3_000, uploadBytes: 8 * MEGABYTE } });
    key = await api.key({ role: 'admin' });
  });
  afterAll(() => api.close());

  const push = (body: unknown, more: CallOptions = {}): Promise<ApiAnswer> =>
    api.call(RECORDS, { key, body, ...more });
  const json = { 'content-type': 'application/json' };
  const stored = async (): Promise<number> =>
    (await api.database.one<{ n: number }>('select count(*)::int as n from inbox'))?.n ?? -1;

  /** Bytes on a bare connection; the answer, or what was read when the other side hung up. */
  function raw(head: readonly string[], write: (send: (chunk: Buffer | string) => boolean) => Promise<void>) {
    const { port } = new URL(api.url);
    return new Promise<string>((resolve, reject) => {
      const socket = connect({ port: Number(port), host: '127.0.0.1' });
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(text));
      socket.once('connect', () => {
        socket.write(`${[...head, 'Host: localhost', `Authorization: Bearer ${key}`].join('\r\n')}\r\n\r\n`);
        write((chunk) => socket.write(chunk)).then(() => setTimeout(() => socket.end(), 500), reject);
      });
    });
  }

  it('takes one record, an array and NDJSON, with a receipt for each', async () => {
    const one = await push(aRecord({ employeeNumber: 'B-1' }));
    expect(one.status).toBe(202);
    expect(one.json['receipts']).toEqual([{ index: 0, state: 'accepted' }]);
    const many = await push([
      aRecord({ employeeNumber: 'B-2' }),
      { employeeNumber: 'B-3', lastDay: '31/03/2026' },
    ]);
    expect(many.json['receipts']).toMatchObject([
      { index: 0, state: 'accepted' },
      { index: 1, state: 'rejected', code: 'DAY_NOT_ISO', field: 'lastDay' },
    ]);
    const lines = [aRecord({ employeeNumber: 'B-4' }), aRecord({ employeeNumber: 'B-5' })];
    const body = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n\n`;
    const ndjson = await push(body, { headers: { 'content-type': 'application/x-ndjson' } });
    expect(ndjson.json['receipts']).toHaveLength(2);
  });

  it('says what is wrong in Japanese to who asks for it, without the value', async () => {
    const answer = await push(
      { employeeNumber: 'B-9', status: 'まったく違う値' },
      { headers: { 'accept-language': 'ja' } },
    );
    const [receipt] = answer.json['receipts'] as { message: string }[];
    expect(receipt?.message).toMatch(/[ぁ-ん]/);
    expect(answer.text).not.toContain('まったく違う値');
  });

  it.each([
    ['not JSON at all', '{"a":', 400, 'JSON_INVALID'],
    ['a key twice', '{"employeeNumber":"1","employeeNumber":"2"}', 400, 'JSON_KEY_TWICE'],
    ['a key twice, once escaped', '{"employeeNumber":"1","\\u0065mployeeNumber":"2"}', 400, 'JSON_KEY_TWICE'],
    ['__proto__', '{"employeeNumber":"1","__proto__":{"role":"admin"}}', 400, 'JSON_KEY_FORBIDDEN'],
    ['an escaped __proto__', '{"employeeNumber":"1","\\u005f_proto__":{}}', 400, 'JSON_KEY_FORBIDDEN'],
    ['10,000 levels of arrays', '['.repeat(10_000) + ']'.repeat(10_000), 400, 'JSON_TOO_DEEP'],
    ['10,000 levels of objects', '{"a":'.repeat(10_000), 400, 'JSON_TOO_DEEP'],
    ['a zero character', '{"employeeNumber":"1\\u0000"}', 400, 'JSON_TEXT_UNREADABLE'],
    ['half a surrogate pair', '{"employeeNumber":"\\ud800"}', 400, 'JSON_TEXT_UNREADABLE'],
    ['a byte order mark', '\ufeff{"employeeNumber":"1"}', 400, 'JSON_INVALID'],
    ['nothing', '', 400, 'BODY_MISSING'],
    ['a number', '5', 422, 'VALUE_INVALID'],
    ['an empty array', '[]', 422, 'VALUE_INVALID'],
  ])('refuses %s and stores nothing', async (_name, body, status, code) => {
    const before = await stored();
    const answer = await push(body, { method: 'POST', headers: json });
    expect({ status: answer.status, code: answer.json['code'] }).toEqual({ status, code });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.json).toMatchObject({ title: expect.any(String), detail: expect.any(String) });
    expect(await stored()).toBe(before);
  });

  it('refuses Shift_JIS as JSON: by its charset, and by its bytes when it says nothing', async () => {
    const bytes = Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0x90, 0xc2, 0x97, 0x74, 0x22, 0x7d]);
    const named = await push(bytes, { headers: { 'content-type': 'application/json; charset=Shift_JIS' } });
    expect([named.status, named.json['code']]).toEqual([415, 'CHARSET_UNSUPPORTED']);
    const silent = await push(bytes, { headers: json });
    expect([silent.status, silent.json['code']]).toEqual([400, 'BODY_NOT_UTF8']);
  });

  it('X15: refuses JSON that calls itself a form or plain text', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      const answer = await push(JSON.stringify(aRecord()), { headers: { 'content-type': type } });
      expect([answer.status, answer.json['code']]).toEqual([415, 'CONTENT_TYPE_UNSUPPORTED']);
    }
  });

  it('refuses more than 1,000 records in an array, and says so before anything is stored', async () => {
    const before = await stored();
    const answer = await push(Array.from({ length: 1_001 }, (_, i) => ({ employeeNumber: `N${i}` })));
    expect([answer.status, answer.json['code']]).toEqual([413, 'TOO_MANY_RECORDS']);
    expect(await stored()).toBe(before);
  });

  it('refuses a gzip bomb unread', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * MEGABYTE, 0x20));
    const answer = await push(bomb, { headers: { ...json, 'content-encoding': 'gzip' } });
    expect([answer.status, answer.json['code']]).toEqual([415, 'CONTENT_ENCODING_UNSUPPORTED']);
  });

  it('W09: 100 MB of JSON is refused within 5 s in flat memory, while others are answered', async () => {
    const before = process.memoryUsage().rss;
    const started = Date.now();
    let most = 0;
    const chunk = Buffer.alloc(MEGABYTE, 0x5b);
    const heavy = raw(
      [`POST ${RECORDS} HTTP/1.1`, 'Content-Type: application/json', 'Transfer-Encoding: chunked'],
      async (send) => {
        for (let i = 0; i < 100; i += 1) {
          send(`${chunk.length.toString(16)}\r\n`);
          if (!send(chunk)) await sleep(2);
          send('\r\n');
          most = Math.max(most, process.memoryUsage().rss);
        }
      },
    );
    const others = await Promise.all(Array.from({ length: 20 }, () => api.call('/api/v1/sources', { key })));
    expect(others.every((answer) => answer.status === 200)).toBe(true);
    expect(await heavy).toMatch(/^HTTP\/1\.1 413 /);
    expect(Date.now() - started).toBeLessThan(5_000);
    // The sender is in this process too: 100 MB held twice would show.
    expect(most - before).toBeLessThan(180 * MEGABYTE);
  });

  it('W09: a declared 100 MB is refused at once', async () => {
    const answer = await raw(
      [`POST ${RECORDS} HTTP/1.1`, 'Content-Type: application/json', `Content-Length: ${100 * MEGABYTE}`],
      () => Promise.resolve(),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('BODY_TOO_LARGE');
  });

  it('W09: a body that drips is given up with 408, and nothing of it is stored', async () => {
    const before = await stored();
    const started = Date.now();
    const answer = await raw(
      [`POST ${RECORDS} HTTP/1.1`, 'Content-Type: application/json', 'Content-Length: 1000'],
      async (send) => {
        for (let i = 0; i < 10; i += 1) {
          send('[');
          await sleep(500);
        }
      },
    );
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(Date.now() - started).toBeLessThan(8_000);
    expect(await stored()).toBe(before);
  });

  it('W09: a sender that falls silent is given up with 408', async () => {
    const answer = await raw(
      [`POST ${RECORDS} HTTP/1.1`, 'Content-Type: application/json', 'Content-Length: 1000'],
      async (send) => {
        send('[');
        await sleep(2_500);
      },
    );
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('stores nothing of records or a file that is cut short', async () => {
    const before = await stored();
    const files = async () => (await api.database.query('select sha256 from stored_file')).length;
    const filesBefore = await files();
    const record = JSON.stringify(aRecord({ employeeNumber: 'CUT-1' }));
    await raw(
      [
        `POST ${RECORDS} HTTP/1.1`,
        'Content-Type: application/x-ndjson',
        `Content-Length: ${record.length + 500}`,
      ],
      (send) => {
        send(`${record}\n`);
        return Promise.resolve();
      },
    );
    await raw([`POST ${FILES} HTTP/1.1`, 'Content-Type: text/csv', 'Content-Length: 3000000'], (send) => {
      send(Buffer.alloc(2 * MEGABYTE, 0x61));
      return Promise.resolve();
    });
    await sleep(300);
    expect(await stored()).toBe(before);
    expect(await files()).toBe(filesBefore);
    expect(
      (
        await api.database.query(
          'select 1 from stored_file_chunk c left join stored_file f using (sha256) where f.sha256 is null',
        )
      ).length,
    ).toBe(0);
  });

  it('a file too large, or of another hash than declared, is refused and not kept', async () => {
    const files = async () => (await api.database.query('select sha256 from stored_file')).length;
    const before = await files();
    const large = await api.call(FILES, {
      key,
      body: Buffer.alloc(9 * MEGABYTE, 0x61),
      headers: { 'content-type': 'text/csv' },
    });
    expect([large.status, large.json['code']]).toEqual([413, 'BODY_TOO_LARGE']);
    const other = await api.call(`${FILES}?sha256=${'0'.repeat(64)}`, {
      key,
      body: 'a,b\n',
      headers: { 'content-type': 'text/csv' },
    });
    expect([other.status, other.json['code']]).toEqual([422, 'FILE_HASH_MISMATCH']);
    expect(await files()).toBe(before);
  });

  it('X24: a file name is shown, and is never a path', async () => {
    const form = new FormData();
    form.append('file', new Blob(['社員番号,氏名\n1,青葉 みのり\n']), '../../etc/passwd.csv');
    const answer = await api.call(FILES, { key, body: form });
    expect(answer.status).toBe(202);
    const run = await api.call(`/api/v1/runs/${String(answer.json['runId'])}`, { key });
    expect(run.status).toBe(200);
    expect(run.text).not.toContain('..');
  });

  it('X03: a parameter, field or path that is not named is refused, not ignored', async () => {
    const cases: readonly [string, CallOptions, number][] = [
      ['/api/v1/runs?stauts=held', {}, 400],
      ['/api/v1/runs?limit=1&limit=2', {}, 400],
      ['/api/v1/runs?limit=1001', {}, 400],
      ['/api/v1/runs?cursor=eyJhIjoxfQ', {}, 400],
      ['/api/v1/candidates?company=other', {}, 404],
      ['/api/v1/runs/not-an-id', {}, 400],
      ['/api/v1/runs/%zz', {}, 400],
      ['/api/v1/follow-ups/pause', { body: { forever: true } }, 422],
      [`${RECORDS}?wait=yes`, { body: aRecord() }, 400],
    ];
    for (const [path, options, status] of cases) {
      const answer = await api.call(path, { key, ...options });
      expect({ path, status: answer.status }).toEqual({ path, status });
    }
  });

  it('X03: every write route refuses an unknown key, and names it', async () => {
    const id = '019a0c5e-7a10-7cc3-9b1e-2f4d5a6b7c8d';
    const writes: readonly [string, string, Record<string, unknown>][] = [
      ['POST', `/api/v1/runs/${id}/approve`, { planHash: 'x', reason: 'r' }],
      ['POST', `/api/v1/runs/${id}/reject`, { reason: 'r' }],
      ['POST', `/api/v1/runs/${id}/revert`, { reason: 'r' }],
      ['PUT', `/api/v1/registry/${id}/override`, { verdict: 'review', reason: 'r' }],
      ['DELETE', `/api/v1/registry/${id}/override`, { reason: 'r' }],
    ];
    for (const [method, path, body] of writes) {
      const answer = await api.call(path, { key, method, body: { ...body, author: 'somebody else' } });
      expect({ path, status: answer.status, code: answer.json['code'], field: answer.json['field'] }).toEqual(
        {
          path,
          status: 422,
          code: 'FIELD_NOT_EXPECTED',
          field: 'author',
        },
      );
    }
    const receipt = (await push(aRecord({ role: 'admin' }))).json['receipts'];
    expect(receipt).toMatchObject([{ state: 'rejected', code: 'FIELD_UNKNOWN', field: 'role' }]);
  });

  it('cursors go on where they were, in their own list only', async () => {
    for (let i = 0; i < 5; i += 1) await push(aRecord({ employeeNumber: `C-${i}` }), { method: 'POST' });
    await api.call(`${RECORDS}?wait=true`, { key, body: aRecord({ employeeNumber: 'C-9' }) });
    const all = (await api.call('/api/v1/registry?limit=1000', { key })).json['items'] as {
      employeeNumber: string;
    }[];
    const paged: string[] = [];
    let cursor: string | null = null;
    do {
      const more: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await api.call(`/api/v1/registry?limit=2${more}`, { key });
      expect(page.status).toBe(200);
      paged.push(...(page.json['items'] as { employeeNumber: string }[]).map((item) => item.employeeNumber));
      cursor = page.json['nextCursor'] as string | null;
      if (cursor !== null) {
        const elsewhere = await api.call(`/api/v1/registry?limit=2&verdict=review&cursor=${cursor}`, { key });
        expect(elsewhere.json['code']).toBe('CURSOR_INVALID');
        const changed = `${cursor.startsWith('W') ? 'X' : 'W'}${cursor.slice(1)}`;
        expect((await api.call(`/api/v1/registry?limit=2&cursor=${changed}`, { key })).status).toBe(400);
      }
    } while (cursor !== null);
    expect(paged).toEqual(all.map((item) => item.employeeNumber));
    expect(paged.length).toBeGreaterThan(3);
  });
});
