import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { ReadingEnd, SourceHttp, SourceRow } from '../../src/connector-spi/connector.js';
import { REFUSAL_CODES } from '../../src/connector-spi/refusal.js';
import { AppError } from '../../src/domain/app-error.js';
import { mergedTexts } from '../../src/platform/i18n/catalogue.js';
import rest from './index.js';
import { rowOf, valueAt } from './map.js';

const SETTINGS = {
  baseUrl: 'https://hr.example.com/api',
  path: '/people',
  rows: 'items',
  total: 'total',
  key: 'id',
  pages: { by: 'number', parameter: 'page', size: 2 },
  columns: { number: 'id', name: 'name.family' },
};

const people = (...ids: number[]) => ids.map((id) => ({ id, name: { family: `家${id}` } }));

/** Answers in order; one that is an error is thrown. */
function answering(...answers: unknown[]): SourceHttp & { readonly asked: unknown[] } {
  const asked: unknown[] = [];
  const next = (what: unknown): Promise<unknown> => {
    asked.push(what);
    const answer = answers[asked.length - 1];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return { asked, getJson: (_path, query) => next(query), follow: (link) => next(link) };
}

async function read(settings: object, http: SourceHttp): Promise<{ rows: SourceRow[]; end: ReadingEnd }> {
  const pages = rest.open('hr', settings).read(http, new AbortController().signal);
  const rows: SourceRow[] = [];
  for (;;) {
    const page = await pages.next();
    if (page.done === true) return { rows, end: page.value };
    rows.push(...page.value);
  }
}

function thrownBy(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const because = (end: ReadingEnd): string => (end.whole ? 'whole' : end.because);

describe('settings', () => {
  it('the example of the README is taken as it stands', () => {
    const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8');
    const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
    const { sources } = parse(yaml) as { sources: { id: string; settings: unknown }[] };
    const [source] = sources;
    const opened = rest.open(source?.id ?? '', source?.settings);
    expect(opened.endpoint).toMatchObject({
      baseUrl: 'https://hr.example.com/api/v2',
      auth: { header: 'authorization', prefix: 'Bearer ', variable: 'HR_API_TOKEN' },
    });
    expect(opened.columns.filter(({ optional }) => optional).map(({ name }) => name)).toEqual(['skills']);
  });

  it.each([
    ['no address', { ...SETTINGS, baseUrl: 'hr.example.com' }, 'sources.hr.settings.baseUrl'],
    ['a path with a query', { ...SETTINGS, path: '/people?all=1' }, 'sources.hr.settings.path'],
    ['one column', { ...SETTINGS, columns: { number: 'id' } }, 'sources.hr.settings.columns'],
    [
      'a way of paging that there is not',
      { ...SETTINGS, pages: { by: 'magic' } },
      'sources.hr.settings.pages',
    ],
    ['a secret in the file', { ...SETTINGS, auth: { bearer: 'abc' } }, 'sources.hr.settings.auth'],
    ['a word too many', { ...SETTINGS, colour: 'red' }, 'sources.hr.settings'],
    ['nothing', undefined, 'sources.hr.settings.baseUrl'],
  ])('%s is refused with its place', (_title, settings, path) => {
    const { code, details } = thrownBy(() => rest.open('hr', settings));
    expect(code).toBe('CONFIG_FILE_INVALID');
    expect(details['path']).toContain(path);
  });
});

describe(rowOf, () => {
  it('keeps apart what is missing and what is null, and joins lists', () => {
    const record = { id: 7, name: { family: '森' }, left_on: null, active: false, skills: ['Go', 'SQL'] };
    const columns = [
      ['number', 'id'],
      ['family', 'name.family'],
      ['given', 'name.given'],
      ['lastDay', 'left_on'],
      ['active', 'active'],
      ['skills', 'skills'],
    ] as const;
    expect(rowOf(record, columns)).toEqual({
      number: '7',
      family: '森',
      lastDay: null,
      active: 'false',
      skills: 'Go; SQL',
    });
  });

  it('an object in a cell is refused by the name of its column', () => {
    const { code, details } = thrownBy(() => rowOf({ d: { name: 'x' } }, [['department', 'd']]));
    expect([code, details]).toEqual(['SYNC_CELL_NOT_PLAIN', { column: 'department' }]);
  });

  it('what every object inherits is no value', () => {
    expect(valueAt({}, 'constructor.name')).toBeUndefined();
    expect(valueAt({ a: 1 }, '__proto__')).toBeUndefined();
  });
});

describe('the end of a listing', () => {
  const page = (ids: number[], more: object) => ({ items: people(...ids), ...more });
  const LINK = { ...SETTINGS, pages: { by: 'link', at: 'next' } };
  const total = { total: 3 };

  it.each([
    ['a total that is reached', SETTINGS, [page([1, 2], total), page([3], total)], 'whole', 3],
    ['a full last page', SETTINGS, [page([1, 2], { total: 2 })], 'whole', 2],
    ['nobody, and the total says so', SETTINGS, [page([], { total: 0 })], 'whole', 0],
    ['an empty page too early', SETTINGS, [page([1, 2], total), page([], total)], 'SYNC_PAGE_EMPTY', 2],
    [
      'the same page again',
      SETTINGS,
      [page([1, 2], { total: 9 }), page([1, 2], { total: 9 })],
      'SYNC_PAGE_REPEATED',
      2,
    ],
    ['somebody again', SETTINGS, [page([1, 2], total), page([2], total)], 'SYNC_ROW_REPEATED', 3],
    [
      'a total that shrinks',
      SETTINGS,
      [page([1, 2], total), page([3], { total: 2 })],
      'SYNC_TOTAL_CHANGED',
      3,
    ],
    ['a total that grows', SETTINGS, [page([1, 2], total), page([3], { total: 4 })], 'SYNC_TOTAL_CHANGED', 3],
    ['no total where one is named', SETTINGS, [page([1, 2], {}), page([3], {})], 'SYNC_END_NOT_TOLD', 3],
    [
      'pages smaller than asked for',
      SETTINGS,
      [page([1], total), page([2], total), page([3], total)],
      'whole',
      3,
    ],
    [
      'no link any more',
      LINK,
      [page([1, 2], { ...total, next: '/a?p=2' }), page([3], { ...total, next: null })],
      'whole',
      3,
    ],
    ['no link too early', LINK, [page([1, 2], { ...total, next: null })], 'SYNC_COUNT_DIFFERS', 2],
    ['more than the total', LINK, [page([1, 2], { total: 1, next: null })], 'SYNC_COUNT_DIFFERS', 2],
    ['an empty page with a link', LINK, [page([], { ...total, next: '/a?p=2' })], 'SYNC_PAGE_EMPTY', 0],
  ])('%s', async (_title, settings, answers, told, count) => {
    const { rows, end } = await read(settings, answering(...answers));
    expect([because(end), rows.length]).toEqual([told, count]);
  });

  it('a single answer that is the list itself is whole', async () => {
    const { rows: _rows, total: _total, pages: _pages, ...plain } = SETTINGS;
    const { rows, end } = await read(plain, answering(people(1, 2, 3)));
    expect([end.whole, rows]).toEqual([
      true,
      [1, 2, 3].map((id) => ({ number: String(id), name: `家${id}` })),
    ]);
  });

  it.each([
    ['no list', { people: [] }, 'SYNC_LIST_MISSING'],
    ['a record that is none', { items: ['x'], total: 1 }, 'SYNC_RECORD_UNREADABLE'],
    ['a record without any column', { items: [{ uid: 1 }], total: 1 }, 'SYNC_RECORD_UNREADABLE'],
  ])('%s refuses the reading', async (_title, answer, code) => {
    await expect(read(SETTINGS, answering(answer))).rejects.toMatchObject({ code });
  });

  it('pages are asked for by number, offset or cursor, beside the query of the settings', async () => {
    const query = { all: 'yes' };
    const byOffset = answering(page([1, 2], total), page([3], total));
    const pages = { by: 'offset', parameter: 'from', sizeParameter: 'limit', size: 2 };
    await read({ ...SETTINGS, query, pages }, byOffset);
    expect(byOffset.asked).toEqual([
      { all: 'yes', from: '0', limit: '2' },
      { all: 'yes', from: '2', limit: '2' },
    ]);
    const byCursor = answering(page([1, 2], { ...total, after: 17 }), page([3], total));
    await read({ ...SETTINGS, query, pages: { by: 'cursor', at: 'after', parameter: 'a' } }, byCursor);
    expect(byCursor.asked).toEqual([{ all: 'yes' }, { all: 'yes', a: '17' }]);
  });
});

it('every refusal has a text in both languages', () => {
  for (const language of ['ja', 'en'] as const) {
    expect(Object.keys(mergedTexts('errors', language))).toEqual(expect.arrayContaining([...REFUSAL_CODES]));
  }
});
