import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bindProfile } from './bind.js';
import { interpretRow } from './interpret.js';
import { parseProfile } from './profile.js';
import { suggestProfile } from './suggest.js';

const mapped = (header: readonly string[], rows: readonly (readonly string[])[]) => {
  const suggestion = suggestProfile({ header, rows, encoding: 'shift_jis', delimiter: ',' });
  const used = suggestion.columns.filter(({ isUsed }) => isUsed);
  return { ...suggestion, used: Object.fromEntries(used.map(({ field, column }) => [field, column])) };
};

describe(suggestProfile, () => {
  it('proposes a profile from Japanese headers with marks, spaces and full width, and it reads the rows', () => {
    const header = [
      '※社員番号（必須）',
      '氏　名',
      'フリガナ',
      '在籍区分',
      '入社日',
      '退社日',
      '退職理由',
      'ﾒｰﾙｱﾄﾞﾚｽ',
      '血液型',
    ];
    const rows = [
      ['001', '髙橋 花子', 'タカハシ ハナコ', '在籍', '2018/4/1', '', '', 'hanako@example.co.jp', 'A'],
      [
        '002',
        '佐藤 次郎',
        'サトウ ジロウ',
        '退職',
        '2010/4/1',
        '2026/3/31',
        '自己都合',
        'jiro@example.co.jp',
        'O',
      ],
      ['003', '鈴木 三郎', 'スズキ サブロウ', '休職', '2015/10/1', '', '', 'saburo@example.co.jp', 'B'],
    ];
    const suggestion = mapped(header, rows);
    expect(suggestion.used).toEqual({
      employeeNumber: '※社員番号（必須）',
      fullName: '氏　名',
      fullNameKana: 'フリガナ',
      status: '在籍区分',
      hiredOn: '入社日',
      lastDay: '退社日',
      leavingReason: '退職理由',
    });
    expect(suggestion).toMatchObject({ certain: true, missingRequired: [] });
    expect(suggestion.columns.find(({ column }) => column === 'ﾒｰﾙｱﾄﾞﾚｽ')).toMatchObject({
      field: 'workEmail',
      isUsed: false,
    });
    expect(suggestion.yaml).toContain('encoding shift_jis');
    expect(suggestion.yaml).toContain('血液型');
    const bound = bindProfile(parseProfile('suggested', suggestion.yaml), header);
    const result = interpretRow(
      bound,
      { rowNo: 2, cells: rows[1] ?? [], problems: [] },
      {
        company: 'jp',
        companies: new Set(['jp']),
        asOfAt: '2026-04-01T00:00:00Z',
        zone: 'Asia/Tokyo',
        orders: new Map(),
        evidence: null,
      },
    );
    expect(result).toMatchObject({
      kind: 'observation',
      observation: { facts: { familyName: '佐藤', lastDay: '2026-03-31', status: 'left' } },
    });
  });

  it('proposes a profile from English headers', () => {
    const header = [
      'Employee_ID',
      'lastName',
      'First Name',
      'Hire Date',
      'Termination Date',
      'Worker Status',
      'Not Eligible for Rehire',
      'Rehire',
    ];
    const rows = [['E100', 'Doe', 'Jo', '2019-04-01', '2026-03-31', 'Terminated', 'No', '1']];
    const { used, certain, yaml } = mapped(header, rows);
    expect(used).toEqual({
      employeeNumber: 'Employee_ID',
      familyName: 'lastName',
      givenName: 'First Name',
      hiredOn: 'Hire Date',
      lastDay: 'Termination Date',
      status: 'Worker Status',
      rehireEligible: 'Not Eligible for Rehire',
    });
    expect(certain).toBe(true);
    expect(parseProfile('x', yaml).columns.rehireEligible?.values).toMatchObject({
      no: 'yes',
      yes: 'no',
      '1': 'no',
    });
  });

  it('edge-cases/28: shows the days that stand for no end, with the entry for the profile', () => {
    const rows = [
      ['1', '4712-12-31'],
      ['2', '2026-03-31'],
      ['3', '8888-12-31'],
    ];
    const { yaml } = mapped(['社員番号', '退職日'], rows);
    expect(yaml).toContain('holds days that stand for "no end": 4712-12-31, 8888-12-31');
    const noEnd = parseProfile('x', yaml).columns.lastDay?.noEnd;
    expect(noEnd).toEqual(expect.arrayContaining(['4712-12-31', '9999-12-31', '8888-12-31']));
  });

  it.each([
    ['an order that no cell tells', [['1', '03/04/2026']], 'dayOrder'],
    ['two columns for one field', [['1', '2026-03-31', '2026-04-30']], 'could be this column'],
    [
      'mixed orders',
      [
        ['1', '31/03/2026'],
        ['2', '03/31/2026'],
      ],
      'mixed',
    ],
    [
      'spreadsheet serials',
      [
        ['1', '46112'],
        ['2', '45747'],
      ],
      'excelSerial',
    ],
  ])('is not certain with %s, and says so', (_title, rows, word) => {
    const { certain, yaml } = mapped(['社員番号', '退職日', '離職日'].slice(0, rows[0]?.length), rows);
    expect(certain).toBe(false);
    expect(yaml).toMatch(new RegExp(`TO SETTLE: .*${word}`));
  });

  it('asks what unknown words of a status mean', () => {
    const { certain, yaml } = mapped(
      ['社員番号', '退職日', '在籍区分'],
      [
        ['1', '', '在籍'],
        ['2', '', '嘱託'],
      ],
    );
    expect(certain).toBe(false);
    expect(yaml).toMatch(/TO SETTLE: .*嘱託/);
    expect(parseProfile('x', yaml).columns.status?.values).toEqual({ 在籍: 'active' });
  });

  it('edge-cases/25: does not take a header at its word when the cells below it say otherwise', () => {
    const rows = Array.from({ length: 5 }, (_, i) => [String(i), `memo ${i}`]);
    expect(mapped(['社員番号', '退職日'], rows)).toMatchObject({
      certain: false,
      missingRequired: ['lastDay'],
    });
  });

  it('gives a valid profile whatever the headers and cells are', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom('"', '#', ':', '\n', '退職日', '社員番号', '在籍', '}'),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
      ),
      maxLength: 6,
    });
    fc.assert(
      fc.property(
        fc.array(text, { maxLength: 6 }),
        fc.array(fc.array(text, { maxLength: 6 }), { maxLength: 4 }),
        (header, rows) => {
          const suggestion = suggestProfile({ header, rows });
          expect(parseProfile('x', suggestion.yaml).id).toBe('suggested');
          expect(suggestion.certain && suggestion.missingRequired.length > 0).toBe(false);
        },
      ),
    );
  });
});
