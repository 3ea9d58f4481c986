import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AppError } from '../domain/app-error.js';
import { endOfDay, type IsoDate } from '../domain/calendar.js';
import type { Because, FactName, FactValue, VerdictWord } from '../domain/eligibility.js';
import { Database } from '../platform/database/database.js';
import { effectiveRegistry } from './effective-registry.queries.js';
import { checkLimit, decodeCursor, toPage, type Page } from './keyset.queries.js';

/** An entry as HR sees it: what counts on the day asked, and what the policy alone would say. */
export interface RegistryItem {
  readonly personId: string;
  readonly company: string;
  readonly employeeNumber: string;
  readonly name: string | null;
  readonly lastDay: IsoDate | null;
  /** What counts: the override's verdict where one is in force, else the policy's. */
  readonly verdict: VerdictWord;
  readonly policyVerdict: VerdictWord;
  readonly fromDay: IsoDate | null;
  readonly reviewOn: IsoDate | null;
  /** The day to look again has come. */
  readonly reviewDue: boolean;
  readonly rule: string;
  readonly because: readonly Because[];
  readonly missing: readonly FactName[];
  readonly override: OverrideInForce | null;
}

export interface OverrideInForce {
  readonly id: string;
  readonly verdict: VerdictWord;
  readonly reason: string;
  readonly author: string;
  readonly untilDay: IsoDate | null;
}

export interface OverrideItem extends OverrideInForce {
  readonly company: string;
  readonly secondAuthor: string | null;
  readonly state: 'awaiting_second' | 'active' | 'closed';
  readonly createdAt: string;
  readonly closedAt: string | null;
  /** hr_agrees, replaced, withdrawn, expired; null while it lives. */
  readonly closedBecause: string | null;
  readonly closedBy: string | null;
}

/** What was believed from one instant to another; `verdict` null: not in the registry. */
export interface BeliefItem {
  readonly company: string;
  readonly believedFrom: string;
  readonly believedTo: string | null;
  readonly verdict: VerdictWord | null;
  readonly rule: string | null;
  readonly policyVersion: number | null;
  readonly overrideId: string | null;
  readonly cause: Readonly<Record<string, unknown>>;
}

export interface RegistryPerson {
  readonly personId: string;
  readonly entries: readonly (RegistryItem & {
    readonly evidence: Readonly<Partial<Record<FactName, FactValue>>>;
    readonly policyVersion: number;
    readonly decidedAt: string;
  })[];
  /** The newest first, closed ones too. */
  readonly overrides: readonly OverrideItem[];
  /** The newest first. */
  readonly history: readonly BeliefItem[];
}

/** What was believed of one person at the end of a day. */
export interface PastItem {
  readonly personId: string;
  readonly company: string;
  readonly employeeNumber: string | null;
  readonly name: string | null;
  readonly verdict: VerdictWord;
  readonly policyVerdict: VerdictWord;
  readonly fromDay: IsoDate | null;
  readonly reviewOn: IsoDate | null;
  readonly rule: string;
  readonly because: readonly Because[];
  readonly policyVersion: number;
  readonly overridden: boolean;
}

interface ItemRow {
  person_id: string;
  company: string;
  employee_number: string;
  spell: number;
  display_name: string | null;
  last_day: IsoDate | null;
  verdict: VerdictWord;
  policy_verdict: VerdictWord;
  from_day: IsoDate | null;
  review_on: IsoDate | null;
  review_due: boolean;
  rule: string;
  because: Because[];
  missing: FactName[];
  evidence: Partial<Record<FactName, FactValue>>;
  policy_version: number;
  decided_at: string;
  override_id: string | null;
  override_verdict: VerdictWord | null;
  override_reason: string | null;
  override_until: IsoDate | null;
  override_author: string | null;
}

const ITEMS = `select r.*, m.employee_number, m.spell, m.display_name, d.last_day,
    coalesce(r.review_on <= $1::date, false) as review_due
  from ${effectiveRegistry('$1::date')} r
  join employment m on m.id = r.employment_id
  left join departure d on d.employment_id = r.employment_id and d.state = 'standing'`;

const listCursor = z.tuple([z.string(), z.string(), z.int()]);
const pastCursor = z.tuple([z.uuid(), z.string()]);

@Injectable()
export class RegistryQueries {
  constructor(private readonly db: Database) {}

  /**
   * One page of the registry as it counts on `day`, in the order of company, employee number and spell.
   * @throws CURSOR_INVALID, LIMIT_OUT_OF_RANGE
   */
  async list(query: {
    readonly day: IsoDate;
    readonly verdict?: VerdictWord | null;
    readonly company?: string | null;
    readonly cursor?: string | null;
    readonly limit: number;
  }): Promise<Page<RegistryItem>> {
    const limit = checkLimit(query.limit);
    const after = decodeCursor(query.cursor, listCursor);
    const rows = await this.db.query<ItemRow>(
      `${ITEMS}
       where ($2::text is null or r.verdict = $2) and ($3::text is null or r.company = $3)
         and ($4::text is null or (m.company, m.employee_number, m.spell) > ($4::text, $5::text, $6::int))
       order by m.company, m.employee_number, m.spell limit $7`,
      [query.day, query.verdict ?? null, query.company ?? null, ...(after ?? [null, null, null]), limit + 1],
    );
    return toPage(rows, limit, (row) => [row.company, row.employee_number, row.spell], toItem);
  }

  /**
   * Everything that the registry holds and held about one person; `entries` is empty for somebody who is not in it now.
   * @throws REGISTRY_ENTRY_NOT_FOUND when the registry never held the person
   */
  async show(personId: string, day: IsoDate): Promise<RegistryPerson> {
    const [rows, overrides, history] = await Promise.all([
      this.db.query<ItemRow>(`${ITEMS} where r.person_id = $2 order by r.company`, [day, personId]),
      this.overridesOf(personId),
      this.historyOf(personId),
    ]);
    if (rows.length + overrides.length + history.length === 0) {
      throw new AppError('REGISTRY_ENTRY_NOT_FOUND', { details: { personId } });
    }
    const entries = rows.map((row) => ({
      ...toItem(row),
      evidence: row.evidence,
      policyVersion: row.policy_version,
      decidedAt: row.decided_at,
    }));
    return { personId, entries, overrides, history };
  }

  /**
   * What the registry said at the end of `day` in `zone`, in the order of (person, company): an override of that
   * time counts when it had not expired by then. Somebody who was not in the registry then is left out. Names and
   * numbers are today's.
   *
   * @throws ZONE_UNKNOWN, CURSOR_INVALID, LIMIT_OUT_OF_RANGE
   */
  async at(query: {
    readonly day: IsoDate;
    readonly zone: string;
    readonly cursor?: string | null;
    readonly limit: number;
  }): Promise<Page<PastItem>> {
    const limit = checkLimit(query.limit);
    const after = decodeCursor(query.cursor, pastCursor);
    const end = new Date(endOfDay(query.day, query.zone)).toISOString();
    const rows = await this.db.query<PastRow>(
      `select h.person_id, h.company, m.employee_number, m.display_name,
         coalesce(o.verdict, h.verdict) as verdict, h.verdict as policy_verdict, h.from_day, h.review_on, h.rule,
         h.because, h.policy_version, o.id is not null as overridden
       from registry_history h
       left join employment m on m.id = h.employment_id
       left join rehire_override o on o.id = h.override_id and (o.until_day is null or o.until_day >= $1::date)
       where h.believed_from < $2::timestamptz and (h.believed_to is null or h.believed_to >= $2::timestamptz)
         and h.verdict is not null
         and ($3::uuid is null or (h.person_id, h.company) > ($3::uuid, $4::text))
       order by h.person_id, h.company limit $5`,
      [query.day, end, ...(after ?? [null, null]), limit + 1],
    );
    return toPage(rows, limit, (row) => [row.person_id, row.company], toPastItem);
  }

  private async overridesOf(personId: string): Promise<OverrideItem[]> {
    return this.db.query(
      `select id, company, verdict, reason, author, second_author as "secondAuthor", until_day as "untilDay", state,
         created_at as "createdAt", closed_at as "closedAt", closed_because as "closedBecause", closed_by as "closedBy"
       from rehire_override where person_id = $1 order by created_at desc, id desc`,
      [personId],
    );
  }

  private async historyOf(personId: string): Promise<BeliefItem[]> {
    return this.db.query(
      `select company, believed_from as "believedFrom", believed_to as "believedTo", verdict, rule,
         policy_version as "policyVersion", override_id as "overrideId", cause
       from registry_history where person_id = $1 order by id desc`,
      [personId],
    );
  }
}

interface PastRow extends Pick<
  ItemRow,
  'person_id' | 'company' | 'display_name' | 'verdict' | 'policy_verdict'
> {
  employee_number: string | null;
  from_day: IsoDate | null;
  review_on: IsoDate | null;
  rule: string;
  because: Because[];
  policy_version: number;
  overridden: boolean;
}

function toItem(row: ItemRow): RegistryItem {
  return {
    personId: row.person_id,
    company: row.company,
    employeeNumber: row.employee_number,
    name: row.display_name,
    lastDay: row.last_day,
    verdict: row.verdict,
    policyVerdict: row.policy_verdict,
    fromDay: row.from_day,
    reviewOn: row.review_on,
    reviewDue: row.review_due,
    rule: row.rule,
    because: row.because,
    missing: row.missing,
    override: overrideOf(row),
  };
}

function overrideOf(row: ItemRow): OverrideInForce | null {
  const {
    override_id: id,
    override_verdict: verdict,
    override_reason: reason,
    override_author: author,
  } = row;
  if (id === null || verdict === null || reason === null || author === null) return null;
  return { id, verdict, reason, author, untilDay: row.override_until };
}

function toPastItem(row: PastRow): PastItem {
  return {
    personId: row.person_id,
    company: row.company,
    employeeNumber: row.employee_number,
    name: row.display_name,
    verdict: row.verdict,
    policyVerdict: row.policy_verdict,
    fromDay: row.from_day,
    reviewOn: row.review_on,
    rule: row.rule,
    because: row.because,
    policyVersion: row.policy_version,
    overridden: row.overridden,
  };
}
