import { z } from 'zod';
import { AppError } from '../../domain/app-error.js';
import { RequestInvalidError } from './problem.js';
import type { Route } from './route.js';

const MOST_PROBLEMS = 20;

export function checkParams(route: Route, params: Readonly<Record<string, string>>): unknown {
  return checkValue(route.params, { ...params }, 'path');
}

/** Each parameter once, or as often as its schema is an array; `a=1&a=2` for one value is refused. */
export function checkQuery(route: Route, url: string): unknown {
  const at = url.indexOf('?');
  const search = at === -1 ? '' : url.slice(at + 1);
  if (/%(?![0-9a-f]{2})/i.test(search))
    throw new AppError('REQUEST_MALFORMED', { details: { field: 'query' } });
  const values = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(search)) {
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  const plain = [...values].map(([name, found]) => [name, found.length === 1 ? found[0] : found]);
  return checkValue(route.query, Object.fromEntries(plain), 'query');
}

/** @throws RequestInvalidError naming every wrong place */
export function checkValue(schema: z.ZodType, value: unknown, part: 'path' | 'query' | 'body'): unknown {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, part)).slice(0, MOST_PROBLEMS);
  throw new RequestInvalidError(part, problems);
}

interface Place {
  readonly field: string;
  readonly code: string;
  readonly expected: string;
}

function problemsOf(issue: z.core.$ZodIssue, part: string): Place[] {
  const path = issue.path.map(String);
  const field = (path.length === 0 ? part : path.join('.')).slice(0, 200);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: [...path, printable(key)].join('.'),
      code: 'FIELD_NOT_EXPECTED',
      expected: '',
    }));
  }
  if (issue.code === 'invalid_type' && issue.input === undefined) {
    return [{ field, code: 'FIELD_MISSING', expected: issue.expected }];
  }
  return [{ field, code: 'VALUE_INVALID', expected: expectationOf(issue) }];
}

/** What would have been right, in a notation that reads the same in every language. Never what was sent. */
function expectationOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected;
    case 'invalid_value':
      return issue.values.map(String).join(' | ');
    case 'too_small':
      return `>= ${String(issue.minimum)}`;
    case 'too_big':
      return `<= ${String(issue.maximum)}`;
    case 'invalid_format':
      return issue.pattern ?? issue.format;
    case 'custom':
      return CUSTOM[issue.message] ?? issue.message;
    case 'invalid_union':
      return unionOf(issue);
    case 'invalid_element':
    case 'invalid_key':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return issue.code;
  }
}

/** The ways that there are; which of them was meant nobody knows. */
function unionOf(issue: z.core.$ZodIssueInvalidUnion): string {
  const ways = issue.errors.map((issues) => issues.map(expectationOf).join(', '));
  return [...new Set(ways)]
    .filter((way) => way !== '')
    .join(' | ')
    .slice(0, 300);
}

const CUSTOM: Readonly<Record<string, string>> = {
  TEXT_UNREADABLE: 'U+0000, U+FFFD, lone surrogates: none',
  TEXT_EMPTY: 'length >= 1',
  DAY_NOT_ISO: 'YYYY-MM-DD',
};

function printable(key: string): string {
  return key.slice(0, 64).replace(/[^\x20-\x7e]/g, '?');
}
