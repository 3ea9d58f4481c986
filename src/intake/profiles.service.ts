import { readFile } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import type { Table } from './file/table.js';
import { loadProfiles, parseProfile, type Profile } from './mapping/profile.js';

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
      throw new AppError('PROFILE_UNKNOWN', { details: { found: name, expected: [...profiles.keys()].join(', ') } });
    }
    return profile;
  }

  list(): Promise<Map<string, Profile>> {
    return loadProfiles(this.configDir);
  }

  /**
   * The profile that a file without a declared one would be read with.
   *
   * @throws PROFILE_NEEDED unless every required column is certain
   */
  certainFor(table: Table): Promise<Profile> {
    return Promise.reject(new AppError('PROFILE_NEEDED', { details: { columns: table.header.length } }));
  }
}

async function readProfileFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new AppError('CONFIG_FILE_MISSING', { details: { file: path }, cause });
  }
}
