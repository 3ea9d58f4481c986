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

interface Row {
  readonly person_id: string;
  readonly employment_id: string;
}

interface EmploymentRow {
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

interface PersonRow {
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
  const found = await sql.query<Row>(
    `select e.person_id, f.employment_id from follow_up f join employment e on e.id = f.employment_id where f.id = $1`,
    [followUpId],
  );
  const row = found.rows[0];
  if (row === undefined) return { verdict: 'skip' };
  const person = (
    await sql.query<{ opted_out: boolean }>(
      `select opted_out_at is not null as opted_out from person where id = $1 for share`,
      [row.person_id],
    )
  ).rows[0];
  const employment = (
    await sql.query<EmploymentRow>(
      `select person_id, company, scope, display_name, jsonb_array_length(disputes) > 0 as is_disputed,
              facts->>'personalEmail' as personal_email, facts->>'workEmail' as work_email
       from employment where id = $1 for share`,
      [row.employment_id],
    )
  ).rows[0];
  const departure = (
    await sql.query<DepartureRow>(
      `select last_day, kind, state from departure where employment_id = $1 for share`,
      [row.employment_id],
    )
  ).rows[0];
  const followUp = (
    await sql.query<FollowUpRow>(
      `select kind, state, because->>'rule' as rule from follow_up where id = $1 for update`,
      [followUpId],
    )
  ).rows[0];
  if (followUp === undefined || followUp.state !== 'queued' || employment === undefined)
    return { verdict: 'skip' };
  const standing = departure?.state === 'standing' ? departure : null;
  const facts: SendFacts = {
    id: followUpId,
    kind: followUp.kind,
    rule: followUp.rule,
    employmentId: row.employment_id,
    personId: employment.person_id,
    company: employment.company,
    displayName: employment.display_name,
    personalEmail: employment.personal_email,
    workEmail: employment.work_email,
    lastDay: standing?.last_day ?? null,
  };
  // The two were one person more or one person less a moment ago: let the next try look at it afresh.
  if (employment.person_id !== row.person_id || person === undefined) return { verdict: 'hold', facts };
  const around = await readAround(sql, facts);
  const because = reasonAgainst(followUp.kind, person.opted_out, employment, standing, around);
  if (because !== null) return { verdict: 'cancel', because, facts };
  const mustWait = around.is_doubtful || !around.is_in_turn || (await isPaused(sql));
  return { verdict: mustWait ? 'hold' : 'go', facts };
}

/** What the person's other employments and mails say. */
async function readAround(sql: Sql, { id, personId, employmentId }: SendFacts): Promise<PersonRow> {
  const { rows } = await sql.query<PersonRow>(
    `select
       exists (select 1 from employment e join departure d on d.employment_id = e.id
         where e.person_id = $1 and d.kind = 'death' and d.state = 'standing') as is_dead,
       exists (select 1 from employment e join match_case m on e.id in (m.employment_a, m.employment_b)
         where e.person_id = $1 and m.state = 'open') as is_doubtful,
       exists (select 1 from employment e
         join departure mine on mine.employment_id = $2
         left join departure d on d.employment_id = e.id and d.state = 'standing'
         where e.person_id = $1 and e.id <> $2 and e.hired_on > mine.last_day and d.employment_id is null) as is_back,
       exists (select 1 from follow_up f where f.employment_id = $2 and f.kind <> 'correction'
         and f.state in ('sent', 'uncertain', 'answered')) as has_mail_out,
       (select ${isInTurn('$1')} from follow_up f where f.id = $3) as is_in_turn`,
    [personId, employmentId, id],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('A query without a table gives one row.');
  return row;
}

function reasonAgainst(
  kind: FollowUpKind,
  optedOut: boolean,
  employment: EmploymentRow,
  departure: DepartureRow | null,
  around: PersonRow,
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
