import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InboxService } from '../../src/intake/inbox.service.js';
import { aRecord, call, openTestApi, type ApiAnswer, type TestApi } from '../support/http-api.js';

const RECORDS = '/api/v1/sources/demo-en/records';

describe('pushed records', () => {
  let api: TestApi;
  let key: string;

  beforeAll(async () => {
    api = await openTestApi({}, { unbraked: true });
    key = await api.key({ role: 'source', source: 'demo-en' });
  });
  afterAll(() => api.close());

  const push = (body: unknown, wait = false): Promise<ApiAnswer> =>
    api.call(wait ? `${RECORDS}?wait=true` : RECORDS, { key, body });

  async function settled(): Promise<void> {
    for (let i = 0; i < 300; i += 1) {
      const left = await api.database.one<{ n: number }>(
        `select count(*)::int as n from inbox where state = 'pending'`,
      );
      if (left?.n === 0) return;
      await sleep(100);
    }
    throw new Error('The inbox is not empty after 30 s.');
  }

  /** What the registry says about a number, without ids and times. */
  async function story(number: string) {
    const rows = await api.database.query(
      `select e.spell, e.hired_on, d.last_day, d.category, d.state, r.verdict
       from employment e left join departure d on d.employment_id = e.id
       left join registry_entry r on r.employment_id = e.id
       where e.company = 'en' and e.employee_number = $1 and not e.withdrawn order by e.spell`,
      [number],
    );
    return rows;
  }

  it('W02: the same record a hundred times is one departure and one set of follow-ups', async () => {
    const body = aRecord({ employeeNumber: 'W02', familyName: 'Ash', givenName: 'Rowan' });
    for (let i = 0; i < 100; i += 1) expect((await push(body)).status).toBe(202);
    await settled();
    const late = await push(body, true);
    expect(late.json['receipts']).toEqual([{ index: 0, state: 'duplicate' }]);
    expect(await story('W02')).toHaveLength(1);
    const events = await api.database.query(
      `select f.kind, count(*)::int as n from follow_up f join employment e on e.id = f.employment_id
       where e.employee_number = 'W02' group by 1 having count(*) > 1`,
    );
    expect(events).toEqual([]);
  });

  it('of several words about one employment in one request the last one counts', async () => {
    const days = ['2026-05-31', '2026-06-30', '2026-05-31', '2026-07-31'];
    const numbers = Array.from({ length: 8 }, (_, n) => `L${n}`);
    const said = (order: readonly string[]) =>
      order.flatMap((lastDay) =>
        numbers.map((employeeNumber) =>
          aRecord({ employeeNumber, familyName: `Oak${employeeNumber}`, givenName: 'Ivy', lastDay }),
        ),
      );
    const first = await push(said(days), true);
    expect(first.json['receipts']).toEqual(
      Array.from({ length: 32 }, (_, index) => ({ index, state: 'accepted' })),
    );
    for (const number of numbers) expect(await story(number)).toMatchObject([{ last_day: '2026-07-31' }]);
    await push(said(['2026-07-31', '2026-06-30']), true);
    for (const number of numbers) expect(await story(number)).toMatchObject([{ last_day: '2026-06-30' }]);
    await push(said(['2026-07-31', '2026-07-31', '2026-06-30']), true);
    for (const number of numbers) expect(await story(number)).toMatchObject([{ last_day: '2026-06-30' }]);
  });

  it('R15: 100 identical pushes at once through records and files are one person and one departure', async () => {
    const person = { employeeNumber: 'R15', familyName: 'Linden', givenName: 'Hazel', lastDay: '2026-05-31' };
    const csv =
      'Employee ID,Legal First Name,Legal Last Name,Hire Date,Termination Date\nR15,Hazel,Linden,2015-04-01,2026-05-31\n';
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        i % 10 === 9
          ? api.call('/api/v1/sources/demo-en/files?mode=delta', {
              key,
              body: csv,
              headers: { 'content-type': 'text/csv' },
            })
          : push({ ...person, hiredOn: '2015-04-01', status: 'left' }),
      ),
    );
    expect(answers.map((answer) => answer.status).filter((status) => status !== 202)).toEqual([]);
    await settled();
    const found = await story('R15');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ last_day: '2026-05-31', state: 'standing' });
    const doubled = await api.database.query(
      `select f.kind from follow_up f join employment e on e.id = f.employment_id
       where e.employee_number = 'R15' and f.state <> 'cancelled' group by f.kind having count(*) > 1`,
    );
    expect(doubled).toEqual([]);
  });

  it('W03: left, corrected and rehired in any order end in the same registry', async () => {
    const parts = [
      { hiredOn: '2015-04-01', status: 'active', asOf: '2020-01-01' },
      {
        hiredOn: '2015-04-01',
        lastDay: '2024-03-31',
        status: 'left',
        leavingReason: 'Personal',
        asOf: '2024-03-01',
      },
      {
        hiredOn: '2015-04-01',
        lastDay: '2024-04-30',
        status: 'left',
        leavingReason: 'Personal',
        asOf: '2024-04-15',
      },
      { hiredOn: '2025-07-01', status: 'active', asOf: '2025-07-02' },
    ];
    const orders = permutations([0, 1, 2, 3]);
    const stories = new Map<string, string[]>();
    for (const [at, order] of orders.entries()) {
      const number = `W03-${at}`;
      const name = {
        familyName: `Wood${'abcdefghijklmnopqrstuvwx'[at]}`,
        givenName: `Nr${'abcdefghijklmnopqrstuvwx'[at]}`,
      };
      for (const index of order) {
        const body = { employeeNumber: number, ...name, ...parts[index] };
        expect((await push(body)).status).toBe(202);
        if (at % 2 === 0) await api.server.get(InboxService).drain('demo-en');
      }
      await settled();
      const text = JSON.stringify(await story(number));
      stories.set(text, [...(stories.get(text) ?? []), number]);
    }
    expect([...stories.keys()]).toHaveLength(1);
  });

  it('W06: 50 at once with one Idempotency-Key are one execution; the rest get its answer or 409', async () => {
    const idempotencyKey = randomUUID();
    const body = aRecord({ employeeNumber: 'W06', familyName: 'Cedar', givenName: 'Jo' });
    const other = await api.another();
    const otherUrl = `http://127.0.0.1:${new URL(other.address).port}`;
    const send = (url: string, sent: unknown = body) =>
      call(url, RECORDS, { key, body: sent, headers: { 'idempotency-key': idempotencyKey } });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => send(i % 2 === 0 ? api.url : otherUrl)),
    );
    const done = answers.filter((answer) => answer.status === 202);
    const refused = answers.filter((answer) => answer.status !== 202);
    expect(done.filter((answer) => answer.headers.get('idempotency-replayed') === null)).toHaveLength(1);
    expect(new Set(done.map((answer) => answer.json['batchId'])).size).toBe(1);
    expect(new Set(refused.map((answer) => `${answer.status} ${String(answer.json['code'])}`))).toEqual(
      refused.length === 0 ? new Set() : new Set(['409 IDEMPOTENCY_KEY_IN_USE']),
    );
    const batches = await api.database.query(`select 1 from inbox where id = $1`, [done[0]?.json['batchId']]);
    expect(batches).toHaveLength(1);

    const again = await send(otherUrl);
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([202, 'true']);
    expect(again.text).toBe(done[0]?.text);
    const changed = await send(api.url, { ...body, department: 'Elsewhere' });
    expect([changed.status, changed.json['code']]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    const elsewhere = await call(api.url, `${RECORDS}?wait=true`, {
      key,
      body,
      headers: { 'idempotency-key': idempotencyKey },
    });
    expect(elsewhere.json['code']).toBe('IDEMPOTENCY_KEY_REUSED');
    const stranger = await api.key({ role: 'source', source: 'demo-en' });
    const own = await call(api.url, RECORDS, {
      key: stranger,
      body,
      headers: { 'idempotency-key': idempotencyKey },
    });
    expect([own.status, own.headers.get('idempotency-replayed')]).toEqual([202, null]);
  });

  it('W06: a streamed file with a key is kept once; the same bytes are replayed, others refused', async () => {
    const headers = { 'content-type': 'text/csv', 'idempotency-key': randomUUID() };
    const send = (body: string) => api.call('/api/v1/sources/demo-en/files', { key, body, headers });
    const first = await send('Employee ID,Name\n1,Jo Ash\n');
    const again = await send('Employee ID,Name\n1,Jo Ash\n');
    const other = await send('Employee ID,Name\n2,Jo Ash\n');
    expect(first.status).toBe(202);
    expect([again.text, again.headers.get('idempotency-replayed')]).toEqual([first.text, 'true']);
    expect([other.status, other.json['code']]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  });

  it('W06: a key is kept for 30 days and can be used anew after them', async () => {
    const headers = { 'idempotency-key': 'kept-for-a-month' };
    const body = aRecord({ employeeNumber: 'W06-30' });
    await api.call(RECORDS, { key, body, headers });
    const row = await api.database.one<{ days: number }>(
      `select round(extract(epoch from expires_at - created_at) / 86400)::int as days from idempotency_key
       where key = 'kept-for-a-month'`,
    );
    expect(row?.days).toBe(30);
    await api.database.query(`update idempotency_key set expires_at = now() - interval '1 day'
      where key = 'kept-for-a-month'`);
    const anew = await api.call(RECORDS, { key, body: { ...body, grade: 'M2' }, headers });
    expect([anew.status, anew.headers.get('idempotency-replayed')]).toEqual([202, null]);
  });

  it('202 survives kill -9: what a dead process took, another one applies', async () => {
    await settled();
    const dead = await api.database.query<{ id: string }>(
      `insert into inbox (id, kind, source, payload, item_count, received_at, received_by, state, next_try_at)
       values ($1, 'records', 'demo-en', $2, 1, now(), 'key:dead', 'pending', now()) returning id`,
      [
        randomUUID(),
        JSON.stringify([
          aRecord({ employeeNumber: 'KILL-9', familyName: 'Elm', givenName: 'Kit', birthDate: null }),
        ]),
      ],
    );
    await settled();
    expect(await story('KILL-9')).toHaveLength(1);
    const batch = await api.call(`/api/v1/sources/demo-en/batches/${dead[0]?.id}`, { key });
    expect(batch.json).toMatchObject({ state: 'done', records: 1, runId: expect.any(String) });
    const kept = await api.database.one('select payload from inbox where id = $1', [dead[0]?.id]);
    expect(kept).toEqual({ payload: null });
  });

  it('a file begun by a process that died is begun again under the run that was promised', async () => {
    const csv = 'Employee ID,Legal First Name,Legal Last Name,Hire Date\nF-1,Jo,Maple,2019-04-01\n';
    const sent = await api.call('/api/v1/sources/demo-en/files', {
      key,
      body: csv,
      headers: { 'content-type': 'text/csv' },
    });
    const runId = String(sent.json['runId']);
    await settled();
    const before = await api.call(`/api/v1/runs/${runId}`, { key });
    expect(before.json['run']).toMatchObject({ id: runId, kind: 'file' });
    // As a process leaves it that dies while it reads.
    const payload = JSON.stringify({
      sha256: (before.json['file'] as { sha256: string }).sha256,
      fileName: 'again.csv',
      mode: 'delta',
      asOf: '2026-06-01',
      profile: null,
      expectRows: null,
      hashDeclared: false,
    });
    await api.database.query(`delete from observation where run_id = $1`, [runId]);
    await api.database.query(`update import_run set status = 'reading', finished_at = null where id = $1`, [
      runId,
    ]);
    await api.database.query(
      `update inbox set state = 'pending', payload = $2, next_try_at = now() where id = $1`,
      [runId, payload],
    );
    await settled();
    const after = await api.call(`/api/v1/runs/${runId}`, { key });
    expect((after.json['run'] as { status: string }).status).not.toBe('reading');
    expect((after.json['file'] as { name: string }).name).toBe('again.csv');
  });

  it('limits are shared: two replicas count for one key, and say when to come again', async () => {
    const limited = await openTestApi({ rates: { search: 10 } });
    try {
      const recruiter = await limited.key({ role: 'recruiter' });
      const other = await limited.another();
      const urls = [limited.url, `http://127.0.0.1:${new URL(other.address).port}`];
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_, i) =>
          call(urls[i % 2] ?? '', '/api/v1/candidates', { key: recruiter }),
        ),
      );
      expect(answers.filter((answer) => answer.status === 200)).toHaveLength(10);
      const refused = answers.find((answer) => answer.status === 429);
      expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(refused?.json['code']).toBe('RATE_LIMITED');
      const hr = await limited.key({ role: 'hr' });
      expect((await limited.call('/api/v1/candidates', { key: hr })).status).toBe(200);
    } finally {
      await limited.close();
    }
  });
});

function permutations(items: readonly number[]): number[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, at) =>
    permutations([...items.slice(0, at), ...items.slice(at + 1)]).map((rest) => [item, ...rest]),
  );
}
