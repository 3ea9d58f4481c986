import { describe, expect, it } from '@jest/globals';
import { policySchema } from './eligibility-policy.js';

const text = { ja: '理由', en: 'because' };
const last = { id: 'last', verdict: 'review', text };

function problems(...rules: object[]): string[] {
  const parsed = policySchema.safeParse({ id: 'test', title: text, rules });
  return parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

function whenProblems(when: unknown): string[] {
  return problems({ id: 'first', when, verdict: 'eligible', text }, last);
}

describe('policySchema', () => {
  it('reads the short forms, and gives the same again when it reads what it gave', () => {
    const policy = policySchema.parse({
      id: 'test',
      title: text,
      rules: [
        { id: 'a', when: { voluntary: true, reason: ['family', 'study'] }, verdict: 'eligible', text },
        { id: 'b', when: [{ kind: 'death' }, { tenureMonths: { min: 12 } }], verdict: 'review', text },
        last,
      ],
    });
    expect(policy.rules.map((rule) => rule.when)).toEqual([
      [{ voluntary: { equals: true }, reason: { in: ['family', 'study'] } }],
      [{ kind: { equals: 'death' } }, { tenureMonths: { min: 12 } }],
      undefined,
    ]);
    expect(policySchema.parse(JSON.parse(JSON.stringify(policy)))).toEqual(policy);
  });

  it.each([
    ['no conditions at all', {}, 'at least one condition'],
    ['an empty list', [], 'when'],
    ['a condition that asks nothing', { tenureMonths: {} }, 'at least one of equals'],
    ['a fact that does not exist', { salary: 3 }, 'salary'],
    ['a wrong type', { voluntary: 'yes' }, 'rules.0.when.0.voluntary.equals'],
    ['a reason that does not exist', { reason: 'boredom' }, 'a leaving reason category'],
    ['the reason unknown as a value', { reason: ['family', 'unknown'] }, '{ unknown: true }'],
    ['unknown: true beside a value', { reason: { equals: 'family', unknown: true } }, 'stands alone'],
    ['min above max', { tenureMonths: { min: 12, max: 3 } }, 'min is above max'],
    ['a day that does not exist', { lastDay: { min: '2026-02-30' } }, 'YYYY-MM-DD'],
    ['a question for a fact that is never missing', { kind: { unknown: true } }, 'unknown'],
    ['nothing where a value belongs', { voluntary: null }, 'rules.0.when.0.voluntary.equals'],
    ['a kind that does not exist', { kind: 'holiday' }, 'rules.0.when.0.kind.equals'],
    ['a list of values without one', { tenureMonths: { in: [] } }, 'rules.0.when.0.tenureMonths.in'],
  ])('refuses %s', (_title, when, expected) => {
    expect(whenProblems(when).join('\n')).toContain(expected);
  });

  it.each<[string, unknown]>([
    ['a range', { tenureMonths: { min: 3, max: 12 } }],
    ['a range of one', { tenureMonths: { min: 12, max: 12 } }],
    ['days', { lastDay: { min: '2026-03-31', max: '2026-03-31' } }],
    ['several numbers', { tenureMonths: [12, 24] }],
    ['every kind of departure', { kind: ['leaving', 'continued', 'dismissal', 'death'] }],
    ['the kind leaving', { kind: 'leaving' }],
    ['the kind continued', { kind: { equals: 'continued' } }],
    ['the kind dismissal', { kind: 'dismissal' }],
    ['the kind death', { kind: 'death' }],
  ])('takes %s', (_title, when) => {
    expect(whenProblems(when)).toEqual([]);
  });

  it.each(['Retired', '9-lives', 'a_b', 'a!', `a${'b'.repeat(60)}`, ''])(
    'refuses %j as the id of a rule',
    (id) => {
      expect(problems({ ...last, id }).join()).toContain(
        'rules.0.id: small letters, digits and hyphens, at most 60',
      );
    },
  );

  it('takes an id of sixty characters', () => {
    expect(problems({ ...last, id: `a${'b'.repeat(59)}` })).toEqual([]);
  });

  it('refuses a text of white space', () => {
    expect(problems({ ...last, text: { ja: ' ', en: 'because' } }).join()).toContain('rules.0.text.ja');
  });

  it('refuses a policy that leaves somebody without an answer', () => {
    expect(problems({ ...last, when: { voluntary: true } })).toEqual([
      'rules.0.when: the last rule has no conditions',
    ]);
    expect(problems()).not.toEqual([]);
  });

  it('refuses rules that can never be reached, and ids used twice', () => {
    expect(problems({ ...last, id: 'first' }, last).join()).toContain('rules.0.when: conditions');
    expect(problems({ id: 'last', when: { voluntary: true }, verdict: 'eligible', text }, last)).toEqual([
      'rules.1.id: used twice',
    ]);
  });

  it('refuses a from-day for a verdict that has none, and texts in one language', () => {
    expect(problems({ ...last, from: { afterMonths: 6 } })).toEqual([
      'rules.0.from: from is for rules whose verdict is eligible',
    ]);
    expect(problems({ ...last, text: { ja: '理由' } }).join()).toContain('rules.0.text.en');
  });
});
