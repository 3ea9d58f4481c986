import type { Env, Role } from '../../platform/config/env.js';
import type { CommandCall, CommandHandler } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { closeInTime } from '../../platform/health/close-in-time.js';
import { stopSignal } from '../../platform/health/stop-signal.js';

export interface ServeOptions {
  readonly role: Role;
  readonly port?: number | undefined;
  /** Where the port is taken, any free one does. */
  readonly takeFreePort?: boolean;
}

/** Serves until a signal arrives; what is in flight is finished before the process ends. */
export const serve: CommandHandler = async (call) => {
  const { loadEnv, ROLES } = await import('../../platform/config/env.js');
  const env = loadEnv({ ...call.env });
  const role = call.input.choice('role', ROLES) ?? env.role;
  return serveUntilSignal(call, env, { role, port: call.input.count('port') }, (url) =>
    call.output.data({ url }),
  );
};

/** Serves, says where, and ends with the first signal, also one that comes while it starts. `onListening` is told the address. */
export async function serveUntilSignal(
  call: CommandCall,
  env: Env,
  options: ServeOptions,
  onListening: (url: string) => void = () => undefined,
): Promise<ExitCode> {
  const { output } = call;
  const stop = stopSignal();
  const opening = open(call, env, options);
  const server = await Promise.race([opening, stop]);
  if (typeof server !== 'string') {
    output.line();
    output.line(output.bold(output.t('show.listening', { url: server.address })));
    output.line(output.t('show.apiDocs', { url: `${server.address}/api/docs` }));
    onListening(server.address);
    output.note(output.t('show.stopHint'));
  }
  await stop;
  await closeInTime(opening);
  return EXIT.done;
}

async function open(call: CommandCall, env: Env, { role, port, takeFreePort = false }: ServeOptions) {
  const { output } = call;
  const { openServer } = await import('../../server.js');
  const { createLogger } = await import('../../platform/logging/logger.js');
  // A terminal belongs to its person: without LOG_LEVEL only what is wrong is written, beside what the command says.
  const level = (call.env['LOG_LEVEL'] ?? '').trim() === '' ? 'warn' : env.logLevel;
  const logger = createLogger({ level, to: 2, role });
  const start = (at: number) =>
    openServer(env, {
      role,
      logger,
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
