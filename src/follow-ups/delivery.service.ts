import { AppError } from '../domain/app-error.js';
import type { Clock } from '../platform/clock/clock.js';
import type { Database, Sql } from '../platform/database/database.js';
import { prepared } from '../platform/database/prepared.js';
import type { MailTransport, SmtpMail, StoredMail } from '../platform/mail/mail.js';
import { isOutage } from '../platform/mail/smtp-mail.js';
import type { OutageBreaker } from '../platform/queue/outage-breaker.js';
import type { LetterWriter } from './letter.js';
import type { SendFacts } from './send-check.js';
import { checkBeforeSending } from './send-check.js';
import type { Attempt } from './send-ledger.js';
import {
  cancelUnsent,
  claimAttempt,
  finishAttempt,
  holdBack,
  markUnreachable,
  recordStored,
  startSending,
} from './send-ledger.js';

/** What became of one follow-up in one go. `none`: there was nothing to do, or not now. */
export type DeliveryResult = 'sent' | 'uncertain' | 'undeliverable' | 'none';

/**
 * Sends one follow-up, at most once as far as anybody can know. What may have gone out without an answer ends as
 * `uncertain` and is left to a person; nothing is ever resent blindly.
 */
export class DeliveryService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly transport: MailTransport,
    private readonly letters: LetterWriter,
    private readonly options: { readonly leaseSecs: number; readonly worker: string },
    private readonly outage: OutageBreaker,
  ) {}

  /**
   * Safe to call any number of times and from several workers at once.
   *
   * @throws MAIL_TEMPORARY (retryable) when nothing was accepted and it should be tried again
   * @throws MAIL_OUTAGE (retryable) when the mail server is away: no fault of this mail
   * @throws DELIVERY_IN_WORK (retryable) while another worker's lease runs
   * @throws FOLLOW_UP_COMPANY_UNKNOWN
   */
  deliver(followUpId: string): Promise<DeliveryResult> {
    return this.transport.channel === 'mailbox'
      ? this.store(this.transport, followUpId)
      : this.send(this.transport, followUpId);
  }

  /** Mail and ledger in one transaction: both or none. */
  private store(mailbox: StoredMail, followUpId: string): Promise<DeliveryResult> {
    return this.transaction(async (sql) => {
      const facts = await this.mayGo(sql, followUpId);
      if (typeof facts === 'string') return facts;
      const at = this.clock.nowIso();
      const letter = this.letters.write(facts, this.clock.now());
      if (letter === null) return this.unreachable(sql, facts);
      const reference = { followUpId, personId: facts.personId, kind: facts.kind };
      await mailbox.put(sql, letter.mail, reference, at);
      await recordStored(sql, facts, letter, this.options.worker, at);
      return 'sent';
    });
  }

  private async send(smtp: SmtpMail, followUpId: string): Promise<DeliveryResult> {
    const attempt = await this.transaction((sql) => this.claim(sql, followUpId));
    if (typeof attempt === 'string') return attempt;
    const begun = await this.transaction((sql) => this.begin(sql, attempt));
    if (typeof begun === 'string') return begun;
    const { facts, letter } = begun;
    const result = await smtp.send(letter.mail);
    const isAway = isOutage(result);
    if (isAway) this.outage.failed();
    else this.outage.succeeded();
    const code = result.outcome === 'accepted' ? null : result.code;
    const state = LEDGER_STATE[result.outcome];
    const isOurs = await this.transaction((sql) =>
      finishAttempt(sql, attempt, facts, state, code, this.clock.nowIso()),
    );
    if (!isOurs) return 'none';
    switch (result.outcome) {
      case 'accepted':
        return 'sent';
      case 'refused':
        return 'undeliverable';
      case 'uncertain':
        return 'uncertain';
      case 'temporary':
        throw new AppError(isAway ? 'MAIL_OUTAGE' : 'MAIL_TEMPORARY', {
          retryable: true,
          details: { code: result.code },
        });
    }
  }

  private async claim(sql: Sql, followUpId: string): Promise<Attempt | DeliveryResult> {
    const facts = await this.mayGo(sql, followUpId);
    if (typeof facts === 'string') return facts;
    const attempt = await claimAttempt(sql, facts, this.options.worker, this.lease());
    if (attempt === null)
      throw new AppError('DELIVERY_IN_WORK', { retryable: true, details: { followUpId } });
    return attempt;
  }

  /** Reads all conditions again: between claim and dialogue somebody may have opted out. */
  private async begin(sql: Sql, attempt: Attempt) {
    const facts = await this.mayGo(sql, attempt.followUpId);
    if (typeof facts === 'string') return facts;
    const letter = this.letters.write(facts, this.clock.now());
    if (letter === null) return this.unreachable(sql, facts);
    return (await startSending(sql, attempt, letter, this.lease())) ? { facts, letter } : ('none' as const);
  }

  private async mayGo(sql: Sql, followUpId: string): Promise<SendFacts | DeliveryResult> {
    const check = await checkBeforeSending(sql, followUpId);
    const at = this.clock.nowIso();
    switch (check.verdict) {
      case 'go':
        return check.facts;
      case 'skip':
        return 'none';
      case 'hold':
        await holdBack(sql, check.facts, at);
        return 'none';
      case 'cancel':
        await cancelUnsent(sql, check.facts, check.because, at);
        return 'none';
    }
  }

  private async unreachable(sql: Sql, facts: SendFacts): Promise<DeliveryResult> {
    await markUnreachable(sql, facts, this.clock.nowIso());
    return 'undeliverable';
  }

  /** Every mail asks the same few dozen statements, and whether a transaction begins is known with the first of them. */
  private transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.database.transaction((client) => work(prepared(client)));
  }

  private lease(): { at: string; leaseUntil: string } {
    const leaseUntil = new Date(this.clock.now() + this.options.leaseSecs * 1_000).toISOString();
    return { at: this.clock.nowIso(), leaseUntil };
  }
}

const LEDGER_STATE = {
  accepted: 'sent',
  temporary: 'failed',
  refused: 'refused',
  uncertain: 'uncertain',
} as const;
