import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database/database.js';
import type { AlertKind, NewAlert } from './alert.js';

export interface AlertDelivery {
  readonly target: string;
  readonly channel: 'mail' | 'webhook';
  readonly state: 'planned' | 'sending' | 'sent' | 'parked';
  readonly attempts: number;
  readonly nextAt: string | null;
  readonly sentAt: string | null;
  readonly errorCode: string | null;
}

export interface AlertItem {
  readonly id: string;
  readonly kind: AlertKind;
  readonly data: NewAlert['data'];
  readonly raisedAt: string;
  /** Null while it stands. */
  readonly resolvedAt: string | null;
  /** Empty when nobody was configured to be told. */
  readonly deliveries: readonly AlertDelivery[];
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What was raised and what became of it. */
@Injectable()
export class AlertsQueries {
  constructor(private readonly db: Database) {}

  /** Newest first. `standing` leaves out what is over; `parked` leaves only what did not arrive. */
  async list({
    standing = false,
    parked = false,
    limit = 100,
    before = null,
  }: {
    standing?: boolean;
    parked?: boolean;
    limit?: number;
    /** Id of the last item of the page before. */
    before?: string | null;
  } = {}): Promise<{ readonly items: readonly AlertItem[]; readonly nextBefore: string | null }> {
    const size = Math.min(Math.max(1, limit), 1_000);
    const rows = await this.db.query<AlertItem & { id: string }>(
      `select a.id, a.kind, a.data, a.raised_at as "raisedAt", a.resolved_at as "resolvedAt",
         coalesce((select jsonb_agg(jsonb_build_object('target', d.target, 'channel', d.channel, 'state', d.state,
             'attempts', d.attempts, 'nextAt', case when d.state in ('planned', 'sending') then d.next_at end,
             'sentAt', d.sent_at, 'errorCode', d.error_code) order by d.target)
           from alert_delivery d where d.alert_id = a.id), '[]') as deliveries
       from alert a
       where (not $1 or a.resolved_at is null)
         and (not $2 or exists (select 1 from alert_delivery d where d.alert_id = a.id and d.state = 'parked'))
         and ($3::uuid is null or (a.raised_at, a.id) < (select b.raised_at, b.id from alert b where b.id = $3))
       order by a.raised_at desc, a.id desc limit $4`,
      [standing, parked, before !== null && UUID.test(before) ? before : null, size + 1],
    );
    const items = rows.slice(0, size);
    return { items, nextBefore: rows.length > size ? (items.at(-1)?.id ?? null) : null };
  }
}
