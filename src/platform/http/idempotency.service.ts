import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { AppError } from '../../domain/app-error.js';
import { Clock } from '../clock/clock.js';
import { Database } from '../database/database.js';
import { newId } from '../database/id.js';

/** An answer as it went out. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The right to carry a request out, or the answer that it had already. */
export type Claim =
  | { readonly kind: 'mine'; readonly claim: string }
  | { readonly kind: 'answered'; readonly answer: KeptAnswer; readonly fingerprint: string };

interface Row {
  route: string;
  fingerprint: string | null;
  state: 'running' | 'done';
  lease_until: string;
  status: number | null;
  headers: Record<string, string> | null;
  body: string | null;
}

const KEPT_MS = 30 * 86_400_000;
/** A process that died leaves its claim; whoever comes after this may carry the request out. */
const LEASE_MS = 60_000;
const RELEASE_AGAIN_MS = 500;
const SWEEP = 50;

/** What `Idempotency-Key` promises: one key is one execution and one answer, for 30 days, whichever replica is asked. */
@Injectable()
export class IdempotencyService {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes the key for a request, or gives the answer of the same request before.
   *
   * @param fingerprint of the body; null while it is still to be read, then the caller compares
   * @throws IDEMPOTENCY_KEY_IN_USE (retryable) while the first request runs
   * @throws IDEMPOTENCY_KEY_REUSED when the key was used for something else
   */
  async claim(owner: string, key: string, route: string, fingerprint: string | null): Promise<Claim> {
    const now = this.clock.now();
    await this.sweep(now);
    const claim = newId();
    const taken = await this.db.one<{ claim: string }>(
      `insert into idempotency_key as i (owner, key, route, fingerprint, state, claim, lease_until, created_at, expires_at)
       values ($1, $2, $3, $4, 'running', $5, $6, $7, $8)
       on conflict (owner, key) do update
         set route = excluded.route, fingerprint = excluded.fingerprint, state = 'running', claim = excluded.claim,
           lease_until = excluded.lease_until, created_at = excluded.created_at, expires_at = excluded.expires_at,
           status = null, headers = null, body = null
         where i.expires_at <= excluded.created_at
           or (i.state = 'running' and i.lease_until < excluded.created_at and i.route = excluded.route
             and (i.fingerprint is null or excluded.fingerprint is null or i.fingerprint = excluded.fingerprint))
       returning claim`,
      [owner, key, route, fingerprint, claim, iso(now + LEASE_MS), iso(now), iso(now + KEPT_MS)],
    );
    if (taken !== null) return { kind: 'mine', claim: taken.claim };
    const row = await this.db.one<Row>(
      `select route, fingerprint, state, lease_until, status, headers, body from idempotency_key
       where owner = $1 and key = $2`,
      [owner, key],
    );
    if (row === null) throw inUse();
    const isOther =
      row.route !== route ||
      (fingerprint !== null && row.fingerprint !== null && row.fingerprint !== fingerprint);
    if (isOther) throw new AppError('IDEMPOTENCY_KEY_REUSED', { details: { field: 'Idempotency-Key' } });
    if (row.state === 'running' || row.status === null || row.fingerprint === null) throw inUse();
    const answer = { status: row.status, headers: row.headers ?? {}, body: row.body ?? '' };
    return { kind: 'answered', answer, fingerprint: row.fingerprint };
  }

  /** Says that the request is still being carried out. */
  async renew(claim: string): Promise<void> {
    await this.db.query(
      `update idempotency_key set lease_until = $2 where claim = $1 and state = 'running'`,
      [claim, iso(this.clock.now() + LEASE_MS)],
    );
  }

  /** Keeps the answer for whoever sends the same again. */
  async keep(claim: string, fingerprint: string, answer: KeptAnswer): Promise<void> {
    await this.db.query(
      `update idempotency_key set state = 'done', fingerprint = $2, status = $3, headers = $4, body = $5 where claim = $1`,
      [claim, fingerprint, answer.status, JSON.stringify(answer.headers), answer.body],
    );
  }

  /**
   * Gives the key back: nothing was carried out, the same request may come again. Where the database is away, which is
   * mostly why, it is tried again behind this until the claim ends by itself.
   */
  async release(claim: string): Promise<void> {
    try {
      await this.forget(claim);
    } catch (error) {
      void this.releaseLater(claim);
      throw error;
    }
  }

  private async releaseLater(claim: string): Promise<void> {
    const until = performance.now() + LEASE_MS;
    let isReleased = false;
    while (!isReleased && performance.now() < until) {
      await sleep(RELEASE_AGAIN_MS, undefined, { ref: false });
      isReleased = await this.forget(claim).then(
        () => true,
        () => false,
      );
    }
  }

  private async forget(claim: string): Promise<void> {
    await this.db.query(`delete from idempotency_key where claim = $1 and state = 'running'`, [claim]);
  }

  private async sweep(now: number): Promise<void> {
    await this.db.query(
      `delete from idempotency_key where (owner, key) in (
         select owner, key from idempotency_key where expires_at <= $1 limit ${SWEEP} for update skip locked)`,
      [iso(now)],
    );
  }
}

function inUse(): AppError {
  return new AppError('IDEMPOTENCY_KEY_IN_USE', {
    retryable: true,
    details: { field: 'Idempotency-Key', retryAfter: 1 },
  });
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
