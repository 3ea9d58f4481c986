import { Injectable } from '@nestjs/common';
import { PeopleQueries } from '../departures/people.queries.js';
import { AppError } from '../domain/app-error.js';
import { Clock } from '../platform/clock/clock.js';
import { Database } from '../platform/database/database.js';
import { newId } from '../platform/database/id.js';
import type { Run } from './run.js';
import { RunsService } from './runs.service.js';

export interface MatchSide {
  readonly employmentId: string;
  readonly personId: string;
  readonly company: string;
  readonly employeeNumber: string;
  readonly name: string | null;
  readonly hiredOn: string | null;
  readonly lastDay: string | null;
}

export interface MatchItem {
  readonly id: string;
  readonly score: number;
  readonly evidence: readonly string[];
  readonly openedAt: string;
  readonly a: MatchSide;
  readonly b: MatchSide;
}

const SIDE = (
  alias: string,
): string => `jsonb_build_object('employmentId', ${alias}.id, 'personId', ${alias}.person_id,
  'company', ${alias}.company, 'employeeNumber', ${alias}.employee_number, 'name', ${alias}.display_name,
  'hiredOn', ${alias}.hired_on, 'lastDay', ${alias}.last_day)`;

/** The human queue of identity: pairs that may be one person, and what people decided about them. */
@Injectable()
export class MatchesService {
  constructor(
    private readonly db: Database,
    private readonly runs: RunsService,
    private readonly people: PeopleQueries,
    private readonly clock: Clock,
  ) {}

  /** Open pairs, the likeliest first. */
  list(limit: number, after: { score: number; id: string } | null = null): Promise<MatchItem[]> {
    return this.db.query<MatchItem & { id: string }>(
      `select c.id, c.score, c.evidence, c.opened_at as "openedAt", ${SIDE('a')} as a, ${SIDE('b')} as b
       from match_case c join employment a on a.id = c.employment_a join employment b on b.id = c.employment_b
       where c.state = 'open' and ($1::int is null or (-c.score, c.id) > (-$1::int, $2::uuid))
       order by -c.score, c.id limit $3`,
      [after?.score ?? null, after?.id ?? null, limit],
    );
  }

  /**
   * Records that a pair is one person or two, and decides everything about both anew. A later decision replaces an
   * earlier one; the same again changes nothing.
   *
   * @throws MATCH_NOT_FOUND
   */
  async decide(id: string, same: boolean, by: string): Promise<Run> {
    const row = await this.db.one<{ a: MatchSide; b: MatchSide }>(
      `update match_case c set state = $2, decided_by = $3, decided_at = $4
       from employment a, employment b
       where c.id::text = $1 and a.id = c.employment_a and b.id = c.employment_b
       returning ${SIDE('a')} as a, ${SIDE('b')} as b`,
      [id, same ? 'same' : 'different', by, this.clock.nowIso()],
    );
    if (row === null) throw new AppError('MATCH_NOT_FOUND', { details: { match: id.slice(0, 36) } });
    await this.note(row.a.personId, by, same ? 'match_same' : 'match_different', { match: id });
    return this.runs.replan([row.a, row.b], { by, reason: same ? 'match: same' : 'match: different' });
  }

  /**
   * Parts the employments of `company/number` keys from the rest of a person. Without keys, only a person with exactly
   * two numbers can be parted.
   *
   * @throws PERSON_NOT_FOUND, SPLIT_NEEDS_EMPLOYMENT
   */
  async split(person: string, employments: readonly string[], by: string): Promise<Run> {
    const personId = await this.people.resolve(person);
    const numbers = await this.people.numbersOf(personId);
    const texts = numbers.map((n) => `${n.company}/${n.employeeNumber}`);
    const off = employments.length > 0 ? texts.filter((t) => employments.includes(t)) : texts.slice(1);
    if (off.length === 0 || off.length === texts.length || (employments.length === 0 && texts.length !== 2)) {
      throw new AppError('SPLIT_NEEDS_EMPLOYMENT', { details: { expected: texts.join(', ') } });
    }
    const rows = await this.db.query<{ id: string; key: string }>(
      `select id, company || '/' || employee_number as key from employment where person_id = $1`,
      [personId],
    );
    const left = rows.filter((r) => off.includes(r.key));
    const right = rows.filter((r) => !off.includes(r.key));
    for (const a of left) for (const b of right) await this.forbid(a.id, b.id, by);
    await this.note(personId, by, 'person_split', { off });
    return this.runs.replan(numbers, { by, reason: 'split' });
  }

  private async forbid(one: string, other: string, by: string): Promise<void> {
    const [a, b] = [one, other].sort();
    await this.db.query(
      `insert into match_case (id, employment_a, employment_b, score, evidence, state, decided_by, decided_at, opened_at)
       values ($1, $2, $3, 0, '[]', 'different', $4, $5, $5)
       on conflict (employment_a, employment_b) do update
         set state = 'different', decided_by = excluded.decided_by, decided_at = excluded.decided_at`,
      [newId(), a, b, by, this.clock.nowIso()],
    );
  }

  private async note(personId: string, by: string, kind: string, data: unknown): Promise<void> {
    await this.db.query(
      'insert into timeline_event (at, person_id, actor, kind, data) values ($1, $2, $3, $4, $5)',
      [this.clock.nowIso(), personId, by, kind, JSON.stringify(data)],
    );
  }
}
