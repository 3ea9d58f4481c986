import { Injectable } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import { Database } from '../platform/database/database.js';
import type { NumberKey } from './closure.queries.js';

export interface PersonView {
  readonly personId: string;
  readonly optedOutAt: string | null;
  readonly employments: readonly EmploymentView[];
  readonly entries: readonly Record<string, unknown>[];
  readonly followUps: readonly Record<string, unknown>[];
  readonly openCases: readonly Record<string, unknown>[];
  /** What was observed, decided, sent and answered first, oldest first; at most 500. */
  readonly timeline: readonly TimelineItem[];
}

export interface EmploymentView {
  readonly id: string;
  readonly company: string;
  readonly employeeNumber: string;
  readonly spell: number;
  readonly name: string | null;
  readonly department: string | null;
  readonly hiredOn: string | null;
  readonly lastDay: string | null;
  readonly announcedOn: string | null;
  readonly category: string | null;
  readonly reasonText: string | null;
  readonly departureKind: string | null;
  readonly departureState: string | null;
  readonly absentSince: string | null;
  readonly inScope: boolean;
  readonly withdrawn: boolean;
  readonly disputes: readonly { readonly code: string; readonly values: Record<string, string | null> }[];
}

export interface TimelineItem {
  readonly at: string;
  readonly kind: string;
  readonly actor: string;
  readonly company: string | null;
  readonly employeeNumber: string | null;
  readonly runId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface TimelineRow extends TimelineItem {
  /** Orders what happened at one instant. */
  readonly key: string;
}

const MOST_TIMELINE = 500;

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

/** One person: who it is, and everything that was observed, decided, sent and answered. */
@Injectable()
export class PeopleQueries {
  constructor(private readonly db: Database) {}

  /**
   * The person with this id, or the one whom `company/number` belongs to.
   *
   * @throws PERSON_NOT_FOUND
   */
  async resolve(idOrKey: string): Promise<string> {
    const slash = idOrKey.indexOf('/');
    const row =
      slash > 0
        ? await this.db.one<{ id: string }>(
            `select person_id as id from employment where company = $1 and employee_number = $2
             order by withdrawn, spell desc limit 1`,
            [idOrKey.slice(0, slash), idOrKey.slice(slash + 1)],
          )
        : /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(idOrKey)
          ? await this.db.one<{ id: string }>('select id from person where id = $1', [idOrKey])
          : null;
    if (row === null) throw new AppError('PERSON_NOT_FOUND', { details: { found: idOrKey } });
    return row.id;
  }

  /** Employee numbers of a person, for deciding them anew. */
  async numbersOf(personId: string): Promise<NumberKey[]> {
    return this.db.query<{ company: string; employeeNumber: string }>(
      `select distinct company, employee_number as "employeeNumber" from employment where person_id = $1`,
      [personId],
    );
  }

  /** @throws PERSON_NOT_FOUND */
  async show(idOrKey: string): Promise<PersonView> {
    const personId = await this.resolve(idOrKey);
    const person = await this.db.one<{ opted_out_at: string | null }>(
      'select opted_out_at from person where id = $1',
      [personId],
    );
    const employments = await this.employments(personId, null);
    const ids = employments.map((e) => e.id);
    return {
      personId,
      optedOutAt: person?.opted_out_at ?? null,
      employments,
      entries: await this.db.query(
        `select company, verdict, from_day as "fromDay", review_on as "reviewOn", rule, because from registry_entry
         where person_id = $1 order by company`,
        [personId],
      ),
      followUps: await this.db.query(
        `select f.id, f.kind, f.due_on as "dueOn", f.state, f.because, f.answer, e.company,
                e.employee_number as "employeeNumber"
         from follow_up f join employment e on e.id = f.employment_id
         where f.employment_id = any($1::uuid[]) order by f.due_on, f.kind`,
        [ids],
      ),
      openCases: await this.db.query(
        `select id, score, evidence from match_case
         where state = 'open' and (employment_a = any($1::uuid[]) or employment_b = any($1::uuid[])) order by opened_at`,
        [ids],
      ),
      timeline: (await this.timeline(personId, null, null, MOST_TIMELINE)).map(withoutKey),
    };
  }

  /** In the order in which they began. @param company null: of every company */
  employments(personId: string, company: string | null): Promise<EmploymentView[]> {
    return this.db.query<EmploymentView & { id: string }>(
      `select e.id, e.company, e.employee_number as "employeeNumber", e.spell, e.display_name as name, e.department,
         e.hired_on as "hiredOn", d.last_day as "lastDay", d.announced_on as "announcedOn", d.category,
         d.reason_text as "reasonText", d.kind as "departureKind", d.state as "departureState",
         e.absent_since as "absentSince", e.scope = 'in' as "inScope", e.withdrawn, e.disputes
       from employment e left join departure d on d.employment_id = e.id
       where e.person_id = $1 and ($2::text is null or e.company = $2)
       order by e.hired_on nulls first, e.company, e.employee_number, e.spell`,
      [personId, company],
    );
  }

  /** Oldest first, after a key of instant and order. @param company null: of every company */
  timeline(
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

function withoutKey({ at, kind, actor, company, employeeNumber, runId, data }: TimelineRow): TimelineItem {
  return { at, kind, actor, company, employeeNumber, runId, data };
}
