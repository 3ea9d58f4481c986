import type { Sql } from '../database/database.js';

/** One plain-text mail to one person. */
export interface OutgoingMail {
  /** Fixed by the caller, with its angle brackets, so that a possible duplicate can be recognised by it. */
  readonly messageId: string;
  readonly from: { readonly name: string; readonly address: string };
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** Address of the opt-out page; it also answers the one-click POST of RFC 8058. Null: not offered. */
  readonly unsubscribeUrl: string | null;
}

/**
 * What is known after a send. `temporary`: nothing was accepted, the same mail may be tried again. `refused`: the
 * server will never take it for this recipient. `uncertain`: it may or may not have been accepted; never send blindly.
 */
export type SendOutcome =
  | { readonly outcome: 'accepted' }
  | { readonly outcome: 'temporary' | 'refused' | 'uncertain'; readonly code: string };

/** Sends through a mail server: the outcome of a dialogue can be unknown. */
export interface SmtpMail {
  readonly channel: 'smtp';
  send(mail: OutgoingMail): Promise<SendOutcome>;
  /** Speaks to the server as far as a login, sends nothing; rejects when it is not there or does not let us in. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

/** What a stored mail is about, as ids. */
export interface MailReference {
  readonly followUpId: string | null;
  readonly personId: string | null;
  readonly kind: string;
}

/** Keeps mails in the database: stored in the caller's transaction, so the outcome is always known. */
export interface StoredMail {
  readonly channel: 'mailbox';
  put(sql: Sql, mail: OutgoingMail, reference: MailReference, at: string): Promise<void>;
  close(): Promise<void>;
}

/** Where mails go: `SMTP_URL` decides. */
export type MailTransport = SmtpMail | StoredMail;
