import { once } from 'node:events';
import type { Env } from '../../platform/config/env.js';
import type { CommandCall, CommandHandler } from '../command-tree.js';
import { EXIT, type ExitCode } from '../exit-codes.js';

const ROLES = ['all', 'api', 'worker'] as const;

export interface ServeOptions {
  readonly role: (typeof ROLES)[number];
  readonly port?: number | undefined;
  /** Where the port is taken, any free one does. */
  readonly takeFreePort?: boolean;
}

/** Serves until a signal arrives; what is in flight is finished before the process ends. */
export const serve: CommandHandler = async (call) => {
  const { loadEnv } = await import('../../platform/config/env.js');
  const role = call.input.choice('role', ROLES) ?? 'all';
  return serveUntilSignal(call, loadEnv({ ...call.env }), { role, port: call.input.count('port') }, (url) =>
    call.output.data({ url }),
  );
};

/** Serves, says where, and ends with the first signal. `onListening` is told the address. */
export async function serveUntilSignal(
  call: CommandCall,
  env: Env,
  options: ServeOptions,
  onListening: (url: string) => void = () => undefined,
): Promise<ExitCode> {
  const { output } = call;
  const server = await open(call, env, options);
  output.line();
  output.line(output.bold(output.t('show.listening', { url: server.address })));
  output.line(output.t('show.apiDocs', { url: `${server.address}/api/docs` }));
  onListening(server.address);
  output.note(output.t('show.stopHint'));
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await server.close();
  return EXIT.done;
}

async function open({ output }: CommandCall, env: Env, { role, port, takeFreePort = false }: ServeOptions) {
  const { openServer } = await import('../../app.js');
  const start = (at: number) =>
    openServer(env, {
      role,
      port: at,
      log: (line) => output.note(line),
      onError: (error) => output.note(error.message),
    });
  try {
    return await start(port ?? env.port);
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!isTaken || !takeFreePort) throw error;
    return start(0);
  }
}
