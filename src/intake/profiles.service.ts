import { readFile } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import { openTable } from './file/open-table.js';
import { loadProfiles, parseProfile, type Profile } from './mapping/profile.js';
import { suggestProfile, type ProfileSuggestion } from './mapping/suggest.js';

const SAMPLE_ROWS = 500;
/** More text than this in an error helps nobody: the whole proposal comes from `mapping suggest`. */
const MOST_SUGGESTION = 8_000;

/** The mapping profiles of the configuration, and those that a person brings along as a file. */
@Injectable()
export class ProfilesService {
  constructor(private readonly configDir: string) {}

  /**
   * A profile by its name in config/mappings, or from a YAML file when the name is a path.
   *
   * @throws PROFILE_UNKNOWN naming the known ones; CONFIG_FILE_INVALID
   */
  async load(name: string): Promise<Profile> {
    if (/[/\\]|\.ya?ml$/.test(name)) return parseProfile(name, await readProfileFile(name));
    const profiles = await loadProfiles(this.configDir);
    const profile = profiles.get(name);
    if (profile === undefined) {
      throw new AppError('PROFILE_UNKNOWN', {
        details: { found: name, expected: [...profiles.keys()].join(', ') },
      });
    }
    return profile;
  }

  list(): Promise<Map<string, Profile>> {
    return loadProfiles(this.configDir);
  }

  /**
   * Proposes a profile for a file from its header and its first rows.
   *
   * @throws FILE_* when it is no table
   */
  async suggest(
    bytes: AsyncIterable<Uint8Array>,
    { encoding }: { readonly encoding?: string | undefined } = {},
  ): Promise<ProfileSuggestion> {
    const table = await openTable(bytes, encoding === undefined ? {} : { encoding });
    if (table.unusable !== null) throw new AppError(table.unusable, { details: table.details });
    const rows: (readonly string[])[] = [];
    for await (const batch of table.rows) {
      rows.push(...batch.filter((row) => row.problems.length === 0).map((row) => row.cells));
      if (rows.length >= SAMPLE_ROWS) break;
    }
    const { header, delimiter } = table;
    return suggestProfile({ header, rows: rows.slice(0, SAMPLE_ROWS), encoding: table.encoding, delimiter });
  }

  /**
   * The profile that a file without a declared one is read with.
   *
   * @throws PROFILE_NEEDED with the suggestion, unless every required column is certain
   */
  async certainFor(
    bytes: AsyncIterable<Uint8Array>,
    options: { readonly encoding?: string | undefined } = {},
  ): Promise<Profile> {
    const suggestion = await this.suggest(bytes, options);
    if (suggestion.certain) return parseProfile('suggested', suggestion.yaml);
    throw new AppError('PROFILE_NEEDED', {
      details: {
        columns: suggestion.columns.length,
        open: openQuestions(suggestion),
        suggestion: suggestion.yaml.slice(0, MOST_SUGGESTION),
      },
    });
  }
}

/** The fields that nobody can be sure about: not found, or found with a question. */
function openQuestions({ missingRequired, yaml }: ProfileSuggestion): string {
  const asked = [...yaml.matchAll(/# TO SETTLE: .*\n(?: {2}# .*\n)* {2}(\w+):/g)].map(
    (match) => match[1] ?? '',
  );
  return [...new Set([...missingRequired, ...asked])].join(', ');
}

async function readProfileFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new AppError('CONFIG_FILE_MISSING', { details: { file: path }, cause });
  }
}
