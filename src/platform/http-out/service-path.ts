import { AppError } from '../../domain/app-error.js';

const TEMPLATE = /^(?:\/(?:[A-Za-z0-9._~:-]|\{[A-Za-z][A-Za-z0-9]*\})+)*\/?$/;
const PLACE = /\{([A-Za-z][A-Za-z0-9]*)\}/g;

/**
 * A path below a base address. Each parameter is encoded by itself, so that whatever it holds stays inside its own
 * segment: a slash, a backslash, an address of another host, a query.
 *
 * @param template `/v1/members/{id}`; empty for the base itself
 * @param params one for each name in the template, and no other
 * @throws SERVICE_PATH_INVALID naming the parameter, never its value
 */
export function servicePath(template: string, params: Readonly<Record<string, string>> = {}): string {
  if (!TEMPLATE.test(template)) throw invalid('template');
  const wanted = new Set([...template.matchAll(PLACE)].map(([, name = '']) => name));
  const extra = Object.keys(params).find((name) => !wanted.has(name));
  if (extra !== undefined) throw invalid(extra);
  return template
    .split('/')
    .map((segment) => {
      const filled = segment.replace(PLACE, (_all, name: string) => encode(name, params));
      // URL parsers take these two for steps in the tree, however they are written; no service has such an id.
      if (filled === '.' || filled === '..') throw invalid(segment.replace(PLACE, '$1'));
      return filled;
    })
    .join('/');
}

function encode(name: string, params: Readonly<Record<string, string>>): string {
  const value = Object.hasOwn(params, name) ? params[name] : undefined;
  if (value === undefined || value === '' || !value.isWellFormed()) throw invalid(name);
  return encodeURIComponent(value);
}

function invalid(name: string): AppError {
  return new AppError('SERVICE_PATH_INVALID', { details: { name } });
}
