import type { FollowUpKind } from '../domain/follow-up.js';
import type { Clock } from '../platform/clock/clock.js';
import type { Database, Sql } from '../platform/database/database.js';
import { recordEvent } from './follow-up-events.js';
import type { LinkPurpose } from './links.js';
import { hashOfToken } from './links.js';

export type Answer = 'accept' | 'decline';

/**
 * What a link opens. `gone` says nothing about why: unknown, expired, replaced and withdrawn links look the same.
 * The company is all that a link shows about its person.
 */
export type LinkView =
  | { readonly state: 'gone' }
  | { readonly state: 'open' | 'done'; readonly company: string; readonly kind: FollowUpKind };

interface LinkRow {
  readonly follow_up_id: string;
  readonly kind: FollowUpKind;
  readonly employment_id: string;
  readonly person_id: string;
  readonly company: string;
  readonly is_usable: boolean;
  readonly is_used: boolean;
}

// After an opt-out or a rescinded departure there is nothing left to answer; the opt-out itself always works.
const LINK = `
  select t.follow_up_id, f.kind, f.employment_id, e.person_id, e.company, t.used_at is not null as is_used,
    t.revoked_at is null and t.expires_at > $3 and ($2 = 'opt_out' or t.used_at is not null
      or (p.opted_out_at is null and exists (select 1 from departure d
            where d.employment_id = f.employment_id and d.state = 'standing'))) as is_usable
  from link_token t join follow_up f on f.id = t.follow_up_id
    join employment e on e.id = f.employment_id join person p on p.id = e.person_id
  where t.token_hash = $1 and t.purpose = $2`;

/** What leavers answer through the links in their mails. Looking changes nothing; answering works once. */
export class AnswersService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  look(token: string, purpose: LinkPurpose): Promise<LinkView> {
    return this.database.connection(async (sql) => viewOf(await this.find(sql, token, purpose)));
  }

  /** Records accept or decline. The view is what the link was before: `open` means this call recorded it. */
  answer(token: string, purpose: Exclude<LinkPurpose, 'opt_out'>, answer: Answer): Promise<LinkView> {
    return this.database.transaction(async (sql) => {
      const row = await this.lock(sql, token, purpose);
      const view = viewOf(row);
      if (row === null || view.state !== 'open') return view;
      const at = this.clock.nowIso();
      await sql.query(`update link_token set used_at = $2 where token_hash = $1`, [hashOfToken(token), at]);
      const { rowCount } = await sql.query(
        `update follow_up set state = 'answered', answer = $2, answered_at = $3, changed_at = $3
         where id = $1 and state in ('sent', 'uncertain', 'queued', 'planned')`,
        [row.follow_up_id, answer, at],
      );
      if (rowCount !== 1) return { ...view, state: 'done' };
      await recordEvent(sql, {
        at,
        personId: row.person_id,
        employmentId: row.employment_id,
        actor: 'person',
        kind: 'follow_up.answered',
        data: { followUpId: row.follow_up_id, kind: row.kind, answer },
      });
      return view;
    });
  }

  /** Stops everything to this person that has not left yet, at once. */
  optOut(token: string): Promise<LinkView> {
    return this.database.transaction(async (sql) => {
      const found = await this.find(sql, token, 'opt_out');
      // The person is locked before the follow-ups, as the sender does it.
      if (found !== null) await sql.query(`select 1 from person where id = $1 for update`, [found.person_id]);
      const row = await this.lock(sql, token, 'opt_out');
      const view = viewOf(row);
      if (row === null || view.state !== 'open') return view;
      const at = this.clock.nowIso();
      await sql.query(`update link_token set used_at = $2 where token_hash = $1`, [hashOfToken(token), at]);
      await optOutPerson(sql, row.person_id, row.follow_up_id, at);
      return view;
    });
  }

  private async find(sql: Sql, token: string, purpose: LinkPurpose): Promise<LinkRow | null> {
    const { rows } = await sql.query<LinkRow>(LINK, [hashOfToken(token), purpose, this.clock.nowIso()]);
    return rows[0] ?? null;
  }

  private async lock(sql: Sql, token: string, purpose: LinkPurpose): Promise<LinkRow | null> {
    // The follow-up before its links, as the sender does it: a resend at the same moment is waited for.
    await sql.query(
      `select 1 from follow_up where id = (select follow_up_id from link_token where token_hash = $1) for update`,
      [hashOfToken(token)],
    );
    await sql.query(`select 1 from link_token where token_hash = $1 for update`, [hashOfToken(token)]);
    return this.find(sql, token, purpose);
  }
}

async function optOutPerson(sql: Sql, personId: string, followUpId: string, at: string): Promise<void> {
  await sql.query(`update person set opted_out_at = coalesce(opted_out_at, $2) where id = $1`, [
    personId,
    at,
  ]);
  const { rowCount } = await sql.query(
    `update follow_up f set state = 'cancelled', changed_at = $2, because = jsonb_set(f.because, '{code}', '"opted_out"')
     from employment e where e.id = f.employment_id and e.person_id = $1 and f.state in ('planned', 'queued')`,
    [personId, at],
  );
  await recordEvent(sql, {
    at,
    personId,
    employmentId: null,
    actor: 'person',
    kind: 'person.opted_out',
    data: { followUpId, cancelled: rowCount ?? 0 },
  });
}

function viewOf(row: LinkRow | null): LinkView {
  if (row === null || !row.is_usable) return { state: 'gone' };
  return { state: row.is_used ? 'done' : 'open', company: row.company, kind: row.kind };
}
