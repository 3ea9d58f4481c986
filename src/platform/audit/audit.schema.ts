import { z } from 'zod';
import { instant, pageOf, pageQuery, text } from '../http/fields.js';
import { defineRoute } from '../http/route.js';

const entry = z
  .object({
    seq: z.int().meta({ description: 'From 1 on without a gap.', example: 42 }),
    at: instant,
    actor: z.string(),
    kind: z.string().meta({ example: 'run_approved' }),
    data: z.string().meta({ description: 'A JSON object of ids, counts and digests, as it was hashed.' }),
    previousHash: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'AuditEntry' });

export const listAudit = defineRoute({
  id: 'audit.list',
  method: 'get',
  path: '/api/v1/audit',
  tag: 'audit',
  summary: 'Every decision and every human act, newest first',
  query: z.strictObject({
    ...pageQuery,
    kind: text(100).optional(),
    actor: text(200).optional(),
    from: z.iso.datetime({ offset: true }).optional(),
    until: z.iso.datetime({ offset: true }).optional(),
  }),
  answer: { status: 200, description: 'A page of the chain.', schema: pageOf(entry) },
});
