import { Clock } from '../../src/platform/clock/clock.js';
import { Database } from '../../src/platform/database/database.js';
import { openRoom } from './mail-fixtures.js';

/** Limits that suit a test in which workers die: what is lost is found after seconds. */
export const HASTY = { leaseSecs: 2, reconcileAfterMinutes: 1 / 30, concurrency: 4, attempts: 2 };

/** Relays and sends until the process ends. */
export async function startMailWorker(
  url: string,
  smtpUrl: string,
  redisUrls: readonly string[],
): Promise<void> {
  const database = new Database(url, 8);
  const room = await openRoom({ url, database, clock: new Clock(), redisUrls, smtpUrl, sending: HASTY });
  room.runner.startWorkers();
  await room.runner.tick();
}
