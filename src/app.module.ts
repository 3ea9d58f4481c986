import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { AlertsModule } from './alerts/alerts.module.js';
import { HouseTicksModule } from './app.ticks.js';
import { DeparturesModule } from './departures/departures.module.js';
import type { FollowUpRules } from './domain/follow-up.js';
import type { LeavingReasons } from './domain/leaving-reason.js';
import { CONNECTORS } from './connectors.js';
import { FollowUpsModule } from './follow-ups/follow-ups.module.js';
import type { FollowUps } from './follow-ups/follow-ups.setup.js';
import { IntakeModule } from './intake/intake.module.js';
import { SyncModule } from './intake/sync.module.js';
import { AuditModule } from './platform/audit/audit.module.js';
import { processEnvironment } from './platform/config/process-environment.js';
import { PlatformModule, type PlatformParts } from './platform/platform.module.js';
import type { Tracing } from './platform/tracing/tracing.js';
import { RecruitingModule } from './recruiting/recruiting.module.js';
import { RehireRegistryModule } from './rehire-registry/rehire-registry.module.js';

export interface AppParts extends PlatformParts {
  /** Undefined: no collector is configured. */
  readonly tracing?: Tracing | undefined;
  readonly reasons: LeavingReasons;
  readonly rules: FollowUpRules;
  readonly followUps: FollowUps;
}

/** Every feature of the house, over parts that `openApp` opens and closes. */
@Module({})
export class AppModule {
  /**
   * @param controllers what only a server has: the routes of the API
   * @param also the same: its log, health, metrics and the limits of its routes; given the module of the intake
   */
  static over(
    parts: AppParts,
    {
      workers,
      controllers = [],
      also = () => [],
    }: {
      readonly workers: boolean;
      readonly controllers?: Type[];
      readonly also?: (intake: DynamicModule) => readonly DynamicModule[];
    },
  ): DynamicModule {
    const { configDir } = parts.env;
    const intake = IntakeModule.over({ configDir });
    const variables = processEnvironment();
    const sync = SyncModule.over(intake, { group: parts.group, connectors: CONNECTORS, variables });
    return {
      module: AppModule,
      controllers,
      imports: [
        PlatformModule.over(parts),
        RehireRegistryModule.register(configDir),
        {
          ...FollowUpsModule.over(parts.followUps, { workers, clockStands: parts.env.now !== undefined }),
          global: true,
        },
        DeparturesModule.over(parts),
        intake,
        sync,
        RecruitingModule,
        AuditModule,
        AlertsModule.over({
          configDir,
          variables,
          transport: parts.followUps.transport,
        }),
        HouseTicksModule.over(parts, sync, { workers }),
        ...also(intake),
      ],
    };
  }
}
