import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { aRecord, openTestApi, type TestApi } from '../support/http-api.js';

let api: TestApi;
let admin: string;
let foreign: { run: string; person: string };

beforeAll(async () => {
  api = await openTestApi({}, { unbraked: true });
  admin = await api.key({ role: 'admin' });
  const body = aRecord({ employeeNumber: 'X-en', familyName: 'Hale', givenName: 'Wren' });
  const pushed = await api.call('/api/v1/sources/demo-en/records?wait=true', { key: admin, body });
  const { run } = pushed.json as { run: { run: { id: string } } };
  const row = await api.database.one<{ person_id: string }>(
    `select person_id from employment where company = 'en'`,
  );
  foreign = { run: run.run.id, person: row?.person_id ?? '' };
}, 60_000);
afterAll(() => api.close());

const rows = () =>
  api.database.query<{ actor: string; data: Record<string, unknown> }>(
    `select actor, data::jsonb as data from audit_entry where kind = 'key.used_outside' order by seq`,
  );

/** What is written is written behind the answer. */
async function rowsOf(expected: number) {
  for (let i = 0; i < 50 && (await rows()).length < expected; i += 1) await sleep(50);
  await sleep(200);
  return rows();
}

it('X01: a key that reaches out of its company leaves one row for each route and hour, naming nobody', async () => {
  const key = await api.key({ role: 'hr', company: 'jp' });
  const another = await api.another();
  const second = `http://127.0.0.1:${new URL(another.address).port}`;
  const paths = [
    `/api/v1/runs/${foreign.run}`,
    `/api/v1/people/${foreign.person}/timeline`,
    '/api/v1/registry?company=en',
  ];
  for (let again = 0; again < 4; again += 1) {
    for (const path of paths) {
      expect((await api.call(path, { key })).status).toBe(404);
      const other = await fetch(second + path, { headers: { authorization: `Bearer ${key}` } });
      expect(other.status).toBe(404);
    }
  }
  const paused = { method: 'POST', key, body: { reason: 'x' } };
  expect((await api.call('/api/v1/follow-ups/pause', paused)).status).toBe(403);
  const found = await rowsOf(4);
  expect(found.map(({ data }) => data['route']).sort()).toEqual([
    'follow-ups.pause',
    'people.timeline',
    'registry.list',
    'runs.show',
  ]);
  for (const { actor, data } of found) {
    expect(actor).toMatch(/^key:[0-9a-f-]{36}$/);
    expect(data).toEqual({ route: data['route'], role: 'hr', company: 'jp', source: null });
  }
  const all = JSON.stringify(found);
  for (const word of [foreign.run, foreign.person, 'Hale', 'X-en']) expect(all).not.toContain(word);
});

it('X01: a key of a source that pushes to another source leaves a row', async () => {
  const before = (await rows()).length;
  const key = await api.key({ role: 'source', source: 'demo-jp' });
  const push = (source: string) => api.call(`/api/v1/sources/${source}/records`, { key, body: aRecord() });
  expect((await push('demo-en')).status).toBe(404);
  expect((await push('demo-en')).status).toBe(404);
  const found = await rowsOf(before + 1);
  expect(found.slice(before).map(({ data }) => data)).toEqual([
    { route: 'records.push', role: 'source', company: null, source: 'demo-jp' },
  ]);
});

it('what is nowhere, what a role may not do at home either, and what the group may do leave none', async () => {
  const before = (await rows()).length;
  const hr = await api.key({ role: 'hr', company: 'jp' });
  const recruiter = await api.key({ role: 'recruiter', company: 'jp' });
  const nowhere = '019a0c5e-7a10-7cc3-9b1e-2f4d5a6b7c8d';
  expect((await api.call(`/api/v1/runs/${nowhere}`, { key: hr })).status).toBe(404);
  expect((await api.call('/api/v1/registry?company=nowhere', { key: hr })).status).toBe(404);
  expect((await api.call(`/api/v1/people/${foreign.person}/timeline`, { key: recruiter })).status).toBe(403);
  expect((await api.call(`/api/v1/runs/${foreign.run}`, { key: admin })).status).toBe(200);
  expect((await api.call(`/api/v1/runs/${foreign.run}`)).status).toBe(401);
  expect(await rowsOf(before)).toHaveLength(before);
});
