import { Module, type DynamicModule } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { Database } from '../platform/database/database.js';
import { OverridesService } from './overrides.service.js';
import { PolicyFlipsService } from './policy-flips.service.js';
import { PolicyService } from './policy.service.js';
import { RegistryExportQueries } from './registry-export.queries.js';
import { RegistryQueries } from './registry.queries.js';
import { RegistryWriteService } from './registry-write.service.js';

@Module({})
export class RehireRegistryModule {
  /**
   * Imported once, by the composition root; its services are there for every feature. A start with a policy file
   * that cannot be taken fails.
   */
  static register(configDir: string): DynamicModule {
    const services = [
      OverridesService,
      PolicyFlipsService,
      RegistryExportQueries,
      RegistryQueries,
      RegistryWriteService,
    ];
    const policies = {
      provide: PolicyService,
      inject: [Database, Clock],
      useFactory: (db: Database, clock: Clock) => new PolicyService(db, clock, configDir),
    };
    return {
      module: RehireRegistryModule,
      global: true,
      providers: [policies, ...services],
      exports: [PolicyService, ...services],
    };
  }
}
