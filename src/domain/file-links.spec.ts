import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anIdentity, matching, type Facts } from '../../test/support/people.js';
import { runs } from '../../test/support/runs.js';
import { areStrangers, FileLinks, type ComparedRow, type LinkedRow } from './file-links.js';

const LIMIT = 3;

function partsOf(rows: readonly LinkedRow[]): { parts: number[][]; shared: string[] } {
  const links = new FileLinks(Math.max(0, ...rows.map(({ rowNo }) => rowNo)), () => LIMIT);
  for (const row of rows) links.add(row);
  return { parts: [...links.components()], shared: [...links.shared].sort() };
}

/** The same by its definition: joined until nothing changes. */
function byDefinition(rows: readonly LinkedRow[]): { parts: number[][]; shared: string[] } {
  const newOf = (link: string): number[] =>
    rows.filter((row) => row.link === link && row.isNew).map(({ rowNo }) => rowNo);
  const keys = [...new Set(rows.map(({ link }) => link))];
  const shared = keys.filter((link) => newOf(link).length > LIMIT);
  const joining = keys.filter((link) => !shared.includes(link));
  const isBound = (rowNo: number): boolean =>
    joining.some((link) => newOf(link).includes(rowNo) && rows.some((r) => r.link === link && !r.isNew));
  let parts = [...new Set(keys.flatMap(newOf))].map((rowNo) => [rowNo]);
  for (const link of joining) {
    const together = newOf(link);
    const touched = parts.filter((part) => part.some((rowNo) => together.includes(rowNo)));
    parts = [...parts.filter((part) => !touched.includes(part)), touched.flat()].filter((p) => p.length > 0);
  }
  const free = parts.filter((part) => !part.some(isBound)).map((part) => part.sort((a, b) => a - b));
  return { parts: free.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0)), shared: shared.sort() };
}

const linkedRows = fc
  .array(fc.record({ rowNo: fc.integer({ min: 1, max: 25 }), key: fc.integer({ min: 0, max: 12 }) }), {
    maxLength: 60,
  })
  .chain((pairs) =>
    fc.tuple(fc.constant(pairs), fc.uniqueArray(fc.integer({ min: 1, max: 25 }), { maxLength: 5 })),
  )
  .map(([pairs, others]) => {
    const once = new Map(pairs.map(({ rowNo, key }) => [`${key} ${rowNo}`, { rowNo, key }]));
    return [...once.values()]
      .sort((a, b) => a.key - b.key)
      .map(({ rowNo, key }): LinkedRow => ({ link: `t ${key}`, rowNo, isNew: !others.includes(rowNo) }));
  });

describe('rows of a file that share keys', () => {
  it('are parted as their keys join them, without those that touch anybody else', () => {
    fc.assert(
      fc.property(linkedRows, (rows) => {
        expect(partsOf(rows)).toEqual(byDefinition(rows));
      }),
      { numRuns: runs(300) },
    );
  });

  it('are joined by way of others, in whatever order the keys come', () => {
    const chain = [1, 2, 3, 4, 5];
    for (const keys of [chain, chain.toReversed(), [1, 3, 5, 2, 4], [2, 4, 1, 5, 3]]) {
      const rows = keys.flatMap((first, at) =>
        [first, first + 1].map((rowNo): LinkedRow => ({ link: `t ${at}`, rowNo, isNew: true })),
      );
      expect(partsOf(rows).parts).toEqual([[1, 2, 3, 4, 5, 6]]);
    }
  });

  it('stay apart from those between which they stand', () => {
    const pair = (link: string, ...rows: number[]) =>
      rows.map((rowNo): LinkedRow => ({ link, rowNo, isNew: true }));
    const rows = [...pair('t 1', 5, 9), ...pair('t 2', 1, 7), ...pair('t 3', 2, 6), ...pair('t 4', 3, 8)];
    expect(partsOf(rows).parts).toEqual([
      [1, 7],
      [2, 6],
      [3, 8],
      [5, 9],
    ]);
  });

  it('are joined by nothing that too many of them have', () => {
    const row = (rowNo: number, link: string, isNew = true): LinkedRow => ({ link, rowNo, isNew });
    const many = [1, 2, 3, 4].map((rowNo) => row(rowNo, 't 0312345678'));
    expect(partsOf([...many, row(1, 't 9'), row(2, 't 9')])).toEqual({
      parts: [[1, 2], [3], [4]],
      shared: ['t 0312345678'],
    });
    // Of whom somebody is known already: whether they are too many is not for the file to say.
    expect(partsOf([...many.slice(1), row(9, 't 0312345678', false)]).parts).toEqual([]);
  });

  it('are left where any of them touches anybody else, whichever key is told first', () => {
    const other = (link: string): LinkedRow[] => [
      { link, rowNo: 3, isNew: true },
      { link, rowNo: 9, isNew: false },
    ];
    const chain = (link: string): LinkedRow[] => [1, 2, 3].map((rowNo) => ({ link, rowNo, isNew: true }));
    const apart = [5, 6].map((rowNo): LinkedRow => ({ link: 't 3', rowNo, isNew: true }));
    expect(partsOf([...other('t 1'), ...chain('t 2'), ...apart]).parts).toEqual([[5, 6]]);
    expect(partsOf([...chain('t 1'), ...other('t 2'), ...apart]).parts).toEqual([[5, 6]]);
  });

  it('of two hundred in one chain are left to be decided together', () => {
    const chain = (length: number, first: number): LinkedRow[] =>
      Array.from({ length: length - 1 }, (_, n) => [
        { link: `t ${first + n}`, rowNo: first + n, isNew: true },
        { link: `t ${first + n}`, rowNo: first + n + 1, isNew: true },
      ]).flat();
    expect(partsOf(chain(200, 1)).parts).toEqual([]);
    expect(partsOf(chain(199, 1)).parts.map((part) => part.length)).toEqual([199]);
    expect(partsOf([...chain(199, 1), ...chain(50, 300)]).parts.map((part) => part.length)).toEqual([
      199, 50,
    ]);
  });
});

describe('strangers', () => {
  const row = (employeeNumber: string, facts: Facts, company = 'jp'): ComparedRow =>
    anIdentity(`${company}/${employeeNumber}`, facts);
  const taro = { givenNameKana: 'タロウ', birthDate: '1980-05-05' } as const;
  const none = new Set<string>();

  it('have one given name and birthday, and nothing else in common', () => {
    const rows = [row('1', { ...taro, familyName: '山田' }), row('2', { ...taro, familyName: '鈴木' })];
    expect(areStrangers(rows, matching, none)).toBe(true);
  });

  it('are not two who may be one: they are asked about, or joined', () => {
    const whole = { ...taro, familyNameKana: 'ヤマダ' };
    expect(areStrangers([row('1', whole), row('2', whole)], matching, none)).toBe(false);
    // More than enough to be joined without asking.
    const email = { personalEmail: 'one@home.example' };
    expect(
      areStrangers([row('1', { ...whole, ...email }), row('2', { ...whole, ...email })], matching, none),
    ).toBe(false);
    expect(areStrangers([row('1', { ...taro, ...email }), row('2', email)], matching, none)).toBe(false);
    expect(areStrangers([row('1', email), row('2', email)], matching, new Set(['m one@home.example']))).toBe(
      true,
    );
  });

  it('are of one company: elsewhere in the group one may have gone on as the other', () => {
    const rows = [row('1', { ...taro, familyName: '山田' }), row('2', { ...taro, familyName: '鈴木' }, 'en')];
    expect(areStrangers(rows, matching, none)).toBe(false);
  });

  it('is somebody alone', () => {
    expect(areStrangers([row('1', taro)], matching, none)).toBe(true);
  });
});
