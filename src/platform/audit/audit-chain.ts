import { createHash } from 'node:crypto';

/** One entry of the audit chain, as it is stored. */
export interface AuditEntry {
  /** From 1 on without a gap. */
  readonly seq: number;
  /** ISO 8601 UTC, to the millisecond. */
  readonly at: string;
  readonly actor: string;
  readonly kind: string;
  /** A JSON object of ids, counts and digests, in the very characters that were hashed. */
  readonly data: string;
  readonly previousHash: string;
  readonly hash: string;
}

/** The last entry of the chain; `seq` 0 when there is none. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

/** A head that somebody wrote down outside the database. */
export interface AuditAnchor extends AuditHead {
  readonly at: string;
}

/**
 * What is wrong with the chain at `seq`.
 * `altered`: the entry is not what its hash was made of (changed, or put in another's place) · `missing`: entries from
 * `seq` to `to` are gone · `inserted`: an entry that has no place in the chain · `unlinked`: it does not follow the
 * entry before it · `cut_off`: the chain ends before its head or anchor; `to` is the last entry that there was ·
 * `rewritten`: an anchor knew another entry here.
 */
export interface AuditProblem {
  readonly seq: number;
  readonly to: number | null;
  readonly problem: 'altered' | 'missing' | 'inserted' | 'unlinked' | 'cut_off' | 'rewritten';
}

export const NO_HASH = '0'.repeat(64);

/** The hash of an entry over all its fields and the hash before it. The database computes the same when it appends. */
export function hashEntry(entry: Omit<AuditEntry, 'hash'>): string {
  const { previousHash, seq, at, actor, kind, data } = entry;
  const hash = createHash('sha256');
  for (const field of [previousHash, String(seq), at, actor, kind, data]) {
    hash.update(`${Buffer.byteLength(field)}:${field},`);
  }
  return hash.digest('hex');
}

/** Walks a chain from its first entry to its head. Feed every entry in the order of `seq`, then `end`. */
export class ChainCheck {
  readonly problems: AuditProblem[] = [];
  private last: AuditHead = { seq: 0, hash: NO_HASH };
  private readonly anchors: Map<number, string[]>;

  constructor(private readonly known: readonly AuditAnchor[]) {
    this.anchors = new Map();
    for (const { seq, hash } of known) this.anchors.set(seq, [...(this.anchors.get(seq) ?? []), hash]);
  }

  add(entry: AuditEntry): void {
    const { seq, hash } = entry;
    const { last } = this;
    if (seq < 1) return this.tell(seq, 'inserted');
    const follows = seq === last.seq + 1;
    if (!follows) this.tell(last.seq + 1, 'missing', seq - 1);
    if (hashEntry(entry) !== hash) this.tell(seq, 'altered');
    else if (follows && entry.previousHash !== last.hash) this.tell(seq, 'unlinked');
    if ((this.anchors.get(seq) ?? []).some((anchored) => anchored !== hash)) this.tell(seq, 'rewritten');
    this.last = { seq, hash };
  }

  /** @param head what the database itself says its last entry is; null when it says nothing */
  end(head: AuditHead | null): readonly AuditProblem[] {
    const { last } = this;
    const anchored = Math.max(0, ...this.known.map((anchor) => anchor.seq));
    const until = Math.max(head?.seq ?? 0, anchored);
    if (until > last.seq) this.tell(last.seq + 1, 'cut_off', until);
    else if (head === null || head.seq < last.seq) this.tell((head?.seq ?? 0) + 1, 'inserted', last.seq);
    else if (head.hash !== last.hash) this.tell(last.seq, 'unlinked');
    return this.problems;
  }

  private tell(seq: number, problem: AuditProblem['problem'], to: number | null = null): void {
    this.problems.push({ seq, to, problem });
  }
}
