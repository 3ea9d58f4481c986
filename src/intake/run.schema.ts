import { z } from 'zod';
import { BRAKE_NAMES } from '../domain/brake.js';
import { CHANGE_KINDS } from '../domain/plan.js';
import {
  configId,
  id,
  instant,
  nullableDay,
  nullableInstant,
  pageOf,
  pageQuery,
  reason,
  text,
} from '../platform/http/fields.js';
import { defineRoute } from '../platform/http/route.js';
import type { Run } from './run.js';

const RUN_STATUSES = [
  'reading',
  'planned',
  'held',
  'applying',
  'applied',
  'rejected',
  'failed',
  'reverted',
] as const;
const RUN_KINDS = ['file', 'push', 'sync', 'policy', 'revert', 'identity', 'rebuild'] as const;

const detail = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const note = z.object({ code: z.string(), details: z.record(z.string(), detail) });
const count = z.int().min(0);

const brake = z.object({
  name: z.enum(BRAKE_NAMES),
  company: z.string(),
  scope: z.enum(['run', 'window']),
  limit: z.number(),
  value: z.number(),
  tripped: z.boolean(),
});

/** What `import --json` prints, so that a run reads the same from every side. */
export const runSchema = z
  .object({
    run: z.object({
      id,
      source: z.string(),
      kind: z.enum(RUN_KINDS),
      mode: z.enum(['full', 'delta']),
      status: z.enum(RUN_STATUSES),
      dryRun: z.boolean(),
      planHash: z.string().nullable().describe('What an approval is bound to.'),
      asOfAt: instant,
      startedAt: instant,
      finishedAt: nullableInstant,
      startedBy: z.string(),
    }),
    rows: z.object({ read: count, accepted: count, rejected: count, unchanged: count, suppressed: count }),
    changes: z.record(z.enum(CHANGE_KINDS), count),
    verdicts: z.object({ eligible: count, review: count, ineligible: count, unknown: count }),
    followUps: z.object({ planned: count, rescheduled: count, cancelled: count }),
    brakes: z.array(brake),
    notes: z.array(note),
    error: note.nullable(),
    file: z
      .object({
        name: z.string().nullable(),
        sha256: z.string(),
        encoding: z.string().nullable(),
        delimiter: z.string().nullable(),
        profile: z.string().nullable(),
      })
      .nullable(),
    decision: z.object({ by: z.string(), reason: z.string().nullable(), at: nullableInstant }).nullable(),
    revertsRun: id.nullable(),
  })
  .meta({ id: 'Run' });
export type RunView = z.output<typeof runSchema>;

export function runView(run: Run): RunView {
  const {
    id: runId,
    source,
    kind,
    mode,
    status,
    dryRun,
    planHash,
    asOfAt,
    startedAt,
    finishedAt,
    startedBy,
  } = run;
  return {
    run: {
      id: runId,
      source,
      kind,
      mode,
      status,
      dryRun,
      planHash,
      asOfAt,
      startedAt,
      finishedAt,
      startedBy,
    },
    rows: run.rows,
    changes: run.changes,
    verdicts: run.verdicts,
    followUps: run.followUps,
    brakes: run.brakes.map(({ name, company, scope, limit, value, tripped }) => ({
      name,
      company,
      scope,
      limit,
      value,
      tripped,
    })),
    notes: run.notes.map(({ code, details }) => ({ code, details: { ...details } })),
    error: run.error === null ? null : { code: run.error.code, details: { ...run.error.details } },
    file:
      run.fileSha256 === null
        ? null
        : {
            name: run.fileName,
            sha256: run.fileSha256,
            encoding: run.encoding,
            delimiter: run.delimiter,
            profile: run.profile,
          },
    decision:
      run.decidedBy === null ? null : { by: run.decidedBy, reason: run.decidedReason, at: run.decidedAt },
    revertsRun: run.revertsRunId,
  };
}

const changeView = z.object({
  name: z.string().nullable(),
  lastDay: nullableDay,
  category: z.string().nullable(),
  kind: z.string().nullable(),
  status: z.string().nullable(),
  disputes: z.array(z.string()),
});

const planLine = z
  .object({
    kind: z.string().describe('What changes; `consequence` for what follows for another employment.'),
    company: z.string(),
    employeeNumber: z.string(),
    spell: z.int(),
    before: changeView.nullable(),
    after: changeView.nullable(),
    changedFields: z.array(z.string()),
    verdict: z.string().nullable(),
    verdictBefore: z.string().nullable(),
    followUps: z.array(z.object({ op: z.string(), kind: z.string(), dueOn: nullableDay })),
    withheld: z.array(z.object({ kind: z.string(), because: z.string() })),
  })
  .meta({ id: 'PlanLine' });

const rejection = z
  .object({
    row: z.int().describe('Counted from 1 within the run.'),
    mended: z.boolean(),
    reasons: z.array(
      z.object({
        code: z.string(),
        field: z.string().nullable(),
        column: z.string().nullable(),
        found: z.string().nullable().describe('Masked.'),
        title: z.string(),
        expected: z.string().optional(),
        remedy: z.string(),
      }),
    ),
  })
  .meta({ id: 'Rejection' });

const runParams = z.strictObject({ id });
const decisionBody = z.strictObject({ reason });
const decided = { status: 200, description: 'The run as it stands now.', schema: runSchema };

export const listRuns = defineRoute({
  id: 'runs.list',
  method: 'get',
  path: '/api/v1/runs',
  tag: 'runs',
  summary: 'Runs, the newest first',
  query: z.strictObject({
    ...pageQuery,
    source: configId.optional(),
    status: z.enum(RUN_STATUSES).optional(),
  }),
  answer: { status: 200, description: 'A page of runs.', schema: pageOf(runSchema) },
});

export const showRun = defineRoute({
  id: 'runs.show',
  method: 'get',
  path: '/api/v1/runs/{id}',
  tag: 'runs',
  summary: 'One run',
  params: runParams,
  answer: { status: 200, description: 'The run.', schema: runSchema },
  errors: ['RUN_NOT_FOUND'],
});

export const showPlan = defineRoute({
  id: 'runs.plan',
  method: 'get',
  path: '/api/v1/runs/{id}/plan',
  tag: 'runs',
  summary: 'What a run would do or did, one line for each employment',
  params: runParams,
  query: z.strictObject({ ...pageQuery, kind: z.enum([...CHANGE_KINDS, 'consequence']).optional() }),
  answer: {
    status: 200,
    description: 'A page of the plan, with the hash that an approval names.',
    schema: pageOf(planLine).extend({
      run: id,
      status: z.enum(RUN_STATUSES),
      planHash: z.string().nullable(),
    }),
  },
  errors: ['RUN_NOT_FOUND'],
});

export const listRejections = defineRoute({
  id: 'runs.rejections',
  method: 'get',
  path: '/api/v1/runs/{id}/rejections',
  tag: 'runs',
  summary: 'Rows that were not taken, and how to mend them',
  params: runParams,
  query: z.strictObject(pageQuery),
  answer: { status: 200, description: 'A page of rejected rows.', schema: pageOf(rejection) },
  errors: ['RUN_NOT_FOUND'],
});

export const rejectionsCsv = defineRoute({
  id: 'runs.rejections-csv',
  method: 'get',
  path: '/api/v1/runs/{id}/rejections.csv',
  tag: 'runs',
  summary: 'Rejected rows as they came, with the reason beside each: to be mended and sent again',
  params: runParams,
  answer: { status: 200, description: 'CSV in UTF-8.', schema: null, media: 'text/csv' },
  errors: ['RUN_NOT_FOUND'],
});

export const approveRun = defineRoute({
  id: 'runs.approve',
  method: 'post',
  path: '/api/v1/runs/{id}/approve',
  tag: 'runs',
  summary: 'Lets a held run through, if its plan is still the one that was read',
  params: runParams,
  body: z.strictObject({ planHash: text(128), reason }),
  example: { planHash: '3f9c0a…', reason: '組織再編による一斉退職のため（人事部 確認済み）' },
  answer: decided,
  errors: ['RUN_NOT_FOUND', 'RUN_NOT_HELD', 'RUN_NOT_APPROVABLE', 'PLAN_CHANGED', 'APPROVER_STARTED_RUN'],
});

export const rejectRun = defineRoute({
  id: 'runs.reject',
  method: 'post',
  path: '/api/v1/runs/{id}/reject',
  tag: 'runs',
  summary: 'Lets a held run go: nothing of it happens',
  params: runParams,
  body: decisionBody,
  example: { reason: 'The export was cut short; a new one follows.' },
  answer: decided,
  errors: ['RUN_NOT_FOUND', 'RUN_NOT_HELD'],
});

export const revertRun = defineRoute({
  id: 'runs.revert',
  method: 'post',
  path: '/api/v1/runs/{id}/revert',
  tag: 'runs',
  summary: 'Takes an applied run back, by a run of its own',
  params: runParams,
  body: decisionBody,
  example: { reason: 'Wrong file.' },
  answer: { status: 200, description: 'The run that takes it back.', schema: runSchema },
  errors: ['RUN_NOT_FOUND', 'RUN_NOT_APPLIED'],
});
