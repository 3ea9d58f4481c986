import { AppError } from '../../domain/app-error.js';
import type { Profile } from '../../intake/mapping/profile.js';
import type { Source } from '../../platform/config/group-config.js';
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

/** Whether a source can be read: its company, its connector and its mapping profile are valid, and a pulled one answers. */
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
  const answer = source.connector === 'file' ? null : await firstPage(call, source, profiles);
  output.line(output.t('show.sourceOk', { source: id, company, profile }));
  if (answer !== null) {
    output.line(output.t('show.sourceAnswers', { rows: answer.rows, columns: answer.columns.join(', ') }));
    const missing = answer.missing.join(', ');
    if (missing !== '') output.line(output.warn(output.t('show.sourceColumnsMissing', { columns: missing })));
  }
  output.data({ source: id, company, profile, ok: true, answer });
  return EXIT.done;
};

/** Asks the source for its first page and holds its columns against the profile. Nothing is kept. */
async function firstPage(call: CommandCall, source: Source, profiles: ReadonlyMap<string, Profile>) {
  const { CONNECTORS } = await import('../../connectors.js');
  const { openSource } = await import('../../intake/sync-sources.js');
  const { EndpointHttp } = await import('../../intake/source-http.js');
  const { bindProfile } = await import('../../intake/mapping/bind.js');
  const opened = openSource(source, CONNECTORS);
  const names = opened.columns.map(({ name }) => name);
  const profile = profiles.get(source.profile ?? '');
  if (profile !== undefined) bindProfile(profile, names);
  const ending = new AbortController();
  const http = new EndpointHttp(opened.endpoint, call.env, ending.signal);
  try {
    const page = await opened.read(http, ending.signal).next();
    const rows = page.done === true ? [] : page.value;
    const missing = names.filter((name) => rows.every((row) => row[name] === undefined));
    return { rows: rows.length, columns: names, missing };
  } finally {
    http.close();
  }
}

/** What kinds of system can be read. Files are built in; every other connector is a folder of its own. */
export const connectorsList: CommandHandler = async (call) => {
  const { output } = call;
  const { CONNECTORS } = await import('../../connectors.js');
  const items = [
    { id: 'file', description: output.t('show.connectorFile'), tells: null },
    ...[...CONNECTORS.values()].map(({ id, title, tells }) => ({
      id,
      description: pickText(title, output.language),
      tells,
    })),
  ];
  printTable(
    output,
    [
      { title: output.t('show.columns.id'), value: (item) => item.id },
      { title: output.t('show.columns.description'), value: (item) => item.description },
    ],
    items,
  );
  output.data({ items });
  return EXIT.done;
};
