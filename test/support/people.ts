import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { dayInZone, isoDate, type IsoDate } from '../../src/domain/calendar.js';
import type { DepartureFacts, DeriveContext, EmploymentState } from '../../src/domain/departure.js';
import { deriveEmployments } from '../../src/domain/derive-employments.js';
import { compilePolicy, policySchema } from '../../src/domain/eligibility-policy.js';
import { followUpRulesSchema } from '../../src/domain/follow-up.js';
import type { IdentityFacts, MatchingPolicy } from '../../src/domain/identity.js';
import { categorise, compileLeavingReasons, leavingReasonsSchema } from '../../src/domain/leaving-reason.js';
import type { StatedFacts } from '../../src/domain/observation.js';
import type { PlanContext } from '../../src/domain/plan.js';
import type { Statement } from '../../src/domain/statement.js';

const CONFIG = join(import.meta.dirname, '..', '..', 'config');

function config(name: string): unknown {
  return parse(readFileSync(join(CONFIG, name), 'utf8'));
}

const reasons = compileLeavingReasons(leavingReasonsSchema.parse(config('leaving-reasons.yaml')));
const rules = followUpRulesSchema.parse(config('follow-ups.yaml'));
const policy = compilePolicy(policySchema.parse(config('rehire-policy.yaml')));
export const matching = config('matching.yaml') as MatchingPolicy;

/** Facts as a test writes them: days as plain texts. */
export type Facts = {
  readonly [F in keyof StatedFacts]?: StatedFacts[F] extends IsoDate | null | undefined
    ? string | null
    : StatedFacts[F];
};

export const AUTHORITY: Readonly<Record<string, number>> = { hr: 10, push: 10, payroll: 5, master: 20 };

const ZONES: Readonly<Record<string, string>> = { jp: 'Asia/Tokyo', en: 'Europe/London' };

/** A day is the start of that day in the company's zone, as the intake takes it; here simply noon of it in UTC. */
export function instant(day: string): string {
  return day.includes('T') ? day : `${day}T03:00:00.000Z`;
}

export function aStatement(
  asOf: string,
  facts: Facts,
  more: { readonly source?: string; readonly confirmed?: string; readonly absent?: boolean } = {},
): Statement {
  const source = more.source ?? 'hr';
  const sorted = Object.entries(facts).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    source,
    authority: AUTHORITY[source] ?? 0,
    asOfAt: instant(asOf),
    confirmedAt: instant(more.confirmed ?? asOf),
    contentHash: JSON.stringify(sorted),
    absent: more.absent ?? false,
    facts: facts as StatedFacts,
  };
}

/** A source no longer holds the number in a complete full snapshot. */
export function anAbsence(asOf: string, source = 'hr'): Statement {
  return aStatement(asOf, {}, { source, absent: true });
}

export function deriveContext(company = 'jp', confirmAbsenceAfter = 1): DeriveContext {
  return {
    zone: ZONES[company] ?? 'UTC',
    categorise: (stated) => categorise(reasons, stated),
    isInScope: ({ employmentType }) => employmentType !== '業務委託' && employmentType !== 'Contractor',
    confirmAbsenceAfter: () => confirmAbsenceAfter,
  };
}

export function derive(statements: readonly Statement[], number = '1001', company = 'jp'): EmploymentState[] {
  return deriveEmployments(company, number, statements, deriveContext(company));
}

/** What plans are made from, with the shipped configuration and ids that count up. */
export function planContext(today: string, firstOfSource = false): PlanContext {
  let ids = 0;
  return {
    matching,
    policy,
    rules,
    firstOfSource,
    today: (company) => dayInZone(Date.parse(instant(today)), ZONES[company] ?? 'UTC'),
    zone: (company) => ZONES[company] ?? 'UTC',
    newId: () => `id-${String((ids += 1)).padStart(6, '0')}`,
  };
}

/** Somebody invented, as their HR system states them. */
export const HANAKO: Facts = {
  familyName: '高橋',
  givenName: '花子',
  familyNameKana: 'タカハシ',
  givenNameKana: 'ハナコ',
  birthDate: '1990-05-05',
  personalEmail: 'hanako@home.example',
  workEmail: 'hanako@jp.group.example',
  hiredOn: '2018-04-01',
};

export const TARO: Facts = {
  familyName: '山田',
  givenName: '太郎',
  familyNameKana: 'ヤマダ',
  givenNameKana: 'タロウ',
  birthDate: '1985-11-23',
  personalEmail: 'taro@home.example',
  hiredOn: '2012-04-01',
};

export function anIdentity(key: string, facts: Facts, lastDay: string | null = null): IdentityFacts {
  const [company = '', employeeNumber = ''] = key.split('/');
  const end = lastDay === null ? null : isoDate(lastDay);
  return { key, company, employeeNumber, facts: facts as StatedFacts, lastDay: end };
}

/** A derived employment, for what looks at several of them. */
export function anEmployment(
  company: string,
  number: string,
  facts: Facts,
  departure: Partial<Omit<DepartureFacts, 'lastDay'>> & { readonly lastDay?: string } = {},
): EmploymentState {
  const { lastDay, ...more } = departure;
  const stated: DepartureFacts | null =
    lastDay === undefined
      ? null
      : {
          announcedOn: null,
          category: 'personal',
          voluntary: true,
          reasonText: null,
          reasonCode: null,
          kind: 'leaving',
          ...more,
          lastDay: isoDate(lastDay),
        };
  return {
    company,
    employeeNumber: number,
    spell: 1,
    spellKey: facts.hiredOn ?? '',
    facts: facts as StatedFacts,
    departure: stated,
    rescinded: null,
    deceased: stated?.kind === 'death',
    inScope: true,
    absentSince: null,
    absentCount: 0,
    disputes: [],
  };
}
