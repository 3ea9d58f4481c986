import { setTimeout as sleep } from 'node:timers/promises';
import { followUpRulesSchema } from '../../src/domain/follow-up.js';
import { openFollowUps } from '../../src/follow-ups/follow-ups.setup.js';
import { Clock } from '../../src/platform/clock/clock.js';
import { readConfigFile } from '../../src/platform/config/config-file.js';
import { loadGroupConfig } from '../../src/platform/config/group-config.js';
import { Database } from '../../src/platform/database/database.js';
import { createLogger } from '../../src/platform/logging/logger.js';
import type { FaultWorker } from './fault-house.js';

// A worker of the follow-ups in a process of its own, with limits that are shorter than a configuration may name, so
// that what a killed worker leaves behind is found within seconds. It relays until it is killed.
const settings = JSON.parse(process.argv[2] ?? '') as FaultWorker;
const { url, smtpUrl, redisUrls, configDir, publicUrl, sending, outage, turnMs } = settings;
const logger = createLogger({ level: 'info', to: 1, role: 'worker' });
const rules = await readConfigFile(configDir, 'follow-ups.yaml', followUpRulesSchema);
const { companies } = await loadGroupConfig(configDir);
const room = await openFollowUps({
  database: new Database(url, 8),
  clock: new Clock(),
  databaseUrl: url,
  redisUrls,
  smtpUrl,
  publicUrl,
  configDir,
  rules: { ...rules, sending: { ...rules.sending, ...sending } },
  companies,
  outage,
  onError: (error) => logger.error({ err: error }, 'queue'),
});
room.runner.startWorkers();
logger.info('ready');
for (;;) {
  await room.runner.tick().catch((error: unknown) => logger.error({ err: error }, 'turn'));
  await sleep(turnMs);
}
