import type { MailboxItem } from '../../follow-ups/mailbox.queries.js';
import type { Output } from '../output.js';
import { printTable } from '../table.js';
import { localTime, maskEmail } from '../words.js';

/** Mails with masked addresses. */
export function printMails(output: Output, mails: readonly MailboxItem[], zone: string): void {
  const { t } = output;
  const column = (key: string): string => t(`show.columns.${key}`);
  printTable(
    output,
    [
      { title: column('id'), value: (mail) => mail.id, min: 36 },
      { title: column('sentAt'), value: (mail) => localTime(mail.sentAt, zone), min: 16 },
      { title: column('kind'), value: (mail) => t(`words.followUpKind.${mail.kind}`) },
      { title: column('to'), value: (mail) => maskEmail(mail.to) },
      { title: column('subject'), value: (mail) => mail.subject },
    ],
    mails,
  );
}
