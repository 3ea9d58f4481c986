import { Controller } from '@nestjs/common';
import { z } from 'zod';
import { CursorsService } from '../platform/http/cursors.service.js';
import { keyset } from '../platform/http/keyset.js';
import type { Call } from '../platform/http/route.js';
import { Serve } from '../platform/http/serve.decorator.js';
import { PolicyFlipsService } from '../rehire-registry/policy-flips.service.js';
import { checkedPolicy, PolicyService } from '../rehire-registry/policy.service.js';
import { activatePolicy, addPolicy, listPolicies, previewPolicy } from './policies.schema.js';
import { PolicyRunsService } from './policy-runs.service.js';
import { runView } from './run.schema.js';

const versionKey = z.tuple([z.int()]);

/** The rules that give a verdict: looked at, tried out, put in force by a run. */
@Controller()
export class PoliciesController {
  constructor(
    private readonly policies: PolicyService,
    private readonly flips: PolicyFlipsService,
    private readonly runs: PolicyRunsService,
    private readonly cursors: CursorsService,
  ) {}

  @Serve(listPolicies)
  async list({ query, caller }: Call<typeof listPolicies>) {
    const { limit, cursor } = query;
    const page = keyset(this.cursors, { list: ['policies', caller.keyId], shape: versionKey, cursor, limit });
    const before = page.after?.[0] ?? Infinity;
    const rest = (await this.policies.listPolicies()).filter((item) => item.version < before);
    return page.cut(rest, (item) => [item.version]);
  }

  @Serve(addPolicy)
  async add({ body, by }: Call<typeof addPolicy>) {
    const { version, hash } = await this.policies.planPolicy(checkedPolicy(body.policy), by);
    return { version, hash };
  }

  @Serve(previewPolicy)
  async preview({ body }: Call<typeof previewPolicy>) {
    const preview = await this.flips.preview(checkedPolicy(body.policy));
    return { ...preview, counts: [...preview.counts] };
  }

  @Serve(activatePolicy)
  async activate({ params, by }: Call<typeof activatePolicy>) {
    return runView(await this.runs.activateVersion(params.version, by));
  }
}
