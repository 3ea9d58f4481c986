import type { SourceRow } from '../../src/connector-spi/connector.js';
import { refusal } from '../../src/connector-spi/refusal.js';

/** What lies at a place of a JSON value; undefined when there is nothing, which is not the same as null. */
export function valueAt(value: unknown, place: string | undefined): unknown {
  if (place === undefined) return value;
  let at = value;
  for (const key of place.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[key];
  }
  return at;
}

/**
 * One record as cells. Several values in one place become one cell, parted by `;`.
 *
 * @throws SYNC_CELL_NOT_PLAIN when a place holds an object: what of it is meant must be said in the settings
 */
export function rowOf(
  record: unknown,
  columns: readonly (readonly [name: string, place: string])[],
): SourceRow {
  const row: Record<string, string | null> = {};
  for (const [name, place] of columns) {
    const value = valueAt(record, place);
    if (value !== undefined) row[name] = cellOf(value, name);
  }
  return row;
}

function cellOf(value: unknown, column: string): string | null {
  if (value === null) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.map((item) => cellOf(item, column) ?? '').join('; ');
  throw refusal('SYNC_CELL_NOT_PLAIN', { column });
}
