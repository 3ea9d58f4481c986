import { Injectable } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import type { RejectionReason } from '../domain/observation.js';
import { Database } from '../platform/database/database.js';
import type { PlanLine } from './runs.queries.js';
import type { RunStatus } from './run.js';

/**
 * The part of all runs that a caller sees. `sources` null: every run. Else the runs of these sources, and lines of
 * `company` only.
 */
export interface RunScope {
  readonly sources: readonly string[] | null;
  readonly company: string | null;
}

export interface RejectedRowItem {
  readonly rowNo: number;
  readonly reasons: readonly RejectionReason[];
  readonly mended: boolean;
}

/** Reads of runs within what a caller may see: what lies outside is not there. */
@Injectable()
export class ScopedRunsQueries {
  constructor(private readonly db: Database) {}

  /** The id, when the run is there for the caller. @throws RUN_NOT_FOUND */
  async find(id: string, scope: RunScope): Promise<string> {
    const row = await this.db.one<{ id: string }>(
      `select id from import_run where id = $1 and ($2::text[] is null or source = any($2))`,
      [id, scope.sources],
    );
    if (row === null) throw new AppError('RUN_NOT_FOUND', { details: { run: id } });
    return row.id;
  }

  /** Ids of a page, the newest first. */
  list(
    scope: RunScope,
    filter: {
      readonly source: string | null;
      readonly status: RunStatus | null;
      readonly before: readonly [startedAt: string, id: string] | null;
      readonly limit: number;
    },
  ): Promise<{ id: string; startedAt: string }[]> {
    const { source, status, before, limit } = filter;
    return this.db.query<{ id: string; startedAt: string }>(
      `select id, started_at as "startedAt" from import_run
       where ($1::text[] is null or source = any($1)) and ($2::text is null or source = $2)
         and ($3::text is null or status = $3) and ($4::timestamptz is null or (started_at, id) < ($4, $5::uuid))
       order by started_at desc, id desc limit $6`,
      [scope.sources, source, status, before?.[0] ?? null, before?.[1] ?? null, limit],
    );
  }

  /** Lines of a plan in the order in which they are applied; those of another company only for who sees that too. */
  plan(
    runId: string,
    scope: RunScope,
    filter: {
      readonly kind: string | null;
      readonly after: readonly [seq: number, ord: number] | null;
      readonly limit: number;
    },
  ): Promise<PlanLine[]> {
    const { kind, after, limit } = filter;
    return this.db.query<PlanLine & { seq: number }>(
      `select seq, ord, kind, company, employee_number as "employeeNumber", spell, before, after,
         changed_fields as "changedFields", verdict, verdict_before as "verdictBefore", follow_ups as "followUps", withheld
       from plan_change
       where run_id = $1 and ($2::text is null or company = $2) and ($3::text is null or kind = $3)
         and ($4::int is null or (seq, ord) > ($4, $5))
       order by seq, ord limit $6`,
      [runId, scope.company, kind, after?.[0] ?? null, after?.[1] ?? null, limit],
    );
  }

  /** Rejected rows of one run, in the order of the rows. */
  rejections(runId: string, after: number | null, limit: number): Promise<RejectedRowItem[]> {
    return this.db.query<RejectedRowItem & { rowNo: number }>(
      `select row_no as "rowNo", reasons, mended_run_id is not null as mended from rejection
       where run_id = $1 and ($2::int is null or row_no > $2) order by row_no limit $3`,
      [runId, after, limit],
    );
  }
}
