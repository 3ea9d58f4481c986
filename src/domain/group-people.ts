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

/** An employment, and those that are one person with it as far as that is decided. */
interface Node {
  readonly of: Comparable;
  /** With itself; one and the same list for all its members. */
  group: Node[];
  /** Who must not come into its group, and who says so. */
  readonly barred: Map<Node, Speaker>;
}

type Speaker = 'person' | 'evidence';

/** A pair about which anything has to be decided, the lower key first. */
interface Pair {
  readonly a: Node;
  readonly b: Node;
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
  const nodes = items.map(nodeOf);
  const pairs = pairsOf(nodes, decisions, policy, new Set([...shared, ...sharedContacts(items, policy)]));
  for (const { a, b, verdict, result } of pairs) {
    if (verdict === false) bar(a, b, 'person');
    else if (result.conflict) bar(a, b, 'evidence');
  }
  for (const { a, b, verdict } of pairs) if (verdict === true) join(a, b, 'person');
  const likely = pairs.filter(({ result }) => result.score >= policy.autoFrom);
  // What a person or a conflict keeps apart is barred by now. Of equally good pairs those of the lower keys stay first.
  likely.sort((x, y) => y.result.score - x.result.score);
  for (const { a, b } of likely) join(a, b, 'evidence');
  const groups = [...new Set(nodes.map(({ group }) => group))];
  return {
    groups: groups.map((group) => group.map((node) => node.of.item.key).sort()),
    doubtful: pairs.filter((pair) => isAsked(pair, policy)).map(asDoubtful),
  };
}

function nodeOf(of: Comparable): Node {
  const node: Node = { of, group: [], barred: new Map() };
  node.group.push(node);
  return node;
}

function pairsOf(
  nodes: readonly Node[],
  decisions: readonly IdentityDecision[],
  policy: MatchingPolicy,
  shared: SharedContacts,
): Pair[] {
  const decided = new Map(decisions.map((d) => [pairKey(d.a, d.b), d.same]));
  const pairs: Pair[] = [];
  for (const [index, a] of nodes.entries()) {
    for (const b of nodes.slice(index + 1)) {
      const verdict = decided.size === 0 ? undefined : decided.get(pairKey(a.of.item.key, b.of.item.key));
      const result = scorePair(a.of, b.of, policy, shared);
      const isOpen =
        result.conflict || result.score >= policy.askFrom || result.evidence.includes('personal_email_equal');
      // Of hundreds behind one key most pairs are nothing to anybody: they are not kept.
      if (verdict !== undefined || isOpen) pairs.push({ a, b, result, verdict });
    }
  }
  return pairs;
}

/** Of what a person has decided nothing is asked: the two are one by now, or called different. */
function isAsked({ a, b, result }: Pair, policy: MatchingPolicy): boolean {
  const { score, evidence, conflict } = result;
  // All but the birth date says that they are one: one of the two dates may be a typing error.
  const isSlip = score + BIRTH_DATE_PENALTY >= policy.autoFrom && !evidence.includes('given_name_differs');
  if (conflict && !isSlip && !evidence.includes('personal_email_equal')) return false;
  return a.group !== b.group && !isBarred(a, b, 'person');
}

function asDoubtful({ a, b, result }: Pair): DoubtfulPair {
  return { a: a.of.item.key, b: b.of.item.key, score: result.score, evidence: result.evidence };
}

function bar(a: Node, b: Node, by: Speaker): void {
  a.barred.set(b, by);
  b.barred.set(a, by);
}

/** Joins unless a barred pair would end up together; a person's word overrides evidence, not another's word. */
function join(a: Node, b: Node, by: Speaker): void {
  const { group } = a;
  const others = b.group;
  if (group === others || isBarred(a, b, by)) return;
  group.push(...others);
  for (const node of others) node.group = group;
}

function isBarred(a: Node, b: Node, by: Speaker): boolean {
  return a.group.some(({ barred }) => {
    if (barred.size === 0) return false;
    return b.group.some((other) => {
      const speaker = barred.get(other);
      return speaker === 'person' || speaker === by;
    });
  });
}
