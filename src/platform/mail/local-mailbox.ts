import { newId } from '../database/id.js';
import { headerText } from './address.js';
import type { StoredMail } from './mail.js';

/** The local mailbox: mails become rows, in the transaction that also records them as sent. */
export function localMailbox(): StoredMail {
  return {
    channel: 'mailbox',
    async put(sql, mail, { followUpId, personId, kind }, at) {
      await sql.query(
        `insert into mailbox_message (id, follow_up_id, person_id, kind, to_address, subject, body, message_id, sent_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [
          newId(),
          followUpId,
          personId,
          kind,
          mail.to,
          headerText(mail.subject),
          mail.text,
          mail.messageId,
          at,
        ],
      );
    },
    close: () => Promise.resolve(),
  };
}
