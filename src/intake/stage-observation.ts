import type { Observation, StatedFacts } from '../domain/observation.js';
import type { Company } from '../platform/config/group-config.js';
import { contentHash } from './mapping/content-hash.js';
import type { StagingWriter } from './staging.service.js';

/** Hands one observation to staging, noting whether anything can follow from it. */
export async function stageObservation(
  writer: StagingWriter,
  rowNo: number,
  observation: Observation,
  company: Company,
  { originRow = null, rawHash = null }: { originRow?: number | null; rawHash?: string | null } = {},
): Promise<void> {
  await writer.observation({
    rowNo,
    observation,
    contentHash: contentHash(observation.facts),
    plain: isPlain(observation.facts, company),
    rawHash,
    originRow,
  });
}

function isPlain(facts: StatedFacts, company: Company): boolean {
  const works = facts.status == null || facts.status === 'active' || facts.status === 'leave';
  const type = facts.employmentType;
  const reasons = facts.leavingReason == null && facts.leavingReasonCode == null;
  const inScope = type == null || !company.outOfScope.employmentTypes.includes(type);
  return works && reasons && inScope && facts.lastDay == null;
}
