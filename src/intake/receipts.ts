import type { RejectionReason } from '../domain/observation.js';
import type { Company, Source } from '../platform/config/group-config.js';
import { contentHash } from './mapping/content-hash.js';
import { interpretRecord } from './mapping/interpret-record.js';

export type Receipt =
  | { readonly state: 'accepted' | 'duplicate' }
  | { readonly state: 'rejected'; readonly reasons: readonly RejectionReason[] };

/** What a record says about whom, to be found among what is known. */
export interface Stated {
  readonly company: string;
  readonly number: string;
  readonly spell: string;
  readonly hash: string;
}

type Judged =
  | { readonly kind: 'stated'; readonly stated: Stated }
  | { readonly kind: 'rejected'; readonly reasons: readonly RejectionReason[] };

/** What each record is by itself, in the order of the records. */
export function judgeRecords(
  records: readonly unknown[],
  source: Source,
  company: Company,
  asOfAt: string,
): Judged[] {
  const context = {
    company: source.company,
    companies: new Set([source.company]),
    asOfAt,
    zone: company.zone,
  };
  return records.map((record) => {
    const result = interpretRecord(record, context);
    if (result.kind === 'rejection') return { kind: 'rejected', reasons: result.reasons };
    const { company: of, employeeNumber, facts } = result.observation;
    const stated = {
      company: of,
      number: employeeNumber,
      spell: facts.hiredOn ?? '',
      hash: contentHash(facts),
    };
    return { kind: 'stated', stated };
  });
}

/**
 * What a sender can be told at once about each record, before any of them is applied. `duplicate`: known word for word
 * already, or what the same batch said last about that employment.
 */
export function receiptsOf(judged: readonly Judged[], known: readonly Stated[]): Receipt[] {
  const said = new Map(known.map((one) => [employmentOf(one), one.hash]));
  return judged.map((one): Receipt => {
    if (one.kind === 'rejected') return { state: 'rejected', reasons: one.reasons };
    const employment = employmentOf(one.stated);
    if (said.get(employment) === one.stated.hash) return { state: 'duplicate' };
    said.set(employment, one.stated.hash);
    return { state: 'accepted' };
  });
}

function employmentOf({ company, number, spell }: Stated): string {
  return `${company}\n${number}\n${spell}`;
}
