import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../domain/app-error.js';
import { EMPLOYMENT_STATUSES, REHIRE_FLAGS } from '../../domain/observation.js';
import { parseConfig, readConfigFile } from '../../platform/config/config-file.js';
import { DELIMITERS } from '../file/table.js';
import { FIELD_KINDS, MAPPED_FIELDS, type FieldKind, type MappedField } from './fields.js';

const columnSchema = z.strictObject({
  /** Header of the column, or several in order of preference. Width, case, spaces and marks make no difference. */
  column: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  /** A file without the column is taken; its field then says nothing. */
  optional: z.boolean().default(false),
  /** What an empty cell means: `keep` says nothing, `clear` states that there is no value. */
  blank: z.enum(['keep', 'clear']).default('keep'),
  /** Text of a cell to value. With it, every other text is rejected. */
  values: z.record(z.string(), z.union([z.string(), z.boolean(), z.null()])).optional(),
  dayOrder: z.enum(['ymd', 'mdy', 'dmy']).optional(),
  excelSerial: z.enum(['1900', '1904']).optional(),
  twoDigitYearPivot: z.int().min(0).max(99).optional(),
  /** Days that stand for "no end". */
  noEnd: z.array(z.string().regex(/^\d{4}-\d{2}-\d{2}$/)).optional(),
  /** Between several values in one cell. */
  separator: z.string().min(1).optional(),
  /** Length that an employee number is filled up to with zeros, where a spreadsheet took them away. */
  padTo: z.int().min(1).max(32).optional(),
});

/** Which options belong to which kind of field. */
const OPTION_KINDS: Readonly<Record<string, readonly FieldKind[]>> = {
  dayOrder: ['day', 'moment'],
  excelSerial: ['day', 'moment'],
  twoDigitYearPivot: ['day', 'moment'],
  noEnd: ['day'],
  separator: ['list'],
  padTo: ['number'],
  values: ['text', 'email', 'status', 'boolean', 'rehire', 'company'],
};

const columnsShape = Object.fromEntries(
  MAPPED_FIELDS.map((field) => [field, columnSchema.optional().superRefine(checkColumn(field))]),
) as Record<MappedField, z.ZodOptional<typeof columnSchema>>;

export const profileSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and hyphens'),
    title: z.strictObject({ ja: z.string().min(1), en: z.string().min(1) }),
    encoding: z.string().optional(),
    delimiter: z.enum(DELIMITERS).optional(),
    /** Lines of title above the header. */
    skipLines: z.int().min(0).max(100).default(0),
    columns: z.strictObject(columnsShape),
    /** Said of every row, where the file has no column for it. */
    constants: z
      .strictObject({
        company: z.string().min(1),
        department: z.string().min(1),
        employmentType: z.string().min(1),
        location: z.string().min(1),
      })
      .partial()
      .default({}),
    /** Headers that look like a field of this profile and are not. */
    ignore: z.array(z.string().min(1)).default([]),
    /** Which one rules when status and last day contradict each other. Without it such rows become disputed. */
    contradiction: z.strictObject({ trust: z.enum(['lastDay', 'status']) }).optional(),
  })
  .superRefine((profile, context) => {
    if (profile.columns.employeeNumber === undefined || profile.columns.employeeNumber.optional) {
      const path = ['columns', 'employeeNumber'];
      context.addIssue({
        code: 'custom',
        path,
        message: 'a column that is not optional: every row needs a number',
      });
    }
  });

/** How one kind of file states facts: which column says what, and what its texts mean. */
export type Profile = z.output<typeof profileSchema>;
export type ProfileColumn = z.output<typeof columnSchema>;

function checkColumn(field: MappedField) {
  const kind = FIELD_KINDS[field];
  return (column: ProfileColumn | undefined, context: z.RefinementCtx): void => {
    if (column === undefined) return;
    for (const [option, kinds] of Object.entries(OPTION_KINDS)) {
      const isGiven = column[option as keyof ProfileColumn] !== undefined;
      if (isGiven && !kinds.includes(kind)) {
        context.addIssue({ code: 'custom', path: [option], message: `not an option of ${field}` });
      }
    }
    for (const [text, value] of Object.entries(column.values ?? {})) {
      const expected = expectedValue(kind, value);
      if (expected !== null) context.addIssue({ code: 'custom', path: ['values', text], message: expected });
    }
  };
}

/** Null when the value fits the kind of field. */
function expectedValue(kind: FieldKind, value: string | boolean | null): string | null {
  if (value === null) return null;
  const words: readonly string[] | null =
    kind === 'status' ? EMPLOYMENT_STATUSES : kind === 'rehire' ? REHIRE_FLAGS : null;
  if (words !== null)
    return words.includes(String(value)) && typeof value === 'string' ? null : words.join(', ');
  if (kind === 'boolean') return typeof value === 'boolean' ? null : 'true, false or null';
  return typeof value === 'string' ? null : 'a text or null';
}

/**
 * A profile from a text, for instance a suggested one that a person has looked over. `file` is only named in errors.
 * @throws CONFIG_FILE_INVALID with the place in the file and what was expected there
 */
export function parseProfile(file: string, text: string): Profile {
  return parseConfig(file, text, profileSchema);
}

/**
 * All profiles of `<configDir>/mappings/*.yaml` by id.
 * @throws CONFIG_FILE_INVALID, CONFIG_FILE_MISSING; PROFILE_ID_MISMATCH when a file is not named after its id
 */
export async function loadProfiles(configDir: string): Promise<Map<string, Profile>> {
  const dir = join(configDir, 'mappings');
  const names = (await readdir(dir)).filter((name) => /\.ya?ml$/.test(name)).sort();
  const profiles = new Map<string, Profile>();
  for (const name of names) {
    const profile = await readConfigFile(dir, name, profileSchema);
    if (profile.id !== name.replace(/\.ya?ml$/, '')) {
      throw new AppError('PROFILE_ID_MISMATCH', { details: { file: name, found: profile.id } });
    }
    profiles.set(profile.id, profile);
  }
  return profiles;
}
