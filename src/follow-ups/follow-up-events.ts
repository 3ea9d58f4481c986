import type { Sql } from '../platform/database/database.js';

export interface FollowUpEvent {
  readonly at: string;
  readonly personId: string;
  readonly employmentId: string | null;
  /** `enishi`, `person`, or whoever decided. */
  readonly actor: string;
  readonly kind:
    | 'follow_up.sent'
    | 'follow_up.uncertain'
    | 'follow_up.undeliverable'
    | 'follow_up.cancelled'
    | 'follow_up.answered'
    | 'follow_up.resolved'
    | 'person.opted_out';
  /** Ids and codes only. */
  readonly data: Readonly<Record<string, string | number | null>>;
}

/** Writes one line of a person's timeline, in the transaction of what it tells. */
export async function recordEvent(sql: Sql, event: FollowUpEvent): Promise<void> {
  await sql.query(
    `insert into timeline_event (at, person_id, employment_id, actor, kind, data) values ($1, $2, $3, $4, $5, $6)`,
    [event.at, event.personId, event.employmentId, event.actor, event.kind, JSON.stringify(event.data)],
  );
}
