import { z } from 'zod';
import { configId, day, flag, id, instant, text } from '../platform/http/fields.js';
import { MOST_RECORDS } from '../platform/http/api.interceptor.js';
import { defineRoute } from '../platform/http/route.js';
import { recordSchema } from './mapping/interpret-record.js';
import { runSchema } from './run.schema.js';

const sourceParams = z.strictObject({ source: configId });

// One bad record must not keep the others out, so each is judged by itself; its schema is for the document.
const anyRecord = z.record(z.string(), z.unknown());
const records = z.union([anyRecord, z.array(z.unknown()).min(1)]);

const receipt = z
  .object({
    index: z.int().describe('Place in what was sent, from 0.'),
    state: z.enum(['accepted', 'duplicate', 'rejected']),
    code: z.string().optional(),
    field: z.string().nullable().optional(),
    message: z.string().optional(),
    reasons: z
      .array(z.object({ code: z.string(), field: z.string().nullable(), message: z.string() }))
      .optional()
      .describe('Every reason, when there are several.'),
  })
  .meta({ id: 'Receipt' });

const batch = z.object({
  batchId: id.describe('Names what was taken.'),
  receipts: z.array(receipt),
  run: runSchema.nullable().describe('With `wait=true`: the run that the records went into.'),
});

const EXAMPLE = {
  employeeNumber: '004217',
  familyName: '青葉',
  givenName: 'みのり',
  familyNameKana: 'アオバ',
  givenNameKana: 'ミノリ',
  hiredOn: '2015-04-01',
  lastDay: '2026-03-31',
  status: 'departing',
  leavingReason: '自己都合',
  department: '設計部',
  personalEmail: 'minori.aoba@example.com',
};

export const pushRecords = defineRoute({
  id: 'records.push',
  method: 'post',
  path: '/api/v1/sources/{source}/records',
  tag: 'sources',
  summary: 'Records as an HR system pushes them',
  description:
    `One record, an array of at most ${MOST_RECORDS}, or NDJSON. 202 means: stored durably, applied right after. Each ` +
    'record gets a receipt; a bad one does not keep the others out. A missing field says nothing, `null` clears. Of ' +
    'several words about one employment the last one counts, unless each names its own `asOf`.',
  rate: 'push',
  params: sourceParams,
  query: z.strictObject({ wait: flag.optional().describe('Answer once the records are applied.') }),
  body: records,
  bodyKind: 'records',
  bodyDocument: z.union([recordSchema, z.array(recordSchema).min(1).max(MOST_RECORDS)]),
  example: EXAMPLE,
  answer: {
    status: 202,
    description: 'A receipt for each record. With `wait=true`: 200, and the run.',
    schema: batch,
  },
  errors: ['SOURCE_UNKNOWN', 'TOO_MANY_RECORDS'],
});

export const showBatch = defineRoute({
  id: 'records.batch',
  method: 'get',
  path: '/api/v1/sources/{source}/batches/{id}',
  tag: 'sources',
  summary: 'What became of pushed records',
  params: z.strictObject({ source: configId, id }),
  answer: {
    status: 200,
    description: 'Whether the records were applied, and by which run.',
    schema: z.object({
      batchId: id,
      state: z.enum(['pending', 'done', 'failed']),
      records: z.int(),
      receivedAt: instant,
      runId: id.nullable(),
      error: z.object({ code: z.string() }).nullable(),
    }),
  },
  errors: ['SOURCE_UNKNOWN', 'BATCH_NOT_FOUND'],
});

export const pushFile = defineRoute({
  id: 'files.push',
  method: 'post',
  path: '/api/v1/sources/{source}/files',
  tag: 'sources',
  summary: 'A file as the body, or as the part `file` of a form',
  description: 'Streamed; 202 once it is kept whole. What becomes of it is at `/api/v1/runs/{runId}`.',
  rate: 'write',
  params: sourceParams,
  query: z.strictObject({
    mode: z.enum(['full', 'delta']).optional().describe('The mode of the source when missing.'),
    asOf: z.union([day, z.iso.datetime({ offset: true })]).optional(),
    expectRows: z.coerce.number().int().min(0).max(100_000_000).optional(),
    sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/)
      .optional(),
    profile: configId.optional(),
    fileName: text(200).optional().describe('Shown in lists.'),
  }),
  bodyKind: 'upload',
  answer: { status: 202, description: 'The run that will read it.', schema: z.object({ runId: id }) },
  errors: ['SOURCE_UNKNOWN', 'PROFILE_UNKNOWN', 'FILE_HASH_MISMATCH'],
});

export const listSources = defineRoute({
  id: 'sources.list',
  method: 'get',
  path: '/api/v1/sources',
  tag: 'sources',
  summary: 'The configured sources',
  answer: {
    status: 200,
    description: 'All sources that the key sees.',
    schema: z.object({
      items: z.array(
        z.object({
          id: z.string(),
          title: z.object({ ja: z.string(), en: z.string() }),
          connector: z.string(),
          company: z.string(),
          profile: z.string().nullable(),
          mode: z.enum(['full', 'delta']),
        }),
      ),
      nextCursor: z.null(),
    }),
  },
});
