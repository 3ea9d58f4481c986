import { Module, type DynamicModule } from '@nestjs/common';
import { AlertsModule } from './alerts/alerts.module.js';
import { HouseTicksModule } from './app.ticks.js';
import { PeopleController } from './departures/people.controller.js';
import { DeparturesModule } from './departures/departures.module.js';
import type { FollowUpRules } from './domain/follow-up.js';
import type { LeavingReasons } from './domain/leaving-reason.js';
import { AuditController } from './platform/audit/audit.controller.js';
import { CONNECTORS } from './connectors.js';
import { FollowUpsController } from './follow-ups/follow-ups.controller.js';
import { FollowUpsModule } from './follow-ups/follow-ups.module.js';
import type { FollowUps } from './follow-ups/follow-ups.setup.js';
import { IntakeHttpModule } from './intake/intake-http.module.js';
import { IntakeModule } from './intake/intake.module.js';
import { SyncModule } from './intake/sync.module.js';
import { AuditModule } from './platform/audit/audit.module.js';
import { processEnvironment } from './platform/config/process-environment.js';
import { HttpModule, type HttpSettings } from './platform/http/http.module.js';
import { PlatformModule, type PlatformParts } from './platform/platform.module.js';
import { CandidatesController } from './recruiting/candidates.controller.js';
import type { Tracing } from './platform/tracing/tracing.js';
import { RecruitingModule } from './recruiting/recruiting.module.js';
import { RegistryController } from './rehire-registry/registry.controller.js';
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
   * @param also what only a server has: its log, health and metrics
   * @param http what only a server has: the routes of the API, with its limits
   */
  static over(
    parts: AppParts,
    {
      workers,
      also = [],
      http,
    }: { readonly workers: boolean; readonly also?: readonly DynamicModule[]; http?: HttpSettings },
  ): DynamicModule {
    const { configDir } = parts.env;
    const intake = IntakeModule.over({ configDir });
    const variables = processEnvironment();
    const sync = SyncModule.over(intake, { group: parts.group, connectors: CONNECTORS, variables });
    const api = http === undefined ? [] : [HttpModule.over(parts.env, http), IntakeHttpModule.over(intake)];
    return {
      module: AppModule,
      controllers:
        http === undefined
          ? []
          : [
              AuditController,
              CandidatesController,
              FollowUpsController,
              PeopleController,
              RegistryController,
            ],
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
        ...also,
        ...api,
      ],
    };
  }
}
