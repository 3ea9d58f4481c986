import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { AuditEntry } from './audit-chain.js';
import { AUDIT_COLUMNS } from './audit.service.js';

export interface AuditFilter {
  readonly kind?: string | undefined;
  readonly actor?: string | undefined;
  /** From this instant on; before that one. */
  readonly from?: string | undefined;
  readonly until?: string | undefined;
}

export interface AuditPage {
  readonly items: readonly AuditEntry[];
  /** Give it back as `before`; null at the beginning of the chain. */
  readonly nextBefore: number | null;
}

const EXPORT_PAGE = 5_000;
const WHERE = `($1::text is null or kind = $1) and ($2::text is null or actor = $2)
  and ($3::timestamptz is null or at >= $3) and ($4::timestamptz is null or at < $4)`;

/** Reads the audit chain. */
@Injectable()
export class AuditQueries {
  constructor(private readonly db: Database) {}

  /** Newest first. `limit` 1 to 1000, 100 when not given; `before` is a `seq`, exclusive. */
  async list(
    filter: AuditFilter = {},
    { limit = 100, before = null }: { limit?: number; before?: number | null } = {},
  ): Promise<AuditPage> {
    const size = Math.min(Math.max(1, limit), 1_000);
    const rows = await this.db.query<AuditEntry & { seq: number }>(
      `select ${AUDIT_COLUMNS} from audit_entry where ${WHERE} and ($5::bigint is null or seq < $5)
       order by seq desc limit $6`,
      [...valuesOf(filter), before, size + 1],
    );
    const items = rows.slice(0, size);
    return { items, nextBefore: rows.length > size ? (items.at(-1)?.seq ?? null) : null };
  }

  /** Every entry from the first on, in pages of the chain's order. Entries that are added meanwhile may be in it. */
  async *all(filter: AuditFilter = {}): AsyncGenerator<AuditEntry> {
    for (let after = 0; ;) {
      const rows: (AuditEntry & { seq: number })[] = await this.db.query<AuditEntry & { seq: number }>(
        `select ${AUDIT_COLUMNS} from audit_entry where ${WHERE} and seq > $5 order by seq limit ${EXPORT_PAGE}`,
        [...valuesOf(filter), after],
      );
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.seq;
    }
  }
}

function valuesOf({ kind, actor, from, until }: AuditFilter): (string | null)[] {
  return [kind ?? null, actor ?? null, from ?? null, until ?? null];
}
