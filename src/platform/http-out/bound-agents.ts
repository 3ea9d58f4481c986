import { Agent as HttpAgent, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import { AppError } from '../../domain/app-error.js';
import { resolveHost } from './public-address.js';

export interface BoundHost {
  /** As `URL.hostname` gives it. */
  readonly hostname: string;
  readonly port: number;
  readonly allowPrivate: boolean;
}

type OnCreate = (error: Error | null, socket: Duplex) => void;
type Connect = (options: ClientRequestArgs) => Duplex | null | undefined;

const OPTIONS = { keepAlive: true, maxSockets: 8 };

/**
 * Agents that open connections to one host and port and to no other, whatever a request asks for, and only to
 * addresses that were looked at. The last fence: it holds even where a library makes up its own address.
 */
export class BoundHttpAgent extends HttpAgent {
  constructor(private readonly bound: BoundHost) {
    super(OPTIONS);
  }

  override createConnection(options: ClientRequestArgs, onCreate?: OnCreate): undefined {
    connect(this.bound, options, (checked) => super.createConnection(checked), onCreate);
  }
}

/** @see BoundHttpAgent */
export class BoundHttpsAgent extends HttpsAgent {
  constructor(private readonly bound: BoundHost) {
    super(OPTIONS);
  }

  override createConnection(options: ClientRequestArgs, onCreate?: OnCreate): undefined {
    connect(this.bound, options, (checked) => super.createConnection(checked), onCreate);
  }
}

function connect(bound: BoundHost, options: ClientRequestArgs, open: Connect, onCreate?: OnCreate): void {
  checkedOptions(bound, options)
    .then((checked) => open(checked))
    .then(
      (socket) => {
        if (socket) onCreate?.(null, socket);
      },
      // Node takes no socket beside an error, though its type asks for one.
      (error: Error) => (onCreate as ((error: Error) => void) | undefined)?.(error),
    );
}

/** @throws SERVICE_HOST_NOT_ALLOWED, ADDRESS_NOT_PUBLIC, HOST_UNKNOWN */
async function checkedOptions(
  { hostname, port, allowPrivate }: BoundHost,
  options: ClientRequestArgs,
): Promise<ClientRequestArgs> {
  const host = options.host ?? '';
  if (withoutBrackets(host) !== withoutBrackets(hostname) || Number(options.port) !== port) {
    throw new AppError('SERVICE_HOST_NOT_ALLOWED', { details: { host: hostname } });
  }
  const addresses = await resolveHost(host, allowPrivate);
  if (isIP(withoutBrackets(host)) !== 0) return options;
  // Nobody asks a name server again: the connection goes to what was looked at.
  const lookup: LookupFunction = (_name, { all }, callback) => {
    const [first] = addresses;
    if (all === true) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };
  return { ...options, lookup };
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}
