import { readDay, type DayReading, type DayTextOptions } from '../../domain/day-text.js';
import {
  addEvidence,
  emptyEvidence,
  judgeOrder,
  type DayColumnEvidence,
  type DayOrderVerdict,
} from '../../domain/day-text-column.js';
import type { BoundField, BoundProfile } from './bind.js';
import type { MappedField } from './fields.js';

/** What the day columns of a file say about their order, by field. Counts only; grows while rows are interpreted. */
export type DayEvidence = Map<MappedField, DayColumnEvidence>;
/** Judged orders by field. A field that is not here is not judged yet. */
export type DayOrders = ReadonlyMap<MappedField, DayOrderVerdict>;

export function emptyDayEvidence(bound: BoundProfile): DayEvidence {
  const fields = bound.fields.filter(({ kind }) => kind === 'day' || kind === 'moment');
  return new Map(fields.map(({ field }) => [field, emptyEvidence()]));
}

/** The evidence of two parts of one file; neither part is changed. */
export function mergeDayEvidence(a: DayEvidence, b: DayEvidence): DayEvidence {
  const merged: DayEvidence = new Map();
  for (const field of new Set([...a.keys(), ...b.keys()])) {
    const sum = emptyEvidence();
    for (const part of [a.get(field), b.get(field)]) {
      if (part === undefined) continue;
      sum.cells += part.cells;
      for (const order of ['ymd', 'mdy', 'dmy'] as const) sum.explained[order] += part.explained[order];
    }
    merged.set(field, sum);
  }
  return merged;
}

/** To be asked after the last row: every cell of a column has a say (edge-cases/31). */
export function judgeDayColumns(evidence: DayEvidence): DayOrders {
  return new Map([...evidence].map(([field, counts]) => [field, judgeOrder(counts)]));
}

const NO_NEVER_DAYS: readonly string[] = [];

/** Reads one cell of a day column, and lets it testify when evidence is being gathered. */
export function readDayCell(
  bound: BoundField,
  text: string,
  zone: string,
  evidence: DayEvidence | null,
): DayReading {
  const { spec, field } = bound;
  const options: DayTextOptions = {
    zone,
    ...(spec.excelSerial === undefined ? {} : { excelSerial: spec.excelSerial }),
    ...(spec.twoDigitYearPivot === undefined ? {} : { twoDigitYearPivot: spec.twoDigitYearPivot }),
    ...(field === 'birthDate' ? { noEndDays: NO_NEVER_DAYS } : {}),
    ...(spec.noEnd === undefined ? {} : { noEndDays: spec.noEnd }),
  };
  const reading = readDay(text, options);
  const counts = evidence?.get(field);
  if (counts !== undefined) addEvidence(counts, reading);
  return reading;
}
