import type { IsoDate } from './calendar.js';
import type { DayReading } from './day-text.js';
import type { DayOrder } from './day-text-shapes.js';

type SlashReading = Extract<DayReading, { kind: 'slash' }>;

/** What the order-dependent cells of one column say together. Counts only: it holds no cell. */
export interface DayColumnEvidence {
  /** Order-dependent cells seen. */
  cells: number;
  /** For each order, how many of them it explains. */
  readonly explained: Record<DayOrder, number>;
}

export type DayOrderVerdict =
  /** This order alone explains every order-dependent cell. */
  | { readonly kind: 'order'; readonly order: DayOrder }
  /** No single order explains them all. */
  | { readonly kind: 'mixed' }
  /** Each of these orders explains them all; all three when there is no such cell. */
  | { readonly kind: 'undecided'; readonly orders: readonly DayOrder[] };

const ORDERS = ['ymd', 'mdy', 'dmy'] as const satisfies readonly DayOrder[];

export function emptyEvidence(): DayColumnEvidence {
  return { cells: 0, explained: { ymd: 0, mdy: 0, dmy: 0 } };
}

/** Adds one cell to the evidence (in place, and returns it). The order of cells does not matter. */
export function addEvidence(evidence: DayColumnEvidence, reading: DayReading): DayColumnEvidence {
  const orders = ordersOf(reading);
  if (orders === null) return evidence;
  evidence.cells += 1;
  for (const order of orders) evidence.explained[order] += 1;
  return evidence;
}

/** Judges the column as a whole (edge-cases/31). */
export function judgeOrder(evidence: DayColumnEvidence): DayOrderVerdict {
  const explaining = ORDERS.filter((order) => evidence.explained[order] === evidence.cells);
  const [order] = explaining;
  if (order === undefined) return { kind: 'mixed' };
  return explaining.length === 1 ? { kind: 'order', order } : { kind: 'undecided', orders: explaining };
}

/**
 * Reads an order-dependent cell in the light of its column; every other reading comes back as it is.
 *
 * - A column of mixed orders gives DAY_ORDER_MIXED for every such cell, also under a declared order: a spreadsheet that
 *   swapped some days left no trace by which the others could be trusted.
 * - A declared order that the column contradicts gives DAY_ORDER_MISMATCH for every such cell.
 * - Without a declared order and with none that alone explains the column: DAY_AMBIGUOUS.
 *
 * A cell that several orders explain with one and the same day (05/05/2026) is that day whatever the verdict.
 */
export function resolveSlash(
  reading: DayReading,
  verdict: DayOrderVerdict,
  declared: DayOrder | null = null,
): DayReading {
  if (reading.kind !== 'slash') return reading;
  const agreed = agreedDay(reading);
  if (agreed !== null) return agreed;
  if (verdict.kind === 'mixed') return { kind: 'invalid', code: 'DAY_ORDER_MIXED' };
  const possible = verdict.kind === 'order' ? [verdict.order] : verdict.orders;
  if (declared !== null && !possible.includes(declared))
    return { kind: 'invalid', code: 'DAY_ORDER_MISMATCH' };
  const order = verdict.kind === 'order' ? verdict.order : declared;
  if (order === null) return { kind: 'invalid', code: 'DAY_AMBIGUOUS' };
  const day = dayUnder(reading, order);
  if (day === null) return { kind: 'invalid', code: 'DAY_ORDER_MISMATCH' };
  return reading.noEnd.includes(order)
    ? { kind: 'noEnd', found: day, orders: [order] }
    : { kind: 'day', day };
}

/** The orders that explain an order-dependent cell; null for cells that say nothing about the order. */
function ordersOf(reading: DayReading): readonly DayOrder[] | null {
  if (reading.kind === 'noEnd') return reading.orders;
  return reading.kind === 'slash' ? ORDERS.filter((order) => dayUnder(reading, order) !== null) : null;
}

function agreedDay(reading: SlashReading): DayReading | null {
  const days = ORDERS.flatMap((order) => dayUnder(reading, order) ?? []);
  const [day] = days;
  const isAgreed = day !== undefined && days.length > 1 && days.every((other) => other === day);
  return isAgreed ? { kind: 'day', day } : null;
}

function dayUnder(reading: SlashReading, order: DayOrder): IsoDate | null {
  switch (order) {
    case 'ymd':
      return reading.asYmd;
    case 'mdy':
      return reading.asMdy;
    case 'dmy':
      return reading.asDmy;
  }
}
