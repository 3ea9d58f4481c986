import { AppError } from '../domain/app-error.js';
import type { Clock } from '../platform/clock/clock.js';
import type { Database } from '../platform/database/database.js';
import type { MailTransport, SmtpMail } from '../platform/mail/mail.js';
import { isOutage } from '../platform/mail/smtp-mail.js';
import type { OutageBreaker } from '../platform/queue/outage-breaker.js';
import type { LetterWriter } from './letter.js';
import { SendTurns } from './send-turns.js';

/** What became of one follow-up in one go. `none`: there was nothing to do, or not now. */
export type DeliveryResult = 'sent' | 'uncertain' | 'undeliverable' | 'none';

/**
 * Sends one follow-up, at most once as far as anybody can know. What may have gone out without an answer ends as
 * `uncertain` and is left to a person; nothing is ever resent blindly.
 */
export class DeliveryService {
  private readonly turns: SendTurns;

  constructor(
    database: Database,
    clock: Clock,
    private readonly transport: MailTransport,
    letters: LetterWriter,
    options: { readonly leaseSecs: number; readonly worker: string; readonly most: number },
    private readonly outage: OutageBreaker,
  ) {
    const mailbox = transport.channel === 'mailbox' ? transport : null;
    this.turns = new SendTurns(database, clock, letters, mailbox, options);
  }

  /**
   * Safe to call any number of times and from several workers at once. What is called while others are in hand shares
   * its transactions with them.
   *
   * @throws MAIL_TEMPORARY (retryable) when nothing was accepted and it should be tried again
   * @throws MAIL_OUTAGE (retryable) when the mail server is away: no fault of this mail
   * @throws DELIVERY_IN_WORK (retryable) while another worker's lease runs
   * @throws FOLLOW_UP_COMPANY_UNKNOWN
   */
  deliver(followUpId: string): Promise<DeliveryResult> {
    return this.transport.channel === 'mailbox'
      ? this.store(followUpId)
      : this.send(this.transport, followUpId);
  }

  /** Mail and ledger in one transaction: both or none. */
  private async store(followUpId: string): Promise<DeliveryResult> {
    const stored = await this.turns.open(followUpId);
    return stored.step === 'send' ? 'sent' : stored.result;
  }

  private async send(smtp: SmtpMail, followUpId: string): Promise<DeliveryResult> {
    const opened = await this.turns.open(followUpId);
    if (opened.step !== 'send') return opened.result;
    const { attempt, letter } = opened;
    const answer = await smtp.send(letter.mail);
    const isAway = isOutage(answer);
    if (isAway) this.outage.failed();
    else this.outage.succeeded();
    const code = answer.outcome === 'accepted' ? null : answer.code;
    const result = LEDGER_RESULT[answer.outcome];
    if (!(await this.turns.finish({ attempt, result, code }))) return 'none';
    switch (answer.outcome) {
      case 'accepted':
        return 'sent';
      case 'refused':
        return 'undeliverable';
      case 'uncertain':
        return 'uncertain';
      case 'temporary':
        throw new AppError(isAway ? 'MAIL_OUTAGE' : 'MAIL_TEMPORARY', {
          retryable: true,
          details: { code: answer.code },
        });
    }
  }
}

const LEDGER_RESULT = {
  accepted: 'sent',
  temporary: 'failed',
  refused: 'refused',
  uncertain: 'uncertain',
} as const;
