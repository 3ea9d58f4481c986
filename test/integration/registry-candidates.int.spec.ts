import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isoDate } from '../../src/domain/calendar.js';
import { newId } from '../../src/platform/database/id.js';
import { CandidatesQueries, type CandidateSearch } from '../../src/recruiting/candidates.queries.js';
import { RegistryWorld } from '../support/registry-world.js';

let world: RegistryWorld;
let candidates: CandidatesQueries;
const today = isoDate('2026-04-10');
const ids = new Map<string, string>();

const PEOPLE = {
  takahashi: {
    number: '1',
    category: 'caregiving',
    lastDay: '2025-09-30',
    facts: {
      familyName: '髙橋',
      givenName: '花子',
      familyNameKana: 'タカハシ',
      givenNameKana: 'ハナコ',
      formerFamilyName: '渡邊',
      department: '第一開発部',
      jobTitle: 'エンジニア',
      skills: ['TypeScript', '英語'],
      personalEmail: 'hanako@example.test',
      birthDate: isoDate('1990-01-01'),
      leavingReason: '家族の介護のため',
    },
  },
  suzuki: {
    number: '2',
    category: 'performance',
    kind: 'dismissal',
    lastDay: '2026-01-31',
    facts: { familyName: '鈴木', givenName: '一郎', department: '営業部', workEmail: 'suzuki@corp.test' },
  },
  smith: {
    number: '3',
    company: 'en',
    category: 'career_change',
    lastDay: '2026-03-31',
    facts: {
      familyName: 'Smith',
      givenName: 'Anna',
      department: 'Sales',
      personalEmail: 'anna@example.test',
    },
  },
  leavingLater: {
    number: '4',
    lastDay: '2026-04-10',
    facts: { familyName: '佐藤', givenName: '次郎', department: '営業部' },
  },
  dead: { number: '5', category: 'death', kind: 'death', facts: { familyName: '故人', givenName: '太郎' } },
  dismissed: {
    number: '6',
    category: 'conduct',
    kind: 'dismissal',
    facts: { familyName: '懲戒', givenName: '三郎' },
  },
} as const;

beforeAll(async () => {
  world = await RegistryWorld.start();
  candidates = new CandidatesQueries(world.db);
  for (const [name, spec] of Object.entries(PEOPLE)) ids.set(name, (await world.addEntry(spec)).personId);
  // One person in two companies: eligible in one, ineligible in the other.
  const personId = newId();
  const both = { familyName: '田中', givenName: '両方', personalEmail: 'both@example.test' };
  await world.addEntry({ number: '7', personId, lastDay: '2024-03-31', facts: both });
  await world.addEntry({
    number: '8',
    personId,
    company: 'en',
    lastDay: '2025-03-31',
    facts: { ...both, rehireEligible: 'no' },
  });
  ids.set('both', personId);
});
afterAll(() => world.stop());

async function found(query: Partial<CandidateSearch> = {}): Promise<string[]> {
  const { items } = await candidates.search({ today, limit: 100, ...query });
  const names = new Map([...ids].map(([name, id]) => [id, name]));
  return items.map((item) => names.get(item.personId) ?? '?');
}

describe('candidate search', () => {
  it('shows each person once, those who left last first, and nobody who is still here', async () => {
    expect(await found()).toEqual(['smith', 'suzuki', 'takahashi', 'both']);
    // The last day is still a day of work; from the next on the person has left.
    expect(await found({ today: isoDate('2026-04-11') })).toContain('leavingLater');
  });

  it('edge-cases/21: never shows the dead and those dismissed for misconduct, whatever an override says', async () => {
    const personId = ids.get('dismissed') ?? '';
    const override = {
      personId,
      company: null,
      verdict: 'eligible',
      reason: '再調査',
      untilDay: null,
      today,
    } as const;
    await world.overrides.set({ ...override, author: 'hr-1' });
    await world.overrides.set({ ...override, author: 'hr-2' });
    expect(await found({ q: '三郎' })).toEqual([]);
    expect(await found({ q: '太郎' })).toEqual([]);
    for (const name of ['dead', 'dismissed']) {
      await expect(candidates.candidate(ids.get(name) ?? '', today)).rejects.toMatchObject({
        code: 'CANDIDATE_NOT_FOUND',
      });
    }
    await expect(candidates.candidate(newId(), today)).rejects.toMatchObject({ code: 'CANDIDATE_NOT_FOUND' });
  });

  it.each([
    ['髙橋', ['takahashi']],
    ['高橋', ['takahashi']],
    ['高橋花子', ['takahashi']],
    ['花子　高橋', ['takahashi']],
    ['たかはし', ['takahashi']],
    ['ﾀｶﾊｼ ﾊﾅｺ', ['takahashi']],
    ['渡辺', ['takahashi']],
    ['開発部 えんじにあ', ['takahashi']],
    ['SMITH', ['smith']],
    ['anna ｓｍｉｔｈ', ['smith']],
    ['営業', ['suzuki']],
    ['%', []],
    ['_', []],
    ['介護', []],
    ['1990', []],
    ['', ['smith', 'suzuki', 'takahashi', 'both']],
  ])('finds %j', async (q, names) => {
    expect(await found({ q })).toEqual(names);
  });

  it.each<[string, Partial<CandidateSearch>, string[]]>([
    ['verdict', { verdict: 'eligible' }, ['smith', 'takahashi']],
    ['review', { verdict: 'review' }, ['suzuki']],
    ['the strictest verdict of all companies', { verdict: 'ineligible' }, ['both']],
    ['the verdict of the company asked for', { company: 'jp', verdict: 'eligible' }, ['takahashi', 'both']],
    ['company', { company: 'en' }, ['smith', 'both']],
    ['department', { department: '開発' }, ['takahashi']],
    ['left since, inclusive', { leftAfter: isoDate('2026-01-31') }, ['smith', 'suzuki']],
    ['left until, inclusive', { leftBefore: isoDate('2025-09-30') }, ['takahashi', 'both']],
    ['skill', { skill: 'typescript' }, ['takahashi']],
    ['all at once', { q: '髙橋', verdict: 'eligible', skill: '英語', company: 'jp' }, ['takahashi']],
  ])('filters by %s', async (_title, query, names) => {
    expect(await found(query)).toEqual(names);
  });

  it('pages without losing or repeating anybody', async () => {
    const seen: string[] = [];
    for (let cursor: string | null = null; ;) {
      const page = await candidates.search({ today, limit: 1, cursor });
      seen.push(...page.items.map((item) => item.personId));
      cursor = page.nextCursor;
      if (cursor === null) break;
    }
    expect(seen).toEqual(['smith', 'suzuki', 'takahashi', 'both'].map((name) => ids.get(name)));
  });

  it('X02: has the shape of the contract, and no leaving reason, evidence or birth date in any text', async () => {
    const candidate = await candidates.candidate(ids.get('takahashi') ?? '', today);
    expect(candidate).toEqual({
      personId: ids.get('takahashi'),
      name: {
        family: '髙橋',
        given: '花子',
        familyKana: 'タカハシ',
        givenKana: 'ハナコ',
        display: '髙橋 花子',
      },
      employments: [
        {
          company: 'jp',
          department: '第一開発部',
          jobTitle: 'エンジニア',
          hiredOn: '2020-04-01',
          lastDay: '2025-09-30',
        },
      ],
      verdict: 'eligible',
      eligibleFrom: '2025-10-01',
      because: [
        {
          rule: 'registry-eligible',
          text: { ja: '再雇用方針により、再雇用の対象です。', en: 'May come back under the rehire policy.' },
        },
      ],
      membership: null,
      contactable: true,
      openToReturn: null,
    });
    const { items } = await candidates.search({ today, limit: 100 });
    expect(JSON.stringify(items)).not.toMatch(/介護|caregiving|performance|hris|1990-01-01|example\.test/);
  });

  it('calls contactable who has a private address and has not objected', async () => {
    const contactable = async (name: string) =>
      (await candidates.candidate(ids.get(name) ?? '', today)).contactable;
    expect(await contactable('suzuki')).toBe(false);
    expect(await contactable('smith')).toBe(true);
    await world.db.query('update person set opted_out_at = now() where id = $1', [ids.get('smith')]);
    expect(await contactable('smith')).toBe(false);
  });

  it('S04: an override counts for the very next search', async () => {
    const personId = ids.get('takahashi') ?? '';
    await world.overrides.set({
      personId,
      company: null,
      verdict: 'ineligible',
      reason: '本人の希望',
      author: 'hr-1',
      untilDay: null,
      today,
    });
    expect(await found({ verdict: 'eligible' })).toEqual(['smith']);
    expect((await candidates.candidate(personId, today)).eligibleFrom).toBeNull();
  });

  it('refuses a search of a hundred words', async () => {
    await expect(found({ q: 'あ '.repeat(100) })).rejects.toMatchObject({ code: 'SEARCH_TOO_LONG' });
  });
});
