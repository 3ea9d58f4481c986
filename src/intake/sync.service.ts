import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Connector, OpenSource, ReadingEnd, SourceRow } from '../connector-spi/connector.js';
import { AppError } from '../domain/app-error.js';
import { Clock } from '../platform/clock/clock.js';
import type { GroupConfig, Source } from '../platform/config/group-config.js';
import type { ProcessEnvironment } from '../platform/config/process-environment.js';
import type { Progress } from './apply.service.js';
import { DoorsService } from './doors.service.js';
import type { Run } from './run.js';
import { RunsService, type StartRun } from './runs.service.js';
import { EndpointHttp } from './source-http.js';
import { SourceSnapshot } from './source-snapshot.js';
import { openSource } from './sync-sources.js';

export interface SyncWish {
  readonly source: string;
  /** Everything, and whoever is missing counts, whatever the configured mode is. */
  readonly full?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly by: string;
  readonly progress?: Progress | undefined;
}

/** Pulls what a source lists through the one corridor. */
@Injectable()
export class SyncService implements OnModuleDestroy {
  private readonly ending = new AbortController();

  constructor(
    private readonly doors: DoorsService,
    private readonly runs: RunsService,
    private readonly group: GroupConfig,
    private readonly connectors: ReadonlyMap<string, Connector>,
    private readonly variables: ProcessEnvironment,
    private readonly clock: Clock,
  ) {}

  /** A reading that goes on while the house closes is broken off; nothing of it was written. */
  onModuleDestroy(): void {
    this.ending.abort(new AppError('SYNC_ENDED_WITH_PROCESS', { retryable: true }));
  }

  /** The sources that are pulled, in the order of the configuration. */
  sources(): Source[] {
    return [...this.group.sources.values()].filter(({ connector }) => connector !== 'file');
  }

  /**
   * Reads a source to its end and carries out what follows. A reading that is not known to be whole makes nobody absent;
   * the run says in its notes why. One that does not even begin leaves a failed run.
   *
   * @throws SOURCE_UNKNOWN, SYNC_CONNECTOR_REQUIRED, SYNC_SECRET_REQUIRED, SYNC_COLUMN_NEVER_SEEN, SYNC_LIST_MISSING,
   *   SYNC_RECORD_UNREADABLE, SYNC_CELL_NOT_PLAIN, SERVICE_* and what an import throws
   */
  async sync(wish: SyncWish): Promise<Run> {
    const source = this.runs.source(wish.source);
    const opened = openSource(source, this.connectors);
    const http = new EndpointHttp(opened.endpoint, this.variables, this.ending.signal);
    try {
      return await this.read(source, opened, http, wish);
    } finally {
      http.close();
    }
  }

  private async read(source: Source, opened: OpenSource, http: EndpointHttp, wish: SyncWish): Promise<Run> {
    const start: StartRun = {
      source,
      kind: 'sync',
      mode: wish.full === true ? 'full' : source.mode,
      asOfAt: this.clock.nowIso(),
      dryRun: wish.dryRun ?? false,
      startedBy: wish.by,
    };
    const pages = opened.read(http, this.ending.signal);
    const heads: Page[] = [];
    try {
      heads.push(await pages.next());
      if (isEmpty(heads[0])) heads.push(await pages.next());
    } catch (error) {
      return this.failed(start, error);
    }
    const last = heads.at(-1);
    // Of a list of what changed it is good news when it is empty; of everybody it is not, and the run is held.
    if (start.mode === 'delta' && heads.length === 2 && last?.done === true && last.value.whole) {
      return this.runs.process(start, ({ rows }) =>
        Promise.resolve({ change: { rows, seenToEnd: true }, findings: { readings: [], notes: [] } }),
      );
    }
    const snapshot = new SourceSnapshot(opened.columns, resumed(heads, pages));
    try {
      return await this.take(start, snapshot, wish);
    } catch (error) {
      // Before the last byte is in there is no run yet that could have failed.
      if (snapshot.brokeOffWith !== error) throw error;
      return this.failed(start, error);
    }
  }

  private take({ source, mode, asOfAt }: StartRun, snapshot: SourceSnapshot, wish: SyncWish): Promise<Run> {
    return this.doors.importFile({
      kind: 'sync',
      source: source.id,
      fileName: `${source.id}.csv`,
      bytes: snapshot.csv(),
      mode,
      asOf: asOfAt,
      encoding: 'utf-8',
      dryRun: wish.dryRun,
      by: wish.by,
      progress: wish.progress,
      whenKept: () => {
        const end = snapshot.outcome();
        if (end.whole) return { isWhole: true, notes: [] };
        return { isWhole: false, notes: [{ code: end.because, details: { ...end.details } }] };
      },
    });
  }

  /** Leaves the failure among the runs, where whoever looks after the source looks. */
  private failed(start: StartRun, error: unknown): Promise<Run> {
    return this.runs.process(start, () =>
      Promise.reject(error instanceof Error ? error : new Error(String(error))),
    );
  }
}

type Page = IteratorResult<readonly SourceRow[], ReadingEnd>;

const isEmpty = (page: Page | undefined): boolean => page?.done === false && page.value.length === 0;

/** The pages from the first on, of which some were asked for already. */
async function* resumed(
  heads: readonly Page[],
  pages: AsyncGenerator<readonly SourceRow[], ReadingEnd>,
): AsyncGenerator<readonly SourceRow[], ReadingEnd> {
  for (const head of heads) {
    if (head.done === true) return head.value;
    yield head.value;
  }
  return yield* pages;
}
