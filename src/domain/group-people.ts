import type {
  DoubtfulPair,
  Grouping,
  IdentityDecision,
  IdentityFacts,
  MatchingPolicy,
  PairScore,
} from './identity.js';
import { pairKey } from './identity.js';
import {
  BIRTH_DATE_PENALTY,
  comparable,
  scorePair,
  sharedContacts,
  type Comparable,
  type SharedContacts,
} from './match-evidence.js';

/** A pair about which anything has to be decided; indexes into the sorted employments. */
interface Pair {
  readonly a: number;
  readonly b: number;
  readonly result: PairScore;
  /** A person's word; undefined while nobody gave one. */
  readonly verdict: boolean | undefined;
}

/**
 * Parts employments into persons and pairs to ask about. A function of its arguments alone: the order of
 * `employments` and `decisions` changes nothing. The best pairs join first; a group never holds two employments that
 * a person has called different, nor two that conflict unless a person has called them the same. An equal personal
 * e-mail alone joins nobody and asks. `shared` are contacts known to be everybody's, beside those that show here.
 */
export function groupPeople(
  employments: readonly IdentityFacts[],
  decisions: readonly IdentityDecision[],
  policy: MatchingPolicy,
  shared: SharedContacts = new Set(),
): Grouping {
  const [only, ...others] = employments;
  if (only !== undefined && others.length === 0) return { groups: [[only.key]], doubtful: [] };
  const items = [...employments].sort((x, y) => (x.key < y.key ? -1 : 1)).map(comparable);
  const pairs = pairsOf(items, decisions, policy, new Set([...shared, ...sharedContacts(items, policy)]));
  const groups = new Groups(items.length);
  for (const { a, b, verdict, result } of pairs) {
    if (verdict === false) groups.forbid(a, b, 'person');
    else if (result.conflict && verdict !== true) groups.forbid(a, b, 'evidence');
  }
  for (const { a, b, verdict } of pairs) if (verdict === true) groups.join(a, b, 'person');
  const likely = pairs.filter(
    (p) => p.verdict === undefined && p.result.score >= policy.autoFrom && !p.result.conflict,
  );
  // Of equally good pairs those of the lower keys stay first.
  likely.sort((x, y) => y.result.score - x.result.score);
  for (const { a, b } of likely) groups.join(a, b, 'evidence');
  const doubtful = pairs.flatMap((pair) => asDoubtful(pair, items, groups, policy));
  return { groups: groups.list(items), doubtful };
}

function pairsOf(
  items: readonly Comparable[],
  decisions: readonly IdentityDecision[],
  policy: MatchingPolicy,
  shared: SharedContacts,
): Pair[] {
  const decided = new Map(decisions.map((d) => [pairKey(d.a, d.b), d.same]));
  const pairs: Pair[] = [];
  for (const [a, left] of items.entries()) {
    for (let b = a + 1; b < items.length; b += 1) {
      const right = items[b];
      if (right === undefined) continue;
      const verdict = decided.size === 0 ? undefined : decided.get(pairKey(left.item.key, right.item.key));
      const result = scorePair(left, right, policy, shared);
      const isOpen =
        result.conflict || result.score >= policy.askFrom || result.evidence.includes('personal_email_equal');
      // Of hundreds behind one key most pairs are nothing to anybody: they are not kept.
      if (verdict !== undefined || isOpen) pairs.push({ a, b, result, verdict });
    }
  }
  return pairs;
}

function asDoubtful(
  pair: Pair,
  items: readonly Comparable[],
  groups: Groups,
  policy: MatchingPolicy,
): DoubtfulPair[] {
  const { a, b, verdict, result } = pair;
  const left = items[a];
  const right = items[b];
  if (verdict !== undefined || left === undefined || right === undefined) return [];
  if (groups.areOne(a, b) || groups.areDifferent(a, b)) return [];
  const { score, evidence, conflict } = result;
  // All but the birth date says that they are one: one of the two dates may be a typing error.
  const isAsked = conflict
    ? score + BIRTH_DATE_PENALTY >= policy.autoFrom && !evidence.includes('given_name_differs')
    : score >= policy.askFrom;
  if (!isAsked && !evidence.includes('personal_email_equal')) return [];
  return [{ a: left.item.key, b: right.item.key, score, evidence }];
}

class Groups {
  private readonly parent: number[];
  private readonly members: Map<number, number[]>;
  private readonly forbidden = new Map<string, 'person' | 'evidence'>();

  constructor(size: number) {
    this.parent = Array.from({ length: size }, (_, i) => i);
    this.members = new Map(this.parent.map((i) => [i, [i]]));
  }

  forbid(a: number, b: number, by: 'person' | 'evidence'): void {
    this.forbidden.set(indexPair(a, b), by);
  }

  areOne(a: number, b: number): boolean {
    return this.rootOf(a) === this.rootOf(b);
  }

  /** Whether a person has called anybody of one group different from anybody of the other. */
  areDifferent(a: number, b: number): boolean {
    return this.isBarred(this.rootOf(a), this.rootOf(b), 'person');
  }

  /** Joins unless a forbidden pair would end up together; a person's word overrides evidence, not another's word. */
  join(a: number, b: number, by: 'person' | 'evidence'): void {
    const left = this.rootOf(a);
    const right = this.rootOf(b);
    if (left === right || this.isBarred(left, right, by)) return;
    const [root, child] = left < right ? [left, right] : [right, left];
    this.parent[child] = root;
    this.members.set(root, [...(this.members.get(left) ?? []), ...(this.members.get(right) ?? [])]);
    this.members.delete(child);
  }

  list(items: readonly Comparable[]): string[][] {
    const byRoot = new Map<number, string[]>();
    for (const [i, { item }] of items.entries()) {
      const root = this.rootOf(i);
      const list = byRoot.get(root) ?? [];
      byRoot.set(root, list);
      list.push(item.key);
    }
    return [...byRoot.values()];
  }

  private isBarred(left: number, right: number, by: 'person' | 'evidence'): boolean {
    if (this.forbidden.size === 0) return false;
    const theirs = this.members.get(right) ?? [];
    return (this.members.get(left) ?? []).some((x) =>
      theirs.some((y) => {
        const bar = this.forbidden.get(indexPair(x, y));
        return bar === 'person' || (bar === 'evidence' && by === 'evidence');
      }),
    );
  }

  private rootOf(i: number): number {
    let at = i;
    for (let up = this.parent[at]; up !== undefined && up !== at; up = this.parent[at]) at = up;
    return at;
  }
}

function indexPair(a: number, b: number): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
