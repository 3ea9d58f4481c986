import { AppError } from '../domain/app-error.js';
import type { Caller } from '../platform/auth/api-keys.service.js';
import type { GroupConfig, Source } from '../platform/config/group-config.js';
import type { RunScope } from './scoped-runs.queries.js';

/** A key of a source sees its source, a key of a company the sources of that company, any other key all runs. */
export function runScope(caller: Caller, group: GroupConfig): RunScope {
  if (caller.source !== null) {
    return { sources: [caller.source], company: group.sources.get(caller.source)?.company ?? caller.company };
  }
  if (caller.company === null) return { sources: null, company: null };
  const own = [...group.sources.values()].filter((source) => source.company === caller.company);
  return { sources: own.map((source) => source.id), company: caller.company };
}

/**
 * The source, when it is there for the caller: another company's is not.
 * @throws SOURCE_UNKNOWN, without the names of those that are
 */
export function sourceFor(caller: Caller, group: GroupConfig, id: string): Source {
  const source = group.sources.get(id);
  const { sources } = runScope(caller, group);
  if (source === undefined || (sources !== null && !sources.includes(id))) {
    const expected = sources ?? [...group.sources.keys()];
    throw new AppError('SOURCE_UNKNOWN', {
      details: { found: id, expected: expected.join(', '), field: 'source' },
    });
  }
  return source;
}
