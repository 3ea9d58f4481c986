import { setTimeout as sleep } from 'node:timers/promises';
import { Clock } from '../../src/platform/clock/clock.js';
import { Database } from '../../src/platform/database/database.js';
import { HASTY, openRoom } from './mail-fixtures.js';

// A worker of its own, for tests that kill one: relays and sends until the process ends.
const [url = '', smtpUrl = '', ...redisUrls] = process.argv.slice(2);
const TICK_MS = 250;

const database = new Database(url, 8);
const concurrency = Number(process.env.ENISHI_TEST_CONCURRENCY ?? HASTY.concurrency);
const sending = { ...HASTY, concurrency };
const room = await openRoom({ url, database, clock: new Clock(), redisUrls, smtpUrl, sending });
room.runner.startWorkers();
process.stdout.write('ready\n');
for (;;) {
  await room.runner.tick();
  await sleep(TICK_MS);
}
