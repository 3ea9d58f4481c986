import { z } from 'zod';
import { parseIsoDate, type IsoDate } from './calendar.js';
import {
  VERDICTS,
  type CompiledPolicy,
  type CompiledRule,
  type CompiledTest,
  type Condition,
  type FactName,
} from './eligibility.js';
import { LEAVING_CATEGORIES } from './leaving-reason.js';
import { REHIRE_FLAGS } from './observation.js';

const ruleId = z.string().regex(/^[a-z][a-z0-9-]{0,59}$/, 'small letters, digits and hyphens, at most 60');
const text = z.string().trim().min(1).max(500);
const bilingual = z.strictObject({ ja: text, en: text });
const months = z.int().min(0).max(1200);
const unknown = z.boolean();
const day = z.string().transform((value, context): IsoDate => {
  const parsed = parseIsoDate(value);
  if (parsed !== null) return parsed;
  context.addIssue('a day as YYYY-MM-DD');
  return z.NEVER;
});
const reason = z.enum(
  LEAVING_CATEGORIES.filter((category) => category !== 'unknown'),
  { error: 'a leaving reason category; for a reason that is not known write { unknown: true }' },
);

/** `fact: value` is short for `{ equals }`, `fact: [a, b]` for `{ in }`. */
function short(value: unknown): unknown {
  if (Array.isArray(value)) return { in: value };
  return value !== null && typeof value === 'object' ? value : { equals: value };
}

function condition<S extends z.ZodType<Condition>>(schema: S) {
  return z.preprocess(
    short,
    schema.superRefine((value: Condition, context) => {
      const tests = [value.equals, value.in, value.min, value.max].filter((test) => test !== undefined);
      if (tests.length === 0 && value.unknown === undefined)
        context.addIssue('at least one of equals, in, min, max, unknown');
      if (tests.length > 0 && value.unknown === true)
        context.addIssue('unknown: true stands alone: a missing fact has no value');
      if (value.min !== undefined && value.max !== undefined && value.min > value.max)
        context.addIssue('min is above max');
    }),
  );
}

const flag = condition(z.strictObject({ equals: z.boolean().optional(), unknown: unknown.optional() }));
const count = condition(
  z.strictObject({
    equals: z.int().optional(),
    in: z.array(z.int()).min(1).optional(),
    min: z.int().optional(),
    max: z.int().optional(),
    unknown: unknown.optional(),
  }),
);

function word<S extends z.ZodType<string>>(of: S) {
  return condition(
    z.strictObject({ equals: of.optional(), in: z.array(of).min(1).optional(), unknown: unknown.optional() }),
  );
}

const conditions = z
  .strictObject({
    reason: word(reason).optional(),
    voluntary: flag.optional(),
    tenureMonths: count.optional(),
    noticeDays: count.optional(),
    rehireFlag: word(z.enum(REHIRE_FLAGS)).optional(),
    regretted: flag.optional(),
    employmentType: word(text).optional(),
    // A departure always has a kind and a last day, so there is no `unknown` to ask for.
    kind: condition(
      z.strictObject({
        equals: z.enum(['leaving', 'continued', 'dismissal', 'death']).optional(),
        in: z
          .array(z.enum(['leaving', 'continued', 'dismissal', 'death']))
          .min(1)
          .optional(),
      }),
    ).optional(),
    hiredOn: condition(
      z.strictObject({ min: day.optional(), max: day.optional(), unknown: unknown.optional() }),
    ).optional(),
    lastDay: condition(z.strictObject({ min: day.optional(), max: day.optional() })).optional(),
  })
  .refine((value) => Object.keys(value).length > 0, 'at least one condition');

const ruleSchema = z
  .strictObject({
    id: ruleId,
    /** All conditions must hold; a list holds when one of its members does. */
    when: z
      .preprocess(
        (value) => (Array.isArray(value) ? (value as unknown[]) : [value]),
        z.array(conditions).min(1),
      )
      .optional(),
    verdict: z.enum(VERDICTS),
    from: z.strictObject({ afterMonths: months.optional() }).optional(),
    reviewAfterMonths: months.optional(),
    text: bilingual,
  })
  .refine((rule) => rule.from === undefined || rule.verdict === 'eligible', {
    path: ['from'],
    message: 'from is for rules whose verdict is eligible',
  });

/**
 * A rehire policy as it is written: rules in order, the first that holds decides. The last rule, and only the last,
 * has no conditions. Parsing what it gave gives the same again.
 */
export const policySchema = z
  .strictObject({
    id: ruleId,
    title: bilingual,
    rules: z.array(ruleSchema).min(1).max(200),
  })
  .superRefine(({ rules }, context) => {
    const seen = new Set<string>();
    rules.forEach((rule, index) => {
      const isLast = index === rules.length - 1;
      if (seen.has(rule.id))
        context.addIssue({ code: 'custom', path: ['rules', index, 'id'], message: 'used twice' });
      if (isLast && rule.when !== undefined) {
        context.addIssue({
          code: 'custom',
          path: ['rules', index, 'when'],
          message: 'the last rule has no conditions',
        });
      }
      if (!isLast && rule.when === undefined) {
        context.addIssue({
          code: 'custom',
          path: ['rules', index, 'when'],
          message: 'conditions: without them no later rule is ever reached',
        });
      }
      seen.add(rule.id);
    });
  });

export type Policy = z.output<typeof policySchema>;

/** Prepares a checked policy for many decisions. */
export function compilePolicy(policy: Policy): CompiledPolicy {
  const rules = policy.rules.map((rule): CompiledRule => {
    const alternatives = (rule.when ?? [{}]).map(testsOf);
    const factNames = [...new Set(alternatives.flat().map((test) => test.fact))];
    return { rule, alternatives, factNames };
  });
  return { id: policy.id, title: policy.title, rules };
}

function testsOf(when: Readonly<Partial<Record<FactName, Condition>>>): CompiledTest[] {
  return (Object.entries(when) as [FactName, Condition | undefined][]).flatMap(([fact, value]) =>
    value === undefined ? [] : [{ fact, condition: value }],
  );
}
