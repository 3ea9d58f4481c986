import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bindProfile, type BoundProfile } from './bind.js';
import { contentHash } from './content-hash.js';
import { emptyDayEvidence, judgeDayColumns, mergeDayEvidence, type DayEvidence } from './day-columns.js';
import { interpretRecord } from './interpret-record.js';
import { interpretRow, type InterpretContext, type Interpretation } from './interpret.js';
import { loadProfiles, parseProfile, type Profile } from './profile.js';

const shipped = await loadProfiles('config');

function profileNamed(id: string): Profile {
  const profile = shipped.get(id);
  if (profile === undefined) throw new Error(`no profile ${id}`);
  return profile;
}

function context(over: Partial<InterpretContext> = {}): InterpretContext {
  return {
    company: 'jp',
    companies: new Set(['jp']),
    asOfAt: '2026-11-22T00:00:00.000Z',
    zone: 'Asia/Tokyo',
    orders: new Map(),
    evidence: null,
    ...over,
  };
}

const row = (cells: readonly string[], rowNo = 1) => ({ rowNo, cells, problems: [] });

/** Interprets a row given as header: cell. */
function interpret(
  profile: Profile,
  cells: Record<string, string>,
  over?: Partial<InterpretContext>,
): Interpretation {
  const bound = bindProfile(profile, Object.keys(cells));
  return interpretRow(bound, row(Object.values(cells)), context(over));
}

function observed(result: Interpretation) {
  if (result.kind !== 'observation') throw new Error(JSON.stringify(result));
  return result.observation;
}

function codes(result: Interpretation): readonly string[] {
  return result.kind === 'rejection' ? result.reasons.map(({ code, field }) => `${field ?? ''} ${code}`) : [];
}

const SMARTHR = {
  社員番号: '００123',
  姓: '髙橋',
  名: '﨑子',
  在籍状況: '退職済',
  入社年月日: '平成30年4月1日',
  退職年月日: 'R8.3.31',
};
const WORKDAY = {
  'Employee ID': '20017',
  'Legal Name - Last Name': 'García',
  'Legal Name - First Name': 'José',
  'Worker Status': 'Terminated',
  'Hire Date': '01-Apr-2019',
  'Termination Date': '31-Mar-2026',
};

describe('shipped profiles', () => {
  it('are valid and named after their files', () => {
    expect([...shipped.keys()]).toEqual(['freee', 'generic', 'smarthr', 'workday']);
  });

  it('I10: keeps names byte for byte and numbers with their zeros', () => {
    expect(observed(interpret(profileNamed('smarthr'), SMARTHR))).toEqual({
      company: 'jp',
      employeeNumber: '00123',
      asOfAt: '2026-11-22T00:00:00.000Z',
      facts: {
        familyName: '髙橋',
        givenName: '﨑子',
        hiredOn: '2018-04-01',
        lastDay: '2026-03-31',
        status: 'left',
      },
    });
  });

  it('I19: a blank cell says nothing, but for the last day and the reason of a full export', () => {
    const cells = { ...SMARTHR, 在籍状況: '', 入社年月日: ' ', 退職年月日: '　', 退職事由: '', 部署: '' };
    expect(observed(interpret(profileNamed('smarthr'), cells)).facts).toEqual({
      familyName: '髙橋',
      givenName: '﨑子',
      lastDay: null,
      leavingReason: null,
    });
    const generic = { 社員番号: '1', 退職日: '' };
    expect(observed(interpret(profileNamed('generic'), generic)).facts).toEqual({});
  });

  it.each([
    ['Yes', 'no'],
    ['1', 'no'],
    ['TRUE', 'no'],
    ['No', 'yes'],
    ['0', 'yes'],
    ['', undefined],
  ])('edge-cases/07: "Not Eligible for Rehire" %s is %s', (text, flag) => {
    const facts = observed(
      interpret(profileNamed('workday'), { ...WORKDAY, 'Not Eligible for Rehire': text }),
    ).facts;
    expect(facts.rehireEligible).toBe(flag);
  });

  it('edge-cases/07: a column Rehire is never eligibility, and Eligible for Rehire is never read the wrong way round', () => {
    const rehired = observed(interpret(profileNamed('workday'), { ...WORKDAY, Rehire: '1' }));
    expect(rehired.facts).not.toHaveProperty('rehireEligible');
    expect(() => interpret(profileNamed('workday'), { ...WORKDAY, 'Eligible for Rehire': 'Yes' })).toThrow(
      'HEADER_RENAMED',
    );
  });

  it.each(['4712-12-31', '9999/12/31', '29991231', '1900/1/1', '0000-00-00'])(
    'edge-cases/28: %s as last day says that there is no end',
    (text) => {
      const facts = observed(
        interpret(profileNamed('smarthr'), { ...SMARTHR, 在籍状況: '在職中', 退職年月日: text }),
      ).facts;
      expect(facts.lastDay).toBeNull();
    },
  );

  it('edge-cases/29: contradictions of status and last day are passed on as stated', () => {
    const active = interpret(profileNamed('smarthr'), {
      ...SMARTHR,
      在籍状況: '在職中',
      退職年月日: '2020/3/31',
    });
    expect(observed(active).facts).toMatchObject({ status: 'active', lastDay: '2020-03-31' });
    const left = interpret(profileNamed('smarthr'), { ...SMARTHR, 退職年月日: '' });
    expect(observed(left).facts).toMatchObject({ status: 'left', lastDay: null });
  });

  it('reads RaaS names with underscores like those on the screen', () => {
    const raas = Object.fromEntries(
      Object.entries(WORKDAY).map(([name, cell]) => [name.replaceAll(' ', '_'), cell]),
    );
    expect(observed(interpret(profileNamed('workday'), raas)).facts.familyName).toBe('García');
  });
});

describe(bindProfile, () => {
  it.each([
    ['width and brackets', '姓(ﾖﾐｶﾞﾅ)'],
    ['marks', '※ 姓（ヨミガナ）（必須）'],
    ['another alternative', '姓カナ'],
  ])('takes a header whatever its %s', (_title, name) => {
    const kana = '姓カナ' === name ? '姓（カナ）' : name;
    const cells = { ...SMARTHR, [kana]: 'タカハシ' };
    expect(observed(interpret(profileNamed('smarthr'), cells)).facts.familyNameKana).toBe('タカハシ');
  });

  it('edge-cases/25: a renamed column is refused with the nearest header and a line to mend the profile with', () => {
    const { 退職年月日: _gone, ...rest } = SMARTHR;
    const header = [...Object.keys(rest), '退社年月日', '部署'];
    expect(() => bindProfile(profileNamed('smarthr'), header)).toThrow(
      expect.objectContaining({
        code: 'HEADER_MISSING',
        details: {
          field: 'lastDay',
          column: '退職年月日',
          nearest: '退社年月日',
          suggestion: 'lastDay: { column: "退社年月日" }',
          missing: 1,
        },
      }),
    );
  });

  it('I04: an optional column under another name is refused too, unless the profile says that it is something else', () => {
    const header = [...Object.keys(SMARTHR), '退職理由詳細'];
    expect(() => bindProfile(profileNamed('smarthr'), header)).toThrow(
      expect.objectContaining({
        code: 'HEADER_RENAMED',
        details: expect.objectContaining({ found: '退職理由詳細' }),
      }),
    );
    const told = { ...profileNamed('smarthr'), ignore: ['退職理由詳細'] };
    expect(bindProfile(told, header).unused).toEqual(['退職理由詳細']);
  });

  it('I04: two headers that differ only in width are refused', () => {
    expect(() => bindProfile(profileNamed('smarthr'), [...Object.keys(SMARTHR), 'ｽｷﾙ', 'スキル'])).toThrow(
      'HEADER_DUPLICATE',
    );
  });
});

describe(interpretRow, () => {
  it('lists everything that is wrong with a row, with the column as in the file and the value masked', () => {
    const cells = {
      ...SMARTHR,
      社員番号: '',
      在籍状況: '謎',
      退職年月日: '2026/2/30',
      個人メールアドレス: 'hanako＠example.jp',
    };
    const result = interpret(profileNamed('smarthr'), cells);
    expect(codes(result)).toEqual([
      'personalEmail EMAIL_INVALID',
      'lastDay DAY_INVALID',
      'status STATUS_UNKNOWN',
      'employeeNumber EMPLOYEE_NUMBER_MISSING',
    ]);
    expect(JSON.stringify(result)).not.toMatch(/hanako|2026\/2|謎"/);
    expect(JSON.stringify(result)).toContain('在職中');
  });

  it('I04: swapped days of hire and leaving show in every row', () => {
    const swapped = { ...SMARTHR, 入社年月日: '2026/3/31', 退職年月日: '2018/4/1' };
    expect(codes(interpret(profileNamed('smarthr'), swapped))).toEqual(['lastDay LAST_DAY_BEFORE_HIRE']);
  });

  it.each([
    ['EMPLOYEE_NUMBER of a spreadsheet', { 社員番号: '1.23E+05' }, ['employeeNumber NUMBER_DAMAGED']],
    ['a birth in the future', { 生年月日: '2027/1/1', 入社年月日: '' }, ['birthDate BIRTH_DATE_IN_FUTURE']],
    ['a birth after the hire', { 生年月日: '2020/1/1' }, ['hiredOn HIRE_BEFORE_BIRTH']],
    ['another order than the rest', { 退職年月日: '31/02/2026' }, ['lastDay DAY_INVALID']],
  ])('rejects %s', (_title, over, expected) => {
    expect(codes(interpret(profileNamed('smarthr'), { ...SMARTHR, ...over }))).toEqual(expected);
  });

  it('I03: a row of a company that the source may not speak for is rejected', () => {
    const cells = { 社員番号: '1', 退職日: '2026-03-31', 会社: 'other' };
    expect(codes(interpret(profileNamed('generic'), cells))).toEqual(['company WRONG_COMPANY']);
    expect(
      observed(interpret(profileNamed('generic'), cells, { companies: new Set(['jp', 'other']) })).company,
    ).toBe('other');
    const unsaid = interpret(
      profileNamed('generic'),
      { ...cells, 会社: '' },
      { companies: new Set(['jp', 'other']) },
    );
    expect(codes(unsaid)).toEqual(['company COMPANY_MISSING']);
  });

  it('parts a full name where it can, and keeps the whole beside the parts', () => {
    const facts = (name: string) =>
      observed(
        interpret(profileNamed('generic'), {
          社員番号: '1',
          退職日: '',
          氏名: name,
          フリガナ: 'ヨシノ　タロウ',
        }),
      ).facts;
    expect(facts('𠮷野　太郎')).toMatchObject({
      familyName: '𠮷野',
      givenName: '太郎',
      displayName: '𠮷野　太郎',
      givenNameKana: 'タロウ',
    });
    expect(facts('𠮷野太郎')).not.toHaveProperty('familyName');
    expect(facts('𠮷野太郎').displayName).toBe('𠮷野太郎');
  });

  it('takes the day of the statement from its column, in the zone of the company', () => {
    const at = (asOf: string) =>
      observed(interpret(profileNamed('generic'), { 社員番号: '1', 退職日: '', 基準日: asOf })).asOfAt;
    expect(at('2026/4/1')).toBe('2026-03-31T15:00:00.000Z');
    expect(at('2026-04-01T09:30:00+09:00')).toBe('2026-04-01T00:30:00.000Z');
  });

  it('rejects a row that the reader found broken, for the reader’s reasons', () => {
    const bound = bindProfile(profileNamed('smarthr'), Object.keys(SMARTHR));
    const problem = { code: 'ROW_CUT', field: null, column: null, found: null };
    const result = interpretRow(bound, { rowNo: 1, cells: [], problems: [problem] }, context());
    expect(result).toEqual({ kind: 'rejection', reasons: [problem] });
  });
});

describe('edge-cases/31: days whose order only the column tells', () => {
  function column(days: readonly string[]): {
    bound: BoundProfile;
    evidence: DayEvidence;
    first: Interpretation[];
    again: () => Interpretation[];
  } {
    const bound = bindProfile(profileNamed('generic'), ['社員番号', '退職日']);
    const evidence = emptyDayEvidence(bound);
    const rows = days.map((day, i) => row([String(i + 1), day], i + 1));
    const first = rows.map((each) => interpretRow(bound, each, context({ evidence })));
    const again = () =>
      rows.map((each) => interpretRow(bound, each, context({ orders: judgeDayColumns(evidence) })));
    return { bound, evidence, first, again };
  }
  const days = (results: readonly Interpretation[]) =>
    results.map((result) =>
      result.kind === 'observation' ? result.observation.facts.lastDay : codes(result)[0],
    );

  it('waits for the column, then one cell decides for all', () => {
    const { first, again } = column(['03/04/2026', '2026-05-01', '31/03/2026', '05/05/2026']);
    expect(first.map(({ kind }) => kind)).toEqual(['deferred', 'observation', 'deferred', 'observation']);
    expect(days(again())).toEqual(['2026-04-03', '2026-05-01', '2026-03-31', '2026-05-05']);
  });

  it('rejects every such cell of a column that no single order explains, and of one that nothing decides', () => {
    const mixed = column(['31/03/2026', '03/31/2026', '2026-01-01']).again();
    expect(days(mixed)).toEqual(['lastDay DAY_ORDER_MIXED', 'lastDay DAY_ORDER_MIXED', '2026-01-01']);
    expect(days(column(['03/04/2026', '05/06/2026']).again())).toEqual([
      'lastDay DAY_AMBIGUOUS',
      'lastDay DAY_AMBIGUOUS',
    ]);
  });

  it('sums the evidence of parts', () => {
    const whole = column(['03/04/2026', '31/03/2026', '01/02/2026']).evidence;
    const merged = mergeDayEvidence(
      column(['03/04/2026']).evidence,
      column(['31/03/2026', '01/02/2026']).evidence,
    );
    expect(merged).toEqual(whole);
  });
});

describe(interpretRecord, () => {
  const of = (record: unknown) => interpretRecord(record, context());

  it.each(['0001-01-01', '9999-12-31', '1899-12-31T00:00:00Z', '2026-02-30', 'yesterday'])(
    'is true of no time such as %s',
    (asOf) => {
      const result = of({ employeeNumber: '1', asOf });
      expect(result.kind === 'rejection' && result.reasons.map(({ code }) => code)).toEqual([
        'AS_OF_INVALID',
      ]);
    },
  );

  it('a missing key says nothing, null clears, an empty text says nothing', () => {
    const record = {
      employeeNumber: '００7',
      lastDay: null,
      familyName: '髙橋',
      department: '',
      skills: ['Go'],
      asOf: '2026-04-01',
    };
    expect(observed(of(record))).toEqual({
      company: 'jp',
      employeeNumber: '007',
      asOfAt: '2026-03-31T15:00:00.000Z',
      facts: { lastDay: null, familyName: '髙橋', skills: ['Go'] },
    });
  });

  it('X03: refuses unknown keys, and says all that is wrong', () => {
    const record = {
      employeeNumber: '7',
      lastDay: '31/03/2026',
      status: 'gone',
      personalEmail: 'x',
      isAdmin: true,
      skills: 'Go',
    };
    expect(codes(of(record)).toSorted()).toEqual([
      'isAdmin FIELD_UNKNOWN',
      'lastDay DAY_NOT_ISO',
      'personalEmail EMAIL_INVALID',
      'skills VALUE_OF_WRONG_TYPE',
      'status STATUS_UNKNOWN',
    ]);
  });

  it.each([
    [null, ' RECORD_NOT_AN_OBJECT'],
    [[], ' RECORD_NOT_AN_OBJECT'],
    [{}, 'employeeNumber EMPLOYEE_NUMBER_MISSING'],
    [{ employeeNumber: '1', company: 'other' }, 'company WRONG_COMPANY'],
    [{ employeeNumber: '1', familyName: 'a\ufffd' }, 'familyName TEXT_UNREADABLE'],
    [{ employeeNumber: '1', hiredOn: '2026-04-01', lastDay: '2026-03-31' }, 'lastDay LAST_DAY_BEFORE_HIRE'],
    [JSON.parse('{"employeeNumber":"1","__proto__":{"a":1}}'), '__proto__ FIELD_UNKNOWN'],
  ])('rejects %j', (record, expected) => {
    expect(codes(of(record))).toEqual([expected]);
  });
});

describe(contentHash, () => {
  it('does not depend on the order of keys, and tells cleared from unsaid', () => {
    const facts = { familyName: '髙橋', lastDay: null, skills: ['a', 'b'] };
    expect(contentHash(facts)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    fc.assert(
      fc.property(fc.shuffledSubarray(Object.entries(facts), { minLength: 3 }), (entries) => {
        expect(contentHash(Object.fromEntries(entries))).toBe(contentHash(facts));
      }),
    );
    expect(contentHash({ familyName: '髙橋' })).not.toBe(contentHash({ familyName: '髙橋', lastDay: null }));
    expect(contentHash({ familyName: '高橋' })).not.toBe(contentHash({ familyName: '髙橋' }));
  });
});

describe(parseProfile, () => {
  const yaml = (columns: string, rest = '') =>
    `id: x\ntitle: { ja: x, en: x }\ncolumns:\n  employeeNumber: { column: a }\n${columns}\n${rest}`;
  it.each([
    ['an unknown field', yaml('  lastDy: { column: b }'), 'lastDy'],
    ['an unknown option', yaml('  lastDay: { column: b, blanc: clear }'), 'blanc'],
    [
      'an option of another kind of field',
      yaml('  department: { column: b, dayOrder: ymd }'),
      'not an option of department',
    ],
    ['a status that is none', yaml('  status: { column: b, values: { x: gone } }'), 'active, leave'],
    ['a flag that is none', yaml('  rehireEligible: { column: b, values: { x: maybe } }'), 'yes, no, review'],
    [
      'no employee number',
      'id: x\ntitle: { ja: x, en: x }\ncolumns:\n  lastDay: { column: b }',
      'every row needs a number',
    ],
    ['an unknown key', yaml('', 'ignoreRowsWhere: x'), 'ignoreRowsWhere'],
  ])('refuses %s', (_title, text, expected) => {
    expect(() => parseProfile('x.yaml', text)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_FILE_INVALID',
        details: expect.objectContaining({ expected: expect.stringContaining(expected) }),
      }),
    );
  });
});
