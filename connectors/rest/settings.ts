import { z } from 'zod';

const variable = z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'the name of an environment variable');
/** Keys from the outside in, parted by dots: `data.items`. */
const place = z.string().regex(/^[^.\s][^.]*(\.[^.]+)*$/, 'keys parted by dots, such as data.items');
const parameter = z.string().min(1).max(100);
const pageSize = { sizeParameter: parameter.optional(), size: z.int().min(1).max(10_000) };

const auth = z.union(
  [
    z.strictObject({ bearerFrom: variable }),
    z.strictObject({
      header: z.string().regex(/^[A-Za-z0-9-]+$/, 'a header'),
      valueFrom: variable,
    }),
  ],
  'bearerFrom: VARIABLE, or header: X-Api-Key with valueFrom: VARIABLE',
);

const pages = z.discriminatedUnion(
  'by',
  [
    z.strictObject({ by: z.literal('none') }),
    z.strictObject({
      by: z.literal('number'),
      parameter,
      first: z.int().min(0).max(1).default(1),
      ...pageSize,
    }),
    z.strictObject({ by: z.literal('offset'), parameter, ...pageSize }),
    z.strictObject({ by: z.literal('link'), at: place }),
    z.strictObject({ by: z.literal('cursor'), at: place, parameter }),
  ],
  'by: none, number, offset, link or cursor',
);

const column = z
  .union([place, z.strictObject({ at: place, optional: z.boolean().default(false) })])
  .transform((given) => (typeof given === 'string' ? { at: given, optional: false } : given));

/** What config/sources.yaml says under `settings` of a source with connector `rest`. */
export const restSettings = z.strictObject({
  baseUrl: z.url({
    protocol: /^https?$/,
    hostname: /./,
    error: 'an address such as https://hr.example.com/api',
  }),
  /** The host lies in a network of our own; only then may it be asked without TLS. */
  allowPrivate: z.boolean().default(false),
  auth: auth.optional(),
  path: z.string().regex(/^\/[^?#]*$/, 'a path that begins with a slash'),
  query: z.record(z.string(), z.string()).default({}),
  /** Where the list lies in the answer; left out when the answer is the list. */
  rows: place.optional(),
  /** Where the answer says how many there are in all its pages. */
  total: place.optional(),
  /** What no two records share. */
  key: place.optional(),
  pages: pages.default({ by: 'none' }),
  /** Column, as the mapping profile names it, to its place in a record. */
  columns: z
    .record(z.string().min(1), column)
    .refine((all) => Object.keys(all).length >= 2, 'two columns or more'),
  timeoutSecs: z.number().min(0.1).max(300).default(30),
  maxPageMegabytes: z.int().min(1).max(256).default(16),
  retry: z
    .strictObject({
      attempts: z.int().min(1).max(10).default(4),
      firstDelaySecs: z.number().min(0.01).max(60).default(1),
      longestWaitSecs: z.int().min(0).max(3_600).default(300),
    })
    .prefault({}),
});

export type RestSettings = z.output<typeof restSettings>;
