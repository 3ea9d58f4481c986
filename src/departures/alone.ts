import { matchKeys } from '../domain/identity.js';
import { deriveEmployments } from '../domain/derive-employments.js';
import type { Observation, StatedFacts } from '../domain/observation.js';
import type { ComponentPlan, EmploymentEffect } from '../domain/plan.js';
import { planComponent } from '../domain/plan-component.js';
import type { Verdict } from '../domain/eligibility.js';
import type { Decisions } from './decisions.service.js';

/** A staged row of a number that nobody shares anything with, in the run or in the house. */
export interface AloneRow {
  readonly rowNo: number;
  readonly source: string;
  readonly observation: Observation;
  readonly contentHash: string;
  readonly spellHint: string;
  /** Of the person and of the employment that the row will be. */
  readonly newId: string;
}

/** What a row comes to that is nothing but one departure, and what the registry says about it. */
export interface AloneDeparture {
  readonly rowNo: number;
  readonly employment: EmploymentEffect & { readonly departure: NonNullable<EmploymentEffect['departure']> };
  readonly verdict: Verdict | null;
}

export interface PlannedAlone {
  readonly rowNo: number;
  readonly plan: ComponentPlan;
  /** Null when more follows from the row than a departure and its verdict; then the plan tells what. */
  readonly departure: AloneDeparture | null;
}

/** Decides one number by itself: the same decisions as for any other, without looking for neighbours. */
export function planAlone(row: AloneRow, decisions: Decisions): PlannedAlone {
  const { company, employeeNumber, asOfAt, facts } = row.observation;
  const statement = {
    source: row.source,
    authority: decisions.authority(row.source),
    asOfAt,
    confirmedAt: asOfAt,
    contentHash: row.contentHash,
    absent: false,
    facts,
  };
  const plan = planComponent(
    {
      derived: deriveEmployments(company, employeeNumber, [statement], decisions.derive(company)),
      stored: [],
      cases: [],
      entries: [],
      followUps: [],
      optedOut: NOBODY,
    },
    { ...decisions.plan, newId: () => row.newId },
  );
  return { rowNo: row.rowNo, plan, departure: departureOf(row, plan) };
}

const NOBODY: ReadonlySet<string> = new Set();

function departureOf(row: AloneRow, { effects, changes }: ComponentPlan): AloneDeparture | null {
  const [employment, ...others] = effects.employments;
  const [entry] = effects.entries;
  const isMore =
    others.length > 0 ||
    changes.length > 1 ||
    effects.persons.length !== 1 ||
    effects.entries.length > 1 ||
    effects.followUps.length > 0 ||
    effects.cases.length > 0 ||
    effects.movedPersons.length > 0 ||
    effects.optOuts.length > 0;
  if (employment === undefined || isMore) return null;
  const { departure } = employment;
  const isPlain =
    employment.spell === 1 &&
    employment.spellKey === row.spellHint &&
    employment.absentSince === null &&
    employment.absentCount === 0 &&
    saysTheSame(employment.facts, row.observation.facts) &&
    sameKeys(employment, row.observation.facts);
  if (departure?.state !== 'standing' || !isPlain) return null;
  return { rowNo: row.rowNo, employment: { ...employment, departure }, verdict: entry?.verdict ?? null };
}

/** The facts that stand are those that the row stated, each of them. */
function saysTheSame(standing: StatedFacts, stated: StatedFacts): boolean {
  let count = 0;
  for (const [field, value] of Object.entries(stated)) {
    if (value === null) continue;
    count += 1;
    const other = standing[field as keyof StatedFacts];
    if (other !== value && JSON.stringify(other) !== JSON.stringify(value)) return false;
  }
  return count === Object.keys(standing).length;
}

function sameKeys(employment: EmploymentEffect, stated: StatedFacts): boolean {
  const { name, email, phone } = matchKeys(stated);
  return employment.keys.name === name && employment.keys.email === email && employment.keys.phone === phone;
}
