import { Module, type DynamicModule } from '@nestjs/common';
import { DeparturesModule } from './departures/departures.module.js';
import type { FollowUpRules } from './domain/follow-up.js';
import type { LeavingReasons } from './domain/leaving-reason.js';
import { FollowUpsModule } from './follow-ups/follow-ups.module.js';
import type { FollowUps } from './follow-ups/follow-ups.setup.js';
import { IntakeModule } from './intake/intake.module.js';
import { PlatformModule, type PlatformParts } from './platform/platform.module.js';
import { RecruitingModule } from './recruiting/recruiting.module.js';
import { RehireRegistryModule } from './rehire-registry/rehire-registry.module.js';

export interface AppParts extends PlatformParts {
  readonly reasons: LeavingReasons;
  readonly rules: FollowUpRules;
  readonly followUps: FollowUps;
}

/** Every feature of the house, over parts that `openApp` opens and closes. */
@Module({})
export class AppModule {
  /** @param also what only a server has: its log, health and metrics */
  static over(
    parts: AppParts,
    { workers, also = [] }: { readonly workers: boolean; readonly also?: readonly DynamicModule[] },
  ): DynamicModule {
    const { configDir } = parts.env;
    return {
      module: AppModule,
      imports: [
        PlatformModule.over(parts),
        RehireRegistryModule.register(configDir),
        { ...FollowUpsModule.over(parts.followUps, { workers }), global: true },
        DeparturesModule.over(parts),
        IntakeModule.over({ configDir }),
        RecruitingModule,
        ...also,
      ],
    };
  }
}
