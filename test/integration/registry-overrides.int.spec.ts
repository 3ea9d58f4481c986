import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { isoDate, type IsoDate } from '../../src/domain/calendar.js';
import type { VerdictWord } from '../../src/domain/eligibility.js';
import { newId } from '../../src/platform/database/id.js';
import type { OverrideRequest } from '../../src/rehire-registry/overrides.service.js';
import { RegistryWorld } from '../support/registry-world.js';

let world: RegistryWorld;

beforeAll(async () => {
  world = await RegistryWorld.start();
});
afterAll(() => world.stop());
beforeEach(() => {
  world.clock.set('2026-04-10T03:00:00.000Z');
});

const today = isoDate('2026-04-10');
let serial = 0;
const number = () => `N-${String((serial += 1))}`;

function request(personId: string, over: Partial<OverrideRequest> = {}): OverrideRequest {
  return {
    personId,
    company: null,
    verdict: 'review',
    reason: '面談で確認',
    author: 'hr-1',
    untilDay: null,
    today,
    ...over,
  };
}

async function counting(personId: string, day: IsoDate = today): Promise<VerdictWord | undefined> {
  return (await world.queries.show(personId, day)).entries[0]?.verdict;
}

describe('an override', () => {
  it('counts over the policy, with author and reason, and is in the history and on the timeline', async () => {
    const { personId } = await world.addEntry({ number: number() });
    expect(await world.overrides.set(request(personId))).toMatchObject({ state: 'active', company: 'jp' });
    const shown = await world.queries.show(personId, today);
    expect(shown.entries).toMatchObject([
      { verdict: 'review', policyVerdict: 'eligible', override: { author: 'hr-1', reason: '面談で確認' } },
    ]);
    expect(shown.history).toMatchObject([
      { verdict: 'eligible', overrideId: shown.overrides[0]?.id, believedTo: null },
      { verdict: 'eligible', overrideId: null },
    ]);
    const events = await world.db.query('select kind, actor from timeline_event where person_id = $1', [
      personId,
    ]);
    expect(events).toEqual([{ kind: 'override_set', actor: 'hr-1' }]);
  });

  it('said twice is said once', async () => {
    const { personId } = await world.addEntry({ number: number() });
    const first = await world.overrides.set(request(personId));
    expect(await world.overrides.set(request(personId))).toEqual(first);
    expect((await world.queries.show(personId, today)).overrides).toHaveLength(1);
  });

  it('counts up to its last day, and not on the next', async () => {
    const { personId } = await world.addEntry({ number: number() });
    await world.overrides.set(request(personId, { untilDay: isoDate('2026-04-30') }));
    expect(await counting(personId, isoDate('2026-04-30'))).toBe('review');
    expect(await counting(personId, isoDate('2026-05-01'))).toBe('eligible');
  });

  it('outlives what HR says, and closes itself when HR comes to agree', async () => {
    const leaver = await world.addEntry({ number: number() });
    await world.overrides.set(request(leaver.personId));
    await world.apply(await world.decide(leaver, { rehireFlag: 'no' }));
    expect(await counting(leaver.personId)).toBe('review');
    await world.apply(await world.decide(leaver, { rehireFlag: 'review' }));
    const shown = await world.queries.show(leaver.personId, today);
    expect(shown.entries).toMatchObject([{ verdict: 'review', override: null, rule: 'hris-says-review' }]);
    expect(shown.overrides).toMatchObject([{ state: 'closed', closedBecause: 'hr_agrees' }]);
  });

  it('that says what the policy says is not closed by news that change nothing', async () => {
    const leaver = await world.addEntry({ number: number() });
    await world.overrides.set(request(leaver.personId, { verdict: 'eligible' }));
    await world.apply(await world.decide(leaver, { voluntary: true }));
    await world.apply(await world.decide(leaver, { rehireFlag: 'no' }));
    expect(await counting(leaver.personId)).toBe('eligible');
  });

  it('waits through a rehire and counts again at the next departure', async () => {
    const leaver = await world.addEntry({ number: number() });
    await world.overrides.set(request(leaver.personId));
    await world.apply({ ...leaver, employmentId: null, verdict: null });
    expect((await world.queries.show(leaver.personId, today)).entries).toEqual([]);
    await world.apply(await world.decide(leaver));
    expect(await counting(leaver.personId)).toBe('review');
  });

  it('is ended by a person, who gives a reason', async () => {
    const { personId } = await world.addEntry({ number: number() });
    await world.overrides.set(request(personId));
    await expect(
      world.overrides.close({ personId, company: null, reason: ' ', by: 'hr-2' }),
    ).rejects.toMatchObject({ code: 'OVERRIDE_REASON_MISSING' });
    await world.overrides.close({ personId, company: null, reason: '確認済み', by: 'hr-2' });
    expect(await counting(personId)).toBe('eligible');
    expect((await world.queries.show(personId, today)).overrides).toMatchObject([
      { state: 'closed', closedBecause: 'withdrawn', closedBy: 'hr-2' },
    ]);
    await expect(
      world.overrides.close({ personId, company: null, reason: '再度', by: 'hr-2' }),
    ).rejects.toMatchObject({ code: 'OVERRIDE_NOT_FOUND' });
  });

  it.each<[string, Partial<OverrideRequest>]>([
    ['OVERRIDE_REASON_MISSING', { reason: '  ' }],
    ['OVERRIDE_AUTHOR_MISSING', { author: '' }],
    ['OVERRIDE_UNTIL_PAST', { untilDay: isoDate('2026-04-09') }],
    ['REGISTRY_ENTRY_NOT_FOUND', { personId: newId() }],
    ['REGISTRY_ENTRY_NOT_FOUND', { company: 'en' }],
  ])('is refused with %s', async (code, over) => {
    const { personId } = await world.addEntry({ number: number() });
    await expect(world.overrides.set(request(personId, over))).rejects.toMatchObject({ code });
  });

  it('names its company when the person is in the registry of several', async () => {
    const { personId } = await world.addEntry({ number: number() });
    await world.addEntry({ number: number(), personId, company: 'en' });
    await expect(world.overrides.set(request(personId))).rejects.toMatchObject({
      code: 'OVERRIDE_COMPANY_NEEDED',
      details: { companies: 'en, jp' },
    });
    await world.overrides.set(request(personId, { company: 'en' }));
    const { entries } = await world.queries.show(personId, today);
    expect(entries.map((entry) => `${entry.company} ${entry.verdict}`)).toEqual(['en review', 'jp eligible']);
  });

  it('by two people at once leaves one in force', async () => {
    const { personId } = await world.addEntry({ number: number() });
    const authors = ['hr-1', 'hr-2', 'hr-3', 'hr-4'];
    await Promise.all(authors.map((author) => world.overrides.set(request(personId, { author }))));
    const { overrides } = await world.queries.show(personId, today);
    expect(overrides.filter((override) => override.state === 'active')).toHaveLength(1);
    expect(overrides).toHaveLength(4);
  });
});

describe('edge-cases/21: after a death or a dismissal for misconduct', () => {
  it.each([
    ['conduct', 'dismissal'],
    ['abandonment', 'dismissal'],
    ['death', 'death'],
  ] as const)('%s needs two different people', async (category, kind) => {
    const { personId } = await world.addEntry({ number: number(), category, kind });
    const first = await world.overrides.set(request(personId));
    expect(first.state).toBe('awaiting_second');
    expect(await counting(personId)).toBe('ineligible');
    expect(await world.overrides.set(request(personId))).toEqual(first);
    expect(await counting(personId)).toBe('ineligible');
    const second = await world.overrides.set(
      request(personId, { author: 'hr-2', reason: '規程に基づき承認' }),
    );
    expect(second).toEqual({ ...first, state: 'active' });
    expect(await counting(personId)).toBe('review');
    expect((await world.queries.show(personId, today)).overrides).toMatchObject([
      { author: 'hr-1', secondAuthor: 'hr-2', state: 'active' },
    ]);
  });

  it('the second person confirms the same, or starts anew', async () => {
    const { personId } = await world.addEntry({ number: number(), category: 'conduct', kind: 'dismissal' });
    await world.overrides.set(request(personId, { verdict: 'eligible' }));
    expect((await world.overrides.set(request(personId, { author: 'hr-2' }))).state).toBe('awaiting_second');
    expect(await counting(personId)).toBe('ineligible');
    expect((await world.overrides.set(request(personId, { author: 'hr-1' }))).state).toBe('active');
    expect(await counting(personId)).toBe('review');
  });

  it('one person alone does not switch off what two put in force', async () => {
    const { personId } = await world.addEntry({ number: number(), category: 'conduct', kind: 'dismissal' });
    await world.overrides.set(request(personId));
    await world.overrides.set(request(personId, { author: 'hr-2' }));
    await world.overrides.set(request(personId, { author: 'hr-3', verdict: 'eligible' }));
    expect(await counting(personId)).toBe('review');
    await world.overrides.set(request(personId, { author: 'hr-4', verdict: 'eligible' }));
    expect(await counting(personId)).toBe('eligible');
  });

  it('a dismissal for performance is for one person', async () => {
    const { personId } = await world.addEntry({
      number: number(),
      category: 'performance',
      kind: 'dismissal',
    });
    expect((await world.overrides.set(request(personId, { verdict: 'eligible' }))).state).toBe('active');
  });
});

describe('moveOverrides', () => {
  const move = (from: string, to: string, company: string | null = null) =>
    world.db.transaction((sql) =>
      world.write.moveOverrides(sql, [{ from, to, company }], world.clock.nowIso()),
    );

  it('goes with the person, and the stricter one stays where two meet', async () => {
    const one = await world.addEntry({ number: number() });
    const two = await world.addEntry({ number: number(), personId: newId() });
    await world.overrides.set(request(one.personId, { verdict: 'ineligible' }));
    await world.overrides.set(request(two.personId, { verdict: 'review', author: 'hr-2' }));
    await move(one.personId, two.personId);
    await move(one.personId, two.personId);
    expect(await counting(two.personId)).toBe('ineligible');
    expect(await counting(one.personId)).toBe('eligible');
    const { overrides } = await world.queries.show(two.personId, today);
    expect(overrides.map(({ verdict, state, closedBecause }) => ({ verdict, state, closedBecause }))).toEqual(
      expect.arrayContaining([
        { verdict: 'ineligible', state: 'active', closedBecause: null },
        { verdict: 'review', state: 'closed', closedBecause: 'merged' },
      ]),
    );
  });

  it('moves one company only, when one person turns out to be two', async () => {
    const one = await world.addEntry({ number: number() });
    await world.addEntry({ number: number(), personId: one.personId, company: 'en' });
    const two = await world.addEntry({ number: number(), company: 'en' });
    await world.overrides.set(request(one.personId, { company: 'jp' }));
    await world.overrides.set(request(one.personId, { company: 'en', verdict: 'ineligible' }));
    await move(one.personId, two.personId, 'en');
    expect(await counting(two.personId)).toBe('ineligible');
    const { entries } = await world.queries.show(one.personId, today);
    expect(entries.map((entry) => `${entry.company} ${entry.verdict}`)).toEqual(['en eligible', 'jp review']);
  });
});
