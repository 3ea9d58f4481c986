import { createServer, connect, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Stands between a client and a server on loopback, and cuts or refuses what passes. */
export interface TcpProxy {
  readonly port: number;
  /** Connections that it has let through so far. */
  readonly accepted: number;
  /** Refuses new connections as if nothing listened; those that are open go on. */
  refuse(): Promise<void>;
  /** Listens again, on the same port. */
  admit(): Promise<void>;
  /** Breaks every open connection, on both sides. */
  cut(): void;
  /** For good. */
  close(): Promise<void>;
}

/** Starts a proxy on a free port in front of `target`. */
export async function startTcpProxy(target: {
  readonly host: string;
  readonly port: number;
}): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A side that breaks takes the other with it; which of them began does not matter here.
    socket.on('error', () => socket.destroy());
  };
  const server = createServer((client) => {
    accepted += 1;
    const upstream = connect(target.port, target.host);
    for (const socket of [client, upstream]) keep(socket);
    client.pipe(upstream).pipe(client);
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => client.destroy());
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    get accepted() {
      return accepted;
    },
    cut,
    refuse() {
      // Resolves at once: `close` itself would wait for the connections that are open.
      if (server.listening) server.close();
      return Promise.resolve();
    },
    admit: () => listen(port),
    async close() {
      cut();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}
