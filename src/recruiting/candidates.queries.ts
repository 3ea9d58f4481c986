import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AppError } from '../domain/app-error.js';
import type { IsoDate } from '../domain/calendar.js';
import type { BilingualText, VerdictWord } from '../domain/eligibility.js';
import { Database } from '../platform/database/database.js';
import { candidatesStatement } from './candidates.sql.js';
import { checkLimit, decodeCursor, toPage, type Page } from '../rehire-registry/keyset.queries.js';

/** Somebody who may come back, as a recruiter may see it: no leaving reason, no evidence, no date of birth. */
export interface Candidate {
  readonly personId: string;
  readonly name: {
    readonly family: string | null;
    readonly given: string | null;
    readonly familyKana: string | null;
    readonly givenKana: string | null;
    readonly display: string | null;
  };
  /** The latest first. A last day that has not come yet is not shown. */
  readonly employments: readonly CandidateEmployment[];
  /** Of the company asked for, else the strictest of all companies. */
  readonly verdict: VerdictWord;
  /** First day on which an eligible person may come back. */
  readonly eligibleFrom: IsoDate | null;
  readonly because: readonly { readonly rule: string; readonly text: BilingualText }[];
  /** Null: not known to the alumni network. */
  readonly membership: string | null;
  /** There is a private e-mail address, and no objection to being written to. */
  readonly contactable: boolean;
  readonly openToReturn: boolean | null;
}

export interface CandidateEmployment {
  readonly company: string;
  readonly department: string | null;
  readonly jobTitle: string | null;
  readonly hiredOn: IsoDate | null;
  readonly lastDay: IsoDate | null;
}

export interface CandidateSearch {
  /** Words that must all be found in name, reading, former name, department or job title. */
  readonly q?: string | null;
  readonly verdict?: VerdictWord | null;
  readonly company?: string | null;
  /** Employments elsewhere are not shown either: for who sees one company only. Needs `company`. */
  readonly withinCompany?: boolean;
  readonly department?: string | null;
  /** Both inclusive. */
  readonly leftAfter?: IsoDate | null;
  readonly leftBefore?: IsoDate | null;
  readonly skill?: string | null;
  readonly limit: number;
  readonly cursor?: string | null;
  /** People are shown from the day after their last day on. */
  readonly today: IsoDate;
}

interface CandidateRow {
  person_id: string;
  employment_id: string;
  last_day: IsoDate;
  names: Record<'family' | 'given' | 'familyKana' | 'givenKana' | 'display', string | null>;
  verdict: VerdictWord;
  from_day: IsoDate | null;
  contactable: boolean;
}

const MAX_WORDS = 10;
const cursorShape = z.tuple([z.iso.date(), z.uuid()]);

// Why in detail is for HR: a rule or its text would tell a recruiter the leaving reason.
const NEUTRAL: Readonly<Record<VerdictWord, BilingualText>> = {
  eligible: { ja: '再雇用方針により、再雇用の対象です。', en: 'May come back under the rehire policy.' },
  review: { ja: '選考の前に人事部門への確認が必要です。', en: 'HR needs to be asked before an approach.' },
  ineligible: { ja: '現在、再雇用の対象ではありません。', en: 'Not open to rehire at present.' },
  unknown: {
    ja: '再雇用の可否は未確定です。人事部門にお問い合わせください。',
    en: 'Not decided yet; please ask HR.',
  },
};

/** The registry for recruiters. People who died, or were dismissed for misconduct, are never in it. */
@Injectable()
export class CandidatesQueries {
  constructor(private readonly db: Database) {}

  /**
   * One page, those who left last first. Each person once.
   * @throws CURSOR_INVALID, LIMIT_OUT_OF_RANGE, SEARCH_TOO_LONG
   */
  async search(query: CandidateSearch): Promise<Page<Candidate>> {
    const limit = checkLimit(query.limit);
    const rows = await this.rows({ ...query, limit: limit + 1 }, null);
    const employments = await this.employmentsOf(
      rows.map((row) => row.person_id),
      query.today,
      query.withinCompany === true ? (query.company ?? null) : null,
    );
    return toPage(
      rows,
      limit,
      (row) => [row.last_day, row.employment_id],
      (row) => toCandidate(row, employments),
    );
  }

  /**
   * @param company the one company that the caller sees; null for all
   * @throws CANDIDATE_NOT_FOUND also for people whom a recruiter may not see: the two look alike
   */
  async candidate(personId: string, today: IsoDate, company: string | null = null): Promise<Candidate> {
    const [row] = await this.rows({ today, company, limit: 1 }, personId);
    if (row === undefined) throw new AppError('CANDIDATE_NOT_FOUND', { details: { personId } });
    return toCandidate(row, await this.employmentsOf([personId], today, company));
  }

  private rows(query: CandidateSearch, personId: string | null): Promise<CandidateRow[]> {
    const words = (query.q ?? '').split(/\s+/u).filter((word) => word !== '');
    if (words.length > MAX_WORDS) throw new AppError('SEARCH_TOO_LONG', { details: { max: MAX_WORDS } });
    const { text, values } = candidatesStatement({
      today: query.today,
      words,
      verdict: query.verdict ?? null,
      company: query.company ?? null,
      department: query.department ?? null,
      leftAfter: query.leftAfter ?? null,
      leftBefore: query.leftBefore ?? null,
      skill: query.skill ?? null,
      personId,
      after: decodeCursor(query.cursor, cursorShape),
      limit: query.limit,
    });
    return this.db.query<CandidateRow>(text, [...values]);
  }

  private async employmentsOf(
    personIds: readonly string[],
    today: IsoDate,
    company: string | null,
  ): Promise<ReadonlyMap<string, CandidateEmployment[]>> {
    const rows = await this.db.query<CandidateEmployment & { personId: string }>(
      `select m.person_id as "personId", m.company, m.facts->>'department' as department,
         m.facts->>'jobTitle' as "jobTitle", m.hired_on as "hiredOn", d.last_day as "lastDay"
       from employment m
       left join departure d on d.employment_id = m.id and d.state = 'standing' and d.last_day < $2::date
       where m.person_id = any($1::uuid[]) and m.scope = 'in' and not m.withdrawn
         and ($3::text is null or m.company = $3)
       order by m.person_id, d.last_day desc nulls first, m.hired_on desc nulls last, m.company, m.id`,
      [personIds, today, company],
    );
    const byPerson = new Map<string, CandidateEmployment[]>();
    for (const { personId, ...employment } of rows) {
      const list = byPerson.get(personId);
      if (list === undefined) byPerson.set(personId, [employment]);
      else list.push(employment);
    }
    return byPerson;
  }
}

function toCandidate(row: CandidateRow, employments: ReadonlyMap<string, CandidateEmployment[]>): Candidate {
  const { family, given, familyKana, givenKana, display } = row.names;
  return {
    personId: row.person_id,
    name: { family, given, familyKana, givenKana, display },
    employments: employments.get(row.person_id) ?? [],
    verdict: row.verdict,
    eligibleFrom: row.from_day,
    because: [{ rule: `registry-${row.verdict}`, text: NEUTRAL[row.verdict] }],
    membership: null,
    contactable: row.contactable,
    openToReturn: null,
  };
}
