import { Injectable } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import { parseIsoDate, startOfDay } from '../domain/calendar.js';
import { Clock } from '../platform/clock/clock.js';
import type { Company, GroupConfig, Source } from '../platform/config/group-config.js';
import type { Progress } from './apply.service.js';
import { FileReading } from './file-reading.js';
import { FileStoreService } from './file-store.service.js';
import { interpretRecord } from './mapping/interpret-record.js';
import { KnownRowsService } from './known-rows.service.js';
import { ProfilesService } from './profiles.service.js';
import type { Run, RunMode, RunNote } from './run.js';
import { RunsQueries } from './runs.queries.js';
import { RunsService } from './runs.service.js';
import { stageObservation } from './stage-observation.js';
import { StagingService } from './staging.service.js';

export interface ImportFile {
  /** `sync` for what a connector read; `file` when missing. */
  readonly kind?: 'file' | 'sync' | undefined;
  /** The id that its run shall have, where somebody was told it already. */
  readonly id?: string | undefined;
  readonly source: string;
  /** Shown in lists; never used as a path. */
  readonly fileName: string;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Name of a profile in config/mappings, or the path of one that was suggested and looked over. */
  readonly profile?: string | undefined;
  readonly mode?: RunMode | undefined;
  /** A day or an instant; the time of receipt when missing. */
  readonly asOf?: string | undefined;
  readonly expectRows?: number | undefined;
  readonly sha256?: string | undefined;
  readonly encoding?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly by: string;
  readonly progress?: Progress | undefined;
  readonly onRows?: ((read: number) => void) | undefined;
  /** Asked once the last byte is in, for what only its sender knows. What it throws fails the run with nothing read. */
  readonly whenKept?: (() => { readonly isWhole: boolean; readonly notes: readonly RunNote[] }) | undefined;
}

const LEAST_BYTES_TO_COMPARE = 256 * 1024;

/** Mended rows go the way of the run that rejected them: its profile, its time, its place in the history of the source. */
export interface RetryOf {
  readonly run: Run;
}

export type RecordReceipt =
  | { readonly index: number; readonly state: 'accepted' | 'duplicate' }
  | {
      readonly index: number;
      readonly state: 'rejected';
      readonly reasons: Extract<ReturnType<typeof interpretRecord>, { kind: 'rejection' }>['reasons'];
    };

/** The ways in. Each only brings rows to the staging of a run; what follows is the same for all. */
@Injectable()
export class DoorsService {
  constructor(
    private readonly runs: RunsService,
    private readonly staging: StagingService,
    private readonly files: FileStoreService,
    private readonly profiles: ProfilesService,
    private readonly known: KnownRowsService,
    private readonly queries: RunsQueries,
    private readonly group: GroupConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * One file through the corridor. The file is kept by its hash first; a file that cannot be read as a table, or whose
   * declared hash does not match, changes nothing.
   *
   * @param retryOf the run whose rejected rows the file holds, mended
   * @throws SOURCE_UNKNOWN, PROFILE_UNKNOWN, PROFILE_NEEDED, HEADER_MISSING, HEADER_DUPLICATE, AS_OF_INVALID,
   *   FILE_HASH_MISMATCH
   */
  async importFile(input: ImportFile, retryOf: RetryOf | null = null): Promise<Run> {
    const source = this.runs.source(input.source);
    const company = this.companyOf(source);
    const asOfAt = input.asOf === undefined ? this.clock.nowIso() : instantOf(input.asOf, company.zone);
    const declared = input.profile ?? source.profile;
    const profile =
      retryOf?.run.profileContent ?? (declared === undefined ? null : await this.profiles.load(declared));
    const file = await this.files.keep(input.bytes);
    return this.runs.process(
      {
        source,
        kind: input.kind ?? 'file',
        mode: input.mode ?? source.mode,
        asOfAt,
        dryRun: input.dryRun ?? false,
        startedBy: input.by,
        more: {
          ...(input.id === undefined ? {} : { id: input.id }),
          fileSha256: file.sha256,
          fileName: input.fileName.slice(0, 200),
          profile: profile?.id ?? null,
          expectRows: input.expectRows ?? null,
          retriesRunId: retryOf?.run.id ?? null,
        },
        ...(input.progress === undefined ? {} : { progress: input.progress }),
      },
      async (run) => {
        if (input.sha256 !== undefined && input.sha256.toLowerCase() !== file.sha256) {
          throw new AppError('FILE_HASH_MISMATCH', {
            details: { expected: input.sha256.slice(0, 12), found: file.sha256.slice(0, 12) },
          });
        }
        const { profiles, staging, known } = this;
        const reading = new FileReading(
          run,
          company,
          source,
          { profiles, staging, known },
          {
            encoding: input.encoding,
            byteLength: file.byteLength,
            leastBytesToCompare: LEAST_BYTES_TO_COMPARE,
            isKnownWhole: input.sha256 !== undefined,
            onRows: input.onRows,
          },
        );
        const sender = input.whenKept?.() ?? { isWhole: true, notes: [] };
        const { change, findings } = await reading.stage(() => this.files.read(file.sha256), profile);
        return {
          change: { ...change, seenToEnd: change.seenToEnd === true && sender.isWhole },
          findings: { ...findings, notes: [...findings.notes, ...sender.notes] },
        };
      },
    );
  }

  /** Records as a system pushes them, in one run. Each gets a receipt; a bad one does not keep the others out. */
  async importRecords(input: {
    readonly source: string;
    readonly records: readonly unknown[];
    readonly dryRun?: boolean;
    readonly by: string;
  }): Promise<{ run: Run; receipts: readonly RecordReceipt[] }> {
    const source = this.runs.source(input.source);
    const company = this.companyOf(source);
    const asOfAt = this.clock.nowIso();
    const receipts: RecordReceipt[] = [];
    const run = await this.runs.process(
      { source, kind: 'push', mode: 'delta', asOfAt, dryRun: input.dryRun ?? false, startedBy: input.by },
      async (started) => {
        const context = {
          company: source.company,
          companies: new Set([source.company]),
          asOfAt,
          zone: company.zone,
        };
        await this.staging.write(started.id, async (writer) => {
          for (const [index, record] of input.records.entries()) {
            const result = interpretRecord(record, context);
            if (result.kind === 'rejection') {
              receipts.push({ index, state: 'rejected', reasons: result.reasons });
              await writer.rejection({
                rowNo: index + 1,
                reasons: result.reasons,
                cells: [JSON.stringify(record)],
                employeeNumber: null,
                originRow: null,
              });
              continue;
            }
            receipts.push({ index, state: 'accepted' });
            await stageObservation(writer, index + 1, result.observation, company);
          }
        });
        const rows = { ...started.rows, read: input.records.length };
        return { change: { rows, seenToEnd: true }, findings: { readings: [], notes: [] } };
      },
    );
    return { run, receipts: await this.withDuplicates(run, receipts) };
  }

  /** What an applied run did not keep as a new statement was known word for word. */
  private async withDuplicates(run: Run, receipts: readonly RecordReceipt[]): Promise<RecordReceipt[]> {
    if (run.status !== 'applied' || run.rows.unchanged === 0) return [...receipts];
    const kept = await this.queries.keptRows(run.id);
    return receipts.map((receipt) =>
      receipt.state === 'accepted' && !kept.has(receipt.index + 1)
        ? { index: receipt.index, state: 'duplicate' }
        : receipt,
    );
  }

  private companyOf(source: Source): Company {
    const company = this.group.companies.get(source.company);
    if (company === undefined)
      throw new AppError('COMPANY_UNKNOWN', { details: { company: source.company } });
    return company;
  }
}

const EARLIEST = Date.UTC(1900, 0, 1);
const LATEST = Date.UTC(2200, 0, 1);

/** @throws AS_OF_INVALID */
function instantOf(text: string, zone: string): string {
  const day = parseIsoDate(text);
  const start = day === null ? null : startOfDay(day, zone);
  const instant =
    start ?? (/^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:?\d{2})$/.test(text) ? Date.parse(text) : Number.NaN);
  // Beyond these years ISO 8601 has more digits, and PostgreSQL another calendar.
  if (!(instant >= EARLIEST && instant < LATEST))
    throw new AppError('AS_OF_INVALID', { details: { found: text.slice(0, 40) } });
  return new Date(instant).toISOString();
}
