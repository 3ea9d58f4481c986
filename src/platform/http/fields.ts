import { z } from 'zod';
import { parseIsoDate, type IsoDate } from '../../domain/calendar.js';

/** A text that the database can hold and a log line cannot be broken by. */
export const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((value) => value.isWellFormed() && !value.includes('\u0000') && !value.includes('\ufffd'), {
      error: 'TEXT_UNREADABLE',
    });

/** A reason for a decision: it stays beside the decision for ever. */
export const reason = text(1_000).refine((value) => value.trim() !== '', { error: 'TEXT_EMPTY' });

/** A day in a request. */
export const day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/)
  .meta({ format: 'date', example: '2026-03-31' })
  .transform((value, context): IsoDate => {
    const parsed = parseIsoDate(value);
    if (parsed !== null) return parsed;
    context.addIssue({ code: 'custom', message: 'DAY_NOT_ISO' });
    return z.NEVER;
  });

/** A day in an answer. */
export const dayOut = z.string().meta({ format: 'date', example: '2026-03-31' });

export const instant = z.string().meta({ format: 'date-time', example: '2026-04-01T00:15:00.000Z' });
export const nullableInstant = instant.nullable();
export const nullableDay = z.string().meta({ format: 'date' }).nullable();

/** The name of a company, source, profile: what configuration files allow. */
export const configId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/)
  .meta({ example: 'jp' });

/** Of any version: ids are made here, and only compared by callers. */
export const id = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
  .meta({ format: 'uuid', example: '019a0c5e-7a10-7cc3-9b1e-2f4d5a6b7c8d' });

export const bilingual = z.object({ ja: z.string(), en: z.string() });

const DEFAULT_PAGE = 100;
const MOST_ITEMS = 1_000;

/** The two parameters of every list. */
export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MOST_ITEMS)
    .default(DEFAULT_PAGE)
    .describe('How many items at most.'),
  cursor: text(1_000).optional().describe('`nextCursor` of the page before.'),
};

export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().describe('Null on the last page.'),
  });
}
