import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Logger, Module, type DynamicModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { AlertChecks } from './alerts/alert-checks.service.js';
import { AlertDeliveryService } from './alerts/alert-delivery.service.js';
import { AlertsService } from './alerts/alerts.service.js';
import { AppError } from './domain/app-error.js';
import { dayInZone } from './domain/calendar.js';
import type { FollowUps } from './follow-ups/follow-ups.setup.js';
import { anchorFile, appendAnchor, readAnchors } from './platform/audit/audit-anchors.js';
import { AuditService } from './platform/audit/audit.service.js';
import type { PlatformParts } from './platform/platform.module.js';
import { loadSchedules, type Schedules } from './platform/schedule/schedules-config.js';
import { TicksDriver } from './platform/schedule/ticks-driver.js';
import { TicksService } from './platform/schedule/ticks.service.js';
import type { Tick } from './platform/schedule/tick.js';
import { RetentionService } from './privacy/retention.service.js';
import { SyncService } from './intake/sync.service.js';
import { OverridesService } from './rehire-registry/overrides.service.js';

const SCHEDULES = Symbol('SCHEDULES');

/** The parts of the house that ticks ask directly. */
interface TicksHouse extends PlatformParts {
  readonly followUps: FollowUps;
}

/** What ticks work with. */
interface TickParts {
  readonly app: TicksHouse;
  readonly alerts: AlertsService;
  readonly checks: AlertChecks;
  readonly delivery: AlertDeliveryService;
  readonly audit: AuditService;
  readonly overrides: OverridesService;
  readonly retention: RetentionService;
  readonly sync: SyncService;
}

/** Everything that the house does by the clock, in the processes that run workers. */
@Module({})
export class HouseTicksModule {
  /** A start with a schedules file that cannot be taken fails, whatever the role. */
  static over(
    app: TicksHouse,
    sync: DynamicModule,
    { workers }: { readonly workers: boolean },
  ): DynamicModule {
    return {
      module: HouseTicksModule,
      imports: workers ? [sync, ScheduleModule.forRoot()] : [sync],
      providers: [
        {
          provide: SCHEDULES,
          useFactory: () => loadSchedules(app.env.configDir, sourceZones(app)),
        },
        RetentionService,
        {
          provide: TicksService,
          inject: [
            SCHEDULES,
            AlertsService,
            AlertChecks,
            AlertDeliveryService,
            AuditService,
            OverridesService,
            RetentionService,
            SyncService,
          ],
          useFactory: (
            schedules: Schedules,
            alerts: AlertsService,
            checks: AlertChecks,
            delivery: AlertDeliveryService,
            audit: AuditService,
            overrides: OverridesService,
            retention: RetentionService,
            syncs: SyncService,
          ) =>
            ticksOver({ app, alerts, checks, delivery, audit, overrides, retention, sync: syncs }, schedules),
        },
        ...(workers ? [TicksDriver] : []),
      ],
      exports: [TicksService, RetentionService],
    };
  }
}

function ticksOver(parts: TickParts, schedules: Schedules): TicksService {
  const logger = new Logger('ticks');
  return new TicksService(parts.app.database, parts.app.clock, houseTicks(parts, schedules), {
    holder: `${hostname()}:${process.pid}:${randomUUID()}`,
    onError: (tick, error) => {
      const code = error instanceof AppError ? error.code : error instanceof Error ? error.name : 'UNKNOWN';
      logger.error(`${tick}: ${code}`);
    },
  });
}

function houseTicks(parts: TickParts, { ticks, sources, keepDays }: Schedules): Tick[] {
  const { app, checks, delivery, overrides, retention, sync } = parts;
  const pulled = new Set(sync.sources().map(({ id }) => id));
  return [
    {
      name: 'follow-ups',
      cron: ticks['follow-ups'],
      run: async () => void (await app.followUps.runner.tick()),
    },
    {
      name: 'alerts',
      cron: ticks.alerts,
      async run() {
        await checks.look();
        await delivery.deliverDue();
      },
    },
    {
      name: 'retention',
      cron: ticks.retention,
      async run() {
        await overrides.closeExpired(earliestToday(app));
        await retention.sweep(keepDays);
      },
    },
    { name: 'audit', cron: ticks.audit, run: ({ once }) => anchorAudit(parts, once) },
    ...sources
      .filter(({ source }) => pulled.has(source))
      .map(({ source, cron }): Tick => ({
        name: `sync:${source}`,
        cron,
        run: ({ attempt }) => pull(sync, source, attempt),
      })),
    ...sources.map(({ source, cron, silentAfterDays }): Tick => ({
      name: `source:${source}`,
      cron,
      run: ({ once }) => once((sql) => checks.lookAtSource(sql, source, silentAfterDays)),
    })),
  ];
}

/** A listing that broke off is read once more, no oftener: what it holds is known, and the next night comes. */
async function pull(sync: SyncService, source: string, attempt: number): Promise<void> {
  const run = await sync.sync({ source, by: 'schedule' });
  const brokeOff = run.notes.some(({ code }) => code === 'SYNC_PAGE_FAILED');
  if (brokeOff && attempt === 1)
    throw new AppError('SYNC_NOT_WHOLE', { retryable: true, details: { source } });
}

/** Verifies the chain, and writes its head down where whoever changes the database does not reach. */
async function anchorAudit(
  { app, audit, alerts }: TickParts,
  once: Parameters<Tick['run']>[0]['once'],
): Promise<void> {
  const file = anchorFile(app.env.home);
  const { problems, more, head } = await audit.verify(await readAnchors(file));
  const [problem] = problems;
  if (problem !== undefined) {
    const count = problems.length + more;
    const { seq } = problem;
    await once((sql) =>
      alerts.settle(sql, 'audit_broken', [
        { kind: 'audit_broken', key: `audit_broken:${seq}`, data: { seq, problem: problem.problem, count } },
      ]),
    );
    return;
  }
  const anchor = { at: app.clock.nowIso(), ...head };
  if (head.seq > 0) await appendAnchor(file, anchor);
  await once(async (sql) => {
    await alerts.resolve(sql, 'audit_broken');
    if (head.seq === 0) return;
    await alerts.raise(sql, { kind: 'audit_anchor', key: `audit_anchor:${head.seq}`, data: anchor });
    await alerts.resolve(sql, 'audit_anchor');
  });
}

/** No exception ends before its last day is over where its company is. */
function earliestToday({ group, clock }: TicksHouse): ReturnType<typeof dayInZone> {
  const [first = dayInZone(clock.now(), 'UTC'), ...others] = [...group.companies.values()].map(({ zone }) =>
    dayInZone(clock.now(), zone),
  );
  return others.reduce((earliest, day) => (day < earliest ? day : earliest), first);
}

function sourceZones({ group }: TicksHouse): ReadonlyMap<string, string> {
  return new Map(
    [...group.sources.values()].map((source) => [
      source.id,
      group.companies.get(source.company)?.zone ?? 'UTC',
    ]),
  );
}
