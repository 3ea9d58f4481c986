import { describe, expect, it } from '@jest/globals';
import { datedRecords } from './dated-records.js';

const AT = '2026-03-25T00:00:00.000Z';
const a = { employeeNumber: '1', hiredOn: '2015-04-01', lastDay: '2026-03-31' };
const b = { ...a, lastDay: '2026-04-30' };

const times = (records: readonly unknown[]) =>
  datedRecords(records, AT).map((record) =>
    typeof record === 'object' && record !== null && 'asOf' in record ? record.asOf : null,
  );

describe('records of one request', () => {
  it('are as of their arrival', () => {
    expect(datedRecords([a, { ...b, employeeNumber: '2' }], AT)).toEqual([
      { ...a, asOf: AT },
      { ...b, employeeNumber: '2', asOf: AT },
    ]);
  });

  it('about one employment are each as of a little before the one that changes them', () => {
    expect(times([a, b, a])).toEqual(['2026-03-24T23:59:59.998Z', '2026-03-24T23:59:59.999Z', AT]);
    expect(times([a, { ...b, employeeNumber: ' １ ' }])).toEqual(['2026-03-24T23:59:59.999Z', AT]);
  });

  it('that say the same one after the other say it at one time', () => {
    expect(times([a, a, b, b])).toEqual(['2026-03-24T23:59:59.999Z', '2026-03-24T23:59:59.999Z', AT, AT]);
  });

  it('about two employments of one person are said together', () => {
    expect(times([a, { ...b, hiredOn: '2020-04-01' }])).toEqual([AT, AT]);
  });

  it('keep a time that they name, and what is no record stays as it is', () => {
    expect(datedRecords([{ ...a, asOf: '2020-01-01' }, null, [1], 'x'], AT)).toEqual([
      { ...a, asOf: '2020-01-01' },
      null,
      [1],
      'x',
    ]);
    expect(times([{ ...a, asOf: '2020-01-01' }, b])).toEqual(['2020-01-01', AT]);
  });
});
