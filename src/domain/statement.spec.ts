import { describe, expect, it } from '@jest/globals';
import { aStatement, anAbsence, HANAKO, instant, type Facts } from '../../test/support/people.js';
import { compareText, orderStatements, type Statement } from './statement.js';

/** What is said, with the day from which it was news; the same whatever was delivered first. */
function news(...statements: Statement[]): [string, string][] {
  const read = (all: readonly Statement[]) =>
    orderStatements(all).map((s): [string, string] => [String(s.facts.department), s.sinceAt.slice(0, 10)]);
  expect(read(statements.toReversed())).toEqual(read(statements));
  return read(statements);
}

const says = (department: string, asOf: string, confirmed = asOf, facts: Facts = {}) =>
  aStatement(asOf, { department, ...facts }, { confirmed });

describe(orderStatements, () => {
  it('one after the other', () => {
    expect(news(says('営業', '2026-05-01'), says('総務', '2026-05-10'))).toEqual([
      ['営業', '2026-05-01'],
      ['総務', '2026-05-10'],
    ]);
  });

  it('is empty where a source only misses somebody', () => {
    expect(orderStatements([anAbsence('2026-05-01')])).toEqual([]);
  });

  it('I05: said three times is said once, from the first time to the last', () => {
    const thrice = [
      says('営業', '2026-05-03'),
      says('営業', '2026-05-01', '2026-05-02'),
      says('営業', '2026-05-04', '2026-05-09'),
    ];
    for (const all of [thrice, thrice.toReversed(), [...thrice, ...thrice]]) {
      expect(orderStatements(all)).toMatchObject([
        { asOfAt: instant('2026-05-01'), confirmedAt: instant('2026-05-09'), sinceAt: instant('2026-05-01') },
      ]);
    }
  });

  it('going back to what was said before is news from when the other was last said', () => {
    expect(news(says('営業', '2026-05-01', '2026-05-20'), says('総務', '2026-05-05', '2026-05-10'))).toEqual([
      ['総務', '2026-05-05'],
      ['営業', '2026-05-10'],
    ]);
  });

  it('of several words between, the last one counts', () => {
    expect(
      news(says('営業', '2026-05-01', '2026-05-20'), says('総務', '2026-05-05'), says('企画', '2026-05-08')),
    ).toEqual([
      ['総務', '2026-05-05'],
      ['企画', '2026-05-08'],
      ['営業', '2026-05-08'],
    ]);
  });

  it('what was over before is no reason for news', () => {
    expect(news(says('総務', '2026-05-01', '2026-05-03'), says('営業', '2026-05-03', '2026-05-09'))).toEqual([
      ['総務', '2026-05-01'],
      ['営業', '2026-05-03'],
    ]);
  });

  it('two rows of one file are said at once, neither after the other', () => {
    const rows = [says('営業', '2026-05-01', '2026-05-09'), says('総務', '2026-05-02', '2026-05-09')];
    expect(news(...rows)).toEqual([
      ['営業', '2026-05-01'],
      ['総務', '2026-05-02'],
    ]);
  });

  it.each<[string, Facts, Facts, string]>([
    ['two spells side by side', { hiredOn: '2010-04-01' }, { hiredOn: '2020-04-01' }, '2026-05-01'],
    [
      'two hire days that are 46 days apart',
      { hiredOn: '2020-04-01' },
      { hiredOn: '2020-05-17' },
      '2026-05-01',
    ],
    [
      'two hire days that are 45 days apart',
      { hiredOn: '2020-05-16' },
      { hiredOn: '2020-04-01' },
      '2026-05-05',
    ],
    ['a hire day and none', { hiredOn: '2010-04-01' }, { hiredOn: null }, '2026-05-05'],
    ['no hire day and one', {}, { hiredOn: '2010-04-01' }, '2026-05-05'],
  ])('%s: one takes from the other only where they may be one spell', (_title, one, other, since) => {
    const found = news(
      says('営業', '2026-05-01', '2026-05-09', one),
      says('総務', '2026-05-05', '2026-05-05', other),
    );
    expect(found).toContainEqual(['営業', since]);
    expect(found).toContainEqual(['総務', '2026-05-05']);
  });

  it('another source takes no news away', () => {
    const hr = says('営業', '2026-05-01', '2026-05-20');
    const push = aStatement('2026-05-05', { department: '総務' }, { source: 'push' });
    expect(news(hr, push)).toEqual([
      ['営業', '2026-05-01'],
      ['総務', '2026-05-05'],
    ]);
  });

  it('rows of one file come in the order of their hire days, one without a hire day last', () => {
    const row = (department: string, hiredOn?: string) =>
      says(department, '2026-05-01', '2026-05-01', hiredOn === undefined ? {} : { hiredOn });
    const found = news(row('企画'), row('営業', '2020-04-01'), row('総務', '2010-04-01'));
    expect(found.map(([department]) => department)).toEqual(['総務', '営業', '企画']);
  });

  it('of two that are said at one instant the one of more authority comes last', () => {
    const said = ['master', 'payroll', 'hr'].map((source) => aStatement('2026-05-01', HANAKO, { source }));
    const sources = (all: readonly Statement[]) => orderStatements(all).map((s) => s.source);
    expect(sources(said)).toEqual(['payroll', 'hr', 'master']);
    expect(sources(said.toReversed())).toEqual(['payroll', 'hr', 'master']);
  });
});

describe(compareText, () => {
  it.each([
    ['a', 'b', -1],
    ['b', 'a', 1],
    ['a', 'a', 0],
    ['', 'a', -1],
  ])('%j and %j: %s', (a, b, expected) => {
    expect(compareText(a, b)).toBe(expected);
  });
});
