import { AppError } from '../../domain/app-error.js';
import type { CommandCall, CommandHandler } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { printTable } from '../table.js';
import { pickText } from '../words.js';

async function loadSources(call: CommandCall) {
  const { loadEnv } = await import('../../platform/config/env.js');
  const { loadGroupConfig } = await import('../../platform/config/group-config.js');
  const { configDir } = loadEnv({ ...call.env });
  return { configDir, group: await loadGroupConfig(configDir) };
}

/** The configured sources. Needs no database. */
export const sourcesList: CommandHandler = async (call) => {
  const { output } = call;
  const { group } = await loadSources(call);
  const items = [...group.sources.values()].map((source) => ({
    id: source.id,
    title: source.title,
    connector: source.connector,
    company: source.company,
    profile: source.profile ?? null,
    mode: source.mode,
  }));
  const column = (key: string): string => output.t(`show.columns.${key}`);
  printTable(
    output,
    [
      { title: column('id'), value: (item) => item.id },
      { title: column('title'), value: (item) => pickText(item.title, output.language) },
      { title: column('connector'), value: (item) => item.connector },
      { title: column('company'), value: (item) => item.company },
      { title: column('profile'), value: (item) => item.profile },
      { title: column('mode'), value: (item) => output.t(`words.mode.${item.mode}`) },
    ],
    items,
  );
  output.data({ items });
  return EXIT.done;
};

/** Whether a source could be read: its company, its connector and its mapping profile are there and valid. */
export const sourcesTest: CommandHandler = async (call) => {
  const { output } = call;
  const id = call.input.argument('source');
  const { configDir, group } = await loadSources(call);
  const source = group.sources.get(id);
  if (source === undefined) {
    throw new AppError('SOURCE_UNKNOWN', {
      details: { found: id, expected: [...group.sources.keys()].join(', ') },
    });
  }
  const { loadProfiles } = await import('../../intake/mapping/profile.js');
  const profiles = await loadProfiles(configDir);
  if (source.profile !== undefined && !profiles.has(source.profile)) {
    throw new AppError('PROFILE_UNKNOWN', {
      details: { found: source.profile, expected: [...profiles.keys()].join(', ') },
    });
  }
  const { company, profile = null } = source;
  output.line(output.t('show.sourceOk', { source: id, company, profile }));
  output.data({ source: id, company, profile, ok: true });
  return EXIT.done;
};

/** What kinds of system can be read. Files are built in; every other connector is a folder of its own. */
export const connectorsList: CommandHandler = (call) => {
  const { output } = call;
  const items = [{ id: 'file', description: output.t('show.connectorFile') }];
  printTable(
    output,
    [
      { title: output.t('show.columns.id'), value: (item) => item.id },
      { title: output.t('show.columns.description'), value: (item) => item.description },
    ],
    items,
  );
  output.data({ items });
  return Promise.resolve(EXIT.done);
};
