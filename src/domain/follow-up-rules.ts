import { z } from 'zod';
import { LEAVING_CATEGORIES } from './leaving-reason.js';

/** What the rules may plan. A correction is no rule: it answers a mail whose departure was taken back. */
export const PLANNED_KINDS = ['exit_survey', 'exit_interview', 'invitation', 'card'] as const;
export type PlannedKind = (typeof PLANNED_KINDS)[number];

const text = z.strictObject({ ja: z.string().min(1), en: z.string().min(1) });
const verdict = z.enum(['eligible', 'review', 'ineligible', 'unknown']);
const inOrNot = <T extends z.ZodType>(item: T) =>
  z.union([z.strictObject({ in: z.array(item).min(1) }), z.strictObject({ notIn: z.array(item).min(1) })]);

const anchor = z.enum(['announcedOn', 'lastDay']);
const anchored = { anchor, offsetDays: z.int().min(-366).max(366) };

const rule = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'an id of a-z, 0-9 and -'),
  kind: z.enum(PLANNED_KINDS),
  ...anchored,
  /** Taken when the source states no such day. */
  fallbackAnchor: z.strictObject(anchored).optional(),
  /**
   * A day that is past when the departure becomes known: up to `withinDays` after it the follow-up is due at once
   * (`now`) or not at all (`skip`); later than that never.
   */
  late: z.strictObject({ withinDays: z.int().min(0).max(366), act: z.enum(['now', 'skip']) }),
  when: z
    .strictObject({
      voluntary: z
        .array(z.enum(['yes', 'no', 'unknown']))
        .min(1)
        .optional(),
      categories: inOrNot(z.enum(LEAVING_CATEGORIES)).optional(),
      verdicts: inOrNot(verdict).optional(),
      /** Which addresses may carry it; a work address only counts while the person is still employed. */
      needs: z
        .array(z.enum(['personal', 'work']))
        .min(1)
        .default(['personal', 'work']),
    })
    .prefault({}),
  text,
});

export type FollowUpRule = z.output<typeof rule>;

/** Limits on what leaves the house, and how long things may take. Not read by the planner. */
export const sendingRulesSchema = z.strictObject({
  /** The brake: the relay stops, and says so, once this many were handed to the queue. */
  brake: z.strictObject({ perRun: z.int().min(1), perHour: z.int().min(1) }),
  attempts: z.int().min(1).max(20),
  retryDelaySecs: z.int().min(0),
  /** How long one attempt may take before another worker may judge it. */
  leaseSecs: z.int().min(10),
  /** A row that is queued for longer than this and has no live job is queued again. */
  reconcileAfterMinutes: z.int().min(1),
  linkDays: z.int().min(1).max(366),
  concurrency: z.int().min(1).max(50),
});

export const senderSchema = z.strictObject({
  /** Who signs and answers: a department with a way to reach it. */
  desk: text,
  /** What the mail comes from. */
  address: z.email(),
});

/**
 * `config/follow-ups.yaml`. Rules are read in order; for each kind the first one whose conditions hold decides.
 * `late.withinDays` plus a positive offset may not exceed `history.daysBefore`: a later run would mail the history.
 */
export const followUpRulesSchema = z
  .strictObject({
    /** Local time in the company's zone at which a day's follow-ups become due. */
    sendAt: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a local time such as 09:00'),
    /** A first import of a source is its history: nothing is planned for who left more than this many days before. */
    history: z.strictObject({ daysBefore: z.int().min(0).max(3660) }),
    rules: z.array(rule).min(1),
    sending: sendingRulesSchema,
    /** By company id; `default` speaks for every other company. */
    senders: z.record(z.string(), senderSchema).refine((all) => all.default !== undefined, {
      message: 'an entry named default',
    }),
  })
  .superRefine(({ rules, history }, context) => {
    const seen = new Set<string>();
    for (const [index, one] of rules.entries()) {
      if (seen.has(one.id)) {
        context.addIssue({
          code: 'custom',
          path: ['rules', index, 'id'],
          message: 'an id that no other rule has',
        });
      }
      seen.add(one.id);
      const offset = Math.max(0, one.offsetDays, one.fallbackAnchor?.offsetDays ?? 0);
      if (offset + one.late.withinDays > history.daysBefore) {
        context.addIssue({
          code: 'custom',
          path: ['rules', index, 'late', 'withinDays'],
          message: `offsetDays + withinDays of at most history.daysBefore (${history.daysBefore})`,
        });
      }
    }
  });

export type FollowUpRules = z.output<typeof followUpRulesSchema>;
export type SendingRules = z.output<typeof sendingRulesSchema>;
