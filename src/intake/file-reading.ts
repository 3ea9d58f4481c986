import { AppError } from '../domain/app-error.js';
import type { BrakeReading } from '../domain/brake.js';
import { numberKey } from '../domain/name-text.js';
import type { Company, Source } from '../platform/config/group-config.js';
import type { Findings } from './corridor.service.js';
import { openTable } from './file/open-table.js';
import type { Table, TableRow, UnusableFile } from './file/table.js';
import { bindProfile, type BoundProfile } from './mapping/bind.js';
import {
  emptyDayEvidence,
  judgeDayColumns,
  type DayEvidence,
  type DayOrders,
} from './mapping/day-columns.js';
import { interpretRow, type InterpretContext } from './mapping/interpret.js';
import type { Profile } from './mapping/profile.js';
import type { ProfilesService } from './profiles.service.js';
import type { Run, RunNote } from './run.js';
import { stageObservation } from './stage-observation.js';
import type { StagingService, StagingWriter } from './staging.service.js';

export interface ReadingOptions {
  readonly encoding?: string | undefined;
  readonly isKnownWhole: boolean;
  readonly onRows?: ((read: number) => void) | undefined;
}

/** The content from its first byte on; may be asked for again. */
export type OpenBytes = () => AsyncIterable<Uint8Array>;

const NO_ORDERS: DayOrders = new Map();

/** One file read once, row by row, into the staging of its run. */
export class FileReading {
  private read = 0;

  constructor(
    private readonly run: Run,
    private readonly company: Company,
    private readonly source: Source,
    private readonly options: ReadingOptions,
  ) {}

  /** @throws HEADER_DUPLICATE, HEADER_MISSING, HEADER_RENAMED, PROFILE_NEEDED: before anything is staged */
  async stage(
    open: OpenBytes,
    declared: Profile | null,
    profiles: ProfilesService,
    staging: StagingService,
  ): Promise<{ change: Partial<Run>; findings: Findings }> {
    const table = await openTable(open(), {
      ...(this.options.encoding === undefined ? {} : { encoding: this.options.encoding }),
      ...(declared?.encoding === undefined || this.options.encoding !== undefined
        ? {}
        : { encoding: declared.encoding }),
      ...(declared?.delimiter === undefined ? {} : { delimiter: declared.delimiter }),
      ...(declared?.skipLines === undefined ? {} : { skipLines: declared.skipLines }),
      isKnownWhole: this.options.isKnownWhole,
    });
    if (table.unusable !== null) return this.unusable(table);
    const { profile, bound } = await this.bind(table, declared, profiles, open);
    const evidence = emptyDayEvidence(bound);
    await staging.write(this.run.id, (writer) => this.rows(table, bound, evidence, writer));
    const judged = judgeDayColumns(evidence);
    await staging.write(this.run.id, (writer) => this.deferred(bound, judged, staging, writer));
    await staging.dropDeferred(this.run.id);
    const outcome = table.outcome();
    const mismatch = this.run.expectRows !== null && this.run.expectRows !== outcome.rowCount;
    const readings: BrakeReading[] = mismatch
      ? [this.brake('expected_rows', this.run.expectRows ?? 0, outcome.rowCount)]
      : [];
    const notes: RunNote[] = outcome.complete
      ? []
      : [{ code: 'FILE_CUT', details: { rows: outcome.rowCount } }];
    return {
      change: {
        header: table.header,
        encoding: outcome.encoding,
        delimiter: table.delimiter,
        profile: profile.id,
        profileContent: profile,
        seenToEnd: outcome.complete && !mismatch,
        rows: { ...this.run.rows, read: outcome.rowCount },
      },
      findings: { readings, notes },
    };
  }

  /** A header that cannot be bound ends the reading: the rows below it are let go. */
  private async bind(
    table: Table,
    declared: Profile | null,
    profiles: ProfilesService,
    open: OpenBytes,
  ): Promise<{ profile: Profile; bound: BoundProfile }> {
    try {
      const profile = declared ?? (await profiles.certainFor(open(), { encoding: this.options.encoding }));
      return { profile, bound: bindProfile(profile, table.header) };
    } catch (error) {
      await table.rows[Symbol.asyncIterator]().return?.();
      throw error;
    }
  }

  /** A file without one row to read holds the run, with the reason; one whose header cannot be trusted is refused. */
  private unusable(file: UnusableFile): { change: Partial<Run>; findings: Findings } {
    if (file.unusable === 'HEADER_DUPLICATE' || file.unusable === 'FILE_TOO_MANY_COLUMNS') {
      throw new AppError(file.unusable, { details: file.details });
    }
    return {
      change: { seenToEnd: false },
      findings: {
        readings: [this.brake('unusable_file', 0, 1)],
        notes: [{ code: file.unusable, details: file.details }],
      },
    };
  }

  private brake(name: 'expected_rows' | 'unusable_file', limit: number, value: number): BrakeReading {
    return { name, company: this.source.company, scope: 'run', limit, value, tripped: true };
  }

  private async rows(
    table: Table,
    bound: BoundProfile,
    evidence: DayEvidence,
    writer: StagingWriter,
  ): Promise<void> {
    const context = this.context(NO_ORDERS, evidence);
    for await (const batch of table.rows) {
      for (const row of batch) await this.one(bound, row, context, writer);
      this.options.onRows?.(this.read);
    }
  }

  private async deferred(
    bound: BoundProfile,
    orders: DayOrders,
    staging: StagingService,
    writer: StagingWriter,
  ): Promise<void> {
    const context = this.context(orders, null);
    for await (const rows of staging.deferredRows(this.run.id)) {
      for (const { rowNo, cells, originRow } of rows) {
        const origin = { rowNo: originRow, runId: null };
        await this.one(bound, { rowNo, cells, problems: [], origin }, context, writer);
      }
    }
  }

  private async one(
    bound: BoundProfile,
    row: TableRow,
    context: InterpretContext,
    writer: StagingWriter,
  ): Promise<void> {
    const { rowNo, cells } = row;
    const originRow = row.origin?.rowNo ?? null;
    const result = interpretRow(bound, row, context);
    this.read += 1;
    if (result.kind === 'observation') {
      await stageObservation(writer, rowNo, result.observation, this.company, originRow);
    } else if (result.kind === 'deferred') {
      await writer.deferred({ rowNo, cells, originRow });
    } else {
      const employeeNumber = numberIn(bound, row);
      await writer.rejection({ rowNo, reasons: result.reasons, cells, employeeNumber, originRow });
    }
  }

  private context(orders: DayOrders, evidence: DayEvidence | null): InterpretContext {
    return {
      company: this.source.company,
      companies: new Set([this.source.company]),
      asOfAt: this.run.asOfAt,
      zone: this.company.zone,
      orders,
      evidence,
    };
  }
}

/** The number in a rejected row, as far as it can be read: so that a broken row does not make somebody absent. */
function numberIn(bound: BoundProfile, row: TableRow): string | null {
  const column = bound.fields.find(({ field }) => field === 'employeeNumber');
  const cell = column === undefined ? undefined : row.cells[column.index];
  return cell === undefined || cell.trim() === '' ? null : numberKey(cell);
}
