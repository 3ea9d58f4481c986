import { z } from 'zod';
import { policySchema } from '../domain/eligibility-policy.js';
import { bilingual, nullableInstant, pageOf, pageQuery } from '../platform/http/fields.js';
import { defineRoute } from '../platform/http/route.js';
import { runSchema } from './run.schema.js';

const verdict = z.enum(['eligible', 'review', 'ineligible', 'unknown']);

const version = z
  .object({
    version: z.int(),
    id: z.string(),
    title: bilingual,
    hash: z.string(),
    state: z.enum(['planned', 'active', 'superseded']),
    activatedAt: nullableInstant,
    activatedBy: z.string().nullable(),
    supersededAt: nullableInstant,
  })
  .meta({ id: 'PolicyVersion' });

const body = z.strictObject({ policy: policySchema });
const example = {
  policy: {
    id: 'careful',
    title: { ja: '慎重な方針', en: 'A careful policy' },
    rules: [
      {
        id: 'ask',
        verdict: 'review',
        text: { ja: '人事部門が確認します。', en: 'HR looks at it.' },
      },
    ],
  },
};

export const listPolicies = defineRoute({
  id: 'policies.list',
  method: 'get',
  path: '/api/v1/policies',
  tag: 'policies',
  summary: 'Every version of the rehire policy, the newest first',
  query: z.strictObject(pageQuery),
  answer: { status: 200, description: 'A page of versions.', schema: pageOf(version) },
});

export const addPolicy = defineRoute({
  id: 'policies.add',
  method: 'post',
  path: '/api/v1/policies',
  tag: 'policies',
  summary: 'Stores a policy as a version that is not in force yet',
  body,
  example,
  answer: {
    status: 201,
    description: 'The version to activate.',
    schema: z.object({ version: z.int(), hash: z.string() }),
  },
  errors: ['POLICY_ALREADY_ACTIVE'],
});

export const previewPolicy = defineRoute({
  id: 'policies.preview',
  method: 'post',
  path: '/api/v1/policies/preview',
  tag: 'policies',
  summary: 'Who would be told something else under a policy; changes nothing',
  body,
  example,
  answer: {
    status: 200,
    description: 'Counted over the whole registry.',
    schema: z.object({
      id: z.string(),
      title: bilingual,
      hash: z.string(),
      activeVersion: z.int(),
      examined: z.int(),
      flipped: z.int(),
      otherwiseChanged: z.int(),
      counts: z.array(
        z.object({
          company: z.string(),
          from: verdict,
          to: verdict,
          rule: z.string(),
          count: z.int(),
          hidden: z.int(),
        }),
      ),
    }),
  },
});

export const activatePolicy = defineRoute({
  id: 'policies.activate',
  method: 'post',
  path: '/api/v1/policies/{version}/activate',
  tag: 'policies',
  summary: 'Puts a stored version in force, as a run that a brake may hold',
  params: z.strictObject({ version: z.coerce.number().int().min(1).max(2_147_483_647) }),
  answer: { status: 200, description: 'The run, with its id.', schema: runSchema },
  errors: ['POLICY_VERSION_NOT_FOUND', 'POLICY_ALREADY_ACTIVE', 'POLICY_VERSION_SUPERSEDED'],
});
