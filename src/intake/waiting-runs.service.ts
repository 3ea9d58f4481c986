import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { Database } from '../platform/database/database.js';
import type { Run, RunNote } from './run.js';
import { RunsRepository } from './runs.repository.js';
import { StagingService } from './staging.service.js';

/** The plan of a dry run waits so long for somebody to approve it. */
const DRY_RUN_DAYS = 7;
const DAY_MS = 86_400_000;

/** Plans that nobody has decided yet, how they leave the queue when nobody has to any more, and runs that broke off. */
@Injectable()
export class WaitingRunsService {
  constructor(
    private readonly db: Database,
    private readonly runs: RunsRepository,
    private readonly staging: StagingService,
    private readonly clock: Clock,
  ) {}

  /** Lets the dry runs of a source go that are older than a week, with everything they staged. Only in the corridor. */
  async dropOldDryRuns(source: string): Promise<void> {
    const now = this.clock.now();
    for (const run of await this.runs.byStatus('planned', source)) {
      if (!run.dryRun || now - Date.parse(run.startedAt) <= DRY_RUN_DAYS * DAY_MS) continue;
      await this.letGo(run, { code: 'DRY_RUN_EXPIRED', details: { days: DRY_RUN_DAYS } });
    }
  }

  /**
   * Lets older held runs of the source go when this run speaks about everybody they speak about, as of the same time or
   * later: the same file sent again, or the next night's. Nobody has to decide about what was said anew, and what HR
   * has mended in the meantime leaves no trace (edge-cases/03). Gives the notes for this run.
   */
  async supersede(run: Run): Promise<RunNote[]> {
    const older = await this.db.query<{ id: string }>(
      `select h.id from import_run h
       where h.source = $2 and h.status = 'held' and h.id <> $1 and h.as_of_at <= $3
         and h.kind in ('file', 'push', 'sync')
         -- Who is missing from a full file is only said anew by another full file.
         and (h.mode = 'delta' or $4 or h.file_sha256 = $5)
       order by h.started_at`,
      [run.id, run.source, run.asOfAt, run.mode === 'full' && run.seenToEnd, run.fileSha256],
    );
    const notes: RunNote[] = [];
    for (const { id } of older) {
      if (!(await this.speaksOfAllIn(run.id, id))) continue;
      await this.letGo(await this.runs.get(id), { code: 'RUN_SUPERSEDED', details: { run: run.id } });
      notes.push({ code: 'RUN_SUPERSEDES', details: { run: id } });
    }
    return notes;
  }

  /** Whether whoever the older run speaks about is spoken about by this one. */
  private async speaksOfAllIn(runId: string, olderId: string): Promise<boolean> {
    const left = await this.db.one(
      // By sets of numbers only: of rows that wait, no estimate is to be trusted.
      `with named as materialized (select n.* from import_run h cross join lateral (${spokenOf('$1')}) n
         where h.id = $2 and n.as_of_at >= h.as_of_at),
       wanted as materialized (${spokenOf('$2')})
       select 1 from (
         (select company, employee_number, spell_hint from wanted where spell_hint <> ''
            except select company, employee_number, spell_hint from named)
         union all
         (select company, employee_number, '' from wanted where spell_hint = ''
            except select company, employee_number, '' from named)) as unsaid limit 1`,
      [runId, olderId],
    );
    return left === null;
  }

  /** Marks runs as failed whose process died while it read. Only while nobody else reads the source. */
  async failInterruptedReadings(source: string): Promise<void> {
    const left = [
      ...(await this.runs.byStatus('reading', source)),
      ...(await this.runs.byStatus('planned', source)).filter((run) => !run.dryRun),
    ];
    await this.failInterrupted(left.filter((run) => run.kind !== 'revert'));
  }

  /** The same for those that died while a run was being taken back. Only in the corridor. */
  async failInterruptedReverts(source: string): Promise<void> {
    const left = await this.runs.byStatus('reading', source);
    await this.failInterrupted(left.filter((run) => run.kind === 'revert'));
  }

  private async failInterrupted(left: readonly Run[]): Promise<void> {
    for (const run of left) {
      await this.runs.update(run.id, {
        status: 'failed',
        error: { code: 'RUN_INTERRUPTED', details: {} },
        finishedAt: this.clock.nowIso(),
      });
      await this.staging.clear(run.id);
    }
  }

  /** Ends a waiting run without anything of it being carried out. */
  async letGo(run: Run, note: RunNote): Promise<void> {
    await this.runs.update(run.id, {
      status: 'rejected',
      notes: [...run.notes, note],
      finishedAt: this.clock.nowIso(),
    });
    await this.staging.clear(run.id);
  }
}

/**
 * The numbers and hire days that a run speaks of and as of when, in rows that were read and in those recognised by their
 * bytes. A pushed record may speak of another time than its run.
 */
function spokenOf(run: '$1' | '$2'): string {
  return `select s.company, s.employee_number, s.spell_hint, s.as_of_at
    from staged_observation s where s.run_id = ${run} and not s.absent
    union all
    select o.company, o.employee_number, o.spell_hint, r.as_of_at
    from staged_known k join observation o on o.id = k.observation_id join import_run r on r.id = k.run_id
    where k.run_id = ${run} and k.raw`;
}
