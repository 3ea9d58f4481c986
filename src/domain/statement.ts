import { daysBetween } from './calendar.js';
import type { StatedFacts } from './observation.js';
import { isStated } from './stated.js';

/** One observation as it stands in the record: what one source said about one (company, employee number). */
export interface Statement {
  readonly source: string;
  /** Higher wins where two sources state the same field. */
  readonly authority: number;
  readonly asOfAt: string;
  /** The latest instant for which the source repeated exactly this; never before `asOfAt`. */
  readonly confirmedAt: string;
  readonly contentHash: string;
  /** True: a complete full snapshot of the source did not hold the number any more. `facts` is empty then. */
  readonly absent: boolean;
  readonly facts: StatedFacts;
}

/** A statement with its place in time. */
export interface OrderedStatement extends Statement {
  /** From when on it was news: the earliest instant at which the source can have changed over to saying this. */
  readonly sinceAt: string;
}

/** A hire date that moves by less than this is a correction of the same spell, by more another spell. */
export const HIRE_DATE_CORRECTION_DAYS = 45;

/** After every day: which spell a statement without a hire day is about shows only once the others are known. */
const UNDATED = '~';

/**
 * The statements that say something, in the order in which everything is folded. A function of what was said and when:
 * neither the order of arrival, nor a repetition, nor one observation kept as two changes it. Repeating what a source
 * says anyway is no news, so a snapshot every night does not outdo what another source has said since; going back to
 * an earlier statement is news.
 */
export function orderStatements(statements: readonly Statement[]): OrderedStatement[] {
  const ordered: OrderedStatement[] = [];
  for (const list of bySource(statements)) {
    for (const [index, statement] of list.entries()) {
      ordered.push({ ...statement, sinceAt: sinceOf(statement, list, index) });
    }
  }
  return ordered.sort(
    (a, b) =>
      compareText(a.sinceAt, b.sinceAt) ||
      a.authority - b.authority ||
      compareText(a.source, b.source) ||
      compareText(a.confirmedAt, b.confirmedAt) ||
      compareText(a.facts.hiredOn ?? UNDATED, b.facts.hiredOn ?? UNDATED) ||
      compareText(a.contentHash, b.contentHash),
  );
}

/** Each thing a source said once, from when it first said it to when it last did; oldest last word first. */
function bySource(statements: readonly Statement[]): Statement[][] {
  const sources = new Map<string, Map<string, Statement>>();
  for (const statement of statements) {
    if (statement.absent) continue;
    const said = sources.get(statement.source) ?? new Map<string, Statement>();
    sources.set(statement.source, said);
    const before = said.get(statement.contentHash);
    said.set(statement.contentHash, before === undefined ? statement : widened(before, statement));
  }
  return [...sources.values()].map((said) =>
    [...said.values()].sort(
      (a, b) => compareText(a.confirmedAt, b.confirmedAt) || compareText(a.contentHash, b.contentHash),
    ),
  );
}

function widened(a: Statement, b: Statement): Statement {
  const asOfAt = a.asOfAt < b.asOfAt ? a.asOfAt : b.asOfAt;
  const confirmedAt = a.confirmedAt > b.confirmedAt ? a.confirmedAt : b.confirmedAt;
  return { ...a, asOfAt, confirmedAt };
}

function sinceOf(statement: Statement, list: readonly Statement[], index: number): string {
  for (let at = index - 1; at >= 0; at -= 1) {
    const before = list[at];
    if (before === undefined || before.confirmedAt === statement.confirmedAt) continue;
    if (before.confirmedAt <= statement.asOfAt) break;
    if (mayBeOneSpell(before.facts, statement.facts)) return before.confirmedAt;
  }
  return statement.asOfAt;
}

/** Rows of several spells stand side by side in one file; saying one of them again takes nothing from the others. */
function mayBeOneSpell(a: StatedFacts, b: StatedFacts): boolean {
  if (!isStated(a.hiredOn) || !isStated(b.hiredOn)) return true;
  return Math.abs(daysBetween(a.hiredOn, b.hiredOn)) <= HIRE_DATE_CORRECTION_DAYS;
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
