import { join } from 'node:path';
import { DeliveryService } from '../../src/follow-ups/delivery.service.js';
import { LetterWriter, loadLetterTemplates } from '../../src/follow-ups/letter.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { localMailbox } from '../../src/platform/mail/local-mailbox.js';
import type { OutgoingMail, SendOutcome } from '../../src/platform/mail/mail.js';
import { OutageBreaker } from '../../src/platform/queue/outage-breaker.js';
import {
  aFollowUp,
  aLeaver,
  COMPANIES,
  CONFIG_DIR,
  PUBLIC_URL,
  shippedRules,
  TestClock,
  type Leaver,
  type LeaverOptions,
  type PlannedMail,
} from './mail-fixtures.js';
import { testDatabase, type TestDatabase } from './postgres.js';

const LEASE_SECS = 60;

/** The sending of follow-ups without a queue: what is called together is in hand together. */
export class SendDesk {
  readonly clock = new TestClock(Date.UTC(2026, 5, 23, 1));
  /** Taken by the mail server. */
  readonly mails: OutgoingMail[] = [];
  /** What the mail server says to a recipient; it takes what nobody says anything about. */
  readonly answers = new Map<string, () => Promise<SendOutcome>>();

  private constructor(
    private readonly home: TestDatabase,
    readonly db: Database,
    private readonly ledger: Database,
    private readonly letters: LetterWriter,
  ) {}

  static async open(): Promise<SendDesk> {
    const home = await testDatabase();
    await migrate(home.url);
    const templates = await loadLetterTemplates(join(CONFIG_DIR, 'templates'));
    const letters = new LetterWriter(await shippedRules(), COMPANIES, templates, PUBLIC_URL);
    const ledger = new Database(home.url, 30, { pipeline: true });
    return new SendDesk(home, new Database(home.url, 30), ledger, letters);
  }

  get url(): string {
    return this.home.url;
  }

  /** One worker of its own. @param isStored mails go to the local mailbox */
  worker(isStored = false): DeliveryService {
    const smtp = {
      channel: 'smtp' as const,
      send: async (mail: OutgoingMail): Promise<SendOutcome> => {
        const outcome = await (this.answers.get(mail.to)?.() ??
          Promise.resolve({ outcome: 'accepted' as const }));
        if (outcome.outcome === 'accepted') this.mails.push(mail);
        return outcome;
      },
      probe: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    const outage = new OutageBreaker({ failuresToOpen: 1_000, probeMs: 60_000, probe: smtp.probe });
    const options = { leaseSecs: LEASE_SECS, worker: 'test', most: 100 };
    return new DeliveryService(
      this.ledger,
      this.clock,
      isStored ? localMailbox() : smtp,
      this.letters,
      options,
      outage,
    );
  }

  /** So many leavers, each with one follow-up that is queued. */
  async queued(count: number, options: LeaverOptions = {}): Promise<Leaver[]> {
    const leavers: Leaver[] = [];
    for (let i = 0; i < count; i += 1) leavers.push(await aLeaver(this.db, options));
    await this.queue(leavers.map(({ followUpId }) => followUpId));
    return leavers;
  }

  /** One more follow-up of somebody, queued. */
  async another(employmentId: string, mail: PlannedMail): Promise<string> {
    const id = await aFollowUp(this.db, employmentId, mail);
    await this.queue([id]);
    return id;
  }

  /** What came of each: a `DeliveryResult`, or the code of what was thrown. */
  async deliverAll(
    followUpIds: readonly string[],
    worker: DeliveryService = this.worker(),
  ): Promise<readonly string[]> {
    const settled = await Promise.allSettled(followUpIds.map((id) => worker.deliver(id)));
    return settled.map((one) => (one.status === 'fulfilled' ? one.value : codeOf(one.reason)));
  }

  async stateOf(followUpId: string): Promise<string | undefined> {
    const row = await this.db.one<{ state: string }>('select state from follow_up where id = $1', [
      followUpId,
    ]);
    return row?.state;
  }

  /** Attempts as `number state code`, in their order. */
  async attemptsOf(followUpId: string): Promise<string[]> {
    const rows = await this.db.query<{ text: string }>(
      `select concat_ws(' ', attempt, state, error_code) as text from delivery where follow_up_id = $1 order by attempt`,
      [followUpId],
    );
    return rows.map((row) => row.text);
  }

  async close(): Promise<void> {
    await this.ledger.onApplicationShutdown();
    await this.db.onApplicationShutdown();
    await this.home.drop();
  }

  private async queue(ids: readonly string[]): Promise<void> {
    await this.db.query(
      `update follow_up set state = 'queued', queued_at = now(), sends = sends + 1 where id = any($1::uuid[])`,
      [ids],
    );
  }
}

function codeOf(reason: unknown): string {
  if (typeof reason === 'object' && reason !== null && 'code' in reason) return String(reason.code);
  return String(reason);
}
