import type { SourceHttp } from '../../src/connector-spi/connector.js';
import { valueAt } from './map.js';
import type { RestSettings } from './settings.js';

/** What was read so far, as far as the way to the next page depends on it. */
export interface PageState {
  /** 1 is the first. */
  readonly number: number;
  readonly rowsBefore: number;
  /** The answer of the page before; null for the first. */
  readonly last: unknown;
}

/** Asks for one page. */
export function fetchPage(http: SourceHttp, settings: RestSettings, state: PageState): Promise<unknown> {
  const { path, pages } = settings;
  const query: Record<string, string> = { ...settings.query };
  switch (pages.by) {
    case 'none':
      return http.getJson(path, query);
    case 'number':
    case 'offset': {
      const at = pages.by === 'offset' ? state.rowsBefore : pages.first + state.number - 1;
      query[pages.parameter] = String(at);
      if (pages.sizeParameter !== undefined) query[pages.sizeParameter] = String(pages.size);
      return http.getJson(path, query);
    }
    case 'link': {
      const link = textAt(state.last, pages.at);
      return link === null ? http.getJson(path, query) : http.follow(link);
    }
    case 'cursor': {
      const cursor = textAt(state.last, pages.at);
      if (cursor !== null) query[pages.parameter] = cursor;
      return http.getJson(path, query);
    }
  }
}

/** What an answer says about pages behind it; `uncounted` pages say nothing, so that only a total tells their end. */
export function nextAfter(answer: unknown, pages: RestSettings['pages']): 'more' | 'end' | 'uncounted' {
  switch (pages.by) {
    case 'none':
      return 'end';
    case 'number':
    case 'offset':
      return 'uncounted';
    case 'link':
    case 'cursor':
      return textAt(answer, pages.at) === null ? 'end' : 'more';
  }
}

function textAt(answer: unknown, place: string): string | null {
  const value = valueAt(answer, place);
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}
