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

/** What came of opening one follow-up: an attempt, or the reason why there is none. */
export type Opened =
  /** From here on the mail may have gone out; one that is stored has. */
  | { readonly step: 'send'; readonly attempt: Attempt; readonly letter: Letter }
  | { readonly step: 'over'; readonly result: 'undeliverable' | 'none' };

type Output =
  | Opened
  /** Nothing was written about it. */
  | { readonly step: 'failed'; readonly error: unknown }
  /** Somebody else has locked something of it. */
  | { readonly step: 'alone' };

/** What a turn has to do, after all was read and before anything is written. */
interface Sorted {
  readonly ready: Ready[];
  readonly held: string[];
  readonly unsent: Unsent[];
  /** What is known already, by follow-up; one that is not here and not ready is over. */
  readonly outputs: Map<string, Output>;
}

const NOTHING: Opened = { step: 'over', result: 'none' };

/**
 * The transactions of the ledger. What is in hand in this process at the same time is opened together and finished
 * together, so that a mail costs a share of a transaction. A turn waits for nobody's lock: what is locked is done alone
 * beside it. A turn that fails is done one by one, so that only those at fault are told.
 */
export class SendTurns {
  private readonly openings: Gathered<string, Output>;
  private readonly endings: Gathered<Ending, Ended>;

  /**
   * @param mailbox stores the mails in the transaction that opens them; null: they go to a mail server afterwards
   * @param options.most in one turn; a half of what is in hand lets the other half be sent or fetched meanwhile
   */
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly letters: LetterWriter,
    private readonly mailbox: StoredMail | null,
    private readonly options: { readonly leaseSecs: number; readonly worker: string; readonly most: number },
  ) {
    this.openings = new Gathered((ids) => this.openTurn(ids, 'free'), options.most, 'soon');
    this.endings = new Gathered((endings) => this.finishTurn(endings, 'free'), options.most, 'soon');
  }

  /**
   * Reads all conditions under lock and, where the mail may go, opens an attempt in the same transaction.
   *
   * @throws DELIVERY_IN_WORK (retryable) while another worker's lease runs
   * @throws FOLLOW_UP_COMPANY_UNKNOWN
   */
  async open(followUpId: string): Promise<Opened> {
    let output = await this.openings.add(followUpId);
    if (output.step === 'alone') output = only(await this.openTurn([followUpId], 'patient'));
    if (output.step === 'failed') throw output.error;
    if (output.step === 'alone') throw new Error('Whoever waits for a lock gets it.');
    return output;
  }

  /** Records what the mail server said; false when that does not count any more. */
  async finish(ending: Ending): Promise<boolean> {
    let ended = await this.endings.add(ending);
    if (ended === 'alone') ended = only(await this.finishTurn([ending], 'patient'));
    return ended === 'finished';
  }

  private openTurn(followUpIds: readonly string[], locking: Locking): Promise<readonly Output[]> {
    // Every turn asks the same few statements, and whether a transaction begins is known with the first of them.
    return this.database.transaction(async (client, commit) => {
      const sql = prepared(client);
      const sorted = this.sort(await checkBeforeSending(sql, [...new Set(followUpIds)], locking));
      const at = this.clock.nowIso();
      const [attempts] = await Promise.all([
        this.openReady(sql, sorted.ready),
        holdBack(sql, sorted.held, at),
        endUnsent(sql, sorted.unsent, at),
        // The last statement is on its way; mails that are stored come behind it.
        ...(this.mailbox === null ? [commit()] : []),
      ]);
      return outputsOf(followUpIds, sorted, attempts);
    });
  }

  private sort(checks: ReadonlyMap<string, SendCheck>): Sorted {
    const sorted: Sorted = { ready: [], held: [], unsent: [], outputs: new Map() };
    for (const [id, check] of checks) {
      switch (check.verdict) {
        case 'go':
          this.write(check.facts, sorted);
          break;
        case 'skip':
          break;
        case 'hold':
          sorted.held.push(id);
          break;
        case 'cancel':
          sorted.unsent.push({ id, state: 'cancelled', because: check.because });
          break;
        case 'alone':
          sorted.outputs.set(id, { step: 'alone' });
          break;
      }
    }
    return sorted;
  }

  /** What is wrong with one letter is told to its job alone. */
  private write(facts: Ready['facts'], { ready, unsent, outputs }: Sorted): void {
    const { id } = facts;
    try {
      const letter = this.letters.write(facts, this.clock.now());
      if (letter !== null) return void ready.push({ facts, letter });
      unsent.push({ id, state: 'undeliverable', because: 'no_address' });
      outputs.set(id, { step: 'over', result: 'undeliverable' });
    } catch (error) {
      outputs.set(id, { step: 'failed', error });
    }
  }

  private async openReady(sql: Sql, ready: readonly Ready[]): Promise<ReadonlyMap<string, Attempt>> {
    if (ready.length === 0) return new Map();
    const { mailbox } = this;
    const lease = this.lease();
    const attempts = await openAttempts(sql, ready, mailbox === null ? 'sending' : 'stored', lease);
    if (mailbox === null) return attempts;
    const stored = ready.filter(({ facts }) => attempts.has(facts.id));
    await Promise.all(
      stored.map(({ facts: { id, personId, kind }, letter }) =>
        mailbox.put(sql, letter.mail, { followUpId: id, personId, kind }, lease.at),
      ),
    );
    return attempts;
  }

  private finishTurn(endings: readonly Ending[], locking: Locking): Promise<readonly Ended[]> {
    return this.database.connection((client) =>
      finishAttempts(prepared(client), endings, locking, this.clock.nowIso()),
    );
  }

  private lease(): Lease {
    const until = new Date(this.clock.now() + this.options.leaseSecs * 1_000).toISOString();
    return { worker: this.options.worker, at: this.clock.nowIso(), until };
  }
}

function outputsOf(
  followUpIds: readonly string[],
  { ready, outputs }: Sorted,
  attempts: ReadonlyMap<string, Attempt>,
): readonly Output[] {
  for (const { facts, letter } of ready) {
    const { id: followUpId } = facts;
    const attempt = attempts.get(followUpId);
    outputs.set(followUpId, attempt === undefined ? inWork(followUpId) : { step: 'send', attempt, letter });
  }
  return followUpIds.map((id, i) => {
    const output = outputs.get(id) ?? NOTHING;
    // Two jobs of one follow-up: whoever comes second finds it begun.
    return output.step === 'send' && followUpIds.indexOf(id) < i ? NOTHING : output;
  });
}

function inWork(followUpId: string): Output {
  const error = new AppError('DELIVERY_IN_WORK', { retryable: true, details: { followUpId } });
  return { step: 'failed', error };
}

function only<T>(outputs: readonly T[]): T {
  const [output] = outputs;
  if (output === undefined || outputs.length > 1) throw new Error('A turn of one has one output.');
  return output;
}
