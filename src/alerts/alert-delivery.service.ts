import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { Database } from '../platform/database/database.js';
import type { MailTransport, OutgoingMail } from '../platform/mail/mail.js';
import { ALERT_KINDS, type NewAlert } from './alert.js';
import { alertMail } from './alert-mail.js';
import type { AlertsConfig, MailTarget } from './alerts-config.js';
import { postWebhook } from './webhook.js';

interface ClaimedRow {
  readonly id: string;
  readonly target: string;
  readonly attempts: number;
  readonly rounds: number;
  readonly alert_id: string;
  readonly kind: string;
  readonly data: NewAlert['data'];
  readonly raised_at: string;
  readonly disabled: boolean;
}

type Outcome =
  | { readonly outcome: 'accepted' }
  | { readonly outcome: 'parked' | 'gone'; readonly code: string }
  | { readonly outcome: 'failed'; readonly code: string; readonly retryAfterSecs: number };

export interface DeliveryReport {
  readonly sent: number;
  readonly failed: number;
  readonly parked: number;
}

const BATCH = 20;
const LEASE_MS = 120_000;

/**
 * Carries alerts to mailboxes and webhooks, at least once: a process that dies on the way leaves a lease that runs out,
 * and the same id tells a receiver that it has seen this one.
 */
@Injectable()
export class AlertDeliveryService {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly config: AlertsConfig,
    private readonly mail: MailTransport,
    /** From 0 to 1: scatters the pauses, so that many alerts do not knock at one moment. */
    private readonly random: () => number = Math.random,
  ) {}

  /** Sends what is due. Any number of processes may do so at once. */
  async deliverDue(): Promise<DeliveryReport> {
    const report = { sent: 0, failed: 0, parked: 0 };
    for (;;) {
      const batch = await this.claim();
      if (batch.length === 0) return report;
      for (const row of batch) {
        const result = await this.finish(row, await this.send(row));
        report[result] += 1;
      }
    }
  }

  private claim(): Promise<ClaimedRow[]> {
    const now = this.clock.nowIso();
    return this.db.query<ClaimedRow & { id: string }>(
      `with due as (
         select id from alert_delivery
         where state in ('planned', 'sending') and next_at <= $1 and (state = 'planned' or lease_until < $1)
         order by next_at, id limit ${BATCH} for update skip locked
       )
       update alert_delivery d set state = 'sending', attempts = d.attempts + 1, lease_until = $2
       from due, alert a where d.id = due.id and a.id = d.alert_id
       returning d.id, d.target, d.attempts, d.rounds, d.alert_id, a.kind, a.data, a.raised_at,
         exists (select 1 from alert_target t where t.target = d.target) as disabled`,
      [now, new Date(this.clock.now() + LEASE_MS).toISOString()],
    );
  }

  private async send(row: ClaimedRow): Promise<Outcome> {
    const target = this.config.targets.find((one) => one.id === row.target);
    const kind = ALERT_KINDS.find((known) => known === row.kind);
    if (target === undefined || kind === undefined) return parked('TARGET_UNKNOWN');
    if (row.disabled) return parked('TARGET_DISABLED');
    if (target.channel === 'mail') return this.sendMail(row, { kind, data: row.data }, target);
    const body = JSON.stringify({
      type: kind.replace('_', '.'),
      timestamp: row.raised_at,
      data: { alertId: row.alert_id, ...row.data },
    });
    return postWebhook(target, row.id, body, this.clock.now());
  }

  private async sendMail(
    row: ClaimedRow,
    alert: Pick<NewAlert, 'kind' | 'data'>,
    target: MailTarget,
  ): Promise<Outcome> {
    const { from } = this.config;
    const host = from.address.slice(from.address.indexOf('@') + 1);
    const mail: OutgoingMail = {
      messageId: `<alert-${row.id}-${row.rounds}@${host}>`,
      from,
      to: target.address,
      ...alertMail(alert, row.raised_at, target.language),
      unsubscribeUrl: null,
    };
    if (this.mail.channel === 'mailbox') {
      const mailbox = this.mail;
      await this.db.transaction(async (sql) => {
        const known = await sql.query('select 1 from mailbox_message where message_id = $1', [
          mail.messageId,
        ]);
        const reference = { followUpId: null, personId: null, kind: 'alert' };
        if (known.rowCount === 0) await mailbox.put(sql, mail, reference, this.clock.nowIso());
      });
      return { outcome: 'accepted' };
    }
    const result = await this.mail.send(mail);
    if (result.outcome === 'accepted') return result;
    // An alert twice is better than none: what may have arrived is sent again under the same Message-ID.
    if (result.outcome === 'refused') return parked(result.code);
    return { outcome: 'failed', code: result.code, retryAfterSecs: 0 };
  }

  private async finish(row: ClaimedRow, result: Outcome): Promise<keyof DeliveryReport> {
    const at = this.clock.nowIso();
    if (result.outcome === 'accepted') {
      await this.db.query(
        `update alert_delivery set state = 'sent', sent_at = $2, error_code = null, lease_until = null where id = $1`,
        [row.id, at],
      );
      return 'sent';
    }
    if (result.outcome === 'gone') {
      await this.db.query(
        `insert into alert_target (target, disabled_at, because) values ($1, $2, $3) on conflict do nothing`,
        [row.target, at, result.code],
      );
    }
    const isOver = result.outcome !== 'failed' || row.attempts >= this.config.retry.attempts;
    const wait = this.pauseMs(row.attempts, result.outcome === 'failed' ? result.retryAfterSecs : 0);
    const next = new Date(this.clock.now() + wait).toISOString();
    await this.db.query(
      `update alert_delivery set state = $2, next_at = $3, error_code = $4, lease_until = null where id = $1`,
      [row.id, isOver ? 'parked' : 'planned', isOver ? at : next, result.code],
    );
    return isOver ? 'parked' : 'failed';
  }

  /** Doubles with each attempt; half of it is left to chance. What the receiver asks for is kept, up to the limit. */
  private pauseMs(attempts: number, retryAfterSecs: number): number {
    const { firstDelaySecs, maxDelaySecs } = this.config.retry;
    const full = Math.min(maxDelaySecs, firstDelaySecs * 2 ** Math.min(attempts - 1, 40));
    const scattered = full * (0.5 + this.random() / 2);
    return Math.max(scattered, Math.min(retryAfterSecs, maxDelaySecs)) * 1_000;
  }
}

function parked(code: string): Outcome {
  return { outcome: 'parked', code };
}
