import { Injectable, Logger } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import { Clock } from '../platform/clock/clock.js';
import { withAdvisoryLock } from '../platform/database/advisory-lock.js';
import { asDatabaseTrouble } from '../platform/database/database-trouble.js';
import { Database } from '../platform/database/database.js';
import { newId } from '../platform/database/id.js';
import { addToLogContext, withLogContext } from '../platform/logging/log-context.js';
import type { GroupConfig, Source } from '../platform/config/group-config.js';
import type { Progress } from './apply.service.js';
import { CorridorService, type Corridor, type Findings } from './corridor.service.js';
import type { Run, RunKind, RunMode, RunNote, RunStatus } from './run.js';
import { RunsRepository, type NewRun } from './runs.repository.js';
import { RunsQueries } from './runs.queries.js';
import { StagingService } from './staging.service.js';
import { WaitingRunsService } from './waiting-runs.service.js';

export interface StartRun {
  readonly source: Source;
  readonly kind: RunKind;
  readonly mode: RunMode;
  readonly asOfAt: string;
  readonly dryRun: boolean;
  readonly startedBy: string;
  readonly more?: Partial<Run>;
  readonly progress?: Progress;
}

/** Fills the staging of a run. Whatever it throws fails the run, with nothing else written. */
export type Reading = (run: Run) => Promise<{ readonly change: Partial<Run>; readonly findings: Findings }>;

export interface Decision {
  readonly reason: string;
  readonly by: string;
}

/** The life of a run: read, planned, held or applied; approved, rejected, reverted. */
@Injectable()
export class RunsService {
  private readonly logger = new Logger('runs');

  constructor(
    private readonly db: Database,
    private readonly runs: RunsRepository,
    private readonly corridor: CorridorService,
    private readonly staging: StagingService,
    private readonly waiting: WaitingRunsService,
    private readonly queries: RunsQueries,
    private readonly group: GroupConfig,
    private readonly clock: Clock,
  ) {}

  /** @throws SOURCE_UNKNOWN naming the known ones */
  source(id: string): Source {
    const source = this.group.sources.get(id);
    if (source === undefined) {
      const expected = [...this.group.sources.keys()].join(', ');
      throw new AppError('SOURCE_UNKNOWN', { details: { found: id, expected } });
    }
    return source;
  }

  /**
   * Reads, plans and, unless it is a dry run or a brake holds it, applies. One reading of a source at a time. A run of
   * the source whose process died while it read is marked failed; one that died while it applied is finished first.
   *
   * @throws whatever `read` throws, after the run was marked failed with its code
   */
  async process(start: StartRun, read: Reading): Promise<Run> {
    try {
      return await withLogContext({ sourceId: start.source.id }, () => this.processAlone(start, read));
    } catch (error) {
      throw asDatabaseTrouble(error);
    }
  }

  private async processAlone(start: StartRun, read: Reading): Promise<Run> {
    const done = await withAdvisoryLock(this.db, `enishi.source.${start.source.id}`, async () => {
      await this.waiting.failInterruptedReadings(start.source.id);
      const run = await this.runs.insert(this.newRun(start));
      addToLogContext({ runId: run.id });
      const { change, findings } = await this.guard(run, () => read(run));
      await this.runs.update(run.id, change);
      return this.corridor.enter(
        (at) =>
          this.guard(run, async () => {
            // Nobody is approving or taking back one of them at this moment.
            await this.waiting.dropOldDryRuns(start.source.id);
            await this.waiting.failInterruptedReverts(start.source.id);
            return this.decide(at, run.id, findings);
          }),
        start.progress,
      );
    });
    const { kind, mode, status, dryRun, rows, changes } = done;
    this.logger.log({ msg: 'import run', kind, mode, status, dryRun, rows, changes });
    return done;
  }

  /**
   * Carries out a held plan. The plan is made again first, for the same day, from the file that is kept and the facts of
   * this moment: when it is not the plan that was looked at, nothing happens and the new plan waits.
   *
   * @throws RUN_NOT_HELD, PLAN_CHANGED, APPROVER_STARTED_RUN (two-person mode), RUN_NOT_APPROVABLE
   */
  async approve(id: string, planHash: string, decision: Decision): Promise<Run> {
    const found = await this.runs.get(id);
    if (this.group.approval.twoPerson && found.startedBy === decision.by) {
      throw new AppError('APPROVER_STARTED_RUN', { details: { run: found.id } });
    }
    return this.corridor.enter(async (at) => {
      const run = await at.waiting(found.id);
      assertFeed(run, 'RUN_NOT_HELD');
      const refused = run.brakes.find(
        (b) => b.tripped && (b.name === 'expected_rows' || b.name === 'unusable_file'),
      );
      if (refused !== undefined)
        throw new AppError('RUN_NOT_APPROVABLE', { details: { run: run.id, brake: refused.name } });
      const again = await this.planAgain(at, run);
      if (again.planHash !== planHash) {
        throw new AppError('PLAN_CHANGED', {
          details: {
            run: run.id,
            expected: planHash.slice(0, 12),
            found: (again.planHash ?? '').slice(0, 12),
          },
        });
      }
      const now = this.clock.nowIso();
      return at.apply(run, now, { ...decided(decision, now), dryRun: false });
    });
  }

  /** Lets a held plan go. Nothing of it happens; rejections and the plan stay to be read. @throws RUN_NOT_HELD */
  async reject(id: string, decision: Decision): Promise<Run> {
    const found = await this.runs.get(id);
    return this.corridor.enter(async (at) => {
      const run = await at.waiting(found.id);
      assertFeed(run, 'RUN_NOT_HELD');
      const now = this.clock.nowIso();
      await this.runs.update(run.id, { ...decided(decision, now), status: 'rejected', finishedAt: now });
      await this.staging.clear(run.id);
      return this.runs.get(run.id);
    });
  }

  /**
   * Takes an applied run back: its observations no longer count, and everything is decided again without them. What
   * follows is a run of its own. Mail that was already sent is answered by a correction and named in `notes`.
   *
   * @throws RUN_NOT_APPLIED
   */
  async revert(id: string, decision: Decision, progress?: Progress): Promise<Run> {
    const reverted = await this.runs.get(id);
    return this.corridor.enter(async (at) => {
      const target = await this.runs.get(reverted.id);
      if (target.status !== 'applied') throw stateError('RUN_NOT_APPLIED', target);
      assertFeed(target, 'RUN_NOT_APPLIED');
      const now = this.clock.nowIso();
      const run = await this.runs.insert({
        id: newId(),
        source: target.source,
        kind: 'revert',
        mode: target.mode,
        asOfAt: target.asOfAt,
        decidedForAt: now,
        startedAt: now,
        startedBy: decision.by,
        revertsRunId: target.id,
        ...decided(decision, now),
      });
      return this.guard(run, async () => {
        const { run: planned } = await at.planRevert(run, target.id);
        await this.runs.update(run.id, { notes: [...planned.notes, ...(await this.sentMail(target.id))] });
        return at.apply(planned, now);
      });
    }, progress);
  }

  /** Decides numbers anew after a person decided about their identity. @internal to the features of the house */
  async replan(
    keys: readonly { company: string; employeeNumber: string }[],
    decision: Decision,
  ): Promise<Run> {
    return this.corridor.enter(async (at) => {
      const now = this.clock.nowIso();
      const run = await this.runs.insert({
        id: newId(),
        source: 'identity',
        kind: 'identity',
        mode: 'delta',
        asOfAt: now,
        decidedForAt: now,
        startedAt: now,
        startedBy: decision.by,
        ...decided(decision, now),
      });
      return this.guard(run, async () => at.apply((await at.planKeys(run, keys)).run, now));
    });
  }

  private async decide(at: Corridor, runId: string, findings: Findings): Promise<Run> {
    const { run, held } = await at.planStaged(await this.runs.get(runId), findings);
    const now = this.clock.nowIso();
    if (!run.dryRun) {
      const notes = await this.waiting.supersede(run);
      if (notes.length > 0) await this.runs.update(run.id, { notes: [...run.notes, ...notes] });
    }
    if (run.dryRun) {
      await this.runs.update(run.id, { status: 'planned', finishedAt: now });
      return this.runs.get(run.id);
    }
    if (held) {
      await this.runs.update(run.id, { status: 'held' });
      return this.runs.get(run.id);
    }
    return at.apply(run, now);
  }

  private async planAgain(at: Corridor, run: Run): Promise<Run> {
    const findings: Findings = {
      readings: run.brakes.filter((b) => b.name === 'expected_rows' || b.name === 'unusable_file'),
      notes: run.notes.filter(({ code }) => !NOTED_BY_PLANNING.has(code)),
    };
    return (await at.planStaged(run, findings)).run;
  }

  private newRun(start: StartRun): NewRun {
    const now = this.clock.nowIso();
    return {
      id: newId(),
      source: start.source.id,
      kind: start.kind,
      mode: start.mode,
      asOfAt: start.asOfAt,
      decidedForAt: now,
      startedAt: now,
      startedBy: start.startedBy,
      dryRun: start.dryRun,
      ...start.more,
    };
  }

  /** A run whose work throws is failed, with its code kept; the error goes on to the caller. */
  private async guard<T>(run: Run, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const told = asDatabaseTrouble(error);
      const known = told instanceof AppError ? told : new AppError('RUN_BROKE_OFF', { cause: error });
      const { status } = await this.runs.get(run.id);
      // A run that had begun to be applied is finished by whoever comes next, never left half done, and may be by now.
      if (UNDECIDED.has(status)) {
        await this.runs.update(run.id, {
          status: 'failed',
          error: { code: known.code, details: known.details },
          finishedAt: this.clock.nowIso(),
        });
        await this.staging.clear(run.id);
      }
      throw error;
    }
  }

  /** Names the first people who were written to because of a run; `RunsQueries.sentMail` has them all. */
  private async sentMail(runId: string): Promise<RunNote[]> {
    const sent = await this.queries.sentMail(runId);
    if (sent.length === 0) return [];
    const numbers = [...new Set(sent.map((mail) => `${mail.company}/${mail.employeeNumber}`))];
    const people = numbers.slice(0, MOST_NAMED).join(', ') + (numbers.length > MOST_NAMED ? ' …' : '');
    return [{ code: 'MAIL_ALREADY_SENT', details: { count: sent.length, people } }];
  }
}

/** Notes that planning again writes again. */
const NOTED_BY_PLANNING: ReadonlySet<string> = new Set(['OLDER_SNAPSHOT', 'LOOSER_LIMITS_WAIT']);
const UNDECIDED: ReadonlySet<RunStatus> = new Set(['reading', 'planned', 'held']);
const MOST_NAMED = 20;

function stateError(code: 'RUN_NOT_HELD' | 'RUN_NOT_APPLIED', run: Run): AppError {
  return new AppError(code, { details: { run: run.id, found: run.status } });
}

/** Only what a source said waits or is taken back here; a policy has its own way. */
function assertFeed(run: Run, code: 'RUN_NOT_HELD' | 'RUN_NOT_APPLIED'): void {
  if (run.kind !== 'file' && run.kind !== 'push' && run.kind !== 'sync') throw stateError(code, run);
}

function decided({ by, reason }: Decision, at: string): Partial<Run> {
  return { decidedBy: by, decidedReason: reason, decidedAt: at };
}
