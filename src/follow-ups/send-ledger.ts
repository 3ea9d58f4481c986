import { newId } from '../platform/database/id.js';
import type { Sql } from '../platform/database/database.js';
import type { Letter } from './letter.js';
import type { Locking } from './locking.js';
import { SKIPPING } from './locking.js';
import type { SendFacts } from './send-check.js';

/** One attempt to send one follow-up. `attempt` is the fence: whoever holds an older one has lost. */
export interface Attempt {
  readonly id: string;
  readonly followUpId: string;
  readonly attempt: number;
}

/** A follow-up that may go, checked and locked in this transaction, and its mail. */
export interface Ready {
  readonly facts: SendFacts;
  readonly letter: Letter;
}

/** Who opens attempts, and until when they are theirs. */
export interface Lease {
  readonly worker: string;
  readonly at: string;
  readonly until: string;
}

/** What became of one attempt. `failed`: nothing went out, it may be tried again. */
export interface Ending {
  readonly attempt: Attempt;
  readonly result: 'sent' | 'failed' | 'refused' | 'uncertain';
  readonly code: string | null;
}

/** `lost`: somebody decided meanwhile, or another attempt began. `alone`: locked by somebody else, see `Locking`. */
export type Ended = 'finished' | 'lost' | 'alone';

// An older release claimed in a transaction of its own: where it died, its claim has lapsed, else it is left to it.
const OPEN = `
  with lapsed as (
    update delivery set state = 'failed', error_code = 'LEASE_EXPIRED', finished_at = $7
    where follow_up_id = any($2::uuid[]) and state = 'claimed' and lease_until <= $7
  ), opened as (
    insert into delivery (id, follow_up_id, attempt, channel, state, message_id, claimed_by, lease_until, claimed_at,
      sending_at, finished_at)
    select n.id, n.follow_up_id,
      coalesce((select max(d.attempt) from delivery d where d.follow_up_id = n.follow_up_id), 0) + 1,
      $4::text, $5::text, n.message_id, $6::text, $8::timestamptz, $7::timestamptz, $7::timestamptz,
      case when $5::text = 'sent' then $7::timestamptz end
    from unnest($1::uuid[], $2::uuid[], $3::text[]) as n(id, follow_up_id, message_id)
    where not exists (select 1 from delivery d
      where d.follow_up_id = n.follow_up_id and d.state = 'claimed' and d.lease_until > $7)
    returning id, follow_up_id, attempt
  ), marked as (
    update follow_up f set state = case when $5::text = 'sent' then 'sent' else 'uncertain' end, changed_at = $7
    from opened o where f.id = o.follow_up_id
    returning f.id, f.kind, f.employment_id, o.attempt
  ), told as (
    insert into timeline_event (at, person_id, employment_id, actor, kind, data)
    select $7, e.person_id, e.id, 'enishi', 'follow_up.sent', jsonb_build_object(
      'followUpId', m.id, 'kind', m.kind, 'attempt', m.attempt, 'code', null)
    from marked m join employment e on e.id = m.employment_id where $5::text = 'sent'
  ), revoked as (
    update link_token l set revoked_at = $7 from opened o
    where l.follow_up_id = o.follow_up_id and l.purpose <> 'opt_out' and l.revoked_at is null and l.used_at is null
  ), linked as (
    insert into link_token (token_hash, follow_up_id, purpose, created_at, expires_at)
    select l.token_hash, l.follow_up_id, l.purpose, $7, l.expires_at
    from unnest($9::text[], $10::uuid[], $11::text[], $12::timestamptz[])
      as l(token_hash, follow_up_id, purpose, expires_at)
    join opened o on o.follow_up_id = l.follow_up_id
  ) select id, follow_up_id as "followUpId", attempt from opened`;

/**
 * Opens the next attempt of each, and stores the links of its mail; earlier ones of the same purpose end, but for the
 * opt-out. This is the step before the dialogue with the mail server: once it is committed the mail may have gone out,
 * so the follow-up stands as uncertain until the outcome is known. What is `stored` in this transaction is sent with it.
 *
 * @returns by follow-up; one that another worker's lease keeps is not among them, and nothing was changed about it
 */
export async function openAttempts(
  sql: Sql,
  ready: readonly Ready[],
  outcome: 'sending' | 'stored',
  { worker, at, until }: Lease,
): Promise<ReadonlyMap<string, Attempt>> {
  const links = ready.flatMap(({ facts, letter }) => letter.links.map((link) => ({ id: facts.id, ...link })));
  const { rows } = await sql.query<Attempt>(OPEN, [
    ready.map(() => newId()),
    ready.map(({ facts }) => facts.id),
    ready.map(({ letter }) => letter.mail.messageId),
    outcome === 'stored' ? 'mailbox' : 'smtp',
    outcome === 'stored' ? 'sent' : 'sending',
    worker,
    at,
    until,
    links.map((link) => link.tokenHash),
    links.map((link) => link.id),
    links.map((link) => link.purpose),
    links.map((link) => link.expiresAt),
  ]);
  return new Map(rows.map((row) => [row.followUpId, row]));
}

// The person may have answered before the mail server did: an answer stands, and nothing more is told.
const FINISH = `
  with closed as (
    update delivery d set state = n.result, error_code = n.code, finished_at = $4
    from unnest($1::uuid[], $2::text[], $3::text[]) as n(id, result, code)
    where d.id = n.id and d.state in ('sending', 'uncertain') and d.resolved_at is null
      and not exists (select 1 from delivery o where o.follow_up_id = d.follow_up_id and o.attempt > d.attempt)
    returning d.id, d.follow_up_id, d.attempt, d.state as result, d.error_code as code
  ), moved as (
    update follow_up f set changed_at = $4,
      state = case c.result when 'sent' then 'sent' when 'failed' then 'queued' else 'undeliverable' end,
      because = case c.result when 'refused' then jsonb_set(f.because, '{code}', '"send_refused"') else f.because end
    from closed c where f.id = c.follow_up_id and f.state = 'uncertain' and c.result <> 'uncertain'
  ), told as (
    insert into timeline_event (at, person_id, employment_id, actor, kind, data)
    select $4, e.person_id, e.id, 'enishi',
      case c.result when 'sent' then 'follow_up.sent' when 'refused' then 'follow_up.undeliverable'
        else 'follow_up.uncertain' end,
      jsonb_build_object('followUpId', f.id, 'kind', f.kind, 'attempt', c.attempt, 'code', c.code)
    from closed c join follow_up f on f.id = c.follow_up_id join employment e on e.id = f.employment_id
    where f.state = 'uncertain' and c.result <> 'failed'
  ) select id from closed`;

/**
 * Records what the mail server said. A late writer may still turn "uncertain" into what it knows, unless somebody has
 * decided meanwhile or another attempt has begun.
 *
 * @returns by the attempt's id
 */
export async function finishAttempts(
  sql: Sql,
  endings: readonly Ending[],
  locking: Locking,
  at: string,
): Promise<ReadonlyMap<string, Ended>> {
  // A statement of its own: what another attempt did before the lock was ours must be seen by the next.
  const { rows: held } = await sql.query<{ id: string }>(
    `select id from follow_up where id = any($1::uuid[]) order by id for update ${SKIPPING[locking]}`,
    [endings.map(({ attempt }) => attempt.followUpId)],
  );
  const isHeld = new Set(held.map((row) => row.id));
  const ours = endings.filter(({ attempt }) => isHeld.has(attempt.followUpId));
  const { rows: closed } = await sql.query<{ id: string }>(FINISH, [
    ours.map(({ attempt }) => attempt.id),
    ours.map(({ result }) => result),
    ours.map(({ code }) => code),
    at,
  ]);
  const isClosed = new Set(closed.map((row) => row.id));
  const endedAs = ({ id, followUpId }: Attempt): Ended => {
    if (isClosed.has(id)) return 'finished';
    return isHeld.has(followUpId) || locking === 'patient' ? 'lost' : 'alone';
  };
  return new Map(endings.map(({ attempt }) => [attempt.id, endedAs(attempt)]));
}
