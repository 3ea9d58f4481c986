import type { BecauseCode, FollowUpKind, FollowUpState } from '../domain/follow-up.js';
import type { Sql } from '../platform/database/database.js';
import type { Locking } from './locking.js';
import { SKIPPING } from './locking.js';
import { isInDoubt, isInTurn } from './mail-order.js';
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
  | { readonly verdict: 'cancel'; readonly because: BecauseCode; readonly facts: SendFacts }
  /** Not everything could be locked at once: it is to be looked at alone, which may wait. */
  | { readonly verdict: 'alone' };

interface PersonRow {
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
  /** The employment's. */
  readonly id: string;
  readonly last_day: string;
  readonly kind: 'leaving' | 'move' | 'continued' | 'dismissal' | 'death';
  readonly state: 'standing' | 'rescinded';
}

interface FollowUpRow {
  readonly id: string;
  readonly employment_id: string;
  readonly kind: FollowUpKind;
  readonly state: FollowUpState;
  readonly rule: string | null;
}

interface AroundRow {
  readonly id: string;
  readonly is_dead: boolean;
  readonly is_doubtful: boolean;
  readonly is_back: boolean;
  readonly has_mail_out: boolean;
  readonly is_in_turn: boolean;
}

/** What was locked and read, each kind by its id. */
interface Found {
  readonly people: ReadonlyMap<string, PersonRow>;
  readonly employments: ReadonlyMap<string, EmploymentRow>;
  readonly departures: ReadonlyMap<string, DepartureRow>;
  readonly followUps: ReadonlyMap<string, FollowUpRow>;
  readonly around: ReadonlyMap<string, AroundRow>;
  readonly paused: boolean;
}

/**
 * Reads once more, under lock, which of these mails may go: a mail cannot be unsent. Person, employment and departure
 * are locked before the follow-up, in the order in which an opt-out and a plan lock them, and rows of one kind in the
 * order of their ids.
 *
 * @param locking `free` waits for nobody: what somebody else has locked comes back as `alone`
 * @returns one check for each id
 */
export async function checkBeforeSending(
  sql: Sql,
  followUpIds: readonly string[],
  locking: Locking,
): Promise<ReadonlyMap<string, SendCheck>> {
  const found = await lockAndRead(sql, followUpIds, locking);
  return new Map(followUpIds.map((id) => [id, check(id, found, locking)]));
}

async function lockAndRead(sql: Sql, followUpIds: readonly string[], locking: Locking): Promise<Found> {
  const skipping = SKIPPING[locking];
  // Nothing waits for an answer: one after the other at the server, but one way there and back on a line that can do so.
  const of = [followUpIds];
  const [people, employments, departures, followUps, around, paused] = await Promise.all([
    sql.query<PersonRow>(
      `select id, opted_out_at is not null as opted_out from person where id = any(array(
         select person_id from employment where id = any(${EMPLOYMENTS}))) order by id for share ${skipping}`,
      of,
    ),
    sql.query<EmploymentRow>(
      `select id, person_id, company, scope, display_name, jsonb_array_length(disputes) > 0 as is_disputed,
              facts->>'personalEmail' as personal_email, facts->>'workEmail' as work_email
       from employment where id = any(${EMPLOYMENTS}) order by id for share ${skipping}`,
      of,
    ),
    sql.query<DepartureRow>(
      `select employment_id as id, last_day, kind, state from departure
       where employment_id = any(${EMPLOYMENTS}) order by employment_id for share ${skipping}`,
      of,
    ),
    sql.query<FollowUpRow>(
      `select id, employment_id, kind, state, because->>'rule' as rule from follow_up
       where id = any($1::uuid[]) order by id for update ${skipping}`,
      of,
    ),
    sql.query<AroundRow>(AROUND, of),
    isPaused(sql),
  ]);
  return {
    people: byId(people.rows),
    employments: byId(employments.rows),
    departures: byId(departures.rows),
    followUps: byId(followUps.rows),
    around: byId(around.rows),
    paused,
  };
}

const EMPLOYMENTS = `array(select employment_id from follow_up where id = any($1::uuid[]))`;

/** What the person's other employments and mails say. */
const AROUND = `
  select f.id,
    exists (select 1 from employment e join departure d on d.employment_id = e.id
      where e.person_id = f.person_id and d.kind = 'death' and d.state = 'standing') as is_dead,
    ${isInDoubt('f.person_id')} as is_doubtful,
    exists (select 1 from employment e
      join departure mine on mine.employment_id = f.employment_id
      left join departure d on d.employment_id = e.id and d.state = 'standing'
      where e.person_id = f.person_id and e.id <> f.employment_id and e.hired_on > mine.last_day
        and d.employment_id is null) as is_back,
    exists (select 1 from follow_up o where o.employment_id = f.employment_id and o.kind <> 'correction'
      and o.state in ('sent', 'uncertain', 'answered')) as has_mail_out,
    ${isInTurn('f.person_id')} as is_in_turn
  from (select s.id, s.due_at, s.employment_id, e.person_id from follow_up s join employment e on e.id = s.employment_id
    where s.id = any($1::uuid[])) f`;

function check(id: string, found: Found, locking: Locking): SendCheck {
  const followUp = found.followUps.get(id);
  const employment = followUp && found.employments.get(followUp.employment_id);
  const departure = followUp && found.departures.get(followUp.employment_id);
  const person = employment && found.people.get(employment.person_id);
  const there = found.around.get(id);
  if (followUp !== undefined && followUp.state !== 'queued') return { verdict: 'skip' };
  // Locked by somebody else, or not there at all: whoever waits for the lock will know.
  if (locking === 'free' && (person === undefined || departure === undefined)) return { verdict: 'alone' };
  if (followUp === undefined || employment === undefined) return { verdict: 'skip' };
  const standing = departure?.state === 'standing' ? departure : null;
  const facts = factsOf(followUp, employment, standing);
  // The two were one person more or one person less a moment ago: let the next try look at it afresh.
  if (person === undefined || there === undefined) return { verdict: 'hold', facts };
  const because = reasonAgainst(followUp.kind, person.opted_out, employment, standing, there);
  if (because !== null) return { verdict: 'cancel', because, facts };
  const mustWait = there.is_doubtful || !there.is_in_turn || found.paused;
  return { verdict: mustWait ? 'hold' : 'go', facts };
}

function factsOf(followUp: FollowUpRow, employment: EmploymentRow, standing: DepartureRow | null): SendFacts {
  return {
    id: followUp.id,
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
}

function reasonAgainst(
  kind: FollowUpKind,
  optedOut: boolean,
  employment: EmploymentRow,
  departure: DepartureRow | null,
  around: AroundRow,
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

function byId<T extends { readonly id: string }>(rows: readonly T[]): ReadonlyMap<string, T> {
  return new Map(rows.map((row) => [row.id, row]));
}
