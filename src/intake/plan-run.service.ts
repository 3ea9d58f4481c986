import { Injectable } from '@nestjs/common';
import type { NumberKey } from '../departures/closure.queries.js';
import type { Decisions } from '../departures/decisions.service.js';
import { PlanningService, type KeyPager, type PlannedComponent } from '../departures/planning.service.js';
import { isHeld, type BrakeReading } from '../domain/brake.js';
import { hasEffects } from '../domain/plan.js';
import { Database } from '../platform/database/database.js';
import { BrakesService } from './brakes.service.js';
import { DiffQueries } from './diff.queries.js';
import { PlanItemsRepository, type PlannedItem } from './plan-items.repository.js';
import type { Run, RunNote } from './run.js';
import { RunsRepository } from './runs.repository.js';

const RANGE_ROWS = 2_000;

/** What a run is planned from. */
export interface PlanSource {
  /** Rows of this run are staged. */
  readonly staged: boolean;
  /** The observations of this run are to be taken out. */
  readonly withoutRunId: string | null;
  readonly pager: KeyPager;
}

/** Makes the plan of a run, keeps it with its hash, and reads the brakes. Writes nothing but the plan. */
@Injectable()
export class PlanRunService {
  constructor(
    private readonly db: Database,
    private readonly runs: RunsRepository,
    private readonly items: PlanItemsRepository,
    private readonly diff: DiffQueries,
    private readonly planning: PlanningService,
    private readonly brakes: BrakesService,
  ) {}

  async plan(
    run: Run,
    source: PlanSource,
    decisions: Decisions,
    extra: { readings: readonly BrakeReading[]; notes: readonly RunNote[] },
  ): Promise<{ run: Run; held: boolean }> {
    const itemCount = await this.items.replace(run.id, this.itemsOf(run, source, decisions));
    const quiet = await this.diff.quiet(this.db.pool, run.id);
    const planHash = await this.items.hash(run.id, [
      run.fileSha256 ?? '',
      run.kind,
      run.mode,
      quiet.fingerprint,
      String(quiet.count),
      String(run.rows.accepted),
    ]);
    const counts = await this.items.counts(run.id);
    const { readings, notes } = await this.brakes.read(run, await this.companiesOf(run));
    const change: Partial<Run> = {
      ...counts,
      itemCount,
      planHash,
      brakes: [...extra.readings, ...readings],
      notes: [...extra.notes, ...notes],
    };
    await this.runs.update(run.id, change);
    return { run: await this.runs.get(run.id), held: isHeld([...extra.readings, ...readings]) };
  }

  /** The pager over the numbers for which a run staged something that has to be decided. */
  stagedPager(runId: string): KeyPager {
    return (after: NumberKey | null, limit: number) => this.diff.loudKeys(this.db.pool, runId, after, limit);
  }

  private async *itemsOf(run: Run, source: PlanSource, decisions: Decisions): AsyncGenerator<PlannedItem> {
    if (source.staged) yield* this.ranges(run.id, decisions);
    const scope = { stagedRunId: source.staged ? run.id : null, withoutRunId: source.withoutRunId };
    for await (const batch of this.planning.planAll(this.db.pool, source.pager, scope, decisions)) {
      for (const planned of batch) {
        const item = itemOf(planned, source);
        if (item !== null) yield item;
      }
    }
  }

  /** Rows that say what is known are confirmed first; then those that need no look at anybody else, range by range. */
  private async *ranges(runId: string, decisions: Decisions): AsyncGenerator<PlannedItem> {
    yield { item: { known: true }, changes: [], departures: [] };
    const range = await this.diff.aloneRange(this.db.pool, runId);
    if (range === null) return;
    for (let from = range.first; from <= range.last; from += RANGE_ROWS) {
      const to = from + RANGE_ROWS - 1;
      const planned = (await this.diff.aloneRows(this.db.pool, runId, from, to)).map((row) =>
        this.planning.planAlone(row, decisions),
      );
      yield {
        item: { quiet: { from, to } },
        changes: planned.flatMap(({ plan, departure }) => (departure === null ? [] : plan.changes)),
        departures: planned.flatMap(({ departure }) => departure ?? []),
      };
      for (const { rowNo, plan, departure } of planned) {
        if (departure === null)
          yield { item: { rows: [rowNo], effects: plan.effects }, changes: plan.changes, departures: [] };
      }
    }
  }

  /** Those that anything changes in, and the source's own: a file of nothing but rejected rows has to be measured too. */
  private async companiesOf(run: Run): Promise<string[]> {
    const rows = await this.db.query<{ company: string }>(
      `select company from plan_change where run_id = $1 union select company from staged_change where run_id = $1`,
      [run.id],
    );
    const own = this.brakes.companyOf(run.source);
    return [...new Set([...rows.map((row) => row.company), ...(own === null ? [] : [own])])].sort();
  }
}

function itemOf({ plan, stagedRows, keys }: PlannedComponent, source: PlanSource): PlannedItem | null {
  const revert = source.withoutRunId === null ? {} : { revert: keys };
  if (stagedRows.length === 0 && !hasEffects(plan.effects) && source.withoutRunId === null) return null;
  return {
    item: {
      ...(stagedRows.length > 0 ? { rows: stagedRows } : {}),
      ...revert,
      ...(hasEffects(plan.effects) ? { effects: plan.effects } : {}),
    },
    changes: plan.changes,
    departures: [],
  };
}
