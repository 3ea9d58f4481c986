import { describe, expect, it } from '@jest/globals';
import { aStatement, anAbsence, HANAKO } from '../../test/support/people.js';
import { absenceOf, type Absence } from './absence.js';
import type { Statement } from './statement.js';

const AFTER: Readonly<Record<string, number>> = { hr: 2, payroll: 1 };

/** What the statements come to; the same from last to first. */
function absence(...statements: Statement[]): Absence {
  const found = absenceOf(statements, (source) => AFTER[source] ?? 1);
  expect(absenceOf(statements.toReversed(), (source) => AFTER[source] ?? 1)).toEqual(found);
  return found;
}

const seen = (day: string, source = 'hr', confirmed = day) => aStatement(day, HANAKO, { source, confirmed });
const at = (day: string) => `${day}T03:00:00.000Z`;
const GONE_FROM_HR = [anAbsence('2026-06-03'), anAbsence('2026-06-04')];
const NOBODY_MISSED = { since: null, count: 0 };

describe(absenceOf, () => {
  it('edge-cases/02: counts the snapshots in a row, and tells the first once there are enough', () => {
    expect(absence(seen('2026-06-01'), anAbsence('2026-06-03'))).toEqual({ since: null, count: 1 });
    expect(absence(seen('2026-06-01'), ...GONE_FROM_HR)).toEqual({ since: at('2026-06-03'), count: 2 });
  });

  it('edge-cases/27: a snapshot that is reported twice counts once', () => {
    expect(absence(anAbsence('2026-06-03'), anAbsence('2026-06-03'))).toEqual({ since: null, count: 1 });
  });

  it('begins anew after the number was seen, however often it was missed before', () => {
    const again = [...GONE_FROM_HR, seen('2026-06-05'), anAbsence('2026-06-06')];
    expect(absence(...again)).toEqual({ since: null, count: 1 });
  });

  it('goes by the latest sighting, whichever statement was confirmed last', () => {
    const said = [seen('2026-06-01', 'hr', '2026-06-05'), seen('2026-06-02')];
    expect(absence(...said, ...GONE_FROM_HR)).toEqual(NOBODY_MISSED);
  });

  it('is not absent who is also seen at that very instant', () => {
    expect(absence(seen('2026-06-03', 'payroll'), anAbsence('2026-06-03', 'payroll'))).toEqual(NOBODY_MISSED);
  });

  it('one source that still holds the number outweighs those that lost it', () => {
    expect(absence(...GONE_FROM_HR, seen('2026-05-01', 'payroll'))).toEqual(NOBODY_MISSED);
  });

  it('one source that has not missed the number often enough keeps it', () => {
    const payroll = anAbsence('2026-06-01', 'payroll');
    expect(absence(payroll, anAbsence('2026-06-03'))).toEqual({ since: null, count: 1 });
    expect(absence(payroll, anAbsence('2026-06-02', 'payroll'), anAbsence('2026-06-03'))).toEqual({
      since: null,
      count: 2,
    });
  });

  it('is absent from when the last of the sources lost the number', () => {
    expect(absence(...GONE_FROM_HR, anAbsence('2026-06-01', 'payroll'))).toEqual({
      since: at('2026-06-03'),
      count: 2,
    });
    expect(absence(...GONE_FROM_HR, anAbsence('2026-06-10', 'payroll'))).toEqual({
      since: at('2026-06-10'),
      count: 2,
    });
  });

  it('is nothing where nobody said anything', () => {
    expect(absence()).toEqual(NOBODY_MISSED);
  });
});
