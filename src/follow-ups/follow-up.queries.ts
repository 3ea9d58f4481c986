import type { IsoDate } from '../domain/calendar.js';
import { AppError } from '../domain/app-error.js';
import type { FollowUpBecause, FollowUpKind, FollowUpRules, FollowUpState } from '../domain/follow-up.js';
import { describeBecause } from '../domain/follow-up.js';
import type { Database } from '../platform/database/database.js';

/** A follow-up as the contract shows it. */
export interface FollowUpView {
  readonly id: string;
  readonly kind: FollowUpKind;
  readonly personId: string;
  readonly company: string;
  readonly employeeNumber: string;
  readonly dueOn: IsoDate;
  readonly state: FollowUpState;
  readonly because: FollowUpBecause;
}

export interface DeliveryView {
  readonly attempt: number;
  readonly channel: 'mailbox' | 'smtp';
  readonly state: string;
  readonly messageId: string;
  readonly claimedAt: string;
  readonly finishedAt: string | null;
  readonly errorCode: string | null;
  readonly resolvedAs: string | null;
  readonly resolvedBy: string | null;
}

export interface FollowUpDetail extends FollowUpView {
  readonly employmentId: string;
  readonly answer: string | null;
  readonly answeredAt: string | null;
  readonly deliveries: readonly DeliveryView[];
}

export interface FollowUpFilter {
  readonly state?: FollowUpState;
  readonly kind?: FollowUpKind;
  readonly personId?: string;
  readonly company?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

interface Row extends Omit<FollowUpView, 'because'> {
  readonly because: { readonly code: string; readonly rule: string | null };
  readonly employmentId: string;
  readonly answer: string | null;
  readonly answeredAt: string | null;
}

const COLUMNS = `f.id, f.kind, e.person_id as "personId", e.company, e.employee_number as "employeeNumber",
  f.due_on as "dueOn", f.state, f.because, f.employment_id as "employmentId", f.answer, f.answered_at as "answeredAt"`;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Reads follow-ups for people; never an address. */
export class FollowUpQueries {
  constructor(
    private readonly database: Database,
    private readonly rules: Pick<FollowUpRules, 'rules'>,
  ) {}

  /**
   * By due day, then id. `limit` 1 to 1000, 100 when not given.
   * @throws CURSOR_INVALID
   */
  async list(filter: FollowUpFilter = {}): Promise<Page<FollowUpView>> {
    const limit = Math.min(Math.max(1, filter.limit ?? 100), 1_000);
    const after = filter.cursor === undefined ? null : readCursor(filter.cursor);
    const rows = await this.database.query<Row>(
      `select ${COLUMNS} from follow_up f join employment e on e.id = f.employment_id
       where ($1::text is null or f.state = $1) and ($2::text is null or f.kind = $2)
         and ($3::uuid is null or e.person_id = $3) and ($4::text is null or e.company = $4)
         and ($5::date is null or (f.due_on, f.id) > ($5::date, $6::uuid))
       order by f.due_on, f.id limit $7`,
      [
        filter.state ?? null,
        filter.kind ?? null,
        filter.personId ?? null,
        filter.company ?? null,
        after?.dueOn ?? null,
        after?.id ?? null,
        limit + 1,
      ],
    );
    const items = rows.slice(0, limit).map((row) => this.view(row));
    const last = items.at(-1);
    const hasMore = rows.length > limit && last !== undefined;
    return {
      items,
      nextCursor: hasMore ? Buffer.from(`${last.dueOn} ${last.id}`).toString('base64url') : null,
    };
  }

  /** One follow-up with every attempt to send it, or null. */
  async show(id: string): Promise<FollowUpDetail | null> {
    if (!UUID.test(id)) return null;
    const row = await this.database.one<Row>(
      `select ${COLUMNS} from follow_up f join employment e on e.id = f.employment_id where f.id = $1`,
      [id],
    );
    if (row === null) return null;
    const deliveries = await this.database.query<DeliveryView & Record<string, unknown>>(
      `select attempt, channel, state, message_id as "messageId", claimed_at as "claimedAt",
         finished_at as "finishedAt", error_code as "errorCode", resolved_as as "resolvedAs", resolved_by as "resolvedBy"
       from delivery where follow_up_id = $1 order by attempt`,
      [id],
    );
    const { employmentId, answer, answeredAt } = row;
    return { ...this.view(row), employmentId, answer, answeredAt, deliveries };
  }

  /** How many follow-ups stand in each state and kind. */
  async counts(): Promise<readonly { kind: FollowUpKind; state: FollowUpState; count: number }[]> {
    return this.database.query(
      `select kind, state, count(*) as count from follow_up group by kind, state order by kind, state`,
    );
  }

  private view({ id, kind, personId, company, employeeNumber, dueOn, state, because }: Row): FollowUpView {
    const described = describeBecause(because, this.rules.rules);
    return { id, kind, personId, company, employeeNumber, dueOn, state, because: described };
  }
}

function readCursor(cursor: string): { dueOn: string; id: string } {
  const [dueOn, id] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  const isRight =
    dueOn !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(dueOn) && id !== undefined && UUID.test(id);
  if (!isRight) throw new AppError('CURSOR_INVALID');
  return { dueOn, id };
}
