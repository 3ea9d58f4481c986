import { types } from 'node:util';

const CENSOR = '***';
const DEEPEST = 8;

/**
 * Gives a copy of what is to be logged in which the values of these fields are `***`, wherever they stand, and what lies
 * deeper than anything that we log is not shown either. What holds none of them comes back as it is; errors are left to
 * their serializer, and the value given is never changed.
 */
export function censorOf(fields: readonly string[]): <T extends object>(value: T) => T {
  const secret = new Set(fields);
  const censored = (value: unknown, depth: number): unknown => {
    if (typeof value !== 'object' || value === null || types.isNativeError(value) || value instanceof Date)
      return value;
    if (depth > DEEPEST) return CENSOR;
    if (Array.isArray(value)) return listOf(value, depth);
    let copy: Record<string, unknown> | null = null;
    for (const [key, held] of Object.entries(value)) {
      const shown = secret.has(key) ? CENSOR : censored(held, depth + 1);
      if (shown !== held) (copy ??= { ...value })[key] = shown;
    }
    return copy ?? value;
  };
  const listOf = (list: readonly unknown[], depth: number): readonly unknown[] => {
    const shown = list.map((one) => censored(one, depth + 1));
    return shown.some((one, i) => one !== list[i]) ? shown : list;
  };
  return <T extends object>(value: T) => censored(value, 0) as T;
}
