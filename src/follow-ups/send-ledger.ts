import type { BecauseCode } from '../domain/follow-up.js';
import { newId } from '../platform/database/id.js';
import type { Sql } from '../platform/database/database.js';
import type { Letter } from './letter.js';
import { storeLinks } from './links.js';
import type { SendFacts } from './send-check.js';
import { recordEvent } from './follow-up-events.js';

/** One attempt to send one follow-up. `attempt` is the fence: whoever holds an older one has lost. */
export interface Attempt {
  readonly id: string;
  readonly followUpId: string;
  readonly attempt: number;
}

interface LastAttempt {
  readonly id: string;
  readonly attempt: number;
  readonly state: string;
  readonly is_leased: boolean;
}

/** Opens the next attempt under the follow-up's lock; null while another worker's lease on one runs. */
export async function claimAttempt(
  sql: Sql,
  facts: SendFacts,
  worker: string,
  now: { readonly at: string; readonly leaseUntil: string },
): Promise<Attempt | null> {
  const { rows } = await sql.query<LastAttempt>(
    `select id, attempt, state, lease_until > $2 as is_leased from delivery
     where follow_up_id = $1 order by attempt desc limit 1`,
    [facts.id, now.at],
  );
  const last = rows[0];
  if (last?.state === 'claimed') {
    if (last.is_leased) return null;
    await closeAttempt(sql, last.id, 'failed', 'LEASE_EXPIRED', now.at);
  }
  return insertAttempt(sql, facts.id, (last?.attempt ?? 0) + 1, 'smtp', 'claimed', '', worker, now);
}

/**
 * The step before the dialogue with the mail server: from here on the mail may have gone out, so the follow-up stands
 * as uncertain until the outcome is known. False when the lease was lost to somebody else.
 */
export async function startSending(
  sql: Sql,
  attempt: Attempt,
  letter: Letter,
  now: { readonly at: string; readonly leaseUntil: string },
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `update delivery d set state = 'sending', sending_at = $2, lease_until = $3, message_id = $4
     where d.id = $1 and d.state = 'claimed' and d.lease_until > $2
       and not exists (select 1 from delivery n where n.follow_up_id = d.follow_up_id and n.attempt > d.attempt)`,
    [attempt.id, now.at, now.leaseUntil, letter.mail.messageId],
  );
  if (rowCount !== 1) return false;
  await Promise.all([
    sql.query(`update follow_up set state = 'uncertain', changed_at = $2 where id = $1`, [
      attempt.followUpId,
      now.at,
    ]),
    storeLinks(sql, attempt.followUpId, letter.links, now.at),
  ]);
  return true;
}

/**
 * Records what the mail server said. A late writer may still turn "uncertain" into what it knows, unless somebody has
 * decided meanwhile or another attempt has begun: then false.
 */
export async function finishAttempt(
  sql: Sql,
  attempt: Attempt,
  facts: SendFacts,
  result: 'sent' | 'failed' | 'refused' | 'uncertain',
  code: string | null,
  at: string,
): Promise<boolean> {
  const locked = sql.query<{ state: string }>(`select state from follow_up where id = $1 for update`, [
    facts.id,
  ]);
  const closed = sql.query(
    `update delivery d set state = $2, error_code = $3, finished_at = $4
     where d.id = $1 and d.state in ('sending', 'uncertain') and d.resolved_at is null
       and not exists (select 1 from delivery n where n.follow_up_id = d.follow_up_id and n.attempt > d.attempt)`,
    [attempt.id, result, code, at],
  );
  const [followUp, { rowCount }] = await Promise.all([locked, closed]);
  if (rowCount !== 1) return false;
  // The person may have answered before the mail server did; an answer stands.
  if (followUp.rows[0]?.state !== 'uncertain') return true;
  switch (result) {
    case 'sent':
      await Promise.all([
        setState(sql, facts.id, 'sent', null, at),
        tell(sql, facts, 'follow_up.sent', attempt.attempt, null, at),
      ]);
      break;
    case 'failed':
      await setState(sql, facts.id, 'queued', null, at);
      break;
    case 'refused':
      await setState(sql, facts.id, 'undeliverable', 'send_refused', at);
      await tell(sql, facts, 'follow_up.undeliverable', attempt.attempt, code, at);
      break;
    case 'uncertain':
      await tell(sql, facts, 'follow_up.uncertain', attempt.attempt, code, at);
      break;
  }
  return true;
}

/** The whole way in one transaction, for a transport that stores the mail in it. */
export async function recordStored(
  sql: Sql,
  facts: SendFacts,
  letter: Letter,
  worker: string,
  at: string,
): Promise<void> {
  const { rows } = await sql.query<{ attempt: number }>(
    `select coalesce(max(attempt), 0)::int as attempt from delivery where follow_up_id = $1`,
    [facts.id],
  );
  const number = (rows[0]?.attempt ?? 0) + 1;
  await insertAttempt(sql, facts.id, number, 'mailbox', 'sent', letter.mail.messageId, worker, {
    at,
    leaseUntil: at,
  });
  await storeLinks(sql, facts.id, letter.links, at);
  await setState(sql, facts.id, 'sent', null, at);
  await tell(sql, facts, 'follow_up.sent', number, null, at);
}

/** Ends a follow-up that may not be sent (any more). */
export async function cancelUnsent(
  sql: Sql,
  facts: SendFacts,
  because: BecauseCode,
  at: string,
): Promise<void> {
  await setState(sql, facts.id, 'cancelled', because, at);
  await tell(sql, facts, 'follow_up.cancelled', null, because, at);
}

/** Shows a follow-up that has no address to go to. */
export async function markUnreachable(sql: Sql, facts: SendFacts, at: string): Promise<void> {
  await setState(sql, facts.id, 'undeliverable', 'no_address', at);
  await tell(sql, facts, 'follow_up.undeliverable', null, 'no_address', at);
}

/** Stops trying follow-ups in whose sending workers died again and again, and shows them. */
export async function giveUp(
  sql: Sql,
  rows: readonly { readonly id: string; readonly sends: number }[],
  at: string,
): Promise<void> {
  await sql.query(
    `with stopped as (
       update follow_up f set state = 'undeliverable', changed_at = $3, because = jsonb_set(f.because, '{code}', '"worker_lost"')
       from unnest($1::uuid[], $2::int[]) as l(id, sends)
       where f.id = l.id and f.sends = l.sends and f.state = 'queued'
       returning f.id, f.kind, f.employment_id
     ) insert into timeline_event (at, person_id, employment_id, actor, kind, data)
     select $3, e.person_id, e.id, 'enishi', 'follow_up.undeliverable', jsonb_build_object(
       'followUpId', s.id, 'kind', s.kind, 'attempt', null, 'code', 'worker_lost')
     from stopped s join employment e on e.id = s.employment_id`,
    [rows.map((row) => row.id), rows.map((row) => row.sends), at],
  );
}

/** Gives a follow-up back to the relay. */
export async function holdBack(sql: Sql, facts: SendFacts, at: string): Promise<void> {
  await sql.query(`update follow_up set state = 'planned', queued_at = null, changed_at = $2 where id = $1`, [
    facts.id,
    at,
  ]);
}

/**
 * Judges attempts whose worker is gone: one that never reached the mail server has failed, one that may have is
 * uncertain. Safe to repeat. Returns how many became uncertain.
 */
export async function sweepLeases(sql: Sql, at: string): Promise<number> {
  await sql.query(
    `update delivery set state = 'failed', error_code = 'LEASE_EXPIRED', finished_at = $1
     where state = 'claimed' and lease_until < $1`,
    [at],
  );
  const { rows } = await sql.query<{ n: number }>(
    `with gone as (
       update delivery set state = 'uncertain', error_code = 'LEASE_EXPIRED', finished_at = $1
       where state = 'sending' and lease_until < $1 returning follow_up_id, attempt
     ), told as (
       insert into timeline_event (at, person_id, employment_id, actor, kind, data)
       select $1, e.person_id, e.id, 'enishi', 'follow_up.uncertain', jsonb_build_object(
         'followUpId', f.id, 'kind', f.kind, 'attempt', g.attempt, 'code', 'LEASE_EXPIRED')
       from gone g join follow_up f on f.id = g.follow_up_id join employment e on e.id = f.employment_id
       where f.state = 'uncertain'
     ) select count(*) as n from gone`,
    [at],
  );
  return rows[0]?.n ?? 0;
}

export async function closeAttempt(
  sql: Sql,
  id: string,
  state: 'failed',
  code: string,
  at: string,
): Promise<void> {
  await sql.query(`update delivery set state = $2, error_code = $3, finished_at = $4 where id = $1`, [
    id,
    state,
    code,
    at,
  ]);
}

async function insertAttempt(
  sql: Sql,
  followUpId: string,
  attempt: number,
  channel: 'smtp' | 'mailbox',
  state: 'claimed' | 'sent',
  messageId: string,
  worker: string,
  now: { readonly at: string; readonly leaseUntil: string },
): Promise<Attempt> {
  const id = newId();
  await sql.query(
    `insert into delivery (id, follow_up_id, attempt, channel, state, message_id, claimed_by, lease_until, claimed_at,
       sending_at, finished_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)`,
    [
      id,
      followUpId,
      attempt,
      channel,
      state,
      messageId,
      worker,
      now.leaseUntil,
      now.at,
      state === 'sent' ? now.at : null,
    ],
  );
  return { id, followUpId, attempt };
}

async function setState(
  sql: Sql,
  id: string,
  state: string,
  because: BecauseCode | null,
  at: string,
): Promise<void> {
  await sql.query(
    `update follow_up set state = $2, changed_at = $4,
       because = case when $3::text is null then because else jsonb_set(because, '{code}', to_jsonb($3::text)) end
     where id = $1`,
    [id, state, because, at],
  );
}

async function tell(
  sql: Sql,
  { id, kind, personId, employmentId }: SendFacts,
  event: 'follow_up.sent' | 'follow_up.uncertain' | 'follow_up.undeliverable' | 'follow_up.cancelled',
  attempt: number | null,
  code: string | null,
  at: string,
): Promise<void> {
  const data = { followUpId: id, kind, attempt, code };
  await recordEvent(sql, { at, personId, employmentId, actor: 'enishi', kind: event, data });
}
