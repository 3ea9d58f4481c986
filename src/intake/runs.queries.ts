import { Injectable } from '@nestjs/common';
import type { ChangeView, PlannedFollowUp } from '../domain/plan.js';
import { Database } from '../platform/database/database.js';

/** One line of a plan, as it is shown before it runs and kept afterwards. */
export interface PlanLine {
  readonly seq: number;
  readonly ord: number;
  readonly kind: string;
  readonly company: string;
  readonly employeeNumber: string;
  readonly spell: number;
  readonly before: ChangeView | null;
  readonly after: ChangeView | null;
  readonly changedFields: readonly string[];
  readonly verdict: string | null;
  readonly verdictBefore: string | null;
  readonly followUps: readonly PlannedFollowUp[];
  readonly withheld: readonly { readonly kind: string; readonly because: string }[];
}

/** A mail that went out, or may have, because of a run. Without its address. */
export interface SentMail {
  readonly followUpId: string;
  readonly personId: string;
  readonly company: string;
  readonly employeeNumber: string;
  readonly kind: string;
  readonly state: 'sent' | 'uncertain' | 'answered';
}

export interface PlanFilter {
  readonly kind?: string | undefined;
  /** Without those whose departure is history for a first import. */
  readonly recentOnly?: boolean | undefined;
  readonly after?: { readonly seq: number; readonly ord: number } | undefined;
  readonly limit: number;
}

@Injectable()
export class RunsQueries {
  constructor(private readonly db: Database) {}

  /** Lines of a plan in the order in which they are applied, after a cursor. */
  plan(runId: string, filter: PlanFilter): Promise<PlanLine[]> {
    return this.db.query<PlanLine & { seq: number }>(
      `select seq, ord, kind, company, employee_number as "employeeNumber", spell, before, after,
         changed_fields as "changedFields", verdict, verdict_before as "verdictBefore", follow_ups as "followUps", withheld
       from plan_change
       where run_id = $1 and ($2::text is null or kind = $2) and (not $3::boolean or not history)
         and ($4::int is null or (seq, ord) > ($4, $5))
       order by seq, ord limit $6`,
      [
        runId,
        filter.kind ?? null,
        filter.recentOnly ?? false,
        filter.after?.seq ?? null,
        filter.after?.ord ?? null,
        filter.limit,
      ],
    );
  }

  /** Rows of a run that were kept as statements of their own. For runs of some thousand rows. */
  async keptRows(runId: string): Promise<ReadonlySet<number>> {
    const rows = await this.db.query<{ row_no: number }>('select row_no from observation where run_id = $1', [
      runId,
    ]);
    return new Set(rows.map((row) => row.row_no));
  }

  /** Mails that were sent, or may have been, because of a run, by company and number. */
  sentMail(runId: string): Promise<SentMail[]> {
    return this.db.query<SentMail & { followUpId: string }>(
      `select f.id as "followUpId", e.person_id as "personId", e.company, e.employee_number as "employeeNumber",
         f.kind, f.state
       from follow_up f join employment e on e.id = f.employment_id
       where f.run_id = $1 and f.state in ('sent', 'uncertain', 'answered')
       order by e.company, e.employee_number, f.kind, f.id`,
      [runId],
    );
  }

  /** Why follow-ups were not planned, counted: by kind of follow-up and reason. */
  withheld(runId: string): Promise<{ kind: string; because: string; count: number }[]> {
    return this.db.query<{ kind: string; because: string; count: number }>(
      `select w->>'kind' as kind, w->>'because' as because, count(*)::int as count
       from plan_change, jsonb_array_elements(withheld) w where run_id = $1 group by 1, 2 order by 3 desc, 1, 2`,
      [runId],
    );
  }

  /** New leavers by leaving-reason category, counted. */
  reasons(runId: string): Promise<{ category: string; count: number }[]> {
    return this.db.query<{ category: string; count: number }>(
      `select after->>'category' as category, count(*)::int as count from plan_change
       where run_id = $1 and kind = 'new_leaver' group by 1 order by 2 desc, 1`,
      [runId],
    );
  }
}
