import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { AppError } from '../../domain/app-error.js';

/**
 * Reads `<dir>/<name>` as YAML and checks it.
 *
 * @throws CONFIG_FILE_MISSING when there is no such file
 * @throws CONFIG_FILE_INVALID with the file, the path inside it, what was expected there
 */
export async function readConfigFile<S extends z.ZodType>(
  dir: string,
  name: string,
  schema: S,
): Promise<z.output<S>> {
  const file = join(dir, name);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new AppError('CONFIG_FILE_MISSING', { details: { file }, cause });
  }
  return parseConfig(file, text, schema);
}

/** The same check for a text that did not come from the configuration folder. `file` is only named in the error. */
export function parseConfig<S extends z.ZodType>(file: string, text: string, schema: S): z.output<S> {
  const document = parseDocument(text);
  const problem = document.errors[0];
  if (problem !== undefined) {
    const line = problem.linePos?.[0].line ?? 0;
    throw new AppError('CONFIG_FILE_INVALID', {
      details: { file, path: `line ${line}`, expected: problem.message.split('\n')[0] ?? 'YAML' },
    });
  }
  const parsed = schema.safeParse(document.toJS());
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AppError('CONFIG_FILE_INVALID', {
    details: { file, path: issue?.path.map(String).join('.') ?? '', expected: issue?.message ?? '' },
  });
}
