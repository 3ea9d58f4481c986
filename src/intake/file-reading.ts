import { AppError } from '../domain/app-error.js';
import type { BrakeReading } from '../domain/brake.js';
import { numberKey } from '../domain/name-text.js';
import type { Observation } from '../domain/observation.js';
import type { Company, Source } from '../platform/config/group-config.js';
import type { Findings } from './corridor.service.js';
import { openTable, type OpenTableOptions } from './file/open-table.js';
import { RawHash } from './file/raw-hash.js';
import { renumbered } from './file/reduced.js';
import type { Table, TableOutcome, TableRow, UnusableFile } from './file/table.js';
import type { KnownRowsService, Unread } from './known-rows.service.js';
import { bindProfile, type BoundProfile } from './mapping/bind.js';
import {
  emptyDayEvidence,
  judgeDayColumns,
  type DayEvidence,
  type DayOrders,
} from './mapping/day-columns.js';
import { interpretRow, todayOf, type InterpretContext } from './mapping/interpret.js';
import type { Profile } from './mapping/profile.js';
import type { ProfilesService } from './profiles.service.js';
import type { Run, RunNote } from './run.js';
import { stageObservation } from './stage-observation.js';
import { StagedBlocks } from './staged-blocks.js';
import type { StagingService, StagingWriter } from './staging.service.js';

export interface ReadingRooms {
  readonly profiles: ProfilesService;
  readonly staging: StagingService;
  readonly known: KnownRowsService;
}

export interface ReadingOptions {
  readonly encoding?: string | undefined;
  readonly byteLength: number;
  /** In a smaller file, looking for rows that are known costs more than reading them. */
  readonly leastBytesToCompare: number;
  readonly isKnownWhole: boolean;
  readonly onRows?: ((read: number) => void) | undefined;
}

/** The content from its first byte on; may be asked for again. */
export type OpenBytes = () => AsyncIterable<Uint8Array>;

const NO_ORDERS: DayOrders = new Map();
/** To be raised when the same bytes come to mean something else: every row is read once more then. */
const READER = 1;

type Outcome = Pick<TableOutcome, 'rowCount' | 'complete'> & {
  readonly encoding: TableOutcome['encoding'] | null;
};

interface Target {
  readonly writer: StagingWriter;
  readonly hasher: RawHash | null;
  readonly blocks?: StagedBlocks | null;
}

/** One file read once, row by row, into the staging of its run. */
export class FileReading {
  private read = 0;

  constructor(
    private readonly run: Run,
    private readonly company: Company,
    private readonly source: Source,
    private readonly rooms: ReadingRooms,
    private readonly options: ReadingOptions,
  ) {}

  /** @throws HEADER_DUPLICATE, HEADER_MISSING, HEADER_RENAMED, PROFILE_NEEDED: before anything is staged */
  async stage(
    open: OpenBytes,
    declared: Profile | null,
  ): Promise<{ change: Partial<Run>; findings: Findings }> {
    const table = await openTable(open(), this.tableOptions(declared));
    if (table.unusable !== null) return this.unusable(table);
    const { profile, bound } = await this.bind(table, declared, open);
    const hasher = this.hasherOf(table, bound);
    const { encoding } = table;
    const outcome =
      (await this.onlyUnknown(open, table, bound, hasher)) ?? (await this.whole(table, bound, hasher));
    return this.found(table, profile, { ...outcome, encoding: outcome.encoding ?? encoding });
  }

  private tableOptions(declared: Profile | null): OpenTableOptions {
    const encoding = this.options.encoding ?? declared?.encoding;
    return {
      ...(encoding === undefined ? {} : { encoding }),
      ...(declared?.delimiter === undefined ? {} : { delimiter: declared.delimiter }),
      ...(declared?.skipLines === undefined ? {} : { skipLines: declared.skipLines }),
      isKnownWhole: this.options.isKnownWhole,
    };
  }

  /** Null where equal bytes need not mean the same: a row that says itself when it was true, a mended row. */
  private hasherOf(table: Table, { profile, fields, header }: BoundProfile): RawHash | null {
    const isOfAnotherTime = fields.some(({ field }) => field === 'asOf') || this.run.retriesRunId !== null;
    if (table.layout === null || table.isRejectionDownload || isOfAnotherTime) return null;
    const { encoding, delimiter } = table;
    const { id: company, zone } = this.company;
    return new RawHash({ reader: READER, company, zone, profile, header, encoding, delimiter });
  }

  private async whole(table: Table, bound: BoundProfile, hasher: RawHash | null): Promise<Outcome> {
    const { staging } = this.rooms;
    const evidence = emptyDayEvidence(bound);
    await staging.write(this.run.id, async (writer) => {
      const blocks = hasher === null ? null : new StagedBlocks(hasher, writer);
      await this.rows(table.rows, bound, evidence, { writer, hasher, blocks });
      await blocks?.end();
    });
    if (await staging.hasDeferred(this.run.id)) {
      const judged = judgeDayColumns(evidence);
      await staging.write(this.run.id, (writer) => this.deferred(bound, judged, writer));
      await staging.dropDeferred(this.run.id);
    }
    return table.outcome();
  }

  /**
   * Reads only the rows that are not known by their bytes. Null, with nothing staged, when that is not worth it, or when
   * a row cannot be understood without the others of its column.
   */
  private async onlyUnknown(
    open: OpenBytes,
    table: Table,
    bound: BoundProfile,
    hasher: RawHash | null,
  ): Promise<Outcome | null> {
    const { staging, known } = this.rooms;
    if (hasher === null || this.options.byteLength < this.options.leastBytesToCompare) return null;
    const unread = await known.find(this.run, table, hasher, open());
    if (unread === null) return null;
    const outcome = await this.unread(open, table, bound, { hasher, unread });
    if (outcome !== null) {
      await table.rows[Symbol.asyncIterator]().return?.();
      return outcome;
    }
    this.read = 0;
    await staging.startAgain(this.run.id);
    return null;
  }

  private async unread(
    open: OpenBytes,
    table: Table,
    bound: BoundProfile,
    { hasher, unread }: { hasher: RawHash; unread: Unread },
  ): Promise<Outcome | null> {
    const { staging } = this.rooms;
    const { knownCount, rowNumbers } = unread;
    const nothingElse = { rowCount: knownCount, complete: true, encoding: null };
    this.read = knownCount;
    if (rowNumbers.length === 0) return nothingElse;
    const rest = await openTable(unread.bytes(open), {
      ...this.tableOptions(bound.profile),
      ...(table.encoding === 'ascii' ? {} : { encoding: table.encoding }),
      delimiter: table.delimiter,
    });
    // Blank lines are known by nothing, and say nothing.
    if (rest.unusable === 'FILE_HEADER_ONLY' && !unread.hasTail) return nothingElse;
    if (rest.unusable !== null) return null;
    const rows = renumbered(rest.rows, rowNumbers);
    const evidence = emptyDayEvidence(bound);
    await staging.write(this.run.id, (writer) => this.rows(rows, bound, evidence, { writer, hasher }));
    if (await staging.hasDeferred(this.run.id)) return null;
    const outcome = rest.outcome();
    return { ...outcome, rowCount: outcome.rowCount + knownCount };
  }

  private found(
    table: Table,
    profile: Profile,
    outcome: Outcome,
  ): { change: Partial<Run>; findings: Findings } {
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
    open: OpenBytes,
  ): Promise<{ profile: Profile; bound: BoundProfile }> {
    try {
      const profile =
        declared ?? (await this.rooms.profiles.certainFor(open(), { encoding: this.options.encoding }));
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
    batches: AsyncIterable<readonly TableRow[]>,
    bound: BoundProfile,
    evidence: DayEvidence,
    to: Target,
  ): Promise<void> {
    const context = this.context(NO_ORDERS, evidence);
    for await (const batch of batches) {
      for (const row of batch) {
        await this.one(bound, row, context, to);
        await to.blocks?.add(row.rowNo, row.raw);
      }
      this.options.onRows?.(this.read);
    }
  }

  private async deferred(bound: BoundProfile, orders: DayOrders, writer: StagingWriter): Promise<void> {
    const context = this.context(orders, null);
    for await (const rows of this.rooms.staging.deferredRows(this.run.id)) {
      for (const { rowNo, cells, originRow } of rows) {
        const origin = { rowNo: originRow, runId: null };
        await this.one(bound, { rowNo, cells, problems: [], origin }, context, { writer, hasher: null });
      }
    }
  }

  private async one(
    bound: BoundProfile,
    row: TableRow,
    context: InterpretContext,
    { writer, hasher }: Target,
  ): Promise<void> {
    const { rowNo, cells } = row;
    const originRow = row.origin?.rowNo ?? null;
    const result = interpretRow(bound, row, context);
    this.read += 1;
    if (result.kind === 'observation') {
      const { observation } = result;
      const isRecognised = hasher !== null && row.raw !== undefined && isTimeless(observation, this.company);
      const rawHash = isRecognised ? hasher.of(row.raw) : null;
      await stageObservation(writer, rowNo, observation, this.company, { originRow, rawHash });
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

/** What is checked against the day of the file says the same on every later day once its days are over. */
function isTimeless({ asOfAt, facts }: Observation, { zone }: Company): boolean {
  return facts.lastDay == null || facts.lastDay < todayOf(asOfAt, zone);
}
