import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Clock } from '../../src/platform/clock/clock.js';
import { Database } from '../../src/platform/database/database.js';
import { compileCron } from '../../src/platform/schedule/due-times.js';
import { TicksService } from '../../src/platform/schedule/ticks.service.js';

// One replica: ticks by a clock that the test moves, writes one row for each tick that it ran.
const [url = ''] = process.argv.slice(2);
const db = new Database(url, 4);
const holder = `${process.pid}-${randomUUID()}`;

let now = 0;
class TableClock extends Clock {
  override now(): number {
    return now;
  }
}

const cron = compileCron('0 * * * *', 'Asia/Tokyo');
if (cron === null) throw new Error('cron');
const ticks = new TicksService(
  db,
  new TableClock(),
  [
    {
      name: 'hourly',
      cron,
      async run({ dueAt, once }) {
        await db.query('insert into begun (due_at, pid) values ($1, $2)', [dueAt, process.pid]);
        await sleep(60);
        await once(async (sql) => {
          await sql.query('insert into effect (due_at, pid) values ($1, $2)', [dueAt, process.pid]);
          await sleep(10);
        });
      },
    },
  ],
  {
    holder,
    onError: (tick, error) => {
      process.stderr.write(`${tick} ${String(error)}\n`);
    },
  },
);

for (;;) {
  now = (await db.one<{ ms: number }>('select ms from test_clock'))?.ms ?? 0;
  await ticks.turn();
  await sleep(20);
}
