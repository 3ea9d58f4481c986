import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDays, isoDate } from '../domain/calendar.js';
import { compilePolicy, policySchema } from '../domain/eligibility-policy.js';
import {
  decideVerdict,
  type CompiledPolicy,
  type EligibilityFacts,
  type VerdictWord,
} from '../domain/eligibility.js';
import { LEAVING_CATEGORIES, type LeavingCategory } from '../domain/leaving-reason.js';
import { readConfigFile } from '../platform/config/config-file.js';

const FILES = {
  'any-voluntary-leaver': 'rehire-policy.yaml',
  'life-events-only': 'policies/life-events-only.yaml',
  'by-reason': 'policies/by-reason.yaml',
} as const;
type Shipped = keyof typeof FILES;
const NAMES = Object.keys(FILES) as Shipped[];
const policies = new Map<Shipped, CompiledPolicy>();

beforeAll(async () => {
  for (const name of NAMES) {
    const dir = join(import.meta.dirname, '..', '..', 'config');
    policies.set(name, compilePolicy(await readConfigFile(dir, FILES[name], policySchema)));
  }
});

function leaver(over: Partial<EligibilityFacts> = {}): EligibilityFacts {
  return {
    reason: 'unknown',
    voluntary: null,
    tenureMonths: null,
    noticeDays: null,
    rehireFlag: null,
    regretted: null,
    employmentType: null,
    kind: 'leaving',
    hiredOn: null,
    lastDay: isoDate('2026-03-31'),
    ...over,
  };
}

function verdictOf(name: Shipped, over: Partial<EligibilityFacts>): VerdictWord {
  const policy = policies.get(name);
  if (policy === undefined) throw new Error(`${name} was not read`);
  return decideVerdict(policy, leaver(over)).verdict;
}

describe('the shipped policies', () => {
  it('are named as their files say, in both languages', () => {
    for (const name of NAMES) {
      const policy = policies.get(name);
      expect(policy?.id).toBe(name);
      for (const { rule } of policy?.rules ?? []) {
        expect(rule.text.ja).toMatch(/[ぁ-ん].*。$/);
        expect(rule.text.en).toMatch(/^[\x20-\x7e]+\.$/);
      }
    }
  });

  const E = 'eligible';
  const R = 'review';
  const N = 'ineligible';
  const U = 'unknown';
  it.each<[string, Partial<EligibilityFacts>, VerdictWord, VerdictWord, VerdictWord]>([
    //                                                                                any  life  reason
    ['personal reasons, voluntary not stated', { reason: 'personal' }, E, R, E],
    ['childcare', { reason: 'childcare', voluntary: true }, E, E, E],
    ['caregiving', { reason: 'caregiving' }, E, E, E],
    ["a spouse's relocation", { reason: 'spouse_relocation' }, E, E, E],
    ['health', { reason: 'health' }, E, E, E],
    ['study', { reason: 'study' }, E, E, E],
    ['a new career', { reason: 'career_change', voluntary: true }, E, R, E],
    ['voluntary, reason unknown', { voluntary: true }, E, U, U],
    ['reason unknown, voluntary unknown', {}, U, U, U],
    ['not voluntary, reason unknown', { voluntary: false }, R, R, U],
    ['another reason, voluntary', { reason: 'other', voluntary: true }, E, R, E],
    ['another reason, voluntary unknown', { reason: 'other' }, U, R, E],
    ['redundancy', { reason: 'redundancy', voluntary: false }, R, R, E],
    ['end of contract', { reason: 'contract_end' }, R, R, E],
    ['mutual agreement', { reason: 'mutual_agreement' }, R, R, R],
    ['performance', { reason: 'performance' }, R, R, R],
    ['performance called voluntary', { reason: 'performance', voluntary: true }, R, R, R],
    ['early retirement', { reason: 'retirement_early', voluntary: true }, R, R, E],
    ['retirement by age', { reason: 'retirement_age' }, R, R, R],
    ['re-employed after retirement', { reason: 'retirement_age', kind: 'continued' }, R, R, R],
    ['conduct', { reason: 'conduct', kind: 'dismissal' }, N, N, N],
    ['abandonment', { reason: 'abandonment' }, N, N, N],
    ['a dismissal for performance', { reason: 'performance', kind: 'dismissal' }, R, R, R],
    ['a dismissal without a known reason', { kind: 'dismissal' }, R, R, R],
    ['conduct, yet flagged yes', { reason: 'conduct', kind: 'dismissal', rehireFlag: 'yes' }, R, R, R],
    ['abandonment, yet flagged yes', { reason: 'abandonment', rehireFlag: 'yes' }, R, R, R],
    ['conduct, flagged review', { reason: 'conduct', kind: 'dismissal', rehireFlag: 'review' }, N, N, N],
    ['flagged no', { reason: 'childcare', voluntary: true, rehireFlag: 'no' }, N, N, N],
    ['flagged no, nothing else known', { rehireFlag: 'no' }, N, N, N],
    ['flagged review', { reason: 'childcare', voluntary: true, rehireFlag: 'review' }, R, R, R],
    ['flagged yes', { reason: 'childcare', voluntary: true, rehireFlag: 'yes' }, E, E, E],
    ['flagged yes by default is no reason', { rehireFlag: 'yes' }, U, U, U],
    ['death', { reason: 'death', kind: 'death' }, N, N, N],
    ['death, flagged yes', { reason: 'death', kind: 'death', rehireFlag: 'yes' }, N, N, N],
    ['death known by the kind alone', { kind: 'death', voluntary: true }, N, N, N],
  ])('%s', (_title, over, any, lifeEvents, byReason) => {
    expect(NAMES.map((name) => verdictOf(name, over))).toEqual([any, lifeEvents, byReason]);
  });

  const anyLeaver = fc.record({
    reason: fc.constantFrom(...LEAVING_CATEGORIES),
    voluntary: fc.option(fc.boolean(), { nil: null }),
    kind: fc.constantFrom('leaving' as const, 'continued' as const, 'dismissal' as const, 'death' as const),
    rehireFlag: fc.option(fc.constantFrom('yes' as const, 'no' as const, 'review' as const), { nil: null }),
    tenureMonths: fc.option(fc.nat(600), { nil: null }),
    lastDay: fc.nat(30_000).map((count) => addDays(isoDate('1970-01-01'), count)),
  });
  const name = fc.constantFrom(...NAMES);

  it('edge-cases/06: a flag that is not set makes nobody ineligible', () => {
    const harmless = (reason: LeavingCategory) => !['conduct', 'abandonment', 'death'].includes(reason);
    fc.assert(
      fc.property(name, anyLeaver, (policy, facts) => {
        fc.pre(harmless(facts.reason) && ['leaving', 'continued'].includes(facts.kind));
        expect(verdictOf(policy, { ...facts, rehireFlag: null })).not.toBe('ineligible');
      }),
    );
  });

  it('edge-cases/07: a flag "no" never makes anybody eligible, and a flag "yes" never makes anybody ineligible', () => {
    fc.assert(
      fc.property(name, anyLeaver, (policy, facts) => {
        expect(['ineligible', 'review']).toContain(verdictOf(policy, { ...facts, rehireFlag: 'no' }));
        const withYes = verdictOf(policy, { ...facts, rehireFlag: 'yes' });
        if (withYes === 'ineligible') expect(facts.kind === 'death' || facts.reason === 'death').toBe(true);
      }),
    );
  });

  it('edge-cases/21: nobody who died or was dismissed is ever eligible', () => {
    fc.assert(
      fc.property(
        name,
        anyLeaver,
        fc.constantFrom('death' as const, 'dismissal' as const),
        (policy, facts, kind) => {
          expect(['ineligible', 'review']).toContain(verdictOf(policy, { ...facts, kind }));
          expect(verdictOf(policy, { ...facts, kind: 'death' })).toBe('ineligible');
        },
      ),
    );
  });
});
