import { createInterface } from 'node:readline';
import { followUpRulesSchema } from '../../src/domain/follow-up.js';
import { openFollowUps } from '../../src/follow-ups/follow-ups.setup.js';
import { Clock } from '../../src/platform/clock/clock.js';
import { readConfigFile } from '../../src/platform/config/config-file.js';
import { Database } from '../../src/platform/database/database.js';
import { loadGroupConfig } from '../../src/platform/config/group-config.js';
import type { SmtpMail } from '../../src/platform/mail/mail.js';

/**
 * A worker of the product as it ships, but for the mail server, which is one that takes everything at once, and the
 * brakes. Says `ready`, works at once, and takes a line each on stdin: `relay` queues what is due, `from` begins to count
 * processor time, `end` ends it and tells how much that was.
 */
const [databaseUrl = '', redisUrls = '', concurrency = '0'] = process.argv.slice(2);
const sink: SmtpMail = {
  channel: 'smtp',
  send: () => Promise.resolve({ outcome: 'accepted' }),
  probe: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
const rules = await readConfigFile('config', 'follow-ups.yaml', followUpRulesSchema);
const { companies } = await loadGroupConfig('config');
const database = new Database(databaseUrl, Number(concurrency) + 2);
const followUps = await openFollowUps({
  database,
  clock: new Clock(null),
  databaseUrl,
  redisUrls: redisUrls === '' ? [] : redisUrls.split(','),
  smtpUrl: null,
  transport: sink,
  publicUrl: 'https://enishi.example',
  configDir: 'config',
  rules: {
    ...rules,
    sending: {
      ...rules.sending,
      concurrency: Number(concurrency),
      brake: { perRun: 10_000_000, perHour: 10_000_000 },
    },
  },
  companies,
  onError: (error) => process.stderr.write(`${error.message}\n`),
});
followUps.runner.startWorkers();
process.stdout.write('ready\n');
let from = process.cpuUsage();
for await (const order of createInterface({ input: process.stdin })) {
  if (order === 'from') from = process.cpuUsage();
  else if (order === 'relay') await followUps.relay.relayDue();
  else break;
}
const { user, system } = process.cpuUsage(from);
await followUps.close();
await database.onApplicationShutdown();
process.stdout.write(`${JSON.stringify({ cpuMs: (user + system) / 1_000 })}\n`);
process.stdin.destroy();
