import type { Readable } from 'node:stream';
import { createTransport } from 'nodemailer';
import { headerText, singleAddress } from './address.js';
import type { OutgoingMail, SendOutcome, SmtpMail } from './mail.js';

export interface SmtpMailOptions {
  /** `smtp://` or `smtps://`, with user and password where the server wants them. */
  readonly url: string;
  readonly maxConnections?: number;
  readonly timeoutMs?: number;
}

/** What a rejection of the transport holds; nodemailer passes errors of the network on as they are. */
interface SmtpError {
  readonly code?: string;
  readonly command?: string;
  readonly responseCode?: number;
}

/**
 * Mail through an SMTP server, over a pool of connections. Every outcome is a value; nothing is retried here.
 * Whether a failure is harmless depends on one thing: had the first byte of the message been handed over.
 */
export function smtpMail({ url, maxConnections = 4, timeoutMs = 30_000 }: SmtpMailOptions): SmtpMail {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections,
    maxMessages: 100,
    // The pool would send a message again by itself when its connection ends: that is for the ledger to decide.
    maxRequeues: 0,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const streams = new Map<string, Readable>();
  // The pool reads the message from this stream once the server has said "go ahead" to DATA, and not before.
  transport.use('stream', (mail, done) => {
    const { message } = mail;
    const create = message.createReadStream.bind(message);
    message.createReadStream = (...options) => {
      const stream = create(...options);
      streams.set(message.messageId(), stream);
      return stream;
    };
    done();
  });
  return {
    channel: 'smtp',
    async send(mail): Promise<SendOutcome> {
      const to = singleAddress(mail.to);
      if (to === null) return { outcome: 'refused', code: 'ADDRESS_INVALID' };
      try {
        await transport.sendMail(messageOf(mail, to));
        return { outcome: 'accepted' };
      } catch (error) {
        return judge(error as SmtpError, streams.get(mail.messageId)?.readableDidRead === true);
      } finally {
        streams.delete(mail.messageId);
      }
    },
    async probe() {
      await transport.verify();
    },
    close() {
      transport.close();
      return Promise.resolve();
    },
  };
}

/**
 * True when the server was not there, or would not have us: that says nothing about this mail, and every other one
 * would fare alike. 421 is how a server says that it closes.
 */
export function isOutage(result: SendOutcome): boolean {
  return result.outcome === 'temporary' && !/^SMTP_4(?!21)/.test(result.code);
}

function messageOf(mail: OutgoingMail, to: string) {
  const { unsubscribeUrl } = mail;
  return {
    messageId: mail.messageId,
    envelope: { from: mail.from.address, to: [to] },
    from: { name: headerText(mail.from.name), address: mail.from.address },
    to: { name: '', address: to },
    subject: headerText(mail.subject),
    text: mail.text,
    headers: {
      'Auto-Submitted': 'auto-generated',
      // RFC 8058: the receiving mail program may send the POST itself when its user asks for it.
      ...(unsubscribeUrl === null
        ? {}
        : {
            'List-Unsubscribe': { prepared: true, value: `<${unsubscribeUrl}>` },
            'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
          }),
    },
  };
}

/** A reply of the server is an answer whenever it comes; silence only counts once the message was on its way. */
function judge(error: SmtpError, handedOver: boolean): SendOutcome {
  const { responseCode, command } = error;
  if (responseCode === undefined) {
    return { outcome: handedOver ? 'uncertain' : 'temporary', code: headerText(error.code ?? 'ESMTP') };
  }
  // A 5xx to our login or sender address is our fault to mend, not the recipient's refusal.
  const isAboutThisMail = command === 'RCPT TO' || command === 'DATA';
  return {
    outcome: responseCode >= 500 && isAboutThisMail ? 'refused' : 'temporary',
    code: `SMTP_${responseCode}`,
  };
}
