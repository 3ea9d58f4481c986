import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import type { RejectionReason } from '../domain/observation.js';
import type { Caller } from '../platform/auth/api-keys.service.js';
import type { GroupConfig } from '../platform/config/group-config.js';
import { CursorsService } from '../platform/http/cursors.service.js';
import { keyset } from '../platform/http/keyset.js';
import { Reply, type Call } from '../platform/http/route.js';
import { Serve } from '../platform/http/serve.decorator.js';
import { describeRejection } from '../platform/i18n/i18n.js';
import type { Language } from '../platform/i18n/locale.js';
import { GROUP_CONFIG } from '../platform/platform.module.js';
import { InboxQueries } from './inbox.queries.js';
import { RunDecisionsService } from './run-decisions.service.js';
import { RejectionsService } from './rejections.service.js';
import {
  approveRun,
  listRejections,
  listRuns,
  rejectionsCsv,
  rejectRun,
  revertRun,
  runView,
  showPlan,
  showRun,
  type RunView,
} from './run.schema.js';
import { runScope } from './run-scope.js';
import { RunsRepository } from './runs.repository.js';
import { ScopedRunsQueries } from './scoped-runs.queries.js';

const listKey = z.tuple([z.iso.datetime(), z.uuid()]);
const planKey = z.tuple([z.int(), z.int()]);
const rowKey = z.tuple([z.int()]);

/** Runs: what was read, what it would do, and what people decide about it. */
@Controller()
export class RunsController {
  constructor(
    private readonly scoped: ScopedRunsQueries,
    private readonly runs: RunsRepository,
    private readonly decisions: RunDecisionsService,
    private readonly rejections: RejectionsService,
    private readonly inbox: InboxQueries,
    private readonly cursors: CursorsService,
    @Inject(GROUP_CONFIG) private readonly group: GroupConfig,
  ) {}

  @Serve(listRuns)
  async list({ query, caller }: Call<typeof listRuns>) {
    const { source = null, status = null, limit, cursor } = query;
    const page = keyset(this.cursors, {
      list: ['runs', caller.keyId, source, status],
      shape: listKey,
      cursor,
      limit,
    });
    const found = await this.scoped.list(this.scopeOf(caller), {
      source,
      status,
      before: page.after,
      limit: limit + 1,
    });
    const { items, nextCursor } = page.cut(found, (row) => [row.startedAt, row.id]);
    const runs = await Promise.all(items.map((row) => this.runs.get(row.id)));
    return { items: runs.map(runView), nextCursor };
  }

  @Serve(showRun)
  async show({ params, caller }: Call<typeof showRun>): Promise<RunView> {
    const scope = this.scopeOf(caller);
    const waiting = await this.inbox.waitingRun(params.id, scope.sources);
    if (waiting !== null) return runView(waiting);
    return runView(await this.runs.get(await this.scoped.find(params.id, scope)));
  }

  @Serve(showPlan)
  async plan({ params, query, caller }: Call<typeof showPlan>) {
    const scope = this.scopeOf(caller);
    const run = await this.runs.get(await this.scoped.find(params.id, scope));
    const { kind = null, limit, cursor } = query;
    const page = keyset(this.cursors, {
      list: ['plan', caller.keyId, run.id, kind],
      shape: planKey,
      cursor,
      limit,
    });
    const lines = await this.scoped.plan(run.id, scope, { kind, after: page.after, limit: limit + 1 });
    const { items, nextCursor } = page.cut(lines, (line) => [line.seq, line.ord]);
    return {
      run: run.id,
      status: run.status,
      planHash: run.planHash,
      items: items.map((line) => ({
        ...line,
        before: line.before === null ? null : { ...line.before, disputes: [...line.before.disputes] },
        after: line.after === null ? null : { ...line.after, disputes: [...line.after.disputes] },
        changedFields: [...line.changedFields],
        followUps: [...line.followUps],
        withheld: [...line.withheld],
      })),
      nextCursor,
    };
  }

  @Serve(listRejections)
  async listRejected({ params, query, caller, language }: Call<typeof listRejections>) {
    const runId = await this.scoped.find(params.id, this.scopeOf(caller));
    const { limit, cursor } = query;
    const page = keyset(this.cursors, {
      list: ['rejections', caller.keyId, runId],
      shape: rowKey,
      cursor,
      limit,
    });
    const rows = await this.scoped.rejections(runId, page.after?.[0] ?? null, limit + 1);
    const { items, nextCursor } = page.cut(rows, (row) => [row.rowNo]);
    return {
      items: items.map(({ rowNo, mended, reasons }) => ({
        row: rowNo,
        mended,
        reasons: reasons.map((reason) => describeRejection(reason, language)),
      })),
      nextCursor,
    };
  }

  @Serve(rejectionsCsv)
  async csv({ params, caller, language }: Call<typeof rejectionsCsv>) {
    const runId = await this.scoped.find(params.id, this.scopeOf(caller));
    return new Reply<unknown>(this.rejections.csv(runId, language, explain(language)), {
      headers: {
        'Content-Type': 'text/csv; charset=utf-8; header=present',
        'Content-Disposition': `attachment; filename="rejections-${runId}.csv"`,
      },
    });
  }

  @Serve(approveRun)
  async approve({ params, body, caller, by }: Call<typeof approveRun>): Promise<RunView> {
    const runId = await this.scoped.find(params.id, this.scopeOf(caller));
    return runView(await this.decisions.approve(runId, body.planHash, { reason: body.reason, by }));
  }

  @Serve(rejectRun)
  async reject({ params, body, caller, by }: Call<typeof rejectRun>): Promise<RunView> {
    const runId = await this.scoped.find(params.id, this.scopeOf(caller));
    return runView(await this.decisions.reject(runId, { reason: body.reason, by }));
  }

  @Serve(revertRun)
  async revert({ params, body, caller, by }: Call<typeof revertRun>): Promise<RunView> {
    const runId = await this.scoped.find(params.id, this.scopeOf(caller));
    return runView(await this.decisions.revert(runId, { reason: body.reason, by }));
  }

  private scopeOf(caller: Caller) {
    return runScope(caller, this.group);
  }
}

/** One reason as a sentence, for the column beside the rejected row. */
function explain(language: Language): (reason: RejectionReason) => string {
  return (reason) => {
    const { column, field, title, expected, remedy } = describeRejection(reason, language);
    return [column ?? field, title, expected, remedy].filter((part) => part != null).join(' | ');
  };
}
