import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DoorsService } from '../../src/intake/doors.service.js';
import type { RunMode } from '../../src/intake/run.js';
import { Clock } from '../../src/platform/clock/clock.js';
import { keepHeapSmall } from '../../src/platform/config/heap.js';
import { Database } from '../../src/platform/database/database.js';
import { openHouse } from './intake-world.js';

export interface ChildImport {
  readonly url: string;
  readonly configDir: string;
  readonly file: string;
  readonly source: string;
  readonly mode: RunMode;
  readonly asOf: string;
  readonly now: string;
  /** How often a failed import is tried again. */
  readonly retries: number;
}

const RETRY_MS = 50;

// One import in a process of its own. Says `ready` before the first byte is read and ends with a line of JSON.
async function runChildImport(options: ChildImport): Promise<void> {
  const { url, configDir, file, source, mode, asOf } = options;
  const clock = new Clock(Date.parse(options.now));
  const database = new Database(url, 8);
  const { app } = await openHouse(url, configDir, clock, database);
  const doors = app.get(DoorsService, { strict: false });
  process.stdout.write('ready\n');
  const cpuAt = process.cpuUsage();
  const rssAt = Math.round(process.memoryUsage.rss() / 1_048_576);
  const startedAt = performance.now();
  for (let failures = 0; ; failures += 1) {
    try {
      const bytes = createReadStream(file);
      const run = await doors.importFile({ source, fileName: 'child.csv', bytes, mode, asOf, by: 'child' });
      const { status, rows, changes } = run;
      const ms = Math.round(performance.now() - startedAt);
      const rss = Math.round(process.resourceUsage().maxRSS / 1024);
      const cpu = process.cpuUsage(cpuAt);
      const cpuMs = Math.round((cpu.user + cpu.system) / 1_000);
      process.stdout.write(`${JSON.stringify({ status, rows, changes, failures, ms, cpuMs, rssAt, rss })}\n`);
      return;
    } catch (error) {
      if (failures >= options.retries) throw error;
      // A server that recovers refuses at once, a thousand times a second.
      await sleep(RETRY_MS);
    }
  }
}

// As the command does.
keepHeapSmall('command');
await runChildImport(JSON.parse(process.argv[2] ?? '') as ChildImport);
// Queues and pools are left to the end of the process: nothing of them outlives it.
process.exit(0);
