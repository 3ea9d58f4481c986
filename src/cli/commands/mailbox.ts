import { AppError } from '../../domain/app-error.js';
import { MailboxQueries } from '../../follow-ups/mailbox.queries.js';
import { command } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { collectPages, noteMore } from '../pages.js';
import { printMails } from '../render/mails.js';
import { localTime, zoneOf } from '../words.js';

/** The local mailbox, newest first. Addresses are masked on the terminal; with `--json` they are whole. */
export const mailboxList = command(async (call, app) => {
  const { output } = call;
  const zone = zoneOf(app.group);
  const mailbox = app.get(MailboxQueries);
  const found = await collectPages(call, (cursor, limit) =>
    mailbox.list(cursor === null ? { limit } : { limit, cursor }),
  );
  printMails(output, found.items, zone);
  noteMore(call, found);
  output.data({ items: found.items });
  return EXIT.done;
});

/** One mail as its reader gets it. */
export const mailboxShow = command(async (call, app) => {
  const { output } = call;
  const id = call.input.argument('id');
  const mail = await app.get(MailboxQueries).show(id);
  if (mail === null) throw new AppError('MAIL_NOT_FOUND', { details: { id } });
  const zone = zoneOf(app.group);
  output.line(`${output.t('show.columns.to')}: ${mail.to}`);
  output.line(`${output.t('show.columns.subject')}: ${mail.subject}`);
  output.line(`${output.t('show.columns.sentAt')}: ${localTime(mail.sentAt, zone)}`);
  output.line(`Message-ID: ${mail.messageId}`);
  output.line();
  output.line(mail.body);
  output.data(mail);
  return EXIT.done;
});
