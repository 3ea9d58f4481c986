import { Controller, Inject } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import type { GroupConfig } from '../platform/config/group-config.js';
import { companyFor, todayFor } from '../platform/http/company-scope.js';
import { CursorsService } from '../platform/http/cursors.service.js';
import { sealed } from '../platform/http/keyset.js';
import type { Call } from '../platform/http/route.js';
import { Serve } from '../platform/http/serve.decorator.js';
import { GROUP_CONFIG } from '../platform/platform.module.js';
import { OverridesService } from './overrides.service.js';
import { RegistryQueries, type RegistryItem } from './registry.queries.js';
import { endOverride, listRegistry, setOverride } from './registry.schema.js';

/** The registry as HR sees it, and the exceptions that people make. */
@Controller()
export class RegistryController {
  constructor(
    private readonly registry: RegistryQueries,
    private readonly overrides: OverridesService,
    private readonly cursors: CursorsService,
    private readonly clock: Clock,
    @Inject(GROUP_CONFIG) private readonly group: GroupConfig,
  ) {}

  @Serve(listRegistry)
  async list({ query, caller }: Call<typeof listRegistry>) {
    const { verdict = null, limit } = query;
    const company = companyFor(caller, this.group, query.company);
    const page = sealed<RegistryItem>(this.cursors, ['registry', caller.keyId, company, verdict]);
    const day = todayFor(this.group, this.clock, company);
    const found = await this.registry.list({ day, verdict, company, limit, cursor: page.open(query.cursor) });
    const { items, nextCursor } = page.close(found);
    return {
      items: items.map((item) => ({ ...item, because: [...item.because], missing: [...item.missing] })),
      nextCursor,
    };
  }

  @Serve(setOverride)
  async set({ params, body, caller, by }: Call<typeof setOverride>) {
    const company = companyFor(caller, this.group, body.company);
    return this.overrides.set({
      personId: params.personId,
      company,
      verdict: body.verdict,
      reason: body.reason,
      author: by,
      untilDay: body.untilDay ?? null,
      today: todayFor(this.group, this.clock, company),
    });
  }

  @Serve(endOverride)
  async end({ params, body, caller, by }: Call<typeof endOverride>) {
    const company = companyFor(caller, this.group, body.company);
    return this.overrides.close({ personId: params.personId, company, reason: body.reason, by });
  }
}
