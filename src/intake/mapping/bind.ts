import { AppError } from '../../domain/app-error.js';
import { FIELD_KINDS, MAPPED_FIELDS, type FieldKind, type MappedField } from './fields.js';
import { fieldNamedBy, headerKey, headerLikeness } from './header-words.js';
import type { Profile, ProfileColumn } from './profile.js';

/** One field of a profile with the column of this file that states it. */
export interface BoundField {
  readonly field: MappedField;
  readonly kind: FieldKind;
  readonly index: number;
  /** As in the file. */
  readonly header: string;
  readonly spec: ProfileColumn;
}

export interface BoundProfile {
  readonly profile: Profile;
  readonly header: readonly string[];
  readonly fields: readonly BoundField[];
  /** Optional fields that this file says nothing about. */
  readonly absent: readonly MappedField[];
  /** Headers that no field takes. */
  readonly unused: readonly string[];
}

/**
 * Finds the columns of a profile in a header, before any row is read.
 *
 * @throws HEADER_MISSING when a column that must be there is not: `column`, `nearest` (the headers that look most like it)
 *   and `suggestion` (a line for the profile, empty when nothing looks like it)
 * @throws HEADER_RENAMED when an optional column is not there but another header names the same thing: taken for absent,
 *   its facts would be lost without a word. `ignore` in the profile says that it is something else.
 * @throws HEADER_DUPLICATE when two headers differ only in width, case, spaces or marks
 */
export function bindProfile(profile: Profile, header: readonly string[]): BoundProfile {
  const byKey = indexHeader(header);
  const fields: BoundField[] = [];
  const absent: { readonly field: MappedField; readonly spec: ProfileColumn }[] = [];
  for (const field of MAPPED_FIELDS) {
    const spec = profile.columns[field];
    if (spec === undefined) continue;
    const index = namesOf(spec)
      .map((name) => byKey.get(headerKey(name)))
      .find((found) => found !== undefined);
    if (index === undefined) absent.push({ field, spec });
    else fields.push({ field, kind: FIELD_KINDS[field], index, header: header[index] ?? '', spec });
  }
  const taken = new Set(fields.map(({ index }) => index));
  const unused = header.filter((name, index) => name !== '' && !taken.has(index));
  const missing = absent.filter(({ spec }) => !spec.optional);
  if (missing[0] !== undefined) throw missingError(missing[0].field, missing[0].spec, unused, missing.length);
  const ignored = new Set(profile.ignore.map((name) => headerKey(name)));
  for (const { field, spec } of absent) {
    const renamed = unused.find((name) => fieldNamedBy(name) === field && !ignored.has(headerKey(name)));
    if (renamed !== undefined) {
      const details = { field, column: namesOf(spec).join(' / '), found: renamed, profile: profile.id };
      throw new AppError('HEADER_RENAMED', {
        details: { ...details, suggestion: suggestLine(field, renamed) },
      });
    }
  }
  return { profile, header, fields, absent: absent.map(({ field }) => field), unused };
}

function namesOf(spec: ProfileColumn): readonly string[] {
  return typeof spec.column === 'string' ? [spec.column] : spec.column;
}

function indexHeader(header: readonly string[]): ReadonlyMap<string, number> {
  const byKey = new Map<string, number>();
  for (const [index, name] of header.entries()) {
    const key = headerKey(name);
    if (key === '') continue;
    const other = byKey.get(key);
    if (other !== undefined) {
      throw new AppError('HEADER_DUPLICATE', { details: { column: `${header[other] ?? ''}, ${name}` } });
    }
    byKey.set(key, index);
  }
  return byKey;
}

function missingError(
  field: MappedField,
  spec: ProfileColumn,
  unused: readonly string[],
  count: number,
): AppError {
  const names = namesOf(spec);
  const ranked = unused
    .map((name) => {
      const likeness = Math.max(...names.map((wanted) => headerLikeness(wanted, name)));
      return { name, score: fieldNamedBy(name) === field ? 1 : likeness };
    })
    .filter(({ score }) => score >= 0.3)
    .sort((a, b) => b.score - a.score)
    .slice(0, 3);
  const best = ranked[0];
  return new AppError('HEADER_MISSING', {
    details: {
      field,
      column: names.join(' / '),
      nearest: ranked.map(({ name }) => name).join(', '),
      suggestion: best === undefined ? '' : suggestLine(field, best.name),
      missing: count,
    },
  });
}

function suggestLine(field: MappedField, header: string): string {
  return `${field}: { column: ${JSON.stringify(header)} }`;
}
