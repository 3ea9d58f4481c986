import { parseArgs } from 'node:util';
import { AppError } from './domain/app-error.js';
import { loadEnv, ROLES, type Env, type Role } from './platform/config/env.js';
import { keepHeapSmall } from './platform/config/heap.js';
import { processEnvironment } from './platform/config/process-environment.js';
import { closeInTime } from './platform/health/close-in-time.js';
import { stopSignal } from './platform/health/stop-signal.js';
import { describeError } from './platform/i18n/i18n.js';
import { detectLanguage } from './platform/i18n/locale.js';
import { createLogger, type Logger } from './platform/logging/logger.js';
import { seldom } from './platform/logging/seldom.js';

/** What the image runs: one role of the service until a signal arrives. Says everything in JSON lines on stdout. */
async function main(): Promise<void> {
  const stop = stopSignal();
  keepHeapSmall('server');
  const source = { ...processEnvironment() };
  let logger = createLogger({ level: 'info', to: 1 });
  try {
    const env = loadEnv(source);
    const role = readRole(env.role);
    logger = createLogger({ level: env.logLevel, to: 1, role });
    await serve(env, role, logger, stop);
  } catch (error) {
    const words = error instanceof AppError ? describeError(error, detectLanguage({ env: source })) : {};
    // Our own words about a setting; the error itself is reduced as everywhere.
    logger.fatal({ err: error, problem: words }, 'not started');
    process.exitCode = 1;
  }
}

async function serve(env: Env, role: Role, logger: Logger, stop: Promise<NodeJS.Signals>): Promise<void> {
  const { openServer } = await import('./server.js');
  const opening = openServer(env, {
    role,
    logger,
    log: (line) => logger.info(line),
    onError: seldom((error) => logger.warn({ err: error }, 'queue connection')),
  });
  const opened = await Promise.race([opening, stop]);
  if (typeof opened !== 'string') logger.info({ address: opened.address }, 'listening');
  logger.info({ signal: await stop }, 'stopping');
  await closeInTime(opening, () => {
    logger.error('not closed in time');
  });
  logger.info('stopped');
}

function readRole(configured: Role): Role {
  const { role = configured } = parseArgs({ options: { role: { type: 'string' } } }).values;
  const known = ROLES.find((one) => one === role);
  if (known === undefined) throw new AppError('ENV_ROLE', { details: { name: '--role', found: role } });
  return known;
}

await main();
