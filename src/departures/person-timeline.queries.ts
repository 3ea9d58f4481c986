import { Injectable } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import { Database } from '../platform/database/database.js';

export interface TimelineEmployment {
  readonly company: string;
  readonly employeeNumber: string;
  readonly spell: number;
  readonly name: string | null;
  readonly department: string | null;
  readonly hiredOn: string | null;
  readonly lastDay: string | null;
  readonly announcedOn: string | null;
  readonly category: string | null;
  readonly departureKind: string | null;
  readonly departureState: string | null;
  readonly inScope: boolean;
}

export interface TimelineRow {
  readonly at: string;
  /** Orders what happened at one instant. */
  readonly key: string;
  readonly kind: string;
  readonly actor: string;
  readonly company: string | null;
  readonly employeeNumber: string | null;
  readonly runId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

// Every part has the company in it, so that what lies outside the caller's company is never read.
const EVENTS = `
  select o.received_at as at, 'o' || lpad(o.id::text, 20, '0') as key,
    case when o.absent then 'absent' else 'observed' end as kind, o.source as actor,
    o.company, o.employee_number as "employeeNumber", o.run_id as "runId",
    jsonb_build_object('asOf', o.as_of_at, 'facts', o.facts, 'reverted', o.reverted) as data
  from observation o
  where ($2::text is null or o.company = $2) and (o.company, o.employee_number) in (
    select company, employee_number from employment where person_id = $1)
  union all
  select t.at, 't' || lpad(t.id::text, 20, '0'), t.kind, t.actor,
    coalesce(e.company, t.data->>'company'), e.employee_number, t.run_id, t.data
  from timeline_event t left join employment e on e.id = t.employment_id
  where (t.person_id = $1 or e.person_id = $1) and ($2::text is null or coalesce(e.company, t.data->>'company') = $2)
  union all
  select coalesce(d.finished_at, d.claimed_at), 'd' || d.id::text, 'mail_' || d.state, 'enishi',
    e.company, e.employee_number, null, jsonb_build_object('followUp', f.id, 'kind', f.kind, 'messageId', d.message_id)
  from employment e join follow_up f on f.employment_id = e.id join delivery d on d.follow_up_id = f.id
  where e.person_id = $1 and ($2::text is null or e.company = $2)`;

/** Everything that was observed, decided, sent and answered about one person, within what the caller sees. */
@Injectable()
export class PersonTimelineQueries {
  constructor(private readonly db: Database) {}

  /** @param company null: of every company. @throws PERSON_NOT_FOUND also for somebody of another company only */
  async employments(personId: string, company: string | null): Promise<TimelineEmployment[]> {
    const rows = await this.db.query<TimelineEmployment & { spell: number }>(
      `select e.company, e.employee_number as "employeeNumber", e.spell, e.display_name as name, e.department,
         e.hired_on as "hiredOn", d.last_day as "lastDay", d.announced_on as "announcedOn", d.category,
         d.kind as "departureKind", d.state as "departureState", e.scope = 'in' as "inScope"
       from employment e left join departure d on d.employment_id = e.id
       where e.person_id = $1 and ($2::text is null or e.company = $2)
       order by e.hired_on nulls first, e.company, e.employee_number, e.spell`,
      [personId, company],
    );
    if (rows.length === 0) throw new AppError('PERSON_NOT_FOUND', { details: { found: personId } });
    return rows;
  }

  /** Oldest first, after a key of instant and order. */
  page(
    personId: string,
    company: string | null,
    after: readonly [at: string, key: string] | null,
    limit: number,
  ): Promise<TimelineRow[]> {
    return this.db.query<TimelineRow & { at: string }>(
      `select * from (${EVENTS}) events
       where $3::timestamptz is null or (date_trunc('milliseconds', at), key) > ($3::timestamptz, $4)
       order by date_trunc('milliseconds', at), key limit $5`,
      [personId, company, after?.[0] ?? null, after?.[1] ?? null, limit],
    );
  }
}
