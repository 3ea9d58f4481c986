import { Module, type DynamicModule } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import type { GroupConfig } from '../platform/config/group-config.js';
import { Database } from '../platform/database/database.js';
import { GROUP_CONFIG } from '../platform/platform.module.js';
import { PolicyFlipsService } from '../rehire-registry/policy-flips.service.js';
import { PolicyService } from '../rehire-registry/policy.service.js';
import { ApplyService } from './apply.service.js';
import { BrakesService } from './brakes.service.js';
import { CorridorService } from './corridor.service.js';
import { DiffQueries } from './diff.queries.js';
import { DoorsService } from './doors.service.js';
import { FileStoreService } from './file-store.service.js';
import { KnownRowsService } from './known-rows.service.js';
import { MatchesService } from './matches.service.js';
import { PlanItemsRepository } from './plan-items.repository.js';
import { PlanRunService } from './plan-run.service.js';
import { PolicyRunsService } from './policy-runs.service.js';
import { ProfilesService } from './profiles.service.js';
import { RebuildService } from './rebuild.service.js';
import { RejectionsService } from './rejections.service.js';
import { RunDecisionsService } from './run-decisions.service.js';
import { RunsQueries } from './runs.queries.js';
import { RunsRepository } from './runs.repository.js';
import { RunsService } from './runs.service.js';
import { StagingService } from './staging.service.js';
import { WaitingRunsService } from './waiting-runs.service.js';

@Module({})
export class IntakeModule {
  static over({ configDir }: { configDir: string }): DynamicModule {
    const brakes = {
      provide: BrakesService,
      inject: [Database, GROUP_CONFIG, Clock],
      useFactory: (db: Database, group: GroupConfig, clock: Clock) => new BrakesService(db, group, clock),
    };
    const runs = {
      provide: RunsService,
      inject: [
        Database,
        RunsRepository,
        CorridorService,
        StagingService,
        WaitingRunsService,
        RunsQueries,
        GROUP_CONFIG,
        Clock,
      ],
      useFactory: (
        db: Database,
        repository: RunsRepository,
        corridor: CorridorService,
        staging: StagingService,
        waiting: WaitingRunsService,
        queries: RunsQueries,
        group: GroupConfig,
        clock: Clock,
      ) => new RunsService(db, repository, corridor, staging, waiting, queries, group, clock),
    };
    const policyRuns = {
      provide: PolicyRunsService,
      inject: [
        Database,
        RunsRepository,
        PlanItemsRepository,
        PolicyService,
        PolicyFlipsService,
        CorridorService,
        BrakesService,
        WaitingRunsService,
        GROUP_CONFIG,
        Clock,
      ],
      useFactory: (
        db: Database,
        repository: RunsRepository,
        items: PlanItemsRepository,
        policies: PolicyService,
        flips: PolicyFlipsService,
        corridor: CorridorService,
        limits: BrakesService,
        waiting: WaitingRunsService,
        group: GroupConfig,
        clock: Clock,
      ) =>
        new PolicyRunsService(
          db,
          repository,
          items,
          policies,
          flips,
          corridor,
          limits,
          waiting,
          group,
          clock,
        ),
    };
    const doors = {
      provide: DoorsService,
      inject: [
        RunsService,
        StagingService,
        FileStoreService,
        ProfilesService,
        KnownRowsService,
        RunsQueries,
        GROUP_CONFIG,
        Clock,
      ],
      useFactory: (
        service: RunsService,
        staging: StagingService,
        files: FileStoreService,
        profiles: ProfilesService,
        known: KnownRowsService,
        queries: RunsQueries,
        group: GroupConfig,
        clock: Clock,
      ) => new DoorsService(service, staging, files, profiles, known, queries, group, clock),
    };
    return {
      module: IntakeModule,
      providers: [
        brakes,
        runs,
        policyRuns,
        doors,
        { provide: ProfilesService, useFactory: () => new ProfilesService(configDir) },
        ApplyService,
        CorridorService,
        DiffQueries,
        FileStoreService,
        KnownRowsService,
        MatchesService,
        PlanItemsRepository,
        PlanRunService,
        RebuildService,
        RejectionsService,
        RunDecisionsService,
        RunsQueries,
        RunsRepository,
        StagingService,
        WaitingRunsService,
      ],
      exports: [
        RunsService,
        DoorsService,
        ProfilesService,
        MatchesService,
        PolicyRunsService,
        RebuildService,
        RejectionsService,
        RunDecisionsService,
        RunsQueries,
        RunsRepository,
      ],
    };
  }
}
