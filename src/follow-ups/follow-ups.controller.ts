import { Controller, Inject } from '@nestjs/common';
import type { GroupConfig } from '../platform/config/group-config.js';
import { companyFor } from '../platform/http/company-scope.js';
import { CursorsService } from '../platform/http/cursors.service.js';
import { sealed } from '../platform/http/keyset.js';
import type { Call } from '../platform/http/route.js';
import { Serve } from '../platform/http/serve.decorator.js';
import { GROUP_CONFIG } from '../platform/platform.module.js';
import { FollowUpQueries, type FollowUpView } from './follow-up.queries.js';
import { FollowUpsService } from './follow-ups.service.js';
import { listFollowUps, pauseFollowUps, resumeFollowUps } from './follow-ups.schema.js';

/** Follow-ups to be looked at, and the switch that stops all mail. */
@Controller()
export class FollowUpsController {
  constructor(
    private readonly queries: FollowUpQueries,
    private readonly service: FollowUpsService,
    private readonly cursors: CursorsService,
    @Inject(GROUP_CONFIG) private readonly group: GroupConfig,
  ) {}

  @Serve(listFollowUps)
  async list({ query, caller }: Call<typeof listFollowUps>) {
    const { state, kind, personId, limit } = query;
    const company = companyFor(caller, this.group, query.company);
    const page = sealed<FollowUpView>(this.cursors, [
      'follow-ups',
      caller.keyId,
      company,
      state,
      kind,
      personId,
    ]);
    const cursor = page.open(query.cursor);
    return page.close(
      await this.queries.list({
        limit,
        ...(state === undefined ? {} : { state }),
        ...(kind === undefined ? {} : { kind }),
        ...(personId === undefined ? {} : { personId }),
        ...(company === null ? {} : { company }),
        ...(cursor === null ? {} : { cursor }),
      }),
    );
  }

  @Serve(pauseFollowUps)
  async pause({ by }: Call<typeof pauseFollowUps>) {
    await this.service.pause(by);
    return { paused: true };
  }

  @Serve(resumeFollowUps)
  async resume({ by }: Call<typeof resumeFollowUps>) {
    await this.service.resume(by);
    return { paused: false };
  }
}
