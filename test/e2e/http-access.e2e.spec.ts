import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ACCESS, ROLES, accessRule, type Role, type RouteId } from '../../src/platform/auth/access.js';
import type { OpenApiDocument } from '../../src/platform/http/openapi.js';
import { aRecord, openTestApi, type ApiAnswer, type TestApi } from '../support/http-api.js';

interface Operation {
  readonly operationId: string;
  readonly 'x-roles': readonly Role[];
}

interface Listed {
  readonly id: RouteId;
  readonly method: string;
  readonly path: string;
}

/** What each parameter of a path is for the company that a request is about. */
interface World {
  readonly company: 'jp' | 'en';
  readonly source: string;
  readonly personId: string;
  readonly runId: string;
  readonly batchId: string;
}

const REASON = { reason: 'For this test.' };

describe('who may what', () => {
  let api: TestApi;
  let document: OpenApiDocument;
  let admin: string;
  let worlds: Record<'jp' | 'en', World>;
  const keys = new Map<string, string>();

  const routes = (): Listed[] =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        id: (operation as Operation).operationId as RouteId,
        method: method.toUpperCase(),
        path,
      })),
    );

  async function worldOf(company: 'jp' | 'en'): Promise<World> {
    const source = `demo-${company}`;
    const body = aRecord({ employeeNumber: `X-${company}`, ...(company === 'en' ? SOMEBODY_ELSE : {}) });
    const pushed = await api.call(`/api/v1/sources/${source}/records?wait=true`, { key: admin, body });
    const { batchId, run } = pushed.json as { batchId: string; run: { run: { id: string; status: string } } };
    expect(run.run.status).toBe('applied');
    const row = await api.database.one<{ person_id: string }>(
      'select person_id from employment where company = $1 and employee_number = $2',
      [company, `X-${company}`],
    );
    return { company, source, personId: row?.person_id ?? '', runId: run.run.id, batchId };
  }

  /** A request that is right in every way but, perhaps, who sends it. */
  function send(route: Listed, world: World, key: string | null): Promise<ApiAnswer> {
    const path = route.path
      .replace('{source}', world.source)
      .replace('{personId}', world.personId)
      .replace('{version}', '1')
      .replace('{id}', route.id === 'records.batch' ? world.batchId : world.runId);
    const bodies: Partial<Record<RouteId, unknown>> = {
      'records.push': aRecord({ employeeNumber: `Y-${world.company}` }),
      'files.push': 'a,b\n1,2\n',
      'runs.approve': { planHash: 'none', ...REASON },
      'runs.reject': REASON,
      'runs.revert': REASON,
      'registry.override': { verdict: 'review', company: world.company, ...REASON },
      'registry.override-end': { company: world.company, ...REASON },
      'policies.add': { policy: A_POLICY },
      'policies.preview': { policy: A_POLICY },
    };
    const body = bodies[route.id];
    const headers: Record<string, string> = route.id === 'files.push' ? { 'content-type': 'text/csv' } : {};
    return api.call(path, { method: route.method, key, headers, ...(body === undefined ? {} : { body }) });
  }

  beforeAll(async () => {
    api = await openTestApi();
    document = (await api.call('/api/openapi.json')).json as unknown as OpenApiDocument;
    admin = await api.key({ role: 'admin' });
    worlds = { jp: await worldOf('jp'), en: await worldOf('en') };
    for (const role of ROLES) {
      if (role === 'source') keys.set('source', await api.key({ role, source: 'demo-jp' }));
      else {
        keys.set(role, await api.key({ role, company: 'jp' }));
        keys.set(`${role} of the group`, await api.key({ role }));
      }
    }
  });

  afterAll(() => api.close());

  it('X01: every route of the document has its rule, and every rule its route', () => {
    expect(
      routes()
        .map((route) => route.id)
        .sort(),
    ).toEqual(Object.keys(ACCESS).sort());
    for (const methods of Object.values(document.paths)) {
      for (const operation of Object.values(methods) as Operation[]) {
        expect(operation['x-roles']).toEqual(accessRule(operation.operationId as RouteId).roles);
      }
    }
  });

  it('X01: nothing under /api/ answers without a key but the document and its pages', async () => {
    for (const route of routes()) {
      const answer = await send(route, worlds.jp, null);
      expect({ route: route.id, status: answer.status, code: answer.json['code'] }).toEqual({
        route: route.id,
        status: 401,
        code: 'KEY_MISSING',
      });
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    }
    expect((await api.call('/api/docs')).status).toBe(200);
  });

  it('X01: a role outside the rule is refused on every route, before its body is read', async () => {
    for (const route of routes()) {
      for (const [name, key] of keys) {
        const role = name.split(' ')[0] as Role;
        if (accessRule(route.id).roles.includes(role)) continue;
        const answer = await send(route, worlds.jp, key);
        expect({ route: route.id, name, status: answer.status, code: answer.json['code'] }).toEqual({
          route: route.id,
          name,
          status: 403,
          code: 'FORBIDDEN',
        });
      }
    }
  });

  it('X01: what belongs to another company is not there, on every route that names it', async () => {
    const named = /\{(source|personId|id)\}/;
    for (const route of routes().filter(({ path }) => named.test(path))) {
      for (const [name, key] of keys) {
        const role = name.split(' ')[0] as Role;
        if (name.endsWith('group') || !accessRule(route.id).roles.includes(role)) continue;
        const foreign = await send(route, worlds.en, key);
        expect({ route: route.id, name, status: foreign.status }).toEqual({
          route: route.id,
          name,
          status: 404,
        });
        expect(foreign.text).not.toContain('Hale');
      }
    }
    expect((await api.database.query(`select 1 from inbox where source = 'demo-en'`)).length).toBe(1);
  });

  it('X01: its own company is there for every role of the rule, and both for a key of the group', async () => {
    for (const route of routes().filter(({ id }) => !DECIDING.has(id))) {
      for (const [name, key] of keys) {
        const role = name.split(' ')[0] as Role;
        const rule = accessRule(route.id);
        if (!rule.roles.includes(role)) continue;
        const isGroup = name.endsWith('group');
        const own = await send(route, worlds.jp, key);
        const expected = rule.reach === 'group' && !isGroup ? [403] : (EXPECTED[route.id] ?? [200, 202]);
        expect({ route: route.id, name, status: own.status, ok: expected.includes(own.status) }).toEqual({
          route: route.id,
          name,
          status: own.status,
          ok: true,
        });
        if (isGroup)
          expect(EXPECTED[route.id] ?? [200, 202]).toContain((await send(route, worlds.en, key)).status);
      }
    }
  });

  it('X01: lists of a company key hold nothing of another company', async () => {
    const lists: Partial<Record<RouteId, Role>> = {
      'runs.list': 'hr',
      'registry.list': 'hr',
      'candidates.search': 'recruiter',
      'follow-ups.list': 'hr',
      'sources.list': 'hr',
    };
    for (const [id, role] of Object.entries(lists)) {
      const route = routes().find((item) => item.id === id);
      const own = await api.call(route?.path ?? '', { key: keys.get(role) ?? '' });
      const all = await api.call(route?.path ?? '', { key: keys.get(`${role} of the group`) ?? '' });
      expect(own.status).toBe(200);
      expect(own.text).not.toMatch(/demo-en|X-en|"company":"en"/);
      expect(own.text).not.toContain(worlds.en.personId);
      if (id !== 'follow-ups.list') expect(all.text).toMatch(/demo-en|X-en|"company":"en"/);
    }
  });

  it('X02: a recruiter never reads reason, evidence, birth date or address, whatever is asked', async () => {
    for (const key of [keys.get('recruiter'), keys.get('recruiter of the group')]) {
      for (const path of [
        '/api/v1/candidates',
        '/api/v1/candidates?q=青葉',
        '/api/v1/candidates?verdict=eligible&limit=1000',
        `/api/v1/candidates/${worlds.jp.personId}`,
      ]) {
        const answer = await api.call(path, { key: key ?? '' });
        expect(answer.status).toBe(200);
        expect(answer.text).toContain('青葉');
        for (const secret of [
          '自己都合',
          'voluntary',
          '1988',
          'example.com',
          'evidence',
          'category',
          'leavingReason',
        ]) {
          expect({ path, secret, found: answer.text.includes(secret) }).toEqual({
            path,
            secret,
            found: false,
          });
        }
      }
    }
  });

  it('X01: of somebody who was in two companies, each company sees its own part', async () => {
    const both = aRecord({
      employeeNumber: 'BOTH',
      familyName: '双葉',
      givenName: 'かえで',
      birthDate: '1990-01-02',
    });
    const own = { ...both, personalEmail: 'kaede.futaba@example.com', department: '品質保証部' };
    const abroad = { ...own, department: 'Overseas Desk', hiredOn: '2010-04-01', lastDay: '2015-03-01' };
    for (const [source, body] of [
      ['demo-jp', own],
      ['demo-en', abroad],
    ] as const) {
      await api.call(`/api/v1/sources/${source}/records?wait=true`, { key: admin, body });
    }
    const people = await api.database.query<{ person_id: string; n: number }>(
      `select person_id, count(*)::int as n from employment where employee_number = 'BOTH' group by 1`,
    );
    expect(people).toMatchObject([{ n: 2 }]);
    const path = people[0]?.person_id ?? '';
    const seen = [
      `/api/v1/candidates/${path}`,
      '/api/v1/candidates?q=双葉',
      `/api/v1/people/${path}/timeline`,
    ];
    for (const [index, address] of seen.entries()) {
      const role = index < 2 ? 'recruiter' : 'hr';
      const within = await api.call(address, { key: keys.get(role) ?? '' });
      const group = await api.call(address, { key: keys.get(`${role} of the group`) ?? '' });
      expect(within.text).toContain('品質保証部');
      expect(within.text).not.toMatch(/Overseas|demo-en|"company":"en"/);
      expect(group.text).toContain('Overseas Desk');
    }
  });

  it('X23: a revoked key is refused at its next request; unknown, changed and expired ones look alike', async () => {
    const key = await api.key({ role: 'hr' });
    expect((await api.call('/api/v1/runs', { key })).status).toBe(200);
    const prefix = key.split('_')[1] ?? '';
    await api.database.query('update api_key set revoked_at = now() where prefix = $1', [prefix]);
    const revoked = await api.call('/api/v1/runs', { key });
    const changed = await api.call('/api/v1/runs', {
      key: `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`,
    });
    const other = await api.call('/api/v1/runs', { key: `enk_0123456789ab_${'x'.repeat(43)}` });
    expect(revoked.status).toBe(401);
    expect(changed.text).toBe(revoked.text);
    expect(other.text).toBe(revoked.text);
  });

  it('X23: with a wrong secret nothing is taken from the budget of the key it names', async () => {
    const key = await api.key({ role: 'hr' });
    const counted = async () => {
      const [one] = await api.database.query<{ points: number }>(
        `select points from rate_limit where key = 'enishi-rate-read:' || (select id from api_key where prefix = $1)`,
        [key.split('_')[1] ?? ''],
      );
      return one?.points;
    };
    const wrong = `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`;
    for (const [shown, status, points] of [
      [key, 200, 1],
      [wrong, 401, 1],
      [key, 200, 2],
      [wrong, 401, 2],
    ] as const) {
      expect((await api.call('/api/v1/runs', { key: shown })).status).toBe(status);
      expect(await counted()).toBe(points);
    }
  });

  it('keys: the secret is in no table and no log; only its hash is', async () => {
    const key = await api.key({ role: 'auditor' });
    const secret = key.split('_').slice(2).join('_');
    const rows = await api.database.query('select * from api_key');
    expect(JSON.stringify(rows)).not.toContain(secret);
    await api.call('/api/v1/runs', { key });
    expect(api.log()).not.toContain(secret);
  });

  it('X16: every answer of every route carries the security headers', async () => {
    const paths = ['/api/docs', '/api/openapi.json', '/nothing-here', '/s/unknown-token'];
    const answers = [
      ...(await Promise.all(routes().map((route) => send(route, worlds.jp, null)))),
      ...(await Promise.all(routes().map((route) => send(route, worlds.jp, keys.get('auditor') ?? '')))),
      ...(await Promise.all(paths.map((path) => api.call(path)))),
    ];
    for (const { headers } of answers) {
      const csp = headers.get('content-security-policy') ?? '';
      expect(csp).toContain("base-uri 'none'");
      expect(csp).toContain("frame-ancestors 'none'");
      expect(csp).not.toContain('unsafe-inline');
      expect(headers.get('strict-transport-security')).toContain('max-age=');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(headers.get('x-powered-by')).toBeNull();
    }
    const personal = await api.call('/api/v1/registry', { key: keys.get('hr') ?? '' });
    expect(personal.headers.get('cache-control')).toBe('no-store');
  });
});

const SOMEBODY_ELSE = {
  familyName: 'Hale',
  givenName: 'Brook',
  birthDate: '1991-09-09',
  personalEmail: 'brook.hale@example.com',
};

const A_POLICY = {
  id: 'ask-always',
  title: { ja: 'すべて確認', en: 'Ask always' },
  rules: [{ id: 'ask', verdict: 'review', text: { ja: '人事部門が確認します。', en: 'HR looks at it.' } }],
};

/** These change what the others are about. */
const DECIDING = new Set<RouteId>([
  'runs.revert',
  'registry.override',
  'registry.override-end',
  'policies.add',
]);

/** Where a right request meets a state that does not allow it. */
const EXPECTED: Partial<Record<RouteId, readonly number[]>> = {
  'runs.approve': [409],
  'runs.reject': [409],
  'policies.activate': [409],
};
