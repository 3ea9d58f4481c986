import { Injectable } from '@nestjs/common';
import { DecisionsService, type Decisions } from '../departures/decisions.service.js';
import { AppError } from '../domain/app-error.js';
import { daysAhead, type BrakeReading } from '../domain/brake.js';
import { dayInZone } from '../domain/calendar.js';
import { withAdvisoryLock } from '../platform/database/advisory-lock.js';
import { Database } from '../platform/database/database.js';
import { ApplyService, type Progress } from './apply.service.js';
import { takeBackConfirmations } from './confirm-known.js';
import { DiffQueries } from './diff.queries.js';
import { withListedNumbers } from './listed-numbers.js';
import { PlanRunService, type PlanSource } from './plan-run.service.js';
import type { Run, RunNote } from './run.js';
import { RunsRepository } from './runs.repository.js';
import { stageObservation } from './stage-observation.js';
import { StagingService } from './staging.service.js';

const CORRIDOR = 'enishi.corridor';
const DOUBTED_AT_ONCE = 5_000;
const NUMBERS_OF_RUN = `select company, employee_number from observation where run_id = $1 and not reverted`;

/** What the reading of a file or of records found out beyond its rows. */
export interface Findings {
  readonly readings: readonly BrakeReading[];
  readonly notes: readonly RunNote[];
}

/**
 * The one way from staged rows to the registry. Plans and applies one run after the other, whoever asks and from
 * whichever process, so that a plan never runs against facts it has not seen.
 */
@Injectable()
export class CorridorService {
  constructor(
    private readonly db: Database,
    private readonly runs: RunsRepository,
    private readonly diff: DiffQueries,
    private readonly planner: PlanRunService,
    private readonly applier: ApplyService,
    private readonly decisions: DecisionsService,
    private readonly staging: StagingService,
  ) {}

  /** Finishes first what a process that died left half applied. */
  async enter<T>(work: (at: Corridor) => Promise<T>, progress?: Progress): Promise<T> {
    return withAdvisoryLock(this.db, CORRIDOR, async () => {
      const corridor = new Corridor(
        this.db,
        this.runs,
        this.diff,
        this.planner,
        this.applier,
        this.decisions,
        this.staging,
        progress,
      );
      for (const run of await this.runs.byStatus('applying', null)) await corridor.resume(run);
      return work(corridor);
    });
  }
}

/** The corridor while one process is in it. */
export class Corridor {
  constructor(
    private readonly db: Database,
    private readonly runs: RunsRepository,
    private readonly diff: DiffQueries,
    private readonly planner: PlanRunService,
    private readonly applier: ApplyService,
    private readonly decisions: DecisionsService,
    private readonly staging: StagingService,
    private readonly progress: Progress | undefined,
  ) {}

  async resume(run: Run): Promise<Run> {
    const decisions = await this.decisions.bind(Date.parse(run.decidedForAt), run.firstOfSource);
    return this.applier.apply(run.id, decisions.policyVersion, this.progress);
  }

  /** Compares what the run staged, plans it, reads the brakes. */
  async planStaged(run: Run, findings: Findings): Promise<{ run: Run; held: boolean }> {
    const { decisions, firstOfSource } = await this.bind(run);
    await this.stageDoubted(run);
    const counts = await this.diff.compare(this.db, run, decisions.plan.matching);
    const notes = [...findings.notes];
    if (run.mode === 'full' && run.seenToEnd && counts.accepted > 0)
      notes.push(...(await this.stageAbsences(run)));
    await this.runs.update(run.id, {
      firstOfSource,
      rows: {
        ...run.rows,
        accepted: counts.accepted,
        rejected: counts.rejected,
        unchanged: counts.unchanged,
      },
    });
    const source: PlanSource = { staged: true, withoutRunId: null, pager: this.planner.stagedPager(run.id) };
    return this.planner.plan(await this.runs.get(run.id), source, decisions, {
      readings: [...findings.readings, ...this.daysAhead(run)],
      notes,
    });
  }

  /** Plans what taking the observations of another run out again would do. */
  async planRevert(run: Run, revertedRunId: string): Promise<{ run: Run; held: boolean }> {
    const { decisions } = await this.bind(run);
    await this.db.transaction((sql) => takeBackConfirmations(sql, revertedRunId));
    return withListedNumbers(this.db, NUMBERS_OF_RUN, [revertedRunId], (pager) =>
      this.planner.plan(run, { staged: false, withoutRunId: revertedRunId, pager }, decisions, {
        readings: [],
        notes: [],
      }),
    );
  }

  /** Plans numbers anew because a person decided something about their identity. */
  async planKeys(
    run: Run,
    keys: readonly { company: string; employeeNumber: string }[],
  ): Promise<{ run: Run }> {
    const { decisions } = await this.bind(run);
    const source: PlanSource = {
      staged: false,
      withoutRunId: null,
      pager: (after) => Promise.resolve(after === null ? keys : []),
    };
    return this.planner.plan(run, source, decisions, { readings: [], notes: [] });
  }

  /** @param more noted with it: a run that is decided and not yet applying is for others one that broke off */
  async apply(run: Run, at: string, more: Partial<Run> = {}): Promise<Run> {
    await this.runs.update(run.id, { ...more, status: 'applying', applyAt: at });
    return this.resume(await this.runs.get(run.id));
  }

  /** @throws RUN_NOT_HELD when it is not waiting for a decision */
  async waiting(runId: string): Promise<Run> {
    const run = await this.runs.get(runId);
    const waits = run.status === 'held' || (run.status === 'planned' && run.dryRun);
    if (!waits) throw new AppError('RUN_NOT_HELD', { details: { run: run.id, found: run.status } });
    return run;
  }

  private async bind(run: Run): Promise<{ decisions: Decisions; firstOfSource: boolean }> {
    const state = await this.db.one<{ first_applied_at: string | null }>(
      'select first_applied_at from source_state where source = $1',
      [run.source],
    );
    const isFeed = run.kind === 'file' || run.kind === 'push' || run.kind === 'sync';
    // Mended rows belong to the history that their file belonged to.
    const origin = run.retriesRunId === null ? null : await this.runs.get(run.retriesRunId);
    const firstOfSource = origin?.firstOfSource ?? (isFeed && state?.first_applied_at == null);
    const decisions = await this.decisions.bind(Date.parse(run.decidedForAt), firstOfSource);
    return { decisions, firstOfSource };
  }

  /** What bytes alone no longer tell is compared like any other row. It says what was recorded when it was recognised. */
  private async stageDoubted(run: Run): Promise<void> {
    for (;;) {
      const rows = await this.db.transaction((sql) => this.diff.doubtedRows(sql, run.id, DOUBTED_AT_ONCE));
      if (rows.length === 0) return;
      const rowNumbers = rows.map(({ rowNo }) => rowNo);
      await this.staging.writeDoubted(run.id, rowNumbers, async (writer) => {
        for (const { rowNo, company, employeeNumber, facts, rawHash } of rows) {
          const observation = { company, employeeNumber, asOfAt: run.asOfAt, facts };
          await stageObservation(writer, rowNo, observation, this.decisions.company(company), { rawHash });
        }
      });
    }
  }

  /** Records tell their day each by themselves; a file has one for all of them. */
  private daysAhead(run: Run): BrakeReading[] {
    if (run.kind === 'push') return [];
    const { id, zone } = this.decisions.companyOfSource(run.source);
    const day = (instant: string) => dayInZone(Date.parse(instant), zone);
    const reading = daysAhead(id, day(run.asOfAt), day(run.decidedForAt));
    return reading === null ? [] : [reading];
  }

  private async stageAbsences(run: Run): Promise<RunNote[]> {
    const state = await this.db.one<{ last: string | null }>(
      'select last_full_as_of_at as last from source_state where source = $1',
      [run.source],
    );
    if (state?.last != null && state.last > run.asOfAt) {
      return [{ code: 'OLDER_SNAPSHOT', details: { asOf: run.asOfAt, newest: state.last } }];
    }
    const { zone } = this.decisions.companyOfSource(run.source);
    await this.diff.stageAbsences(this.db.pool, run, dayInZone(Date.parse(run.asOfAt), zone));
    return [];
  }
}
