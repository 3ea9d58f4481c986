import { z } from 'zod';
import {
  bilingual,
  configId,
  day,
  id,
  nullableDay,
  pageOf,
  pageQuery,
  reason,
} from '../platform/http/fields.js';
import { defineRoute } from '../platform/http/route.js';

const verdict = z.enum(['eligible', 'review', 'ineligible', 'unknown']);

const registryItem = z
  .object({
    personId: id,
    company: z.string(),
    employeeNumber: z.string(),
    name: z.string().nullable(),
    lastDay: nullableDay,
    verdict: verdict.describe('What counts: the exception where one is in force.'),
    policyVerdict: verdict,
    fromDay: nullableDay,
    reviewOn: nullableDay,
    reviewDue: z.boolean(),
    rule: z.string(),
    because: z.array(z.object({ rule: z.string(), text: bilingual })),
    missing: z.array(z.string()),
    override: z
      .object({ id, verdict, reason: z.string(), author: z.string(), untilDay: nullableDay })
      .nullable(),
  })
  .meta({ id: 'RegistryEntry' });

export const listRegistry = defineRoute({
  id: 'registry.list',
  method: 'get',
  path: '/api/v1/registry',
  tag: 'registry',
  summary: 'The registry as it counts today, by company and employee number',
  query: z.strictObject({ ...pageQuery, verdict: verdict.optional(), company: configId.optional() }),
  answer: { status: 200, description: 'A page of entries.', schema: pageOf(registryItem) },
  errors: ['COMPANY_UNKNOWN'],
});

export const setOverride = defineRoute({
  id: 'registry.override',
  method: 'put',
  path: '/api/v1/registry/{personId}/override',
  tag: 'registry',
  summary: 'A human verdict that HR data does not replace',
  description: 'For somebody who died or was dismissed it waits for a second author, who sends the same.',
  params: z.strictObject({ personId: id }),
  body: z.strictObject({
    verdict,
    reason,
    company: configId.optional().describe('Needed when the person has entries in several companies.'),
    untilDay: day.nullable().optional().describe('The last day on which it counts.'),
  }),
  example: {
    verdict: 'eligible',
    reason: '事業部長の推薦による（面談済み）',
    company: 'jp',
    untilDay: '2027-03-31',
  },
  answer: {
    status: 200,
    description: 'In force, or waiting for a second author.',
    schema: z.object({ id, company: z.string(), state: z.enum(['active', 'awaiting_second']) }),
  },
  errors: ['REGISTRY_ENTRY_NOT_FOUND', 'OVERRIDE_COMPANY_NEEDED', 'OVERRIDE_UNTIL_PAST'],
});

export const endOverride = defineRoute({
  id: 'registry.override-end',
  method: 'delete',
  path: '/api/v1/registry/{personId}/override',
  tag: 'registry',
  summary: 'Ends the exception: the policy counts again',
  params: z.strictObject({ personId: id }),
  body: z.strictObject({ reason, company: configId.optional() }),
  example: { reason: '期限前に取り下げ', company: 'jp' },
  answer: { status: 200, description: 'How many were ended.', schema: z.object({ closed: z.int() }) },
  errors: ['OVERRIDE_NOT_FOUND', 'OVERRIDE_COMPANY_NEEDED'],
});
