import { Controller } from '@nestjs/common';
import { sealed } from '../http/keyset.js';
import { CursorsService } from '../http/cursors.service.js';
import type { Call } from '../http/route.js';
import { Serve } from '../http/serve.decorator.js';
import type { AuditEntry } from './audit-chain.js';
import { AuditQueries } from './audit.queries.js';
import { listAudit } from './audit.schema.js';

/** The audit chain to be read: ids, counts and digests, no people. */
@Controller()
export class AuditController {
  constructor(
    private readonly queries: AuditQueries,
    private readonly cursors: CursorsService,
  ) {}

  @Serve(listAudit)
  async list({ query, caller }: Call<typeof listAudit>) {
    const { kind, actor, from, until, limit } = query;
    const page = sealed<AuditEntry>(this.cursors, ['audit', caller.keyId, kind, actor, from, until]);
    const cursor = page.open(query.cursor);
    const { items, nextBefore } = await this.queries.list(
      { kind, actor, from, until },
      { limit, before: cursor === null ? null : Number(cursor) },
    );
    return page.close({ items, nextCursor: nextBefore === null ? null : String(nextBefore) });
  }
}
