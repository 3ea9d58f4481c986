import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { isoDate } from '../../src/domain/calendar.js';
import { collect, RegistryWorld } from '../support/registry-world.js';

let world: RegistryWorld;

beforeAll(async () => {
  world = await RegistryWorld.start();
});
afterAll(() => world.stop());
beforeEach(async () => {
  await world.db.query(
    'truncate timeline_event, registry_history, rehire_override, registry_entry, departure, employment, person cascade',
  );
  world.clock.set('2026-04-10T03:00:00.000Z');
});

const today = isoDate('2026-04-10');
const historyOf = (personId: string) =>
  world.db.query<{ verdict: string | null; believed_from: string; believed_to: string | null }>(
    'select verdict, believed_from, believed_to from registry_history where person_id = $1 order by id',
    [personId],
  );

describe('applyEntries', () => {
  it('writes the verdict with its evidence, policy version and rule', async () => {
    const leaver = await world.addEntry({ number: 'A-1', category: 'childcare' });
    const { entries } = await world.queries.show(leaver.personId, today);
    expect(entries).toMatchObject([
      {
        company: 'jp',
        employeeNumber: 'A-1',
        verdict: 'eligible',
        policyVerdict: 'eligible',
        fromDay: '2026-04-01',
        rule: 'voluntary',
        missing: [],
        policyVersion: 1,
        override: null,
        evidence: {
          reason: 'childcare',
          voluntary: null,
          rehireFlag: null,
          kind: 'leaving',
          lastDay: '2026-03-31',
        },
      },
    ]);
  });

  it('twice gives once: no second interval, nothing rewritten', async () => {
    const leaver = await world.addEntry({ number: 'A-1' });
    const before = await world.db.query('select * from registry_entry');
    world.clock.set('2026-04-11T00:00:00.000Z');
    expect(await world.apply(await world.decide(leaver))).toBe(0);
    expect(await world.db.query('select * from registry_entry')).toEqual(before);
    expect(await world.count('registry_history')).toBe(1);
  });

  it('keeps what was believed, from when to when', async () => {
    const leaver = await world.addEntry({ number: 'A-1' });
    world.clock.set('2026-04-12T00:00:00.000Z');
    expect(await world.apply(await world.decide(leaver, { rehireFlag: 'no' }))).toBe(1);
    world.clock.set('2026-04-14T00:00:00.000Z');
    expect(await world.apply({ ...leaver, employmentId: null, verdict: null })).toBe(1);
    expect(await world.apply({ ...leaver, employmentId: null, verdict: null })).toBe(0);
    expect(await historyOf(leaver.personId)).toEqual([
      {
        verdict: 'eligible',
        believed_from: '2026-04-10T03:00:00.000Z',
        believed_to: '2026-04-12T00:00:00.000Z',
      },
      {
        verdict: 'ineligible',
        believed_from: '2026-04-12T00:00:00.000Z',
        believed_to: '2026-04-14T00:00:00.000Z',
      },
      { verdict: null, believed_from: '2026-04-14T00:00:00.000Z', believed_to: null },
    ]);
    expect(await world.count('registry_entry')).toBe(0);
  });

  it('tells evidence that changed under an equal verdict', async () => {
    const leaver = await world.addEntry({ number: 'A-1' });
    expect(await world.apply(await world.decide(leaver, { voluntary: true }))).toBe(1);
    expect(await world.count('registry_history')).toBe(2);
  });

  it('does not remember that somebody never in the registry is not in it', async () => {
    const leaver = await world.addLeaver({ number: 'A-1' });
    expect(await world.apply({ ...leaver, employmentId: null, verdict: null })).toBe(0);
    expect(await world.count('registry_history')).toBe(0);
  });

  it('R17: a clock that was set back makes no interval that ends before it begins', async () => {
    const leaver = await world.addEntry({ number: 'A-1' });
    world.clock.set('2026-04-10T02:00:00.000Z');
    await world.apply(await world.decide(leaver, { rehireFlag: 'no' }));
    const [first, second] = await historyOf(leaver.personId);
    expect(first?.believed_to).toBe(first?.believed_from);
    expect(second).toMatchObject({
      verdict: 'ineligible',
      believed_from: first?.believed_to,
      believed_to: null,
    });
  });

  it('refuses a batch that names one person and company twice', async () => {
    const leaver = await world.addLeaver({ number: 'A-1' });
    const change = await world.decide(leaver);
    await expect(world.apply(change, change)).rejects.toMatchObject({ code: 'REGISTRY_BATCH_REPEATS_KEY' });
    expect(await world.count('registry_entry')).toBe(0);
  });

  it('writes 2,000 people in one batch, and the same batch again as nothing', async () => {
    const one = await world.addLeaver({ number: 'A-1' });
    const { verdict } = await world.decide(one);
    const ids = await world.db.query<{ id: string }>(
      'insert into person (id) select enishi_id() from generate_series(1, 2000) returning id',
    );
    const batch = ids.map(({ id }) => ({
      personId: id,
      company: 'jp',
      employmentId: one.employmentId,
      verdict,
    }));
    expect(await world.apply(...batch)).toBe(2_000);
    expect(await world.apply(...batch)).toBe(0);
    expect(await world.count('registry_history where believed_to is null')).toBe(2_000);
  });
});

describe('registry at <day>', () => {
  it('tells what was believed at the end of the day in the zone asked for', async () => {
    const leaver = await world.addEntry({ number: 'A-1' });
    // 08:30 on the 12th in Tokyo, still the 11th in UTC.
    world.clock.set('2026-04-11T23:30:00.000Z');
    await world.apply(await world.decide(leaver, { rehireFlag: 'no' }));
    const at = async (day: string, zone: string) =>
      (await world.queries.at({ day: isoDate(day), zone, limit: 10 })).items.map((item) => item.verdict);
    expect(await at('2026-04-09', 'Asia/Tokyo')).toEqual([]);
    expect(await at('2026-04-10', 'Asia/Tokyo')).toEqual(['eligible']);
    expect(await at('2026-04-11', 'Asia/Tokyo')).toEqual(['eligible']);
    expect(await at('2026-04-11', 'UTC')).toEqual(['ineligible']);
    expect(await at('2026-04-12', 'Asia/Tokyo')).toEqual(['ineligible']);
  });

  it('counts an override for the days on which it counted', async () => {
    const { personId } = await world.addEntry({ number: 'A-1' });
    await world.overrides.set({
      personId,
      company: null,
      verdict: 'review',
      reason: '面談の結果待ち',
      author: 'hr-1',
      untilDay: isoDate('2026-04-12'),
      today,
    });
    const at = async (day: string) =>
      (await world.queries.at({ day: isoDate(day), zone: 'Asia/Tokyo', limit: 10 })).items;
    expect(await at('2026-04-12')).toMatchObject([
      { verdict: 'review', policyVerdict: 'eligible', overridden: true },
    ]);
    expect(await at('2026-04-13')).toMatchObject([{ verdict: 'eligible', overridden: false }]);
    world.clock.set('2026-04-20T00:00:00.000Z');
    expect(await world.overrides.closeExpired(isoDate('2026-04-20'))).toBe(1);
    expect(await world.overrides.closeExpired(isoDate('2026-04-20'))).toBe(0);
    expect(await at('2026-04-12')).toMatchObject([{ verdict: 'review' }]);
    expect(await at('2026-04-21')).toMatchObject([{ verdict: 'eligible' }]);
  });
});

describe('list', () => {
  it('pages through everybody once, in order, filtered by what counts', async () => {
    for (const number of ['A-3', 'A-1', 'A-2']) await world.addEntry({ number });
    await world.addEntry({ number: 'B-1', company: 'en' });
    const { personId } = await world.addEntry({ number: 'A-4' });
    const override = { personId, company: 'jp', reason: '本人と合意', author: 'hr-1', untilDay: null, today };
    await world.overrides.set({ ...override, verdict: 'review' });

    const seen: string[] = [];
    for (let cursor: string | null = null; ;) {
      const page = await world.queries.list({ day: today, limit: 2, cursor });
      seen.push(...page.items.map((item) => `${item.company}/${item.employeeNumber}`));
      cursor = page.nextCursor;
      if (cursor === null) break;
    }
    expect(seen).toEqual(['en/B-1', 'jp/A-1', 'jp/A-2', 'jp/A-3', 'jp/A-4']);
    const numbers = async (query: object) =>
      (await world.queries.list({ day: today, limit: 10, ...query })).items.map(
        (item) => item.employeeNumber,
      );
    expect(await numbers({ verdict: 'review' })).toEqual(['A-4']);
    expect(await numbers({ verdict: 'eligible', company: 'jp' })).toEqual(['A-1', 'A-2', 'A-3']);
  });

  it.each(['nonsense', Buffer.from('["jp"]').toString('base64url')])(
    'refuses the cursor %s',
    async (cursor) => {
      await expect(world.queries.list({ day: today, limit: 2, cursor })).rejects.toMatchObject({
        code: 'CURSOR_INVALID',
      });
    },
  );

  it('refuses a page without end', async () => {
    await expect(world.queries.list({ day: today, limit: 1_000_000 })).rejects.toMatchObject({
      code: 'LIMIT_OUT_OF_RANGE',
    });
  });
});

describe('export', () => {
  it('gives equal texts for equal registries, whatever the ids, the order and the time of writing', async () => {
    const people = [
      { number: '0010', category: 'personal' as const },
      { number: '0002', category: 'conduct' as const, kind: 'dismissal' as const },
      { number: 'a-1', category: 'performance' as const },
      { number: 'B-1', company: 'en' },
    ];
    for (const person of people) await world.addEntry(person);
    const first = (await collect(world.exports.exportCsv(today))).join('');
    await world.db.query(
      'truncate timeline_event, registry_history, rehire_override, registry_entry, departure, employment, person cascade',
    );
    world.clock.set('2026-05-01T00:00:00.000Z');
    for (const person of people.reverse()) await world.addEntry(person);
    expect((await collect(world.exports.exportCsv(today))).join('')).toBe(first);
    const rows = await collect(world.exports.exportRows(today));
    expect(rows.map((row) => `${row.company}/${row.employee_number} ${row.verdict}`)).toEqual([
      'en/B-1 eligible',
      'jp/0002 ineligible',
      'jp/0010 eligible',
      'jp/a-1 review',
    ]);
    expect(first).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}/);
  });

  it.each(['=1+1', '+81', '-1', '@SUM(A1)', '\t=1', '＝1+1'])(
    'X06: a name %j is no formula in a spreadsheet',
    async (givenName) => {
      await world.addEntry({ number: 'A-1', facts: { familyName: '山田', givenName } });
      const [, row] = await collect(world.exports.exportCsv(today));
      expect(row).toContain(`'${givenName}`);
    },
  );

  it('gives its connection back when the reader stops early', async () => {
    for (let i = 0; i < 8; i += 1) {
      await world.addEntry({ number: `A-${String(i)}` });
      for await (const row of world.exports.exportRows(today)) {
        expect(row.company).toBe('jp');
        break;
      }
    }
    expect(await world.count('registry_entry')).toBe(8);
  });
});
