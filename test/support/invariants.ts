import { followUpRulesSchema } from '../../src/domain/follow-up.js';
import { Clock } from '../../src/platform/clock/clock.js';
import { readConfigFile } from '../../src/platform/config/config-file.js';
import { Database } from '../../src/platform/database/database.js';
import { followUpJobs } from '../../src/follow-ups/follow-up.job.js';
import { JobQueues } from '../../src/platform/queue/job-queues.js';
import { deadIntents, mailViolations } from './invariants-mail.js';
import { registryViolations } from './invariants-registry.js';
import { canariesIn, canariesInJobs, garbledText } from './invariants-text.js';
import { CONFIG_DIR } from './mail-fixtures.js';

/** What is left when a case is over: nothing may still be at work on it. */
export interface CheckedHouse {
  /** Of its database. */
  readonly url: string;
  /** The configuration folder it ran with; the shipped one when not given. */
  readonly configDir?: string;
  /** What it took for now; the machine's clock when not given. */
  readonly clock?: Clock;
  /** None: its queue is on PostgreSQL. */
  readonly redisUrls?: readonly string[];
  /** Every message that its mail server read to the end; when not given the SMTP ledger is not compared. */
  readonly mails?: readonly { readonly to: string; readonly messageId: string }[];
  /** Everything that its processes logged. */
  readonly log?: string;
  /** Texts of persons that may stand in no log and no job. */
  readonly canaries?: readonly string[];
  /**
   * True for a database whose rows a test wrote by hand, without observations: what the rules ask for and what a
   * recomputation gives cannot be asked of it.
   */
  readonly handmade?: boolean;
  /** How long a row may be queued without a job, for a case that ends in the middle; 0 when not given. */
  readonly graceSecs?: number;
}

/**
 * The invariants of faults.md, to be run after every case: (1) departures are the intents that the rules ask for;
 * (2) every intent is terminal, alive in the queue, or due for the relay; (3) the mail server and the send ledger
 * reconcile to zero unexplained; (4) the audit chain verifies; (5) no U+FFFD is stored and no canary is in a log or a
 * job; (6) a recomputation of the registry finds no difference.
 *
 * @returns what is wrong, each in a sentence that begins with the invariant's number and names ids only; empty when
 * all of them hold
 */
export async function violations(house: CheckedHouse): Promise<string[]> {
  const { url, configDir = CONFIG_DIR, clock = new Clock(), redisUrls = [], canaries = [] } = house;
  const database = new Database(url, 8);
  try {
    const rules = await readConfigFile(configDir, 'follow-ups.yaml', followUpRulesSchema);
    const jobs = followUpJobs(rules.sending);
    const queues = await JobQueues.open({ databaseUrl: url, redisUrls, onError: () => undefined });
    try {
      const before = new Date(clock.now() - (house.graceSecs ?? 0) * 1_000).toISOString();
      return [
        ...(await registryViolations(url, { configDir, clock, handmade: house.handmade === true })),
        ...(await deadIntents(database, queues, jobs, before)),
        ...(await mailViolations(database, house.mails ?? null, clock.nowIso())),
        ...(await garbledText(database)),
        ...canariesIn('the log', house.log ?? '', canaries),
        ...(await canariesInJobs(queues, [jobs.exitInterviews.queue, jobs.invitations.queue], canaries)),
      ];
    } finally {
      await queues.close();
    }
  } finally {
    await database.onApplicationShutdown();
  }
}
