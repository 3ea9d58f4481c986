import type { StatedFacts } from './observation.js';
import type { ClassifiedEmployment } from './person.js';
import type { ChangeKind, ChangeView, EmploymentEffect, PlanChange, StoredEmployment } from './plan.js';
import { canonical, displayName } from './plan.js';
import { naturalKey } from './plan-identity.js';
import { compareText } from './statement.js';

const STATE_FIELDS = [
  'personId',
  'spell',
  'spellKey',
  'inScope',
  'absentSince',
  'absentCount',
  'disputes',
  'withdrawn',
  'departure',
] as const;

/** Whether anything about an employment but its facts is no longer as it is stored. */
export function stateDiffers(before: StoredEmployment, after: EmploymentEffect): boolean {
  return STATE_FIELDS.some((field) => !isEqual(before[field], after[field]));
}

/** Names of the facts that are no longer as they are stored, sorted. */
export function fieldsThatDiffer(before: StoredEmployment, after: EmploymentEffect): string[] {
  const fields = new Set([...Object.keys(before.facts), ...Object.keys(after.facts)]) as Set<
    keyof StatedFacts
  >;
  return [...fields].filter((f) => !isEqual(before.facts[f] ?? null, after.facts[f] ?? null)).sort();
}

function isEqual(a: unknown, b: unknown): boolean {
  return a === b || canonical(a) === canonical(b);
}

/** What the change is to somebody who reads the plan; null when only consequences differ, or nothing. */
export function changeKind(
  stored: StoredEmployment | null,
  now: ClassifiedEmployment,
  after: EmploymentEffect,
  changedFields: readonly string[],
): ChangeKind | null {
  const before = stored === null || stored.withdrawn ? null : stored;
  const stood = before?.departure?.state === 'standing' ? before.departure : null;
  if (after.disputes.length > 0 && canonical(before?.disputes ?? []) !== canonical(after.disputes))
    return 'disputed';
  if (now.departure !== null) {
    const moved = now.departure.kind === 'move' || now.departure.kind === 'continued';
    if (stood === null) return !after.inScope ? 'out_of_scope' : moved ? 'transferred' : 'new_leaver';
    if (stood.kind !== now.departure.kind && moved) return 'transferred';
    return changedFields.length > 0 || canonical(before?.departure) !== canonical(after.departure)
      ? 'amended'
      : null;
  }
  if (stood !== null) return 'rescinded';
  if (before === null) return now.isReturn ? 'rehired' : null;
  if (before.absentSince === null && after.absentSince !== null) return 'suspected_absent';
  return changedFields.length > 0 ? 'amended' : null;
}

/** An employment as the plan shows it, before or after. */
export function viewOf(e: StoredEmployment | EmploymentEffect): ChangeView {
  const standing = e.departure?.state === 'standing' ? e.departure : null;
  return {
    name: displayName(e.facts),
    lastDay: standing?.lastDay ?? null,
    category: standing?.category ?? null,
    kind: standing?.kind ?? null,
    status: e.facts.status ?? null,
    disputes: e.disputes.map((d) => d.code),
  };
}

export function compareChanges(a: PlanChange, b: PlanChange): number {
  return compareText(naturalKey(a), naturalKey(b));
}
