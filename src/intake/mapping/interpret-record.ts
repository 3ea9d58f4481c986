import { z } from 'zod';
import { parseIsoDate, type IsoDate } from '../../domain/calendar.js';
import { maskText, numberKey } from '../../domain/name-text.js';
import {
  EMPLOYMENT_STATUSES,
  FACT_FIELDS,
  REHIRE_FLAGS,
  type RejectionReason,
  type StatedFacts,
} from '../../domain/observation.js';
import { checkFacts } from './check-facts.js';
import { FIELD_KINDS, type FactField } from './fields.js';
import { isEmail, readInstant, startOf } from './interpret-cell.js';
import { todayOf, type InterpretContext, type Interpretation } from './interpret.js';

const text = z
  .string()
  .trim()
  .max(2_000, { error: 'TEXT_TOO_LONG' })
  .refine(isPlain, { error: 'TEXT_UNREADABLE' });
const day = z.string().refine((value) => parseIsoDate(value) !== null, { error: 'DAY_NOT_ISO' });

const SCHEMA_OF = {
  text: text.nullable(),
  day: day.nullable(),
  email: text.refine((value) => value === '' || isEmail(value), { error: 'EMAIL_INVALID' }).nullable(),
  status: z.enum(EMPLOYMENT_STATUSES, { error: 'STATUS_UNKNOWN' }).nullable(),
  boolean: z.boolean({ error: 'VALUE_UNKNOWN' }).nullable(),
  rehire: z.enum(REHIRE_FLAGS, { error: 'REHIRE_FLAG_UNKNOWN' }).nullable(),
  list: z.array(text.min(1)).max(200, { error: 'TEXT_TOO_LONG' }).nullable(),
} as const;

function schemaOf(field: FactField): z.ZodType {
  const kind = FIELD_KINDS[field];
  return kind in SCHEMA_OF ? SCHEMA_OF[kind as keyof typeof SCHEMA_OF] : SCHEMA_OF.text;
}

/**
 * One record as `POST /sources/{source}/records` takes it. A missing key says nothing, so does an empty text; `null` clears.
 * Days are `YYYY-MM-DD`. Unknown keys are refused.
 */
export const recordSchema = z.strictObject({
  company: text.min(1).optional(),
  employeeNumber: z
    .string({ error: 'EMPLOYEE_NUMBER_MISSING' })
    .trim()
    .min(1, { error: 'EMPLOYEE_NUMBER_MISSING' })
    .max(64, {
      error: 'TEXT_TOO_LONG',
    }),
  ...(Object.fromEntries(FACT_FIELDS.map((field) => [field, schemaOf(field).optional()])) as Record<
    FactField,
    z.ZodOptional<z.ZodType>
  >),
  asOf: z
    .string()
    .refine((value) => isOfOurTime(value) && (parseIsoDate(value) !== null || readInstant(value) !== null), {
      error: 'AS_OF_INVALID',
    })
    .optional(),
});

/** Beyond these years ISO 8601 has more digits, and PostgreSQL another calendar. */
function isOfOurTime(value: string): boolean {
  return value >= '1900' && value < '2200';
}

/** What `interpretRow` is to a row of a file, for a pushed record. Never deferred: its days have one order only. */
export function interpretRecord(
  record: unknown,
  context: Omit<InterpretContext, 'orders' | 'evidence'>,
): Exclude<Interpretation, { readonly kind: 'deferred' }> {
  const parsed = recordSchema.safeParse(record);
  if (!parsed.success) {
    return { kind: 'rejection', reasons: parsed.error.issues.flatMap((issue) => reasonsOf(issue, record)) };
  }
  const { company = context.company, employeeNumber, asOf, ...stated } = parsed.data;
  const facts: StatedFacts = Object.fromEntries(
    Object.entries(stated).filter(([, value]) => value !== undefined && value !== ''),
  );
  const asOfAt = asOf === undefined ? context.asOfAt : instantOf(asOf, context.zone);
  const reasons = checkFacts(facts, todayOf(asOfAt, context.zone), () => null);
  if (!context.companies.has(company)) {
    const details = { expected: [...context.companies].join(', ') };
    reasons.unshift({
      code: 'WRONG_COMPANY',
      field: 'company',
      column: null,
      found: maskText(company),
      details,
    });
  }
  if (reasons.length > 0) return { kind: 'rejection', reasons };
  const observation = { company, employeeNumber: numberKey(employeeNumber), asOfAt, facts };
  return { kind: 'observation', observation };
}

function instantOf(asOf: string, zone: string): string {
  return readInstant(asOf) ?? startOf(asOf as IsoDate, zone);
}

function reasonsOf(issue: z.core.$ZodIssue, record: unknown): RejectionReason[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      code: 'FIELD_UNKNOWN',
      field: key.slice(0, 64),
      column: null,
      found: null,
    }));
  }
  const field = issue.path[0] === undefined ? null : String(issue.path[0]);
  if (field === null) return [{ code: 'RECORD_NOT_AN_OBJECT', field, column: null, found: null }];
  const code = /^[A-Z][A-Z_]+$/.test(issue.message) ? issue.message : 'VALUE_OF_WRONG_TYPE';
  return [{ code, field, column: null, found: foundAt(record, field), ...expectedFor(code, field) }];
}

function expectedFor(code: string, field: string): Pick<RejectionReason, 'details'> {
  if (code === 'STATUS_UNKNOWN') return { details: { expected: EMPLOYMENT_STATUSES.join(', ') } };
  if (code === 'REHIRE_FLAG_UNKNOWN') return { details: { expected: REHIRE_FLAGS.join(', ') } };
  if (code === 'VALUE_UNKNOWN') return { details: { expected: 'true, false' } };
  if (code === 'TEXT_TOO_LONG') return { details: { limit: field === 'employeeNumber' ? 64 : 2_000 } };
  return code === 'VALUE_OF_WRONG_TYPE'
    ? { details: { expected: field === 'skills' ? '["…"]' : '"…"' } }
    : {};
}

function foundAt(record: unknown, field: string): string | null {
  if (typeof record !== 'object' || record === null) return null;
  const value: unknown = Object.getOwnPropertyDescriptor(record, field)?.value;
  return typeof value === 'string' ? maskText(value) : value === undefined ? null : typeof value;
}

/** Neither a replacement character, which is the trace of lost text, nor a zero byte, which no database takes. */
function isPlain(value: string): boolean {
  return !value.includes('\ufffd') && !value.includes('\0') && value.isWellFormed();
}
