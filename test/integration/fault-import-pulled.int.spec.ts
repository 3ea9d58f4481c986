import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SyncService } from '../../src/intake/sync.service.js';
import type { Run } from '../../src/intake/run.js';
import { translator } from '../../src/platform/i18n/i18n.js';
import { faultCase, size } from '../support/fault-report.js';
import { Hris, PAGE_SIZE, type Paging } from '../support/hris.js';
import type { Misbehaviour } from '../support/hris-server.js';
import { dropTemplate, IntakeWorld } from '../support/intake-world.js';
import { violations } from '../support/invariants.js';

const PAGES = size('ENISHI_TEST_HRIS_PAGES', 5, 200);
const PEOPLE = PAGES * PAGE_SIZE;
const ALL = Array.from({ length: PEOPLE }, (_, n) => n);
const PAGINGS: readonly Paging[] = ['number', 'offset', 'link', 'cursor'];

let hris: Hris;
let world: IntakeWorld;

beforeAll(async () => {
  hris = await Hris.start();
});
afterAll(async () => {
  await hris.stop();
  await dropTemplate();
});
beforeEach(async () => {
  await hris.lists(ALL);
});
afterEach(async () => {
  const broken = await violations({ url: world.url, configDir: world.config, clock: world.clock });
  await world.stop();
  expect(broken).toEqual([]);
});

async function opened(pages: Paging, over: Readonly<Record<string, unknown>> = {}): Promise<void> {
  world = await IntakeWorld.start({ source: hris.source(pages, over) });
}

const pull = (more: { dryRun?: boolean; full?: boolean } = {}): Promise<Run> =>
  world.get(SyncService).sync({ source: 'demo-jp', by: 'sato', ...more });

const absent = (): Promise<number> => world.count('employment', 'absent_since is not null');

/** What a manner of page 3 is told as. A shrinking total shows in more than one way; the first that is seen is told. */
const TOLD: Readonly<Record<string, readonly string[]>> = {
  error: ['SYNC_PAGE_FAILED'],
  html: ['SYNC_PAGE_FAILED'],
  unauthorised: ['SYNC_PAGE_FAILED'],
  reset: ['SYNC_PAGE_FAILED'],
  silent: ['SYNC_PAGE_FAILED'],
  repeat: ['SYNC_PAGE_REPEATED'],
  empty: ['SYNC_PAGE_EMPTY'],
  shrink: ['SYNC_TOTAL_CHANGED'],
};

describe('a listing that is not whole', () => {
  for (const paging of PAGINGS) {
    faultCase(
      'I21',
      `paged by ${paging}, page 3 fails, repeats, is empty or shrinks the total: nobody is absent, and the run says so`,
      { pages: PAGES, people: PEOPLE },
      async (fault) => {
        await opened(paging);
        expect(await pull()).toMatchObject({ kind: 'sync', status: 'applied', seenToEnd: true });
        for (const manner of Object.keys(TOLD) as Misbehaviour['manner'][]) {
          world.clock.addDays(1);
          await hris.lists(ALL, { misbehaviour: { page: 3, manner } });
          const run = await pull();
          const notes = run.notes.map(({ code }) => code);
          expect({ manner, notes, whole: run.seenToEnd }).toEqual({
            manner,
            notes: TOLD[manner],
            whole: false,
          });
          expect(run).toMatchObject({
            status: 'applied',
            changes: { suspected_absent: 0 },
            rows: { rejected: 0 },
          });
          expect(run.rows.read).toBe(run.rows.accepted);
          fault.count(manner, run.rows.read);
          expect(await absent()).toBe(0);
          for (const [code = ''] of [notes]) {
            const [ja, en] = (['ja', 'en'] as const).map((language) =>
              translator(language)(`notes.${code}`, run.notes[0]?.details),
            );
            expect([ja, en]).not.toContain(`notes.${code}`);
            expect(`${ja ?? ''}${en ?? ''}`).not.toMatch(/\{\{|–/);
            expect(ja).toContain('不在の判定はしません');
            expect(en).toContain('nobody counts as missing');
          }
        }
        world.clock.addDays(1);
        await hris.lists(ALL.slice(1));
        expect(await pull()).toMatchObject({ seenToEnd: true, changes: { suspected_absent: 1 } });
      },
    );
  }

  faultCase(
    'I21',
    'a list that nothing ends but a short page makes nobody absent',
    { people: PEOPLE },
    async () => {
      await opened('number', { total: undefined, key: undefined });
      await pull();
      world.clock.addDays(1);
      await hris.lists(ALL.slice(3));
      const run = await pull();
      expect(run.notes.map(({ code }) => code)).toEqual(['SYNC_END_NOT_TOLD']);
      expect([run.seenToEnd, await absent()]).toEqual([false, 0]);
    },
  );

  faultCase(
    'I21',
    'somebody listed twice while the list moves makes nobody absent',
    { people: PEOPLE },
    async () => {
      await opened('link', { total: undefined });
      await pull();
      world.clock.addDays(1);
      await hris.lists([...ALL.slice(0, 30), ...ALL.slice(29)]);
      const run = await pull();
      expect(run.notes.map(({ code }) => code)).toEqual(['SYNC_ROW_REPEATED']);
      expect([run.seenToEnd, await absent()]).toEqual([false, 0]);
    },
  );

  it('I21: a listing without anybody is held, and a link to another host is not followed', async () => {
    await opened('link');
    await pull();
    world.clock.addDays(1);
    await hris.lists([]);
    const empty = await pull();
    expect([empty.status, empty.notes.map(({ code }) => code)]).toEqual(['held', ['FILE_HEADER_ONLY']]);
    await hris.lists(ALL, { misbehaviour: { page: 2, manner: 'away' } });
    const away = await pull();
    expect(away.notes.map(({ code, details }) => [code, details['reason']])).toEqual([
      ['SYNC_PAGE_FAILED', 'SYNC_LINK_LEADS_AWAY'],
    ]);
    expect(await absent()).toBe(0);
  });

  it('I04: a field that was renamed refuses the reading before anything is written', async () => {
    await opened('number');
    await pull();
    const before = await world.effects();
    world.clock.addDays(1);
    await hris.lists(ALL, { without: 'left_on' });
    await expect(pull()).rejects.toMatchObject({
      code: 'SYNC_COLUMN_NEVER_SEEN',
      details: { column: '退職日' },
    });
    expect(await world.effects()).toEqual(before);
    expect(await world.count('import_run', `kind = 'sync' and status = 'failed'`)).toBe(1);
  });

  it('a mass of leavers in a listing waits for a person like in any file, and is approved by its plan', async () => {
    await opened('cursor');
    await pull();
    world.clock.addDays(1);
    const leaving = Object.fromEntries(ALL.slice(0, 40).map((n) => [n, '2026-04-30']));
    await hris.lists(ALL, { leaving });
    const held = await pull();
    expect([held.status, held.changes.new_leaver]).toEqual(['held', 40]);
    expect(await world.approve(held)).toMatchObject({ status: 'applied', seenToEnd: true });
    expect(await world.count('departure')).toBe(40);
  });
});

describe('a source that is slow or refuses', () => {
  faultCase(
    'I22',
    '429 with Retry-After is waited for: every page once, and the busy one again',
    { pages: PAGES },
    async (fault) => {
      await opened('number');
      await hris.lists(ALL, { misbehaviour: { page: 3, manner: 'busy', times: 2 } });
      const run = await pull();
      expect(run).toMatchObject({ status: 'applied', seenToEnd: true, rows: { read: PEOPLE } });
      const requests = await hris.requests();
      expect(requests).toHaveLength(PAGES + 2);
      const busy = requests.filter(({ page }) => page === 3).map(({ atMs }) => atMs);
      const waits = busy.slice(1).map((at, i) => at - (busy[i] ?? 0));
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(990);
      fault.count('requests', requests.length);
      fault.count('shortest wait ms', Math.min(...waits));
    },
  );

  for (const manner of ['silent', 'reset'] as const) {
    faultCase(
      'I22',
      `a page that is ${manner} once is asked for again, and the reading is whole`,
      { pages: PAGES },
      async () => {
        await opened('offset');
        await hris.lists(ALL, { misbehaviour: { page: 2, manner, times: 1 } });
        expect(await pull()).toMatchObject({ status: 'applied', seenToEnd: true, rows: { read: PEOPLE } });
        expect(await hris.requests()).toHaveLength(PAGES + 1);
      },
    );
  }

  faultCase(
    'I22',
    'a token that expires in mid-run is not tried again and again',
    { pages: PAGES },
    async () => {
      await opened('cursor');
      await hris.lists(ALL, { misbehaviour: { page: 2, manner: 'unauthorised' } });
      const run = await pull();
      expect(run.notes.map(({ code, details }) => [code, details['reason']])).toEqual([
        ['SYNC_PAGE_FAILED', 'SERVICE_REFUSED'],
      ]);
      expect((await hris.requests()).map(({ page }) => page)).toEqual([1, 2]);
    },
  );

  it('I22: a source that does not answer at all leaves a failed run with its reason, and writes nothing', async () => {
    await opened('number');
    await hris.lists(ALL, { misbehaviour: { page: 1, manner: 'error' } });
    await expect(pull()).rejects.toMatchObject({ code: 'SERVICE_BUSY' });
    expect(await hris.requests()).toHaveLength(3);
    expect(
      await world.count(
        'import_run',
        `kind = 'sync' and status = 'failed' and error->>'code' = 'SERVICE_BUSY'`,
      ),
    ).toBe(1);
    expect((await world.effects())['observation']).toBe(0);
  });
});
