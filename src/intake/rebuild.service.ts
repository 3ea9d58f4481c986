import { Injectable } from '@nestjs/common';
import { DecisionsService } from '../departures/decisions.service.js';
import { EffectsService } from '../departures/effects.service.js';
import { PlanningService } from '../departures/planning.service.js';
import { hasEffects, type Effects, type PlanChange } from '../domain/plan.js';
import { Clock } from '../platform/clock/clock.js';
import { Database } from '../platform/database/database.js';
import { newId } from '../platform/database/id.js';
import { CorridorService } from './corridor.service.js';
import { withListedNumbers } from './listed-numbers.js';
import { RunsRepository } from './runs.repository.js';

export interface RebuildReport {
  /** Employee numbers recomputed from their observations. */
  readonly examined: number;
  /** Components whose stored state is not what their observations give. */
  readonly different: number;
  /** The first of them, by number; what would change. */
  readonly examples: readonly {
    readonly company: string;
    readonly employeeNumber: string;
    readonly changedFields: readonly string[];
    readonly verdict: string | null;
    readonly verdictBefore: string | null;
  }[];
  readonly repaired: boolean;
}

const MOST_EXAMPLES = 20;
const EVERY_NUMBER = `select company, employee_number from observation
  union all select company, employee_number from employment`;

/** Recomputes people, departures and verdicts from the observations, decisions and overrides that are kept. */
@Injectable()
export class RebuildService {
  constructor(
    private readonly db: Database,
    private readonly corridor: CorridorService,
    private readonly planning: PlanningService,
    private readonly decisions: DecisionsService,
    private readonly effects: EffectsService,
    private readonly runs: RunsRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * Compares everything that is stored with what its observations give; with `repair` also writes the difference.
   * Plans no mail and cancels none: follow-ups are consequences of changes, not of a recomputation.
   */
  async rebuild({ repair, by }: { repair: boolean; by: string }): Promise<RebuildReport> {
    return this.corridor.enter(async () => {
      const now = this.clock.nowIso();
      const decisions = await this.decisions.bind(this.clock.now(), false);
      const runId = repair ? await this.startRun(by, now) : null;
      const examples: RebuildReport['examples'][number][] = [];
      let examined = 0;
      let different = 0;
      const scope = { stagedRunId: null, withoutRunId: null };
      await withListedNumbers(this.db, EVERY_NUMBER, [], async (pager) => {
        for await (const batch of this.planning.planAll(this.db.pool, pager, scope, decisions)) {
          const wrong: Effects[] = [];
          for (const { plan, keys } of batch) {
            examined += keys.length;
            const effects: Effects = { ...plan.effects, followUps: [] };
            if (!hasEffects(effects)) continue;
            different += 1;
            wrong.push(effects);
            const room = MOST_EXAMPLES - examples.length;
            examples.push(...plan.changes.slice(0, room).map(exampleOf));
          }
          if (runId === null || wrong.length === 0) continue;
          const cause = { runId, policyVersion: decisions.policyVersion, actor: by };
          await this.db.transaction((sql) => this.effects.apply(sql, wrong, cause, now));
        }
      });
      if (runId !== null)
        await this.runs.update(runId, { status: 'applied', finishedAt: this.clock.nowIso() });
      return { examined, different, examples, repaired: repair && different > 0 };
    });
  }

  private async startRun(by: string, now: string): Promise<string> {
    const run = await this.runs.insert({
      id: newId(),
      source: 'rebuild',
      kind: 'rebuild',
      mode: 'delta',
      asOfAt: now,
      decidedForAt: now,
      startedAt: now,
      startedBy: by,
      status: 'planned',
      dryRun: true,
    });
    return run.id;
  }
}

function exampleOf(change: PlanChange): RebuildReport['examples'][number] {
  const { company, employeeNumber, changedFields, verdict, verdictBefore } = change;
  return { company, employeeNumber, changedFields, verdict, verdictBefore };
}
