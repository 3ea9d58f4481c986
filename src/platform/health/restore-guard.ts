import type { Database, Sql } from '../database/database.js';
import type { LastSeenStore } from './last-seen.js';

/** Why a database is taken for one that came from a backup. */
export type RestoreSign = 'other_database' | 'older_than_seen' | 'told';

interface InstanceRow {
  readonly id: string;
  readonly system_identifier: string;
  readonly database_oid: number;
  readonly sequence: number;
  readonly system_now: string;
  readonly oid_now: number;
}

const KEY = 'follow-ups.restored';
const SELECT = `
  select id, system_identifier, database_oid, sequence,
         (select system_identifier::text from pg_control_system()) as system_now,
         (select oid::bigint from pg_database where datname = current_database()) as oid_now
  from instance`;

/** True while nobody has confirmed that mail may go out of a restored database. */
export async function isRestored(sql: Sql): Promise<boolean> {
  const { rows } = await sql.query(`select 1 from setting where key = $1`, [KEY]);
  return rows.length > 0;
}

/**
 * Notices that the database came from a backup, and then stops outgoing mail: what was sent since the backup is not in
 * it. Two signs, either is enough: it lies in another place than it was made for, or it is older than what this
 * deployment has seen. Each batch of mails counts the database's sequence up, and the number is kept outside before
 * the first of them can leave.
 */
export class RestoreGuard {
  constructor(
    private readonly database: Database,
    private readonly stores: readonly LastSeenStore[],
    /** Told when a store outside cannot be used; the others are, and the database itself still knows its place. */
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Looks, and marks the database when it finds a sign. Run before anything may send. Null: it is itself. */
  async examine(at: string): Promise<RestoreSign | null> {
    const row = await this.database.one<InstanceRow>(SELECT);
    if (row === null) return null;
    const sign = await this.signOf(row);
    if (sign !== null) await this.mark(sign, at);
    return sign;
  }

  /** An operator says so. Safe to repeat; the first word stands. */
  async mark(sign: RestoreSign, at: string): Promise<void> {
    await this.database.query(
      `insert into setting (key, value, changed_at) values ($1, $2, $3) on conflict (key) do nothing`,
      [KEY, JSON.stringify({ sign, at }), at],
    );
  }

  /** Counts up, within the transaction that takes mails out of the table. */
  async advance(sql: Sql): Promise<{ readonly instance: string; readonly sequence: number } | null> {
    const { rows } = await sql.query<{ id: string; sequence: number }>(
      `update instance set sequence = sequence + 1, changed_at = now() returning id, sequence`,
    );
    const row = rows[0];
    return row === undefined ? null : { instance: row.id, sequence: row.sequence };
  }

  /** Keeps outside how far the database has come. Call it after the commit and before the first mail. */
  async remember({
    instance,
    sequence,
  }: {
    readonly instance: string;
    readonly sequence: number;
  }): Promise<void> {
    await Promise.all(this.stores.map((store) => store.write(instance, sequence).catch(this.onError)));
  }

  /** An operator has looked: from now on this place is the database's, and it is ahead of all that was seen. */
  async confirm(sql: Sql, at: string): Promise<void> {
    // Locked: a batch that counted up meanwhile would be counted back.
    const { rows } = await sql.query<InstanceRow>(`${SELECT} for update of instance`);
    const row = rows[0];
    if (row !== undefined) {
      const sequence = Math.max(row.sequence, (await this.lastSeen(row.id)) ?? 0) + 1;
      await sql.query(
        `update instance set system_identifier = $1, database_oid = $2, sequence = $3, changed_at = $4`,
        [row.system_now, row.oid_now, sequence, at],
      );
    }
    await sql.query(`delete from setting where key = $1`, [KEY]);
  }

  private async signOf(row: InstanceRow): Promise<RestoreSign | null> {
    if (row.system_identifier !== row.system_now || row.database_oid !== row.oid_now) return 'other_database';
    const seen = await this.lastSeen(row.id);
    if (seen === null || seen <= row.sequence) return null;
    // Another worker may have counted up between the two looks. What is outside was in the database before.
    const now = await this.database.one<InstanceRow>(SELECT);
    return now !== null && seen > now.sequence ? 'older_than_seen' : null;
  }

  private async lastSeen(instance: string): Promise<number | null> {
    const seen = await Promise.all(
      this.stores.map((store) =>
        store.read(instance).catch((error: unknown) => {
          this.onError(error);
          return null;
        }),
      ),
    );
    const known = seen.filter((one) => one !== null);
    return known.length === 0 ? null : Math.max(...known);
  }
}
