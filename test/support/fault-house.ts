import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import type { SendingRules } from '../../src/domain/follow-up-rules.js';
import { FollowUpsService } from '../../src/follow-ups/follow-ups.service.js';
import type { Database } from '../../src/platform/database/database.js';
import { isFullSize } from './fault-report.js';
import { isRestored } from '../../src/platform/health/restore-guard.js';
import { leaver, type Cells } from './intake-files.js';
import { IntakeWorld } from './intake-world.js';
import { violations, type CheckedHouse } from './invariants.js';
import { PUBLIC_URL } from './mail-fixtures.js';
import { startEnishi, type EnishiOptions, type EnishiProcess } from './process.js';
import type { TestRedis } from './redis.js';
import { startSmtpSink, type SmtpSink } from './smtp-sink.js';

/** What the worker of the small size is told. */
export interface FaultWorker {
  readonly url: string;
  readonly smtpUrl: string;
  readonly redisUrls: readonly string[];
  readonly configDir: string;
  readonly publicUrl: string;
  readonly sending: Partial<SendingRules>;
  readonly outage: { readonly failuresToOpen: number; readonly probeMs: number };
  readonly turnMs: number;
}

const HASTY: FaultWorker['sending'] = {
  leaseSecs: 3,
  reconcileAfterMinutes: 1 / 30,
  retryDelaySecs: 1,
  attempts: 6,
};
const DAY_MS = 86_400_000;

/** Days ago on which somebody left who is due one invitation at once, and nothing else any more. */
const INVITED_DAYS_AGO = 40;

/**
 * A house with leavers who are due a mail, a mail server, and processes that a case kills. At full size the processes
 * are the service as it ships but for the brakes; else workers with limits of seconds.
 */
export class FaultHouse {
  private readonly processes = new Set<EnishiProcess>();
  private readonly started: EnishiProcess[] = [];

  private constructor(
    readonly world: IntakeWorld,
    readonly sink: SmtpSink,
    readonly redis: TestRedis | null,
    private readonly smtpUrl: string,
  ) {}

  /** @param redis a server of its own, stopped with the house
   * @param smtpUrl where its workers find the mail server, when not at the sink itself */
  static async open({
    redis = null,
    sink,
    smtpUrl,
  }: {
    readonly redis?: TestRedis | null;
    readonly sink?: SmtpSink;
    readonly smtpUrl?: string;
  } = {}): Promise<FaultHouse> {
    const world = await IntakeWorld.start({
      now: new Date(Date.now() - 2 * DAY_MS).toISOString(),
      brakes: (brakes) => {
        for (const limit of Object.values(brakes.limits)) {
          limit.absolute = 10_000_000;
          limit.percent = 100;
          limit.ignoreUpTo = 10_000_000;
          delete limit.window;
        }
      },
    });
    const file = join(world.config, 'follow-ups.yaml');
    const rules = parse(await readFile(file, 'utf8')) as { sending: SendingRules };
    rules.sending = { ...rules.sending, brake: { perRun: 10_000_000, perHour: 10_000_000 } };
    await writeFile(file, stringify(rules));
    // A copy of the template is another database than the one that was migrated; these mails may go.
    await world.get(FollowUpsService).confirmRestore('operator');
    const server = sink ?? (await startSmtpSink());
    return new FaultHouse(world, server, redis, smtpUrl ?? server.url);
  }

  get db(): Database {
    return this.world.db;
  }

  /** Imports people who left a while ago, each due one invitation; by number, so that the same number is the same person. */
  async invite(count: number, first = 0): Promise<void> {
    const people = Array.from({ length: count }, (_, i) => leaver(first + i, daysAgo(INVITED_DAYS_AGO)));
    await this.import(people);
  }

  async import(people: readonly Cells[]): Promise<void> {
    const run = await this.world.import(people);
    if (run.status !== 'applied' || run.rows.rejected > 0) {
      throw new Error(`the run is ${run.status}, ${run.rows.rejected} rows rejected`);
    }
  }

  /** Where `leaver(n)` is written to. */
  addressOf(n: number): string {
    return `p${n}@mail.example`;
  }

  /** Starts one worker and waits until it works. @param sending limits of the small size */
  async worker(
    env: Readonly<Record<string, string>> = {},
    sending: Partial<SendingRules> = {},
  ): Promise<EnishiProcess> {
    const one = isFullSize ? this.service('worker', env) : this.start({ ...this.hasty(sending), env });
    if (isFullSize) await one.listening();
    else while (!one.lines.some((line) => line.includes('"ready"'))) await this.alive(one);
    return one;
  }

  /** The service itself, whatever the size. */
  service(role: 'api' | 'worker', env: Readonly<Record<string, string>> = {}): EnishiProcess {
    return this.start({
      args: ['--role', role],
      env: {
        DATABASE_URL: this.world.url,
        SMTP_URL: this.smtpUrl,
        ENISHI_CONFIG: this.world.config,
        PUBLIC_URL,
        ...(this.redis === null ? {} : { REDIS_URL: this.redis.url }),
        ...env,
      },
    });
  }

  /** kill -9. */
  async kill(one: EnishiProcess): Promise<void> {
    this.processes.delete(one);
    await one.kill();
  }

  /** Ends every process, in good order where it can. */
  async endAll(): Promise<void> {
    const all = [...this.processes];
    this.processes.clear();
    await Promise.all(all.map((one) => one.kill()));
  }

  async states(): Promise<Readonly<Record<string, number>>> {
    const rows = await this.db.query<{ state: string; n: number }>(
      'select state, count(*) as n from follow_up group by state order by state',
    );
    return Object.fromEntries(rows.map((row) => [row.state, row.n]));
  }

  async count(what: string, values: unknown[] = []): Promise<number> {
    return (await this.db.one<{ n: number }>(`select count(*) as n from ${what}`, values))?.n ?? -1;
  }

  /** Until the sink has read `n` mails. @throws after `limitMs` */
  async untilMailed(n: number, limitMs = isFullSize ? 600_000 : 150_000): Promise<void> {
    await until(
      () => Promise.resolve(this.sink.mails.length >= n),
      limitMs,
      () => this.told(),
    );
  }

  /** Until no intent waits and no attempt is undecided; how long that took. @throws after `limitMs` */
  async settle(limitMs: number): Promise<number> {
    const from = performance.now();
    await until(
      () => this.isSettled(),
      limitMs,
      () => this.told(),
    );
    return performance.now() - from;
  }

  /** Decides every mail in doubt as somebody would who reads the mail server's log. Answers with how many. */
  async resolveByServerLog(): Promise<{ readonly asSent: number; readonly again: number }> {
    this.world.clock.set(new Date().toISOString());
    const arrived = new Set(this.sink.mails.map((mail) => mail.messageId));
    const inDoubt = await this.db.query<{ id: string; message_id: string }>(
      `select f.id, max(d.message_id) as message_id from follow_up f join delivery d on d.follow_up_id = f.id
       where f.state = 'uncertain' and d.state = 'uncertain' and d.resolved_at is null group by f.id`,
    );
    const service = this.world.get(FollowUpsService);
    const done = { asSent: 0, again: 0 };
    for (const { id, message_id: messageId } of inDoubt) {
      const isThere = arrived.has(messageId);
      await service.resolve(id, isThere ? 'sent' : 'resend', 'operator');
      done[isThere ? 'asSent' : 'again'] += 1;
    }
    return done;
  }

  /** Mails beyond the first with the same Message-ID. */
  get duplicates(): number {
    return this.sink.mails.length - new Set(this.sink.mails.map((mail) => mail.messageId)).size;
  }

  get log(): string {
    return this.started.flatMap((one) => [...one.lines, ...one.errors]).join('\n');
  }

  /** The invariants; all processes are ended first. */
  async violations(over: Partial<CheckedHouse> = {}): Promise<string[]> {
    await this.endAll();
    return violations({
      url: this.world.url,
      configDir: this.world.config,
      redisUrls: this.redis === null ? [] : [this.redis.url],
      mails: this.sink.mails,
      log: this.log,
      canaries: ['@mail.example', '0901000', '佐藤 太郎', 'サトウ'],
      ...over,
    });
  }

  async close(): Promise<void> {
    await this.endAll();
    await this.sink.close();
    await this.world.stop();
    await this.redis?.stop();
  }

  private hasty(sending: Partial<SendingRules>): EnishiOptions {
    const settings: FaultWorker = {
      url: this.world.url,
      smtpUrl: this.smtpUrl,
      redisUrls: this.redis === null ? [] : [this.redis.url],
      configDir: this.world.config,
      publicUrl: PUBLIC_URL,
      sending: { ...HASTY, ...sending },
      outage: { failuresToOpen: 5, probeMs: 500 },
      turnMs: 500,
    };
    return { entry: '../test/support/fault-worker.ts', args: [JSON.stringify(settings)] };
  }

  private start(options: EnishiOptions): EnishiProcess {
    const one = startEnishi(options);
    this.processes.add(one);
    this.started.push(one);
    return one;
  }

  private async alive(one: EnishiProcess): Promise<void> {
    if (one.child.exitCode !== null || one.child.signalCode !== null)
      throw new Error(`the worker ended before it worked: ${one.errors.slice(-5).join('\n')}`);
    await sleep(20);
  }

  async isSettled(): Promise<boolean> {
    const open = await this.db.one<{ n: number }>(
      `select (select count(*) from follow_up where state in ('planned', 'queued'))
         + (select count(*) from delivery where state in ('claimed', 'sending')) as n`,
    );
    return open?.n === 0;
  }

  private async told(): Promise<string> {
    const ledger = await this.db.query(
      'select state, error_code, count(*) as n from delivery group by 1, 2 order by 1, 2',
    );
    const errors = this.log.split('\n').filter((line) => !line.includes('"info"'));
    return JSON.stringify({
      states: await this.states(),
      restored: await isRestored(this.db.pool),
      ledger,
      mails: this.sink.mails.length,
      errors: errors.slice(-3),
    });
  }
}

/** `YYYY-MM-DD`, so many days before today. */
export function daysAgo(days: number): string {
  return new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
}

/**
 * Asks again and again, and where the answer takes long, less often: what looks on must not be what the house works at.
 *
 * @throws after `limitMs`, with what `told` says
 */
export async function until(
  holds: () => Promise<boolean>,
  limitMs: number,
  told: () => Promise<string> = () => Promise.resolve(''),
): Promise<void> {
  const end = performance.now() + limitMs;
  for (;;) {
    const from = performance.now();
    if (await holds()) return;
    const now = performance.now();
    if (now > end) throw new Error(`not within ${limitMs} ms: ${await told()}`);
    await sleep(Math.min(Math.max(20, 9 * (now - from)), 200));
  }
}
