import { Module, type DynamicModule } from '@nestjs/common';
import type { Connector } from '../connector-spi/connector.js';
import { Clock } from '../platform/clock/clock.js';
import type { GroupConfig } from '../platform/config/group-config.js';
import type { ProcessEnvironment } from '../platform/config/process-environment.js';
import { DoorsService } from './doors.service.js';
import { RunsService } from './runs.service.js';
import { SyncService } from './sync.service.js';
import { checkSources } from './sync-sources.js';

/** The door that fetches. Needs IntakeModule beside it. */
@Module({})
export class SyncModule {
  /** @throws CONFIG_FILE_INVALID for a source whose settings its connector does not take */
  static over(
    intake: DynamicModule,
    parts: {
      readonly group: GroupConfig;
      readonly connectors: ReadonlyMap<string, Connector>;
      readonly variables: ProcessEnvironment;
    },
  ): DynamicModule {
    const { group, connectors, variables } = parts;
    checkSources(group.sources.values(), connectors);
    return {
      module: SyncModule,
      imports: [intake],
      providers: [
        {
          provide: SyncService,
          inject: [DoorsService, RunsService, Clock],
          useFactory: (doors: DoorsService, runs: RunsService, clock: Clock) =>
            new SyncService(doors, runs, group, connectors, variables, clock),
        },
      ],
      exports: [SyncService],
    };
  }
}
