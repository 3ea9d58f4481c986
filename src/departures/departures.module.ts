import { Module, type DynamicModule } from '@nestjs/common';
import type { FollowUpRules } from '../domain/follow-up.js';
import type { LeavingReasons } from '../domain/leaving-reason.js';
import { IntentsService } from '../follow-ups/intents.service.js';
import type { GroupConfig } from '../platform/config/group-config.js';
import { GROUP_CONFIG } from '../platform/platform.module.js';
import { PolicyService } from '../rehire-registry/policy.service.js';
import { RegistryWriteService } from '../rehire-registry/registry-write.service.js';
import { DecisionsService } from './decisions.service.js';
import { EffectsService } from './effects.service.js';
import { PeopleQueries } from './people.queries.js';
import { PlanningService } from './planning.service.js';

@Module({})
export class DeparturesModule {
  static over({ reasons, rules }: { reasons: LeavingReasons; rules: FollowUpRules }): DynamicModule {
    const decisions = {
      provide: DecisionsService,
      inject: [GROUP_CONFIG, PolicyService],
      useFactory: (group: GroupConfig, policies: PolicyService) =>
        new DecisionsService(group, reasons, rules, policies),
    };
    const effects = {
      provide: EffectsService,
      inject: [RegistryWriteService, IntentsService],
      useFactory: (registry: RegistryWriteService, intents: IntentsService) =>
        new EffectsService(registry, intents),
    };
    return {
      module: DeparturesModule,
      global: true,
      providers: [decisions, effects, PlanningService, PeopleQueries],
      exports: [DecisionsService, EffectsService, PlanningService, PeopleQueries],
    };
  }
}
