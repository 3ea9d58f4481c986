import { z } from 'zod';
import { isZone } from '../../domain/calendar.js';
import type { BrakeConfig } from '../../domain/brake.js';
import type { MatchingPolicy } from '../../domain/identity.js';
import { readConfigFile } from './config-file.js';

const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'lower-case letters, digits and hyphens');
const bilingual = z.strictObject({ ja: z.string().min(1), en: z.string().min(1) });

const companySchema = z.strictObject({
  id,
  name: bilingual,
  zone: z.string().refine(isZone, 'an IANA time zone such as Asia/Tokyo'),
  language: z.enum(['ja', 'en']),
  outOfScope: z.strictObject({ employmentTypes: z.array(z.string()).default([]) }).prefault({}),
});

const sourceSchema = z.strictObject({
  id,
  title: bilingual,
  /** `file`: its files are brought. Any other is a folder under connectors/, and knows what `settings` may hold. */
  connector: id,
  settings: z.record(z.string(), z.unknown()).optional(),
  company: id,
  profile: z.string().optional(),
  mode: z.enum(['full', 'delta']).default('delta'),
  authority: z.int().min(0).max(1000).default(10),
  confirmAbsenceAfter: z.int().min(1).max(30).default(1),
});

const limit = z.strictObject({
  absolute: z.int().min(0),
  percent: z.number().min(0).max(100),
  ignoreUpTo: z.int().min(0),
  window: z.strictObject({ days: z.int().min(1).max(366), percent: z.number().min(0).max(100) }).optional(),
});

const brakesSchema = z.strictObject({
  limits: z.strictObject({
    leavers: limit,
    rescissions: limit,
    verdict_flips: limit,
    absences: limit,
    amendments: limit,
    rejected_rows: limit,
  }),
  peakDays: z
    .array(
      z.strictObject({
        day: z.string().regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'MM-DD'),
        percent: z.number().min(0).max(100),
        absolute: z.int().min(0),
      }),
    )
    .default([]),
  approval: z.strictObject({
    twoPerson: z.boolean().default(false),
    looserAfterHours: z.number().min(0).max(720).default(24),
  }),
});

const matchingSchema = z.strictObject({
  autoFrom: z.int().min(1),
  askFrom: z.int().min(1),
  moveGapDays: z.int().min(0).max(366),
  sharedContactLimit: z.int().min(1).max(50),
});

export type Company = z.output<typeof companySchema>;
export type Source = z.output<typeof sourceSchema>;
export type ApprovalRules = z.output<typeof brakesSchema>['approval'];

/** The companies, sources, brakes and matching of the group; read and checked once at start. */
export interface GroupConfig {
  readonly dir: string;
  readonly companies: ReadonlyMap<string, Company>;
  readonly sources: ReadonlyMap<string, Source>;
  readonly brakes: BrakeConfig;
  readonly approval: ApprovalRules;
  readonly matching: MatchingPolicy;
}

/**
 * Reads companies, sources, brakes and matching of `dir`.
 *
 * @throws CONFIG_FILE_MISSING, CONFIG_FILE_INVALID
 */
export async function loadGroupConfig(dir: string): Promise<GroupConfig> {
  const companies = await readConfigFile(
    dir,
    'companies.yaml',
    z.strictObject({ companies: z.array(companySchema).min(1).refine(uniqueIds, 'each id once') }),
  );
  const known = new Map(companies.companies.map((c) => [c.id, c]));
  const sources = await readConfigFile(
    dir,
    'sources.yaml',
    z.strictObject({
      sources: z
        .array(sourceSchema.refine((s) => known.has(s.company), 'a company of companies.yaml'))
        .refine(uniqueIds, 'each id once'),
    }),
  );
  const { approval, ...brakes } = await readConfigFile(dir, 'brakes.yaml', brakesSchema);
  const matching = await readConfigFile(
    dir,
    'matching.yaml',
    matchingSchema.refine((m) => m.askFrom <= m.autoFrom, 'askFrom not above autoFrom'),
  );
  return {
    dir,
    companies: known,
    sources: new Map(sources.sources.map((s) => [s.id, s])),
    brakes,
    approval,
    matching,
  };
}

function uniqueIds(items: readonly { readonly id: string }[]): boolean {
  return new Set(items.map((item) => item.id)).size === items.length;
}
