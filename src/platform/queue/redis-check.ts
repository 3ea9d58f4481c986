import { Cluster, type Redis } from 'ioredis';
import { AppError } from '../../domain/app-error.js';

const FULL_AT = 0.95;

/** A Redis that could lose or refuse jobs, by what it says about itself. */
type RedisTrouble = 'REDIS_EVICTS' | 'REDIS_NOT_DURABLE' | 'REDIS_FULL';

interface NodeInfo {
  readonly policy: string;
  readonly isAppendOnly: boolean;
  readonly used: number;
  readonly limit: number;
}

/**
 * Looks at every node that holds data. INFO says all of it, also where CONFIG is forbidden (managed services).
 *
 * @returns null when all is well; REDIS_EVICTS and REDIS_NOT_DURABLE (production only) are wrong settings, REDIS_FULL
 * passes by itself
 */
export async function findRedisTrouble(
  connection: Redis | Cluster,
  production: boolean,
): Promise<AppError | null> {
  const nodes = connection instanceof Cluster ? connection.nodes('master') : [connection];
  if (nodes.length === 0) throw new AppError('REDIS_UNREACHABLE', { retryable: true });
  for (const node of nodes) {
    const info = parseInfo(await node.info());
    const where = { node: `${node.options.host ?? 'localhost'}:${node.options.port ?? 6379}` };
    if (info.policy !== 'noeviction') return trouble('REDIS_EVICTS', { ...where, found: info.policy });
    if (production && !info.isAppendOnly) return trouble('REDIS_NOT_DURABLE', { ...where, found: 'no' });
    if (info.limit > 0 && info.used >= info.limit * FULL_AT) {
      return trouble('REDIS_FULL', { ...where, found: Math.round((info.used / info.limit) * 100) });
    }
  }
  return null;
}

function trouble(code: RedisTrouble, details: Readonly<Record<string, string | number>>): AppError {
  return new AppError(code, { details, retryable: code === 'REDIS_FULL' });
}

function parseInfo(text: string): NodeInfo {
  const fields = new Map<string, string>();
  for (const line of text.split('\r\n')) {
    const at = line.indexOf(':');
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 1));
  }
  return {
    // What a server does not say is not taken for harmless.
    policy: fields.get('maxmemory_policy') ?? 'unknown',
    isAppendOnly: fields.get('aof_enabled') === '1',
    used: Number(fields.get('used_memory') ?? 0),
    limit: Number(fields.get('maxmemory') ?? 0),
  };
}
