import { Injectable } from '@nestjs/common';
import type { RejectionReason } from '../domain/observation.js';
import type { Company, Source } from '../platform/config/group-config.js';
import { Database } from '../platform/database/database.js';
import { contentHash } from './mapping/content-hash.js';
import { interpretRecord } from './mapping/interpret-record.js';

export type Receipt =
  | { readonly state: 'accepted' | 'duplicate' }
  | { readonly state: 'rejected'; readonly reasons: readonly RejectionReason[] };

interface Stated {
  readonly company: string;
  readonly number: string;
  readonly spell: string;
  readonly hash: string;
}

/** What a sender can be told at once about each record, before any of them is applied. */
@Injectable()
export class ReceiptsQueries {
  constructor(private readonly db: Database) {}

  /** In the order of the records. `duplicate`: known word for word already, or said earlier in the same batch. */
  async judge(
    records: readonly unknown[],
    source: Source,
    company: Company,
    asOfAt: string,
  ): Promise<Receipt[]> {
    const context = {
      company: source.company,
      companies: new Set([source.company]),
      asOfAt,
      zone: company.zone,
    };
    const results = records.map((record) => interpretRecord(record, context));
    const stated = results.map((result): Stated | null => {
      if (result.kind === 'rejection') return null;
      const { company: of, employeeNumber, facts } = result.observation;
      return { company: of, number: employeeNumber, spell: facts.hiredOn ?? '', hash: contentHash(facts) };
    });
    const known = await this.known(
      source.id,
      stated.filter((item) => item !== null),
    );
    return results.map((result, index): Receipt => {
      if (result.kind === 'rejection') return { state: 'rejected', reasons: result.reasons };
      const item = stated[index];
      const key = item == null ? '' : keyOf(item);
      if (known.has(key)) return { state: 'duplicate' };
      known.add(key);
      return { state: 'accepted' };
    });
  }

  private async known(source: string, stated: readonly Stated[]): Promise<Set<string>> {
    if (stated.length === 0) return new Set();
    const rows = await this.db.query<Stated & { number: string }>(
      `select s.company, s.number, s.spell, s.hash
       from jsonb_to_recordset($2::jsonb) as s(company text, number text, spell text, hash text)
       where exists (select 1 from observation o where o.source = $1 and o.current and not o.reverted and not o.absent
         and o.company = s.company and o.employee_number = s.number and o.spell_hint = s.spell
         and o.content_hash = s.hash::uuid)`,
      [source, JSON.stringify(stated)],
    );
    return new Set(rows.map(keyOf));
  }
}

function keyOf({ company, number, spell, hash }: Stated): string {
  return JSON.stringify([company, number, spell, hash]);
}
