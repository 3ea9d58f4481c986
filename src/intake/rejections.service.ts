import { Injectable } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import type { RejectionReason } from '../domain/observation.js';
import { Database } from '../platform/database/database.js';
import { DoorsService } from './doors.service.js';
import { openTable } from './file/open-table.js';
import { renderRejections } from './file/render-rejections.js';
import type { Run } from './run.js';
import { RunsRepository } from './runs.repository.js';

export interface RejectionItem {
  readonly runId: string;
  readonly rowNo: number;
  readonly reasons: readonly RejectionReason[];
  readonly mended: boolean;
}

/** How a reason reads in the caller's language. */
export type Explain = (reason: RejectionReason) => string;

const PAGE = 500;

/** Rows that could not be taken: to be looked at, downloaded, mended and sent again alone. */
@Injectable()
export class RejectionsService {
  constructor(
    private readonly db: Database,
    private readonly runs: RunsRepository,
    private readonly doors: DoorsService,
  ) {}

  /** Without a run: those of every run that are not mended, the newest run first. */
  async list(runId: string | null, limit: number): Promise<RejectionItem[]> {
    const run = runId === null ? null : await this.runs.get(runId);
    return this.db.query<RejectionItem & { runId: string }>(
      `select x.run_id as "runId", x.row_no as "rowNo", x.reasons, x.mended_run_id is not null as mended
       from rejection x join import_run r on r.id = x.run_id
       where ($1::uuid is null and x.mended_run_id is null and r.status not in ('rejected', 'failed')) or x.run_id = $1
       order by r.started_at desc, x.run_id, x.row_no limit $2`,
      [run?.id ?? null, limit],
    );
  }

  /** The rejected rows of one run as CSV, with the same columns plus row and reason. In bounded memory. */
  async *csv(runId: string, lang: 'ja' | 'en', explain: Explain): AsyncGenerator<string> {
    const run = await this.runs.get(runId);
    yield* renderRejections(run.header ?? [], this.rows(run, explain), lang);
  }

  /**
   * Sends a mended download of rejected rows again, through the source it came from and as of the same time.
   *
   * @throws RETRY_NO_RUN when no run with unmended rejections has these columns
   */
  async retry(input: {
    readonly fileName: string;
    readonly open: () => AsyncIterable<Uint8Array>;
    readonly by: string;
  }): Promise<Run> {
    const table = await openTable(input.open());
    if (table.unusable !== null) throw new AppError(table.unusable, { details: table.details });
    const header = table.header;
    // The table is only looked at here; leaving its rows ends the reading.
    await table.rows[Symbol.asyncIterator]().return?.();
    const origin = await this.originOf(header);
    const run = await this.doors.importFile({
      source: origin.source,
      fileName: input.fileName,
      bytes: input.open(),
      profile: origin.profile ?? undefined,
      mode: 'delta',
      asOf: origin.asOfAt,
      by: input.by,
    });
    if (run.status === 'applied') await this.markMended(origin.id, run.id);
    return run;
  }

  private async *rows(
    run: Run,
    explain: Explain,
  ): AsyncGenerator<{ rowNo: number; cells: readonly string[]; explanation: string }> {
    for (let after = 0; ; ) {
      const rows = await this.db.query<{ rowNo: number; cells: string[]; reasons: RejectionReason[] }>(
        `select row_no as "rowNo", cells, reasons from rejection
         where run_id = $1 and row_no > $2 and mended_run_id is null order by row_no limit ${PAGE}`,
        [run.id, after],
      );
      const last = rows.at(-1);
      if (last === undefined) return;
      for (const row of rows) {
        yield { rowNo: row.rowNo, cells: row.cells, explanation: row.reasons.map(explain).join(' / ') };
      }
      after = last.rowNo;
    }
  }

  private async originOf(header: readonly string[]): Promise<Run> {
    const row = await this.db.one<{ id: string }>(
      `select r.id from import_run r
       where r.header = $1::jsonb and r.status = 'applied' and exists (
         select 1 from rejection x where x.run_id = r.id and x.mended_run_id is null)
       order by r.started_at desc limit 1`,
      [JSON.stringify(header)],
    );
    if (row === null) throw new AppError('RETRY_NO_RUN', { details: { columns: header.length } });
    return this.runs.get(row.id);
  }

  /** A rejected row is mended once its number has been accepted from the mended file. */
  private async markMended(originId: string, runId: string): Promise<void> {
    await this.db.query(
      `update rejection x set mended_run_id = $2
       where x.run_id = $1 and x.mended_run_id is null and (
         exists (select 1 from observation o where o.run_id = $2 and o.employee_number = x.employee_number)
         or not exists (select 1 from rejection y where y.run_id = $2))`,
      [originId, runId],
    );
  }
}
