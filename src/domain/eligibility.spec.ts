import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runs } from '../../test/support/runs.js';
import { addDays, isoDate, type IsoDate } from './calendar.js';
import { compilePolicy, policySchema } from './eligibility-policy.js';
import {
  compareVerdicts,
  decideVerdict,
  sameVerdict,
  type CompiledPolicy,
  type EligibilityFacts,
} from './eligibility.js';
import { LEAVING_CATEGORIES } from './leaving-reason.js';

const text = { ja: '理由', en: 'because' };

function policy(...rules: object[]): CompiledPolicy {
  const written = rules.map((rule, index) => ({ id: `rule-${String(index + 1)}`, text, ...rule }));
  return compilePolicy(policySchema.parse({ id: 'test', title: text, rules: written }));
}

function leaver(over: Partial<EligibilityFacts> = {}): EligibilityFacts {
  return {
    reason: 'personal',
    voluntary: true,
    tenureMonths: 36,
    noticeDays: 30,
    rehireFlag: null,
    regretted: null,
    employmentType: '正社員',
    kind: 'leaving',
    hiredOn: isoDate('2023-04-01'),
    lastDay: isoDate('2026-03-31'),
    ...over,
  };
}

const anyDay = fc.integer({ min: 0, max: 36_000 }).map((count) => addDays(isoDate('1970-01-01'), count));
const orNull = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });
const anyFacts: fc.Arbitrary<EligibilityFacts> = fc.record({
  reason: fc.constantFrom(...LEAVING_CATEGORIES),
  voluntary: orNull(fc.boolean()),
  tenureMonths: orNull(fc.integer({ min: 0, max: 600 })),
  noticeDays: orNull(fc.integer({ min: -60, max: 400 })),
  rehireFlag: orNull(fc.constantFrom('yes' as const, 'no' as const, 'review' as const)),
  regretted: orNull(fc.boolean()),
  employmentType: orNull(fc.constantFrom('正社員', '契約社員', 'パート')),
  kind: fc.constantFrom('leaving' as const, 'continued' as const, 'dismissal' as const, 'death' as const),
  hiredOn: orNull(anyDay),
  lastDay: anyDay,
});
const anyCondition = fc.oneof(
  fc.record({
    reason: fc.subarray(
      LEAVING_CATEGORIES.filter((c) => c !== 'unknown'),
      { minLength: 1 },
    ),
  }),
  fc.record({ voluntary: fc.boolean() }),
  fc.record({ voluntary: fc.record({ equals: fc.boolean(), unknown: fc.constant(false) }) }),
  fc.record({ tenureMonths: fc.record({ min: fc.integer({ min: 0, max: 300 }) }) }),
  fc.record({ tenureMonths: fc.record({ unknown: fc.boolean() }) }),
  fc.record({ noticeDays: fc.record({ max: fc.integer({ min: 0, max: 90 }) }), regretted: fc.boolean() }),
  fc.record({ rehireFlag: fc.constantFrom('yes', 'no', 'review') }),
);
const anyPolicy = fc
  .array(
    fc.record({
      when: fc.oneof(anyCondition, fc.array(anyCondition, { minLength: 1, maxLength: 3 })),
      verdict: fc.constantFrom('eligible', 'review', 'ineligible', 'unknown'),
    }),
    { maxLength: 6 },
  )
  .map((rules) => policy(...rules, { verdict: 'review' }));

describe(decideVerdict, () => {
  const byTenure = policy(
    { when: { rehireFlag: { equals: 'no', unknown: false } }, verdict: 'ineligible' },
    { when: { tenureMonths: { max: 11 } }, verdict: 'review', reviewAfterMonths: 12 },
    {
      when: [{ voluntary: true }, { reason: ['family', 'study'] }],
      verdict: 'eligible',
      from: { afterMonths: 6 },
    },
    { verdict: 'review' },
  );

  it.each([
    ['the first rule that holds decides', { rehireFlag: 'no', tenureMonths: 3 }, 'ineligible', 'rule-1'],
    ['a flag that is not set is not no', { rehireFlag: null }, 'eligible', 'rule-3'],
    ['a flag yes is not no', { rehireFlag: 'yes' }, 'eligible', 'rule-3'],
    ['11 months are below 12', { tenureMonths: 11 }, 'review', 'rule-2'],
    ['12 months are not', { tenureMonths: 12 }, 'eligible', 'rule-3'],
    ['an unknown tenure stops the walk', { tenureMonths: null }, 'unknown', 'rule-2'],
    ['one alternative that holds is enough', { voluntary: null, reason: 'family' }, 'eligible', 'rule-3'],
    ['an open alternative is not a no', { voluntary: null, reason: 'personal' }, 'unknown', 'rule-3'],
    ['both open', { voluntary: null, reason: 'unknown' }, 'unknown', 'rule-3'],
    ['one that fails leaves the other open', { voluntary: false, reason: 'unknown' }, 'unknown', 'rule-3'],
    ['the last rule takes the rest', { voluntary: false, reason: 'redundancy' }, 'review', 'rule-4'],
  ] as const)('%s', (_title, over, verdict, rule) => {
    expect(decideVerdict(byTenure, leaver(over))).toMatchObject({ verdict, rule });
  });

  it('names the facts that are missing, in a text for people too', () => {
    const verdict = decideVerdict(byTenure, leaver({ voluntary: null, reason: 'unknown' }));
    expect(verdict).toEqual({
      verdict: 'unknown',
      fromDay: null,
      reviewOn: null,
      rule: 'rule-3',
      because: [
        {
          rule: 'rule-3',
          text: {
            ja: '判定に必要な情報が登録されていません（退職理由、自己都合・会社都合の別）。',
            en: 'Information needed for a decision is missing: leaving reason, whether it was voluntary.',
          },
        },
      ],
      missing: ['reason', 'voluntary'],
      evidence: { reason: 'unknown', voluntary: null, tenureMonths: 36, rehireFlag: null },
    });
  });

  it('every fact that may be missing has a name of its own for people, in both languages', () => {
    const conditions: Record<string, object> = {
      reason: { reason: 'family' },
      voluntary: { voluntary: true },
      tenureMonths: { tenureMonths: { min: 1 } },
      noticeDays: { noticeDays: { min: 1 } },
      rehireFlag: { rehireFlag: 'yes' },
      regretted: { regretted: true },
      employmentType: { employmentType: '正社員' },
      hiredOn: { hiredOn: { min: '2020-01-01' } },
    };
    const nothing = leaver({
      reason: 'unknown',
      voluntary: null,
      tenureMonths: null,
      noticeDays: null,
      rehireFlag: null,
      regretted: null,
      employmentType: null,
      hiredOn: null,
    });
    const texts = Object.entries(conditions).map(([name, when]) => {
      const { missing, because } = decideVerdict(
        policy({ when, verdict: 'eligible' }, { verdict: 'review' }),
        nothing,
      );
      expect(missing).toEqual([name]);
      const [{ text } = { text: { ja: '', en: '' } }] = because;
      return [/（(.+)）/.exec(text.ja)?.[1], /: (.+)\.$/.exec(text.en)?.[1]];
    });
    const names = texts.flat();
    expect(names).not.toContain(undefined);
    expect(names).not.toContain('undefined');
    expect(new Set(names).size).toBe(2 * Object.keys(conditions).length);
  });

  it('only a reason is called unknown: an employment type of that name is a value', () => {
    const byType = policy(
      { when: { employmentType: 'unknown' }, verdict: 'eligible' },
      { verdict: 'review' },
    );
    expect(decideVerdict(byType, leaver({ employmentType: 'unknown' })).verdict).toBe('eligible');
  });

  it('a condition that is left open in the writing asks nothing', () => {
    const open = policy(
      { when: { voluntary: undefined, reason: 'family' }, verdict: 'eligible' },
      { verdict: 'review' },
    );
    expect(decideVerdict(open, leaver({ reason: 'family', voluntary: null })).verdict).toBe('eligible');
  });

  it('a policy without a last rule is a mistake that is named', () => {
    const title = { ja: '規程', en: 'policy' };
    expect(() => decideVerdict({ id: 'none', title, rules: [] }, leaver())).toThrow('policy none');
  });

  it('keeps as evidence what the rules up to the deciding one look at, and nothing else', () => {
    expect(decideVerdict(byTenure, leaver({ rehireFlag: 'no' })).evidence).toEqual({ rehireFlag: 'no' });
    expect(decideVerdict(byTenure, leaver()).evidence).toEqual({
      reason: 'personal',
      voluntary: true,
      tenureMonths: 36,
      rehireFlag: null,
      lastDay: '2026-03-31',
    });
  });

  it.each([
    ['2026-03-31', '2026-04-01', '2026-10-01'],
    ['2026-08-31', '2026-09-01', '2027-03-01'],
    ['2028-02-28', '2028-02-29', '2028-08-29'],
    ['2026-12-31', '2027-01-01', '2027-07-01'],
  ])('counts from the day after the last day: %s gives %s, after 6 months %s', (last, next, later) => {
    const lastDay = isoDate(last);
    const atOnce = policy({ verdict: 'eligible' });
    expect(decideVerdict(atOnce, leaver({ lastDay })).fromDay).toBe(next);
    expect(decideVerdict(byTenure, leaver({ lastDay })).fromDay).toBe(later);
  });

  it('gives a day to look again only where the rule has one', () => {
    expect(decideVerdict(byTenure, leaver({ tenureMonths: 3 }))).toMatchObject({
      verdict: 'review',
      fromDay: null,
      reviewOn: '2027-04-01',
    });
    expect(decideVerdict(byTenure, leaver()).reviewOn).toBeNull();
    // A day was counted from the last day, so that is evidence too.
    expect(decideVerdict(byTenure, leaver({ tenureMonths: 3 })).evidence).toHaveProperty(
      'lastDay',
      '2026-03-31',
    );
  });

  it('gives the rule that decided as the reason, in its own words', () => {
    expect(decideVerdict(byTenure, leaver()).because).toEqual([{ rule: 'rule-3', text }]);
  });

  it('an explicit question for a missing fact answers instead of stopping', () => {
    const asks = policy(
      { when: { tenureMonths: { unknown: true } }, verdict: 'review' },
      { when: { tenureMonths: { min: 12 } }, verdict: 'eligible' },
      { verdict: 'ineligible' },
    );
    expect(decideVerdict(asks, leaver({ tenureMonths: null }))).toMatchObject({
      verdict: 'review',
      missing: [],
    });
    expect(decideVerdict(asks, leaver({ tenureMonths: 12 })).verdict).toBe('eligible');
    expect(decideVerdict(asks, leaver({ tenureMonths: 0 })).verdict).toBe('ineligible');
  });

  it('reads days as days', () => {
    const since = policy(
      { when: { lastDay: { min: '2026-04-01' }, hiredOn: { max: '2020-03-31' } }, verdict: 'eligible' },
      { verdict: 'review' },
    );
    const days = (lastDay: string, hiredOn: IsoDate | null) => leaver({ lastDay: isoDate(lastDay), hiredOn });
    expect(decideVerdict(since, days('2026-04-01', isoDate('2020-03-31'))).verdict).toBe('eligible');
    expect(decideVerdict(since, days('2026-03-31', isoDate('2020-03-31'))).verdict).toBe('review');
    expect(decideVerdict(since, days('2026-04-01', isoDate('2020-04-01'))).verdict).toBe('review');
    // One condition fails for sure: nothing is missing.
    expect(decideVerdict(since, days('2026-03-31', null))).toMatchObject({ verdict: 'review', missing: [] });
    expect(decideVerdict(since, days('2026-04-01', null))).toMatchObject({
      verdict: 'unknown',
      missing: ['hiredOn'],
    });
  });

  it('answers everybody, always the same, with facts that were asked for', () => {
    fc.assert(
      fc.property(anyPolicy, anyFacts, (anyOne, facts) => {
        const verdict = decideVerdict(anyOne, facts);
        expect(sameVerdict(verdict, decideVerdict(anyOne, { ...facts }))).toBe(true);
        expect(anyOne.rules.map(({ rule }) => rule.id)).toContain(verdict.rule);
        expect(verdict.fromDay !== null).toBe(verdict.verdict === 'eligible');
        for (const name of verdict.missing) expect(verdict.evidence).toHaveProperty(name);
        if (verdict.missing.length > 0) expect(verdict.verdict).toBe('unknown');
      }),
    );
  });

  it('respects the order: rules after the deciding one change nothing', () => {
    fc.assert(
      fc.property(anyPolicy, anyFacts, (anyOne, facts) => {
        const verdict = decideVerdict(anyOne, facts);
        const upTo = anyOne.rules.findIndex(({ rule }) => rule.id === verdict.rule);
        const cut = { ...anyOne, rules: anyOne.rules.slice(0, upTo + 1) };
        expect(decideVerdict(cut, facts)).toEqual(verdict);
      }),
    );
  });

  it('never guesses: what it says of a missing fact stays true whatever the fact turns out to be', () => {
    const guarded = fc.constantFrom<[keyof EligibilityFacts, fc.Arbitrary<unknown>]>(
      ['reason', fc.constantFrom(...LEAVING_CATEGORIES)],
      ['rehireFlag', fc.constantFrom('yes', 'no', 'review')],
      ['regretted', fc.boolean()],
      ['noticeDays', fc.integer({ min: -10, max: 200 })],
    );
    const filled = guarded.chain(([name, of]) => of.map((value) => ({ name, value })));
    fc.assert(
      fc.property(anyPolicy, anyFacts, filled, (anyOne, facts, { name, value }) => {
        const missing = { ...facts, [name]: name === 'reason' ? 'unknown' : null };
        const before = decideVerdict(anyOne, missing);
        if (before.verdict === 'unknown') return;
        const after = decideVerdict(anyOne, { ...missing, [name]: value });
        expect(after.verdict).toBe(before.verdict);
        expect(after.rule).toBe(before.rule);
      }),
      { numRuns: runs(1000) },
    );
  });
});

describe(compareVerdicts, () => {
  const lenient = policy({ verdict: 'eligible' });
  const strict = policy({ when: { voluntary: true }, verdict: 'eligible' }, { verdict: 'review' });

  it('is null for equal verdicts of one policy', () => {
    expect(compareVerdicts(strict, strict, leaver())).toBeNull();
  });

  it('shows both where they differ', () => {
    expect(compareVerdicts(lenient, strict, leaver({ voluntary: false }))).toMatchObject({
      before: { verdict: 'eligible' },
      after: { verdict: 'review', rule: 'rule-2' },
    });
  });
});

describe(sameVerdict, () => {
  const verdict = decideVerdict(
    policy({ when: { voluntary: true }, verdict: 'eligible' }, { verdict: 'review' }),
    leaver(),
  );

  it('does not mind the order in which jsonb gives the evidence back', () => {
    const entries = Object.entries(verdict.evidence).reverse();
    expect(sameVerdict(verdict, { ...verdict, evidence: Object.fromEntries(entries) })).toBe(true);
  });

  it('sees another value of a fact, and another reason', () => {
    const { evidence, because } = verdict;
    expect(sameVerdict(verdict, { ...verdict, evidence: { ...evidence, voluntary: false } })).toBe(false);
    const [reason] = because;
    for (const other of [
      { rule: 'rule-9', text },
      { rule: reason?.rule ?? '', text: { ...text, ja: '別の理由' } },
      { rule: reason?.rule ?? '', text: { ...text, en: 'another reason' } },
    ])
      expect(sameVerdict(verdict, { ...verdict, because: [other] })).toBe(false);
    expect(sameVerdict(verdict, { ...verdict, because: [] })).toBe(false);
  });

  it('sees a fact that is not known apart from one that was not looked at', () => {
    expect(sameVerdict(verdict, { ...verdict, evidence: { ...verdict.evidence, regretted: null } })).toBe(
      false,
    );
  });
});
