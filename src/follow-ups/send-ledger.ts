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

/** `lost`: somebody decided meanwhile, or another attempt began. `alone`: it is locked, and to be done by itself. */
export type Ended = 'finished' | 'lost' | 'alone';

// Each row is looked up by an index whatever the planner believes about tables that fill up within minutes: hence the
// lateral look-ups, and the arrays. An older release claimed in a transaction of its own: where its worker died, the
// claim has lapsed, else it is left to it.
const OPEN = `
  with wanted as (
    select n.*, last.id as last_id, coalesce(last.attempt, 0) as last_attempt,
      last.state is not distinct from 'claimed' as is_claimed, last.lease_until > $7 as is_leased
    from unnest($1::uuid[], $2::uuid[], $3::text[]) as n(id, follow_up_id, message_id)
    left join lateral (select d.id, d.attempt, d.state, d.lease_until from delivery d
      where d.follow_up_id = n.follow_up_id order by d.attempt desc limit 1) last on true
  ), lapsed as (
    update delivery set state = 'failed', error_code = 'LEASE_EXPIRED', finished_at = $7
    where id = any(array(select last_id from wanted where is_claimed and not is_leased))
  ), opened as (
    insert into delivery (id, follow_up_id, attempt, channel, state, message_id, claimed_by, lease_until, claimed_at,
      sending_at, finished_at)
    select id, follow_up_id, last_attempt + 1, $4::text, $5::text, message_id, $6::text, $8::timestamptz,
      $7::timestamptz, $7::timestamptz, case when $5::text = 'sent' then $7::timestamptz end
    from wanted where not (is_claimed and is_leased)
    returning id, follow_up_id, attempt
  ), marked as (
    update follow_up set state = case when $5::text = 'sent' then 'sent' else 'uncertain' end, changed_at = $7
    where id = any(array(select follow_up_id from opened))
    returning id, kind, employment_id
  ), told as (
    insert into timeline_event (at, person_id, employment_id, actor, kind, data)
    select $7, e.person_id, e.id, 'enishi', 'follow_up.sent', jsonb_build_object(
      'followUpId', m.id, 'kind', m.kind, 'attempt', o.attempt, 'code', null)
    from marked m join opened o on o.follow_up_id = m.id join employment e on e.id = m.employment_id
    where $5::text = 'sent'
  ), revoked as (
    update link_token set revoked_at = $7
    where token_hash = any(array(
      select l.token_hash from opened o, lateral (select t.token_hash from link_token t
        where t.follow_up_id = o.follow_up_id and t.purpose <> 'opt_out' and t.revoked_at is null and t.used_at is null
        offset 0) l where o.attempt > 1))
  ), linked as (
    insert into link_token (token_hash, follow_up_id, purpose, created_at, expires_at)
    select l.token_hash, l.follow_up_id, l.purpose, $7, l.expires_at
    from unnest($9::text[], $10::uuid[], $11::text[], $12::timestamptz[])
      as l(token_hash, follow_up_id, purpose, expires_at)
    where l.follow_up_id in (select o.follow_up_id from opened o)
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

// What is decided between the look and the lock is seen nevertheless: it is written in the row of the attempt itself,
// which is read anew once it is locked, and no attempt begins before the one in doubt is resolved there. The person may
// have answered before the mail server did: an answer stands, and nothing more is told.
const finishSql = (locking: Locking) => `
  with held as (
    select id from follow_up where id = any($2::uuid[]) order by id for update ${SKIPPING[locking]}
  ), closed as (
    update delivery d set state = n.result, error_code = n.code, finished_at = $5
    from unnest($1::uuid[], $3::text[], $4::text[]) as n(id, result, code), held h
    where d.id = any($1::uuid[]) and d.id = n.id and d.follow_up_id = h.id
      and d.state in ('sending', 'uncertain') and d.resolved_at is null
      and d.attempt = (select max(o.attempt) from delivery o where o.follow_up_id = d.follow_up_id)
    returning d.id, d.follow_up_id, d.attempt, d.state as result, d.error_code as code
  ), moved as (
    update follow_up f set
      state = case c.result when 'sent' then 'sent' when 'failed' then 'queued' when 'refused' then 'undeliverable'
        else f.state end,
      changed_at = case c.result when 'uncertain' then f.changed_at else $5 end,
      because = case c.result when 'refused' then jsonb_set(f.because, '{code}', '"send_refused"') else f.because end
    from closed c where f.id = any($2::uuid[]) and f.id = c.follow_up_id and f.state = 'uncertain'
    returning f.id, f.kind, f.employment_id, f.state, c.attempt, c.code, c.result
  ), told as (
    insert into timeline_event (at, person_id, employment_id, actor, kind, data)
    select $5, e.person_id, e.id, 'enishi', 'follow_up.' || m.state, jsonb_build_object(
      'followUpId', m.id, 'kind', m.kind, 'attempt', m.attempt, 'code', m.code)
    from moved m join employment e on e.id = m.employment_id where m.result <> 'failed'
  ) select h.id as held, c.id as closed from held h left join closed c on c.follow_up_id = h.id`;

const FINISH = { free: finishSql('free'), patient: finishSql('patient') } as const;

/**
 * Records what the mail server said, in a statement that is a transaction by itself. A late writer may still turn
 * "uncertain" into what it knows, unless somebody has decided meanwhile or another attempt has begun.
 *
 * @returns in the order of the endings
 */
export async function finishAttempts(
  sql: Sql,
  endings: readonly Ending[],
  locking: Locking,
  at: string,
): Promise<readonly Ended[]> {
  const { rows } = await sql.query<{ held: string; closed: string | null }>(FINISH[locking], [
    endings.map(({ attempt }) => attempt.id),
    endings.map(({ attempt }) => attempt.followUpId),
    endings.map(({ result }) => result),
    endings.map(({ code }) => code),
    at,
  ]);
  const held = new Set(rows.map((row) => row.held));
  const closed = new Set(rows.map((row) => row.closed));
  return endings.map(({ attempt: { id, followUpId } }) => {
    if (closed.has(id)) return 'finished';
    return held.has(followUpId) || locking === 'patient' ? 'lost' : 'alone';
  });
}
