import { Injectable } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import type { IsoDate } from '../domain/calendar.js';
import type { VerdictWord } from '../domain/eligibility.js';
import { Clock } from '../platform/clock/clock.js';
import { Database, type Sql } from '../platform/database/database.js';
import { newId } from '../platform/database/id.js';
import { isDeceased, leftForMisconduct } from './effective-registry.queries.js';
import { recordBeliefs } from './registry-history.js';

export interface OverrideRequest {
  readonly personId: string;
  /** Null when the person has one entry only. */
  readonly company: string | null;
  readonly verdict: VerdictWord;
  readonly reason: string;
  readonly author: string;
  /** The last day on which it counts; null for no end. */
  readonly untilDay: IsoDate | null;
  /** Today where the author sits. */
  readonly today: IsoDate;
}

export interface OverrideResult {
  readonly id: string;
  readonly company: string;
  /** `awaiting_second`: it counts once a different author asks for the same verdict and day. */
  readonly state: 'active' | 'awaiting_second';
}

interface LiveOverride {
  id: string;
  verdict: VerdictWord;
  reason: string;
  author: string;
  until_day: IsoDate | null;
  state: 'active' | 'awaiting_second';
}

/** Human exceptions to the policy. HR data never replaces one; it ends by a person, its day, or agreement. */
@Injectable()
export class OverridesService {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Sets the verdict that counts for this person and company. For somebody who died or was dismissed it waits for a
   * second author; what was in force until then stays in force. Safe to repeat.
   *
   * @throws OVERRIDE_REASON_MISSING, OVERRIDE_AUTHOR_MISSING, OVERRIDE_UNTIL_PAST
   * @throws REGISTRY_ENTRY_NOT_FOUND, OVERRIDE_COMPANY_NEEDED
   */
  async set(request: OverrideRequest): Promise<OverrideResult> {
    checkRequest(request);
    return this.db.transaction(async (sql) => {
      const company = await lockEntry(sql, request.personId, request.company);
      const live = await liveOverrides(sql, request.personId, company);
      const active = live.find((override) => override.state === 'active');
      if (active !== undefined && active.author === request.author.trim() && says(active, request)) {
        return { id: active.id, company, state: 'active' };
      }
      const proposal = live.find((override) => override.state === 'awaiting_second');
      if (!(await needsTwo(sql, request.personId, company))) {
        return this.activate(sql, request, company, live, null);
      }
      if (proposal === undefined || !says(proposal, request))
        return this.propose(sql, request, company, proposal);
      if (proposal.author === request.author.trim())
        return { id: proposal.id, company, state: 'awaiting_second' };
      return this.activate(sql, request, company, live, proposal);
    });
  }

  /**
   * Ends the override (and a proposal that waits), so that the policy's verdict counts again.
   *
   * @throws OVERRIDE_NOT_FOUND, OVERRIDE_REASON_MISSING, OVERRIDE_AUTHOR_MISSING, OVERRIDE_COMPANY_NEEDED
   */
  async close(request: {
    readonly personId: string;
    readonly company: string | null;
    readonly reason: string;
    readonly by: string;
  }): Promise<{ readonly closed: number }> {
    checkWords(request.reason, request.by);
    return this.db.transaction(async (sql) => {
      const company = request.company ?? (await companyOfOverride(sql, request.personId));
      const live = await liveOverrides(sql, request.personId, company);
      if (live.length === 0)
        throw new AppError('OVERRIDE_NOT_FOUND', { details: { personId: request.personId, company } });
      const words = { because: 'withdrawn', reason: request.reason.trim() };
      for (const override of live)
        await this.end(sql, request.personId, company, override, request.by.trim(), words);
      await this.record(sql, request.personId, company, 'override_closed', request.by.trim());
      return { closed: live.length };
    });
  }

  /** Ends the overrides whose last day is before `today`. They have not counted since; this only says so. */
  async closeExpired(today: IsoDate): Promise<number> {
    return this.db.transaction(async (sql) => {
      const at = this.clock.nowIso();
      const rows = await sql.query<{ person_id: string; company: string }>(
        `update rehire_override set state = 'closed', closed_at = $2::timestamptz, closed_because = 'expired'
         where state <> 'closed' and until_day < $1::date returning person_id, company`,
        [today, at],
      );
      const keys = rows.rows.map((row) => ({ personId: row.person_id, company: row.company }));
      await recordBeliefs(sql, keys, { kind: 'override_expired' }, at);
      return keys.length;
    });
  }

  private async activate(
    sql: Sql,
    request: OverrideRequest,
    company: string,
    live: readonly LiveOverride[],
    proposal: LiveOverride | null,
  ): Promise<OverrideResult> {
    const author = request.author.trim();
    for (const override of live) {
      if (override.id === proposal?.id) continue;
      await this.end(sql, request.personId, company, override, author, { because: 'replaced' });
    }
    const id = proposal?.id ?? (await this.insert(sql, request, company, 'active'));
    if (proposal !== null) {
      await sql.query(`update rehire_override set state = 'active', second_author = $2 where id = $1`, [
        id,
        author,
      ]);
    }
    const kind = proposal === null ? 'override_set' : 'override_confirmed';
    await this.tell(sql, request.personId, author, kind, eventOf(id, company, request));
    await this.record(sql, request.personId, company, kind, author);
    return { id, company, state: 'active' };
  }

  private async propose(
    sql: Sql,
    request: OverrideRequest,
    company: string,
    earlier: LiveOverride | undefined,
  ): Promise<OverrideResult> {
    const author = request.author.trim();
    if (earlier !== undefined)
      await this.end(sql, request.personId, company, earlier, author, { because: 'replaced' });
    const id = await this.insert(sql, request, company, 'awaiting_second');
    await this.tell(sql, request.personId, author, 'override_proposed', eventOf(id, company, request));
    return { id, company, state: 'awaiting_second' };
  }

  private async insert(sql: Sql, request: OverrideRequest, company: string, state: string): Promise<string> {
    const id = newId();
    await sql.query(
      `insert into rehire_override (id, person_id, company, verdict, reason, author, state, until_day, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        id,
        request.personId,
        company,
        request.verdict,
        request.reason.trim(),
        request.author.trim(),
        state,
        request.untilDay,
        this.clock.nowIso(),
      ],
    );
    return id;
  }

  private async end(
    sql: Sql,
    personId: string,
    company: string,
    override: LiveOverride,
    by: string,
    words: { readonly because: string; readonly reason?: string },
  ): Promise<void> {
    await sql.query(
      `update rehire_override set state = 'closed', closed_at = $2, closed_by = $3, closed_because = $4 where id = $1`,
      [override.id, this.clock.nowIso(), by, words.because],
    );
    await this.tell(sql, personId, by, 'override_closed', {
      overrideId: override.id,
      company,
      verdict: override.verdict,
      ...words,
    });
  }

  private async tell(sql: Sql, personId: string, actor: string, kind: string, data: object): Promise<void> {
    await sql.query(
      `insert into timeline_event (at, person_id, actor, kind, data) values ($1, $2, $3, $4, $5)`,
      [this.clock.nowIso(), personId, actor, kind, JSON.stringify(data)],
    );
  }

  private async record(sql: Sql, personId: string, company: string, kind: string, by: string): Promise<void> {
    await recordBeliefs(sql, [{ personId, company }], { kind, by }, this.clock.nowIso());
  }
}

function checkRequest(request: OverrideRequest): void {
  checkWords(request.reason, request.author);
  if (request.untilDay !== null && request.untilDay < request.today) {
    throw new AppError('OVERRIDE_UNTIL_PAST', { details: { until: request.untilDay, today: request.today } });
  }
}

function checkWords(reason: string, author: string): void {
  if (reason.trim() === '') throw new AppError('OVERRIDE_REASON_MISSING');
  if (author.trim() === '') throw new AppError('OVERRIDE_AUTHOR_MISSING');
}

/** The same verdict for as long: what a second author confirms. The reason may be put in other words. */
function says(override: LiveOverride, request: OverrideRequest): boolean {
  return override.verdict === request.verdict && override.until_day === request.untilDay;
}

function eventOf(id: string, company: string, request: OverrideRequest): object {
  const { verdict, untilDay } = request;
  return { overrideId: id, company, verdict, untilDay, reason: request.reason.trim() };
}

/** The company of the entry, which stays locked until the transaction ends: one change of an override at a time. */
async function lockEntry(sql: Sql, personId: string, company: string | null): Promise<string> {
  const { rows } = await sql.query<{ company: string }>(
    `select company from registry_entry where person_id = $1 and ($2::text is null or company = $2)
     order by company for update`,
    [personId, company],
  );
  return onlyCompany(rows, () => new AppError('REGISTRY_ENTRY_NOT_FOUND', { details: { personId } }));
}

async function companyOfOverride(sql: Sql, personId: string): Promise<string> {
  const { rows } = await sql.query<{ company: string }>(
    `select distinct company from rehire_override where person_id = $1 and state <> 'closed' order by company`,
    [personId],
  );
  return onlyCompany(rows, () => new AppError('OVERRIDE_NOT_FOUND', { details: { personId, company: '' } }));
}

function onlyCompany(rows: readonly { company: string }[], notFound: () => AppError): string {
  const [first, ...others] = rows;
  if (first === undefined) throw notFound();
  if (others.length === 0) return first.company;
  throw new AppError('OVERRIDE_COMPANY_NEEDED', {
    details: { companies: rows.map((row) => row.company).join(', ') },
  });
}

async function liveOverrides(sql: Sql, personId: string, company: string): Promise<LiveOverride[]> {
  const { rows } = await sql.query<LiveOverride>(
    `select id, verdict, reason, author, until_day, state from rehire_override
     where person_id = $1 and company = $2 and state <> 'closed' for update`,
    [personId, company],
  );
  return rows;
}

/** A death, wherever in the group it is known, and misconduct at this company are for two people. */
async function needsTwo(sql: Sql, personId: string, company: string): Promise<boolean> {
  const { rows } = await sql.query<{ restricted: boolean }>(
    `select ${isDeceased('$1')} or ${leftForMisconduct('$1', '$2')} as restricted`,
    [personId, company],
  );
  return rows[0]?.restricted === true;
}
