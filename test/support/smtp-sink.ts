import type { AddressInfo } from 'node:net';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

export interface CaughtMail {
  readonly to: string;
  readonly messageId: string;
  readonly subject: string;
  readonly text: string;
  readonly headers: ReadonlyMap<string, unknown>;
}

/** How the sink treats one recipient. `drop`: takes the whole message and hangs up without an answer. */
export type SinkManner = 'accept' | 'drop' | 'refuse' | 'full' | 'later' | 'later-once' | 'closing-once';

export interface SmtpSink {
  readonly url: string;
  /** Every message that the sink has read to its end, whether it answered or not. */
  readonly mails: CaughtMail[];
  /** Sets how a recipient is treated from now on; `accept` for everybody not named. */
  treat(to: string, manner: SinkManner): void;
  /** Holds the answer to DATA for this long. */
  delayMs: number;
  /** Answers every recipient with 421, as a server does that is about to end. */
  isClosing: boolean;
  close(): Promise<void>;
}

class SmtpReply extends Error {
  constructor(
    readonly responseCode: number,
    message: string,
  ) {
    super(message);
  }
}

/** A mail server that keeps what it gets and misbehaves as told. @param atPort any free one by default */
export async function startSmtpSink(atPort = 0): Promise<SmtpSink> {
  const manners = new Map<string, SinkManner>();
  const mails: CaughtMail[] = [];
  const sink = { delayMs: 0, isClosing: false };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo({ address }, _session, callback) {
      const manner = manners.get(address) ?? 'accept';
      if (manner.endsWith('-once')) manners.set(address, 'accept');
      if (sink.isClosing || manner === 'closing-once') callback(new SmtpReply(421, 'closing'));
      else if (manner === 'refuse') callback(new SmtpReply(550, 'no such user'));
      else if (manner === 'later' || manner === 'later-once') callback(new SmtpReply(451, 'try again later'));
      else callback();
    },
    onData(stream, session, callback) {
      const to = session.envelope.rcptTo[0]?.address ?? '';
      const read = simpleParser(stream).then((parsed) => {
        mails.push({
          to,
          messageId: parsed.messageId ?? '',
          subject: parsed.subject ?? '',
          text: parsed.text ?? '',
          headers: parsed.headers,
        });
        const manner = manners.get(to);
        if (manner === 'full') return callback(new SmtpReply(552, 'mailbox full'));
        if (manner === 'drop') {
          for (const connection of server.connections) {
            if (connection.session.id === session.id) connection._socket.destroy();
          }
          return;
        }
        setTimeout(callback, sink.delayMs);
      });
      // Cut short by a client that is killed: no mail, and nobody left to answer.
      read.catch((error: Error) => callback(error));
    },
  });
  // A client that is killed in the middle must not take the sink with it.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(atPort, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    treat: (to, manner) => void manners.set(to, manner),
    get delayMs() {
      return sink.delayMs;
    },
    set delayMs(value) {
      sink.delayMs = value;
    },
    get isClosing() {
      return sink.isClosing;
    },
    set isClosing(value) {
      sink.isClosing = value;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
