import { Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';
import { Clock } from '../clock/clock.js';
import { Database, type Sql } from '../database/database.js';
import {
  ChainCheck,
  type AuditAnchor,
  type AuditEntry,
  type AuditHead,
  type AuditProblem,
} from './audit-chain.js';

export interface AuditNote {
  /** Who: a user, a key's id, `cli:<user>`, `enishi` for the house itself. */
  readonly actor: string;
  /** What, as `<thing>.<past participle>`. */
  readonly kind: string;
  /** Ids, counts, digests. Never a name, an address or a text that somebody typed. */
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
  /** Now when not given. */
  readonly at?: string;
}

export interface AuditReport {
  readonly entries: number;
  readonly head: AuditHead;
  readonly anchors: number;
  /** In the order of the chain; at most `MOST_PROBLEMS`, which is told by `more`. */
  readonly problems: readonly AuditProblem[];
  readonly more: number;
  /** What the role of this connection could do to the entries; empty is how it should be. */
  readonly rights: readonly AuditRight[];
}

const AUDIT_RIGHTS = ['update', 'delete', 'truncate', 'superuser'] as const;
export type AuditRight = (typeof AUDIT_RIGHTS)[number];

export const AUDIT_COLUMNS = 'seq, at, actor, kind, data, previous_hash as "previousHash", hash';
const PAGE = 5_000;
const MOST_PROBLEMS = 100;

/** The chain of everything that was decided: appended to by triggers and by whoever acts, read by nobody but auditors. */
@Injectable()
export class AuditService {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Adds entries in the order given, within the caller's transaction. Call it last: from here to the commit nobody else
   * can append. Acts on tables that have an audit trigger are noted by it and must not be noted again.
   */
  async append(sql: Sql, notes: readonly AuditNote[]): Promise<void> {
    const at = this.clock.nowIso();
    for (const note of notes) {
      await sql.query('insert into audit_entry (at, actor, kind, data) values ($1, $2, $3, $4)', [
        note.at ?? at,
        note.actor,
        note.kind,
        JSON.stringify(note.data),
      ]);
    }
  }

  /** The last entry as the database knows it. */
  async head(): Promise<AuditHead> {
    return this.db.transaction(async (sql) => (await readHead(sql)) ?? { seq: 0, hash: '' });
  }

  /**
   * Walks the whole chain at one moment of the database and computes every hash anew, outside the database. Without
   * anchors a chain that was written anew from end to end looks sound.
   */
  async verify(anchors: readonly AuditAnchor[]): Promise<AuditReport> {
    return this.db.transaction(async (sql) => {
      await sql.query('set transaction isolation level repeatable read, read only');
      const check = new ChainCheck(anchors);
      let entries = 0;
      for await (const page of pages(sql)) {
        for (const entry of page) check.add(entry);
        entries += page.length;
      }
      const head = await readHead(sql);
      const problems = check.end(head);
      return {
        entries,
        head: head ?? { seq: 0, hash: '' },
        anchors: anchors.length,
        problems: problems.slice(0, MOST_PROBLEMS),
        more: Math.max(0, problems.length - MOST_PROBLEMS),
        rights: await auditRights(sql),
      };
    });
  }
}

async function* pages(sql: PoolClient): AsyncGenerator<AuditEntry[]> {
  for (let after: number | null = null; ;) {
    const { rows }: { rows: AuditEntry[] } = await sql.query<AuditEntry>(
      `select ${AUDIT_COLUMNS} from audit_entry where $1::bigint is null or seq > $1 order by seq limit ${PAGE}`,
      [after],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = last.seq;
  }
}

async function readHead(sql: Sql): Promise<AuditHead | null> {
  const { rows } = await sql.query<{ seq: number; hash: string }>('select seq, hash from audit_head');
  return rows[0] ?? null;
}

/** What the role of this connection could do to the entries besides adding; empty is how it should be. */
export async function auditRights(sql: Sql): Promise<readonly AuditRight[]> {
  const { rows } = await sql.query<Record<AuditRight, boolean>>(
    `select has_table_privilege('audit_entry', 'update') as update,
       has_table_privilege('audit_entry', 'delete') as delete,
       has_table_privilege('audit_entry', 'truncate') as truncate,
       (select rolsuper from pg_roles where rolname = current_user) as superuser`,
  );
  const held = rows[0];
  return AUDIT_RIGHTS.filter((right) => held?.[right] === true);
}
