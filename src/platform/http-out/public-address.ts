import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { AppError } from '../../domain/app-error.js';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Ranges that no server of the internet has (IANA special-purpose registries, read 2026-11-22). */
const V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
const V6 = [
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

const special = new BlockList();
for (const [ranges, family] of [
  [V4, 'ipv4'],
  [V6, 'ipv6'],
] as const) {
  for (const range of ranges) {
    const [network = '', prefix = ''] = range.split('/');
    special.addSubnet(network, Number(prefix), family);
  }
}

/** True for an address that the whole internet would reach: not this machine, not a private or special network. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special.check(address, 'ipv4');
  // The first 96 bits zero: unspecified, loopback, and IPv4 in disguise.
  if (family !== 6 || address.startsWith('::')) return false;
  return !special.check(address, 'ipv6');
}

/**
 * The addresses to connect to for a host name, at least one. Every address that the name has must be public, for the
 * resolver may give any of them next time; connect to one of these and to no other.
 *
 * @throws ADDRESS_NOT_PUBLIC
 * @throws HOST_UNKNOWN (retryable)
 */
export async function resolveHost(
  host: string,
  allowPrivate: boolean,
): Promise<readonly [ResolvedAddress, ...ResolvedAddress[]]> {
  const name = host.replace(/^\[(.*)\]$/, '$1');
  const found = await addressesOf(name);
  const [first, ...others] = found;
  if (first === undefined) throw new AppError('HOST_UNKNOWN', { details: { host: name }, retryable: true });
  if (!allowPrivate && !found.every(({ address }) => isPublicAddress(address))) {
    throw new AppError('ADDRESS_NOT_PUBLIC', { details: { host: name } });
  }
  return [first, ...others];
}

async function addressesOf(name: string): Promise<ResolvedAddress[]> {
  const family = isIP(name);
  if (family === 4 || family === 6) return [{ address: name, family }];
  try {
    const found = await lookup(name, { all: true });
    return found.map(({ address, family: of }) => ({ address, family: of === 6 ? 6 : 4 }));
  } catch (cause) {
    throw new AppError('HOST_UNKNOWN', { details: { host: name }, retryable: true, cause });
  }
}
