import { numberKey } from '../domain/name-text.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Records with the time they speak of: one that names none is as of its arrival, however long it then waits. Of several
 * words about one employment in one request the last one counts: each before it is as of a millisecond earlier than the
 * one that changes it. One that is no object stays as it is.
 *
 * @param arrivedAt an instant in ISO 8601 UTC
 */
export function datedRecords(records: readonly unknown[], arrivedAt: string): unknown[] {
  const arrived = Date.parse(arrivedAt);
  const later = new Map<string, { readonly record: Fields; readonly at: number }>();
  const fromEnd = records.toReversed().map((record) => {
    if (!isFields(record) || 'asOf' in record) return record;
    const key = employmentOf(record);
    const next = later.get(key);
    const at = next === undefined ? arrived : next.at - (saysTheSame(record, next.record) ? 0 : 1);
    later.set(key, { record, at });
    return { ...record, asOf: new Date(at).toISOString() };
  });
  return fromEnd.reverse();
}

function employmentOf({ company, employeeNumber, hiredOn }: Fields): string {
  const number = typeof employeeNumber === 'string' ? numberKey(employeeNumber) : employeeNumber;
  return JSON.stringify([company, number, hiredOn]);
}

function saysTheSame(a: Fields, b: Fields): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function isFields(record: unknown): record is Fields {
  return typeof record === 'object' && record !== null && !Array.isArray(record);
}
