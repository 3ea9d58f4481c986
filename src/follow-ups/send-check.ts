import type { BecauseCode, FollowUpKind, FollowUpState } from '../domain/follow-up.js';
import type { Sql } from '../platform/database/database.js';
import { isInTurn } from './mail-order.js';
import { isPaused } from './pause.js';

/** Everything a mail is made of, read under lock. */
export interface SendFacts {
  readonly id: string;
  readonly kind: FollowUpKind;
  readonly rule: string | null;
  readonly employmentId: string;
  readonly personId: string;
  readonly company: string;
  readonly displayName: string | null;
  readonly personalEmail: string | null;
  readonly workEmail: string | null;
  /** Null once the departure was taken back. */
  readonly lastDay: string | null;
}

export type SendCheck =
  | { readonly verdict: 'go'; readonly facts: SendFacts }
  /** Nothing to do: somebody else did it, or it is not due any more. */
  | { readonly verdict: 'skip' }
  /** Not now; the relay takes it up again. */
  | { readonly verdict: 'hold'; readonly facts: SendFacts }
  | { readonly verdict: 'cancel'; readonly because: BecauseCode; readonly facts: SendFacts };

interface PersonLock {
  readonly id: string;
  readonly opted_out: boolean;
}

interface EmploymentRow {
  readonly id: string;
  readonly person_id: string;
  readonly company: string;
  readonly scope: 'in' | 'out';
  readonly display_name: string | null;
  readonly is_disputed: boolean;
  readonly personal_email: string | null;
  readonly work_email: string | null;
}

interface DepartureRow {
  readonly last_day: string;
  readonly kind: 'leaving' | 'move' | 'continued' | 'dismissal' | 'death';
  readonly state: 'standing' | 'rescinded';
}

interface FollowUpRow {
  readonly kind: FollowUpKind;
  readonly state: FollowUpState;
  readonly rule: string | null;
}

interface Around {
  readonly is_dead: boolean;
  readonly is_doubtful: boolean;
  readonly is_back: boolean;
  readonly has_mail_out: boolean;
  readonly is_in_turn: boolean;
}

/**
 * Reads once more, under lock, whether this mail may go: a mail cannot be unsent. Person, employment and departure are
 * locked before the follow-up, in the order in which an opt-out and a plan lock them.
 */
export async function checkBeforeSending(sql: Sql, followUpId: string): Promise<SendCheck> {
  // Nothing waits for an answer: one after the other at the server, but one way there and back on a line that can do so.
  const of = [followUpId];
  const [people, employments, departures, followUps, around, paused] = await Promise.all([
    sql.query<PersonLock>(
      `select id, opted_out_at is not null as opted_out from person where id = (
         select e.person_id from follow_up f join employment e on e.id = f.employment_id where f.id = $1) for share`,
      of,
    ),
    sql.query<EmploymentRow>(
      `select id, person_id, company, scope, display_name, jsonb_array_length(disputes) > 0 as is_disputed,
              facts->>'personalEmail' as personal_email, facts->>'workEmail' as work_email
       from employment where id = (select employment_id from follow_up where id = $1) for share`,
      of,
    ),
    sql.query<DepartureRow>(
      `select last_day, kind, state from departure
       where employment_id = (select employment_id from follow_up where id = $1) for share`,
      of,
    ),
    sql.query<FollowUpRow>(
      `select kind, state, because->>'rule' as rule from follow_up where id = $1 for update`,
      of,
    ),
    sql.query<Around>(AROUND, of),
    isPaused(sql),
  ]);
  const [person, employment, departure, followUp] = [people, employments, departures, followUps].map(
    ({ rows }) => rows[0],
  ) as [PersonLock | undefined, EmploymentRow | undefined, DepartureRow | undefined, FollowUpRow | undefined];
  if (followUp === undefined || followUp.state !== 'queued' || employment === undefined)
    return { verdict: 'skip' };
  const standing = departure?.state === 'standing' ? departure : null;
  const facts: SendFacts = {
    id: followUpId,
    kind: followUp.kind,
    rule: followUp.rule,
    employmentId: employment.id,
    personId: employment.person_id,
    company: employment.company,
    displayName: employment.display_name,
    personalEmail: employment.personal_email,
    workEmail: employment.work_email,
    lastDay: standing?.last_day ?? null,
  };
  // The two were one person more or one person less a moment ago: let the next try look at it afresh.
  const there = around.rows[0];
  if (employment.person_id !== person?.id || there === undefined) return { verdict: 'hold', facts };
  const because = reasonAgainst(followUp.kind, person.opted_out, employment, standing, there);
  if (because !== null) return { verdict: 'cancel', because, facts };
  const mustWait = there.is_doubtful || !there.is_in_turn || paused;
  return { verdict: mustWait ? 'hold' : 'go', facts };
}

/** What the person's other employments and mails say. */
const AROUND = `
  select
    exists (select 1 from employment e join departure d on d.employment_id = e.id
      where e.person_id = w.person_id and d.kind = 'death' and d.state = 'standing') as is_dead,
    exists (select 1 from employment e join match_case m on e.id in (m.employment_a, m.employment_b)
      where e.person_id = w.person_id and m.state = 'open') as is_doubtful,
    exists (select 1 from employment e
      join departure mine on mine.employment_id = w.employment_id
      left join departure d on d.employment_id = e.id and d.state = 'standing'
      where e.person_id = w.person_id and e.id <> w.employment_id and e.hired_on > mine.last_day
        and d.employment_id is null) as is_back,
    exists (select 1 from follow_up f where f.employment_id = w.employment_id and f.kind <> 'correction'
      and f.state in ('sent', 'uncertain', 'answered')) as has_mail_out,
    (select ${isInTurn('w.person_id')} from follow_up f where f.id = $1) as is_in_turn
  from (select e.person_id, f.employment_id from follow_up f join employment e on e.id = f.employment_id
    where f.id = $1) w`;

function reasonAgainst(
  kind: FollowUpKind,
  optedOut: boolean,
  employment: EmploymentRow,
  departure: DepartureRow | null,
  around: Around,
): BecauseCode | null {
  if (around.is_dead) return 'kind_death';
  if (optedOut) return 'opted_out';
  if (kind === 'correction') {
    if (departure !== null) return 'departure_stands';
    return around.has_mail_out ? null : 'conditions';
  }
  if (departure === null) return 'rescinded';
  if (departure.kind !== 'leaving') return `kind_${departure.kind}`;
  if (employment.scope === 'out') return 'out_of_scope';
  if (employment.is_disputed) return 'disputed';
  return around.is_back ? 'rehired' : null;
}
