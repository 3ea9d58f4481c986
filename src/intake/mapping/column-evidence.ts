import {
  addEvidence,
  emptyEvidence,
  judgeOrder,
  type DayOrderVerdict,
} from '../../domain/day-text-column.js';
import { readDay } from '../../domain/day-text.js';
import { numberKey } from '../../domain/name-text.js';
import { foldWord } from './fields.js';
import { isEmail } from './interpret-cell.js';
import { KNOWN_STATUSES } from './value-words.js';

/** What the cells of one column look like. Shares are of the cells that are not blank. */
export interface ColumnEvidence {
  readonly filled: number;
  readonly days: number;
  readonly emails: number;
  readonly kana: number;
  readonly statuses: number;
  readonly reasons: number;
  readonly serials: number;
  /** Like an employee number, and none twice. */
  readonly numbers: number;
  /** The share of the most frequent domain among the addresses. */
  readonly commonDomain: number;
  readonly order: DayOrderVerdict | null;
  /** Days that stand for "no end" or lie beyond any life. */
  readonly neverDays: readonly string[];
  /** Different words, when there are few of them. */
  readonly words: readonly string[];
}

const FEW_WORDS = 24;
const KANA = /^[\p{Script=Katakana}\p{Script=Hiragana}ー・\s\uff65-\uff9f]+$/u;
const REASONS =
  /自己都合|会社都合|一身上|定年|契約満了|期間満了|懲戒|解雇|転職|結婚|出産|介護|死亡|転籍|resign|retire|dismiss|redundan|voluntary|better|personal|career|end of contract|misconduct/i;

export function judgeColumn(cells: readonly string[]): ColumnEvidence {
  const filled = cells.map((cell) => cell.trim()).filter((cell) => cell !== '');
  const share = (count: number) => (filled.length === 0 ? 0 : count / filled.length);
  const count = (test: (cell: string) => boolean) => share(filled.filter(test).length);
  const { days, order, neverDays } = judgeDays(filled);
  const distinct = new Set(filled);
  return {
    filled: filled.length,
    days: share(days),
    emails: count(isEmail),
    kana: count((cell) => KANA.test(cell)),
    statuses: count((cell) => KNOWN_STATUSES.has(foldWord(cell))),
    reasons: count((cell) => REASONS.test(cell)),
    serials: count((cell) => /^[1-5]\d{4}$/.test(cell)),
    numbers:
      distinct.size === filled.length
        ? count((cell) => /^[A-Za-z]{0,4}-?\d{2,12}$/.test(numberKey(cell)))
        : 0,
    commonDomain: commonDomain(filled.filter(isEmail)),
    order,
    neverDays,
    words: distinct.size <= FEW_WORDS ? [...distinct] : [],
  };
}

function judgeDays(cells: readonly string[]) {
  const evidence = emptyEvidence();
  const never = new Set<string>();
  let days = 0;
  for (const cell of cells) {
    const reading = readDay(cell, { zone: 'UTC' });
    addEvidence(evidence, reading);
    if (reading.kind === 'noEnd') never.add(reading.found);
    const beyond = /^(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})$/.exec(cell);
    const isBeyond = reading.kind === 'invalid' && reading.code === 'DAY_OUT_OF_RANGE' && beyond !== null;
    if (isBeyond) never.add(`${beyond[1]}-${beyond[2]}-${beyond[3]}`);
    if (reading.kind === 'day' || reading.kind === 'slash' || reading.kind === 'noEnd' || isBeyond) days += 1;
  }
  return { days, order: evidence.cells === 0 ? null : judgeOrder(evidence), neverDays: [...never].sort() };
}

function commonDomain(addresses: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const address of addresses) {
    const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
    counts.set(domain, (counts.get(domain) ?? 0) + 1);
  }
  return addresses.length === 0 ? 0 : Math.max(...counts.values()) / addresses.length;
}
