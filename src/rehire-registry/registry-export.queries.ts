import { Injectable } from '@nestjs/common';
import { stringify } from 'csv-stringify/sync';
import type { IsoDate } from '../domain/calendar.js';
import type { VerdictWord } from '../domain/eligibility.js';
import { Database } from '../platform/database/database.js';
import { effectiveRegistry } from './effective-registry.queries.js';

/** One person and company. Nothing that differs between two registries that say the same: no ids, no times of writing. */
export interface ExportRow {
  readonly company: string;
  readonly employee_number: string;
  readonly family_name: string | null;
  readonly given_name: string | null;
  readonly family_name_kana: string | null;
  readonly given_name_kana: string | null;
  readonly display_name: string | null;
  readonly last_day: IsoDate | null;
  /** What counts on the day of the export. */
  readonly verdict: VerdictWord;
  readonly policy_verdict: VerdictWord;
  readonly rule: string;
  readonly from_day: IsoDate | null;
  readonly review_on: IsoDate | null;
  readonly override_verdict: VerdictWord | null;
  readonly override_reason: string | null;
  readonly override_until: IsoDate | null;
  readonly reason_category: string | null;
}

export const EXPORT_COLUMNS = [
  'company',
  'employee_number',
  'family_name',
  'given_name',
  'family_name_kana',
  'given_name_kana',
  'display_name',
  'last_day',
  'verdict',
  'policy_verdict',
  'rule',
  'from_day',
  'review_on',
  'override_verdict',
  'override_reason',
  'override_until',
  'reason_category',
] as const satisfies readonly (keyof ExportRow)[];

const BATCH = 2_000;

// Sorted by code points, whatever the collation of the database, so that equal registries give equal files.
const ROWS = `select r.company, m.employee_number, m.facts->>'familyName' as family_name,
    m.facts->>'givenName' as given_name, m.facts->>'familyNameKana' as family_name_kana,
    m.facts->>'givenNameKana' as given_name_kana, m.display_name, d.last_day, r.verdict, r.policy_verdict, r.rule,
    r.from_day, r.review_on, r.override_verdict, r.override_reason, r.override_until, d.category as reason_category
  from ${effectiveRegistry('$1::date')} r
  join employment m on m.id = r.employment_id
  left join departure d on d.employment_id = r.employment_id and d.state = 'standing'
  order by r.company collate "C", m.employee_number collate "C", m.spell`;

@Injectable()
export class RegistryExportQueries {
  constructor(private readonly db: Database) {}

  /**
   * The whole registry as it counts on `day`, in the order of company and employee number. One snapshot: what is
   * written meanwhile does not show. A connection is held until the caller has read to the end or stopped.
   */
  async *exportRows(day: IsoDate): AsyncGenerator<ExportRow> {
    for await (const rows of this.batches(day)) yield* rows;
  }

  /**
   * The same as CSV (RFC 4180, CRLF, UTF-8 without BOM): the header, then the rows, in pieces to write one after the
   * other. A cell that a spreadsheet would take for a formula gets an apostrophe in front.
   */
  async *exportCsv(day: IsoDate): AsyncGenerator<string> {
    yield toCsv([EXPORT_COLUMNS]);
    for await (const rows of this.batches(day)) {
      yield toCsv(rows.map((row) => EXPORT_COLUMNS.map((column) => row[column])));
    }
  }

  private async *batches(day: IsoDate): AsyncGenerator<ExportRow[]> {
    const client = await this.db.pool.connect();
    let done = false;
    try {
      await client.query('begin isolation level repeatable read read only');
      await client.query(`declare registry_export no scroll cursor for ${ROWS}`, [day]);
      for (;;) {
        const { rows } = await client.query<ExportRow>(`fetch ${String(BATCH)} from registry_export`);
        if (rows.length === 0) break;
        yield rows;
      }
      await client.query('commit');
      done = true;
    } finally {
      // A reader that stopped early leaves a transaction open: closing the connection ends it.
      client.release(!done);
    }
  }
}

function toCsv(rows: readonly (readonly (string | null)[])[]): string {
  return stringify(rows as (string | null)[][], { record_delimiter: 'windows', escape_formulas: true });
}
