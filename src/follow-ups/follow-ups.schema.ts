import { z } from 'zod';
import { FOLLOW_UP_KINDS, FOLLOW_UP_STATES } from '../domain/follow-up.js';
import { bilingual, configId, dayOut, id, pageOf, pageQuery } from '../platform/http/fields.js';
import { defineRoute } from '../platform/http/route.js';

const followUp = z
  .object({
    id,
    kind: z.enum(FOLLOW_UP_KINDS),
    personId: id,
    company: z.string(),
    employeeNumber: z.string(),
    dueOn: dayOut,
    state: z.enum(FOLLOW_UP_STATES),
    because: z.object({ code: z.string(), rule: z.string().nullable(), text: bilingual }),
  })
  .meta({ id: 'FollowUp' });

const paused = z.object({ paused: z.boolean() });

export const listFollowUps = defineRoute({
  id: 'follow-ups.list',
  method: 'get',
  path: '/api/v1/follow-ups',
  tag: 'follow-ups',
  summary: 'Follow-ups by due day',
  query: z.strictObject({
    ...pageQuery,
    state: z.enum(FOLLOW_UP_STATES).optional(),
    kind: z.enum(FOLLOW_UP_KINDS).optional(),
    company: configId.optional(),
    personId: id.optional(),
  }),
  answer: { status: 200, description: 'A page of follow-ups.', schema: pageOf(followUp) },
  errors: ['COMPANY_UNKNOWN'],
});

export const pauseFollowUps = defineRoute({
  id: 'follow-ups.pause',
  method: 'post',
  path: '/api/v1/follow-ups/pause',
  tag: 'follow-ups',
  summary: 'Stops all outgoing mail',
  answer: { status: 200, description: 'Nothing goes out until it is resumed.', schema: paused },
});

export const resumeFollowUps = defineRoute({
  id: 'follow-ups.resume',
  method: 'post',
  path: '/api/v1/follow-ups/resume',
  tag: 'follow-ups',
  summary: 'Lets mail go out again',
  answer: { status: 200, description: 'What is due goes out.', schema: paused },
});
