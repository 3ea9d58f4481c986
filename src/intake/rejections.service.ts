import { Injectable } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import type { RejectionReason } from '../domain/observation.js';
import { Database } from '../platform/database/database.js';
import { DoorsService } from './doors.service.js';
import { openTable } from './file/open-table.js';
import { renderRejections } from './file/render-rejections.js';
import type { Run } from './run.js';
import { RunsRepository } from './runs.repository.js';

/** A rejected row. Each reason tells column, value (masked), and, through `describeRejection`, how to mend it. */
export interface RejectionItem {
  readonly runId: string;
  /** 1 is the first row below the header. */
  readonly rowNo: number;
  readonly reasons: readonly RejectionReason[];
  /** A run that sent it again took it. */
  readonly mended: boolean;
  /** It was sent again and rejected again; it goes on in that run. */
  readonly resent: boolean;
}

/** How a reason reads in the caller's language. */
export type Explain = (reason: RejectionReason) => string;

interface SentAgain {
  readonly header: readonly string[];
  readonly runIds: ReadonlySet<string>;
}

const PAGE = 500;
/** Neither mended nor going on in another run, and of a run whose file somebody still cares for. */
const OPEN = `x.mended_run_id is null and x.resent_run_id is null and r.status not in ('rejected', 'failed', 'reverted')`;

/** Rows that could not be taken: to be looked at, downloaded, mended and sent again alone. */
@Injectable()
export class RejectionsService {
  constructor(
    private readonly db: Database,
    private readonly runs: RunsRepository,
    private readonly doors: DoorsService,
  ) {}

  /** Without a run: the open ones of every run, the newest run first. With one: all of it, mended or not. */
  async list(runId: string | null, limit: number): Promise<RejectionItem[]> {
    const run = runId === null ? null : await this.runs.get(runId);
    return this.db.query<RejectionItem & { runId: string }>(
      `select x.run_id as "runId", x.row_no as "rowNo", x.reasons, x.mended_run_id is not null as mended,
         x.mended_run_id is null and x.resent_run_id is not null as resent
       from rejection x join import_run r on r.id = x.run_id
       where ($1::uuid is null and ${OPEN}) or x.run_id = $1
       order by r.started_at desc, x.run_id, x.row_no limit $2`,
      [run?.id ?? null, limit],
    );
  }

  /** How many rows are still to be mended, of one run or of all. */
  async countOpen(runId: string | null): Promise<number> {
    const row = await this.db.one<{ n: number }>(
      `select count(*)::int as n from rejection x join import_run r on r.id = x.run_id
       where ($1::uuid is null or x.run_id = $1) and ${OPEN}`,
      [runId],
    );
    return row?.n ?? 0;
  }

  /**
   * The rows of one run that are still to be mended as CSV, with the same columns plus row, reason and run. In bounded
   * memory.
   */
  async *csv(runId: string, lang: 'ja' | 'en', explain: Explain): AsyncGenerator<string> {
    const run = await this.runs.get(runId);
    yield* renderRejections(run.header ?? [], this.rows(run, explain), lang, run.id);
  }

  /**
   * Sends a mended download of rejected rows again, through the source they came from, read by the same profile and as
   * of the same time. Rows that are mended are marked so when the run is applied, also when a brake holds it first; rows
   * that are rejected again go on in the new run with their newest reasons.
   *
   * @throws RETRY_NO_RUN when no run with open rejections has these columns, RETRY_RUN_OPEN while that run is not
   *   applied, RETRY_SEVERAL_RUNS
   */
  async retry(input: {
    readonly fileName: string;
    readonly open: () => AsyncIterable<Uint8Array>;
    readonly by: string;
  }): Promise<Run> {
    const origin = await this.originOf(await sentAgain(input.open()));
    if (origin.status !== 'applied') {
      throw new AppError('RETRY_RUN_OPEN', { details: { run: origin.id, found: origin.status } });
    }
    const { fileName, by } = input;
    const { source, asOfAt } = origin;
    const file = { source, fileName, bytes: input.open(), mode: 'delta' as const, asOf: asOfAt, by };
    return this.doors.importFile(file, { run: origin });
  }

  private async *rows(
    run: Run,
    explain: Explain,
  ): AsyncGenerator<{ rowNo: number; cells: readonly string[]; explanation: string }> {
    for (let after = 0; ;) {
      const rows = await this.db.query<{ rowNo: number; cells: string[]; reasons: RejectionReason[] }>(
        `select row_no as "rowNo", cells, reasons from rejection
         where run_id = $1 and row_no > $2 and mended_run_id is null and resent_run_id is null
         order by row_no limit ${PAGE}`,
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

  /** The run that the file names, else the newest one with these columns that has something to mend. */
  private async originOf({ header, runIds }: SentAgain): Promise<Run> {
    if (runIds.size > 1) throw new AppError('RETRY_SEVERAL_RUNS', { details: { count: runIds.size } });
    const [named = null] = runIds;
    const row = await this.db.one<{ id: string }>(
      `select r.id from import_run r
       where r.header = $1::jsonb and ($2::uuid is null or r.id = $2) and exists (
         select 1 from rejection x where x.run_id = r.id and ${OPEN})
       order by r.status = 'applied' desc, r.started_at desc limit 1`,
      [JSON.stringify(header), named],
    );
    if (row === null) throw new AppError('RETRY_NO_RUN', { details: { columns: header.length } });
    return this.runs.get(row.id);
  }
}

/** Looks once through the file for the runs that its rows come from. */
async function sentAgain(bytes: AsyncIterable<Uint8Array>): Promise<SentAgain> {
  const table = await openTable(bytes);
  if (table.unusable !== null) throw new AppError(table.unusable, { details: table.details });
  const runIds = new Set<string>();
  for await (const batch of table.rows) {
    for (const { origin } of batch) if (origin?.runId != null) runIds.add(origin.runId);
  }
  return { header: table.header, runIds };
}
