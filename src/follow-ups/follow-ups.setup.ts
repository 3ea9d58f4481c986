import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { FollowUpRules } from '../domain/follow-up.js';
import type { Clock } from '../platform/clock/clock.js';
import { Database } from '../platform/database/database.js';
import { localMailbox } from '../platform/mail/local-mailbox.js';
import { smtpMail } from '../platform/mail/smtp-mail.js';
import type { MailTransport } from '../platform/mail/mail.js';
import { lastSeenInHome, lastSeenInRedis } from '../platform/health/last-seen.js';
import { RestoreGuard } from '../platform/health/restore-guard.js';
import { JobQueues, type JobQueuesOptions } from '../platform/queue/job-queues.js';
import { OutageBreaker } from '../platform/queue/outage-breaker.js';
import { AnswersService } from './answers.service.js';
import type { CompanyProfiles } from './company-profile.js';
import { DeliveryService } from './delivery.service.js';
import { FollowUpQueries } from './follow-up.queries.js';
import { FollowUpRunner } from './follow-up-runner.service.js';
import { followUpJobs } from './follow-up.job.js';
import { FollowUpsService } from './follow-ups.service.js';
import { IntentsService } from './intents.service.js';
import { LetterWriter, loadLetterTemplates } from './letter.js';
import { MailboxQueries } from './mailbox.queries.js';
import { RelayService } from './relay.service.js';

export interface FollowUpsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly databaseUrl: string;
  /** None: BullMQ on PostgreSQL. */
  readonly redisUrls: readonly string[];
  /** Null: the local mailbox. */
  readonly smtpUrl: string | null;
  /** Takes the mail instead of what `smtpUrl` names. */
  readonly transport?: MailTransport;
  /** What links in mails begin with. Never taken from a request. */
  readonly publicUrl: string;
  /** The configuration folder; `templates/` in it holds the mail texts. */
  readonly configDir: string;
  readonly rules: FollowUpRules;
  readonly companies: CompanyProfiles;
  /** Refuses a Redis that could lose jobs on a crash. */
  readonly production?: boolean;
  /** Spans of jobs; none unless given. */
  readonly telemetry?: JobQueuesOptions['telemetry'];
  /** The home, where it is kept how far the database had come; null: nowhere but in Redis. */
  readonly home?: string | null;
  /** When to stop trying a mail server that is away, and how often to ask whether it is back. */
  readonly outage?: { readonly failuresToOpen: number; readonly probeMs: number };
  /** Told about trouble with the queue's connection. */
  readonly onError: (error: Error) => void;
}

export interface FollowUps {
  readonly companies: CompanyProfiles;
  readonly intents: IntentsService;
  readonly relay: RelayService;
  readonly runner: FollowUpRunner;
  readonly service: FollowUpsService;
  readonly answers: AnswersService;
  readonly queries: FollowUpQueries;
  readonly mailbox: MailboxQueries;
  readonly queues: JobQueues;
  readonly queueNames: readonly string[];
  readonly transport: MailTransport;
  readonly outage: OutageBreaker;
  readonly guard: RestoreGuard;
  /** Ends workers, queues and mail connections; the database stays open. Safe to repeat. */
  close(): Promise<void>;
}

const OUTAGE = { failuresToOpen: 5, probeMs: 10_000 };

/**
 * Puts the room together, for the server and for a command alike. Starts no worker.
 * @throws TEMPLATE_MISSING, TEMPLATE_INVALID
 */
export async function openFollowUps(options: FollowUpsOptions): Promise<FollowUps> {
  const { database, clock, rules, companies, publicUrl } = options;
  const { sending } = rules;
  const templates = await loadLetterTemplates(join(options.configDir, 'templates'));
  const { smtpUrl } = options;
  const transport = options.transport ?? (smtpUrl === null ? localMailbox() : smtpMail({ url: smtpUrl }));
  const queues = await JobQueues.open({
    databaseUrl: options.databaseUrl,
    redisUrls: options.redisUrls,
    onError: options.onError,
    ...(options.production !== undefined && { production: options.production }),
    ...(options.telemetry !== undefined && { telemetry: options.telemetry }),
  });
  const outage = new OutageBreaker({
    ...(options.outage ?? OUTAGE),
    probe: () => (transport.channel === 'smtp' ? transport.probe() : Promise.resolve()),
  });
  const jobs = followUpJobs(sending);
  const letters = new LetterWriter(rules, companies, templates, publicUrl);
  const worker = `${process.pid}-${randomUUID()}`;
  const ledger = new Database(options.databaseUrl, 2 * sending.concurrency + 2, { pipeline: true });
  const delivery = new DeliveryService(
    ledger,
    clock,
    transport,
    letters,
    {
      leaseSecs: sending.leaseSecs,
      worker,
      most: Math.ceil(sending.concurrency / 2),
    },
    outage,
  );
  const guard = new RestoreGuard(
    database,
    [
      ...(typeof options.home === 'string' ? [lastSeenInHome(options.home)] : []),
      ...(queues.redis === null ? [] : [lastSeenInRedis(queues.redis)]),
    ],
    (error) => options.onError(error instanceof Error ? error : new Error('UNEXPECTED', { cause: error })),
  );
  // Before any worker can start: a mail that a restored database does not know of must not go out again.
  await guard.examine(clock.nowIso());
  const relay = new RelayService(database, clock, queues, jobs, sending, guard);
  return {
    companies,
    intents: new IntentsService(rules.sendAt),
    relay,
    runner: new FollowUpRunner(database, queues, jobs, relay, delivery, sending, outage),
    service: new FollowUpsService(database, clock, guard),
    answers: new AnswersService(database, clock),
    queries: new FollowUpQueries(database, rules),
    mailbox: new MailboxQueries(database),
    queues,
    queueNames: [jobs.exitInterviews.queue, jobs.invitations.queue],
    transport,
    outage,
    guard,
    async close() {
      outage.end();
      await queues.close();
      await transport.close();
      await ledger.onApplicationShutdown();
    },
  };
}
