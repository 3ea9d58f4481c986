import { z } from 'zod';
import { id, instant, nullableDay, pageOf, pageQuery } from '../platform/http/fields.js';
import { defineRoute } from '../platform/http/route.js';

const employment = z.object({
  company: z.string(),
  employeeNumber: z.string(),
  spell: z.int(),
  name: z.string().nullable(),
  department: z.string().nullable(),
  hiredOn: nullableDay,
  lastDay: nullableDay,
  announcedOn: nullableDay,
  category: z.string().nullable().describe('The leaving reason by category.'),
  departureKind: z.string().nullable(),
  departureState: z.string().nullable(),
  inScope: z.boolean(),
});

const event = z
  .object({
    at: instant,
    kind: z.string(),
    actor: z.string().describe('A source, a person, or `enishi`.'),
    company: z.string().nullable(),
    employeeNumber: z.string().nullable(),
    runId: id.nullable(),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'TimelineEvent' });

export const showTimeline = defineRoute({
  id: 'people.timeline',
  method: 'get',
  path: '/api/v1/people/{personId}/timeline',
  tag: 'people',
  summary: 'Everything observed, decided, sent and answered about one person, oldest first',
  params: z.strictObject({ personId: id }),
  query: z.strictObject(pageQuery),
  answer: {
    status: 200,
    description: 'The employments, and a page of events.',
    schema: pageOf(event).extend({ personId: id, employments: z.array(employment) }),
  },
  errors: ['PERSON_NOT_FOUND'],
});
