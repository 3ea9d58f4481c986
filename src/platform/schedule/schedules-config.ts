import { z } from 'zod';
import { isZone } from '../../domain/calendar.js';
import { readConfigFile } from '../config/config-file.js';
import { compileCron, cronText, type Cron } from './due-times.js';
import { AppError } from '../../domain/app-error.js';

const zone = z.string().refine(isZone, 'an IANA time zone such as Asia/Tokyo');
const tick = z.strictObject({ cron: cronText, zone });
const days = z.int().min(1).max(3_660);
const sourceSchema = z.strictObject({ cron: cronText, zone: zone.optional(), silentAfterDays: days });

const schedulesSchema = z.strictObject({
  ticks: z.strictObject({ 'follow-ups': tick, alerts: tick, retention: tick, audit: tick }),
  sources: z.strictObject({ default: sourceSchema }).catchall(sourceSchema),
  keepDays: z.strictObject({ ticks: days, alerts: days, links: days }),
});

export type HouseTickName = keyof z.output<typeof schedulesSchema>['ticks'];

export interface SourceSchedule {
  readonly source: string;
  readonly cron: Cron;
  readonly silentAfterDays: number;
}

export interface Schedules {
  readonly ticks: Readonly<Record<HouseTickName, Cron>>;
  readonly sources: readonly SourceSchedule[];
  readonly keepDays: z.output<typeof schedulesSchema>['keepDays'];
}

/**
 * Reads config/schedules.yaml.
 *
 * @param zones the sources that there are, each with the zone of its company
 * @throws CONFIG_FILE_MISSING, CONFIG_FILE_INVALID, also for a source that there is not
 */
export async function loadSchedules(dir: string, zones: ReadonlyMap<string, string>): Promise<Schedules> {
  const known = schedulesSchema.superRefine(({ sources }, context) => {
    for (const id of Object.keys(sources).filter((name) => name !== 'default' && !zones.has(name))) {
      context.addIssue({ code: 'custom', path: ['sources', id], message: [...zones.keys()].join(', ') });
    }
  });
  const { ticks, sources, keepDays } = await readConfigFile(dir, 'schedules.yaml', known);
  return {
    ticks: {
      'follow-ups': compiled(ticks['follow-ups']),
      alerts: compiled(ticks.alerts),
      retention: compiled(ticks.retention),
      audit: compiled(ticks.audit),
    },
    sources: [...zones].map(([source, companyZone]) => {
      const schedule = sources[source] ?? sources.default;
      return {
        source,
        cron: compiled({ cron: schedule.cron, zone: schedule.zone ?? companyZone }),
        silentAfterDays: schedule.silentAfterDays,
      };
    }),
    keepDays,
  };
}

/** The schema has seen that it is one. */
function compiled(of: { readonly cron: string; readonly zone: string }): Cron {
  const cron = compileCron(of.cron, of.zone);
  if (cron === null) {
    throw new AppError('CONFIG_FILE_INVALID', {
      details: { file: 'schedules.yaml', path: of.cron, expected: 'cron' },
    });
  }
  return cron;
}
