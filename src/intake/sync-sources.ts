import type { Connector, OpenSource } from '../connector-spi/connector.js';
import { AppError } from '../domain/app-error.js';
import type { Source } from '../platform/config/group-config.js';

/**
 * A configured source with its connector's settings checked.
 *
 * @throws SYNC_CONNECTOR_REQUIRED for one whose files are brought; CONFIG_FILE_INVALID
 */
export function openSource(source: Source, connectors: ReadonlyMap<string, Connector>): OpenSource {
  const { id } = source;
  if (source.connector === 'file') throw new AppError('SYNC_CONNECTOR_REQUIRED', { details: { source: id } });
  const connector = connectors.get(source.connector);
  if (connector === undefined) {
    throw invalid(`sources.${id}.connector`, ['file', ...connectors.keys()].join(', '));
  }
  if (source.profile === undefined) throw invalid(`sources.${id}.profile`, 'a mapping profile');
  if (source.mode === 'full' && !connector.tells.everybody) throw invalid(`sources.${id}.mode`, 'delta');
  return connector.open(id, source.settings);
}

/** Checks every source that is pulled, so that a house with a setting that cannot be taken does not open. */
export function checkSources(sources: Iterable<Source>, connectors: ReadonlyMap<string, Connector>): void {
  for (const source of sources) if (source.connector !== 'file') openSource(source, connectors);
}

function invalid(path: string, expected: string): AppError {
  return new AppError('CONFIG_FILE_INVALID', { details: { file: 'sources.yaml', path, expected } });
}
