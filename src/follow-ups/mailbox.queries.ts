import { AppError } from '../domain/app-error.js';
import type { Database } from '../platform/database/database.js';

/** A mail of the local mailbox as the contract shows it. */
export interface MailboxItem {
  readonly id: string;
  readonly to: string;
  readonly kind: string;
  readonly personId: string | null;
  readonly subject: string;
  readonly sentAt: string;
  readonly messageId: string;
}

export interface MailboxMail extends MailboxItem {
  readonly followUpId: string | null;
  readonly body: string;
}

const COLUMNS = `id, to_address as "to", kind, person_id as "personId", subject, sent_at as "sentAt",
  message_id as "messageId"`;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Reads the local mailbox: what would have gone out, had a mail server been configured. */
export class MailboxQueries {
  constructor(private readonly database: Database) {}

  /** Newest first. `limit` 1 to 1000, 100 when not given. @throws CURSOR_INVALID */
  async list({ limit = 100, cursor }: { limit?: number; cursor?: string } = {}): Promise<{
    readonly items: readonly MailboxItem[];
    readonly nextCursor: string | null;
  }> {
    const size = Math.min(Math.max(1, limit), 1_000);
    const [at, id] = cursor === undefined ? [null, null] : readCursor(cursor);
    const rows = await this.database.query<MailboxItem & Record<string, unknown>>(
      `select ${COLUMNS} from mailbox_message
       where $1::timestamptz is null or (sent_at, id) < ($1::timestamptz, $2::uuid)
       order by sent_at desc, id desc limit $3`,
      [at, id, size + 1],
    );
    const items = rows.slice(0, size);
    const last = items.at(-1);
    const hasMore = rows.length > size && last !== undefined;
    return {
      items,
      nextCursor: hasMore ? Buffer.from(`${last.sentAt} ${last.id}`).toString('base64url') : null,
    };
  }

  /** One mail with its text, or null. */
  async show(id: string): Promise<MailboxMail | null> {
    if (!UUID.test(id)) return null;
    return this.database.one<MailboxMail & Record<string, unknown>>(
      `select ${COLUMNS}, follow_up_id as "followUpId", body from mailbox_message where id = $1`,
      [id],
    );
  }
}

function readCursor(cursor: string): [string, string] {
  const [at, id] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  if (at === undefined || id === undefined || Number.isNaN(Date.parse(at)) || !UUID.test(id)) {
    throw new AppError('CURSOR_INVALID');
  }
  return [at, id];
}
