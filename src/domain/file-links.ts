import { groupPeople } from './group-people.js';
import type { MatchingPolicy } from './identity.js';
import type { SharedContacts } from './match-evidence.js';
import type { StatedFacts } from './observation.js';

/** One staged row under one of its match keys. */
export interface LinkedRow {
  /** `n given|birth`, `m address` or `t digits`, as `matchTexts` makes them. */
  readonly link: string;
  readonly rowNo: number;
  /** The only row of its number, and nobody in the house shares its number or a match key with it. */
  readonly isNew: boolean;
}

/** From so many rows on a component is not compared pair by pair. */
const MOST_ROWS = 200;

/**
 * Parts the rows of one file that have match keys in common into components of new rows. Takes rows in the order of
 * their links. Memory: five bytes for each row number up to `lastRow`, and the contacts of too many people.
 */
export class FileLinks {
  /** Contacts of more numbers than the policy takes for evidence: they join nobody. */
  readonly shared = new Set<string>();
  private readonly parent: Int32Array;
  private readonly marks: Uint8Array;
  private link: string | null = null;
  private rows: number[] = [];
  private hasOther = false;

  constructor(
    lastRow: number,
    private readonly limitOf: (link: string) => number,
  ) {
    this.parent = new Int32Array(lastRow + 1);
    this.marks = new Uint8Array(lastRow + 1);
  }

  add({ link, rowNo, isNew }: LinkedRow): void {
    if (link !== this.link) {
      this.endGroup();
      this.link = link;
    }
    if (!isNew) this.hasOther = true;
    else {
      this.marks[rowNo] ||= LINKED;
      if (this.rows.length <= this.limitOf(link)) this.rows.push(rowNo);
    }
  }

  /**
   * After the last row: every component of new rows that touches no other row, its rows in ascending order; one of
   * `MOST_ROWS` or more is left out. A row whose every key is of too many people is a component of its own.
   */
  *components(): Generator<number[]> {
    this.endGroup();
    this.link = null;
    const rows = this.linked();
    for (const row of rows) {
      if (this.isBound(row)) this.marks[this.root(row)] = BOUND;
    }
    rows.sort((a, b) => this.root(a) - this.root(b) || a - b);
    for (let from = 0, to = 0; from < rows.length; from = to) {
      const root = this.root(rows[from] ?? 0);
      for (to = from; to < rows.length && this.root(rows[to] ?? 0) === root;) to += 1;
      if (!this.isBound(root) && to - from < MOST_ROWS) yield [...rows.subarray(from, to)];
    }
  }

  private endGroup(): void {
    const { rows, link } = this;
    this.rows = [];
    const hasOther = this.hasOther;
    this.hasOther = false;
    if (link === null) return;
    // Each new row is a number of its own: so many of them are too many, whoever else has the key.
    if (rows.length > this.limitOf(link)) this.shared.add(link);
    else if (hasOther) for (const row of rows) this.marks[row] = BOUND;
    else for (const row of rows) this.join(rows[0] ?? row, row);
  }

  private linked(): Int32Array {
    let count = 0;
    for (const mark of this.marks) if (mark !== 0) count += 1;
    const rows = new Int32Array(count);
    count = 0;
    for (const [row, mark] of this.marks.entries()) {
      if (mark !== 0) rows[count++] = row;
    }
    return rows;
  }

  private isBound(row: number): boolean {
    return this.marks[row] === BOUND;
  }

  /** Zero stands for a root, so that nothing has to be filled in beforehand: links are stored with one added. */
  private root(row: number): number {
    let at = row;
    for (let up = this.parent[at] ?? 0; up !== 0; up = this.parent[at] ?? 0) {
      // Path halving.
      const next = this.parent[up - 1] ?? 0;
      if (next !== 0) this.parent[at] = next;
      at = up - 1;
    }
    return at;
  }

  private join(a: number, b: number): void {
    const left = this.root(a);
    const right = this.root(b);
    if (left !== right) this.parent[Math.max(left, right)] = Math.min(left, right) + 1;
  }
}

const LINKED = 1;
/** Linked, and shares a key with a row that is not new. */
const BOUND = 2;

/** A row of a component, as far as identity is decided from it. */
export interface ComparedRow {
  readonly company: string;
  readonly employeeNumber: string;
  readonly facts: StatedFacts;
}

/**
 * Whether nothing follows from the keys that these rows share: they are as many people as rows, and no pair has to be
 * asked about. The same decision as that about their employments, while all are of one company; of several it is false,
 * because there the days of leaving and being hired are evidence too.
 */
export function areStrangers(
  rows: readonly ComparedRow[],
  policy: MatchingPolicy,
  shared: SharedContacts,
): boolean {
  const [first] = rows;
  if (rows.some(({ company }) => company !== first?.company)) return false;
  const items = rows.map((row) => ({
    key: `${row.company}/${row.employeeNumber}`,
    company: row.company,
    employeeNumber: row.employeeNumber,
    facts: row.facts,
    lastDay: null,
  }));
  const { groups, doubtful } = groupPeople(items, [], policy, shared);
  return groups.length === rows.length && doubtful.length === 0;
}
