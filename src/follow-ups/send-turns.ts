import { AppError } from '../domain/app-error.js';
import type { Clock } from '../platform/clock/clock.js';
import type { Database, Sql } from '../platform/database/database.js';
import { Gathered } from '../platform/database/gathered.js';
import { prepared } from '../platform/database/prepared.js';
import type { StoredMail } from '../platform/mail/mail.js';
import type { Letter, LetterWriter } from './letter.js';
import type { Locking } from './locking.js';
import type { SendCheck } from './send-check.js';
import { checkBeforeSending } from './send-check.js';
import type { Attempt, Ended, Ending, Lease, Ready } from './send-ledger.js';
import { finishAttempts, openAttempts } from './send-ledger.js';
import type { Unsent } from './unsent.js';
import { endUnsent, holdBack } from './unsent.js';

/** What a turn makes of one follow-up. */
export type Opened =
  /** From here on the mail may have gone out; with `stored` mails it has. */
  | { readonly step: 'send'; readonly attempt: Attempt; readonly letter: Letter }
  /** It is not to be sent (now). */
  | { readonly step: 'over'; readonly result: 'undeliverable' | 'none' }
  /** Nothing was written about it. */
  | { readonly step: 'failed'; readonly error: unknown }
  /** Somebody else has locked something of it. */
  | { readonly step: 'alone' };

const NOTHING: Opened = { step: 'over', result: 'none' };

/**
 * The transactions of the ledger. What is in hand in this process at the same time is opened together and finished
 * together, so that a mail costs a share of a transaction. A turn waits for nobody's lock: what is locked is done alone
 * beside it. A turn that fails is done one by one, so that only those at fault are told.
 */
export class SendTurns {
  private readonly openings: Gathered<string, Opened>;
  private readonly endings: Gathered<Ending, Ended>;

  /** @param mailbox stores the mails in the transaction that opens them; null: they go to a mail server afterwards */
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly letters: LetterWriter,
    private readonly mailbox: StoredMail | null,
    private readonly options: { readonly leaseSecs: number; readonly worker: string },
  ) {
    this.openings = new Gathered((ids) => this.openTurn(ids, 'free'));
    this.endings = new Gathered((endings) => this.finishTurn(endings, 'free'));
  }

  /**
   * Reads all conditions under lock and, where the mail may go, opens an attempt in the same transaction.
   *
   * @throws DELIVERY_IN_WORK (retryable) while another worker's lease runs
   * @throws FOLLOW_UP_COMPANY_UNKNOWN
   */
  async open(followUpId: string): Promise<Exclude<Opened, { step: 'failed' | 'alone' }>> {
    let opened = await this.openings.add(followUpId);
    if (opened.step === 'alone') opened = only(await this.openTurn([followUpId], 'patient'));
    if (opened.step === 'failed') throw opened.error;
    if (opened.step === 'alone') throw new Error('Whoever waits for a lock gets it.');
    return opened;
  }

  /** Records what the mail server said; false when that does not count any more. */
  async finish(ending: Ending): Promise<boolean> {
    let ended = await this.endings.add(ending);
    if (ended === 'alone') ended = only(await this.finishTurn([ending], 'patient'));
    return ended === 'finished';
  }

  private openTurn(followUpIds: readonly string[], locking: Locking): Promise<readonly Opened[]> {
    return this.transaction(async (sql) => {
      const checks = await checkBeforeSending(sql, [...new Set(followUpIds)], locking);
      const opened = await this.openChecked(sql, checks);
      const told = new Set<string>();
      return followUpIds.map((id) => {
        const one = opened.get(id) ?? NOTHING;
        // Two jobs of one follow-up: the second finds it done.
        if (one.step === 'send' && told.has(id)) return NOTHING;
        told.add(id);
        return one;
      });
    });
  }

  private async openChecked(
    sql: Sql,
    checks: ReadonlyMap<string, SendCheck>,
  ): Promise<ReadonlyMap<string, Opened>> {
    const opened = new Map<string, Opened>();
    const ready: Ready[] = [];
    const held: string[] = [];
    const unsent: Unsent[] = [];
    for (const [id, check] of checks) {
      if (check.verdict === 'alone') opened.set(id, { step: 'alone' });
      else if (check.verdict === 'hold') held.push(id);
      else if (check.verdict === 'cancel') unsent.push({ id, state: 'cancelled', because: check.because });
      else if (check.verdict === 'go') {
        const written = this.write(check.facts);
        if ('error' in written) opened.set(id, { step: 'failed', error: written.error });
        else if (written.letter !== null) ready.push({ facts: check.facts, letter: written.letter });
        else {
          unsent.push({ id, state: 'undeliverable', because: 'no_address' });
          opened.set(id, { step: 'over', result: 'undeliverable' });
        }
      }
    }
    const at = this.clock.nowIso();
    await Promise.all([
      holdBack(sql, held, at),
      endUnsent(sql, unsent, at),
      this.openReady(sql, ready, opened),
    ]);
    return opened;
  }

  private async openReady(sql: Sql, ready: readonly Ready[], opened: Map<string, Opened>): Promise<void> {
    if (ready.length === 0) return;
    const lease = this.lease();
    const attempts = await openAttempts(sql, ready, this.mailbox === null ? 'sending' : 'stored', lease);
    const puts: Promise<void>[] = [];
    for (const { facts, letter } of ready) {
      const { id: followUpId, personId, kind } = facts;
      const attempt = attempts.get(followUpId);
      if (attempt === undefined) {
        const error = new AppError('DELIVERY_IN_WORK', { retryable: true, details: { followUpId } });
        opened.set(followUpId, { step: 'failed', error });
        continue;
      }
      opened.set(followUpId, { step: 'send', attempt, letter });
      if (this.mailbox === null) continue;
      puts.push(this.mailbox.put(sql, letter.mail, { followUpId, personId, kind }, lease.at));
    }
    await Promise.all(puts);
  }

  private finishTurn(endings: readonly Ending[], locking: Locking): Promise<readonly Ended[]> {
    return this.transaction(async (sql) => {
      const ended = await finishAttempts(sql, endings, locking, this.clock.nowIso());
      return endings.map(({ attempt }) => ended.get(attempt.id) ?? 'lost');
    });
  }

  /** What is wrong with one letter is told to its job alone. */
  private write(facts: Ready['facts']): { readonly letter: Letter | null } | { readonly error: unknown } {
    try {
      return { letter: this.letters.write(facts, this.clock.now()) };
    } catch (error) {
      return { error };
    }
  }

  /** Every turn asks the same few statements, and whether a transaction begins is known with the first of them. */
  private transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.database.transaction((client) => work(prepared(client)));
  }

  private lease(): Lease {
    const until = new Date(this.clock.now() + this.options.leaseSecs * 1_000).toISOString();
    return { worker: this.options.worker, at: this.clock.nowIso(), until };
  }
}

function only<T>(outputs: readonly T[]): T {
  const [output] = outputs;
  if (output === undefined || outputs.length > 1) throw new Error('A turn of one has one output.');
  return output;
}
