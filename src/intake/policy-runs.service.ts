import { Injectable } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import { isHeld, readBrakes, type BrakeReading } from '../domain/brake.js';
import { Clock } from '../platform/clock/clock.js';
import type { GroupConfig } from '../platform/config/group-config.js';
import { Database } from '../platform/database/database.js';
import { newId } from '../platform/database/id.js';
import { PolicyFlipsService, type PolicyFlip } from '../rehire-registry/policy-flips.service.js';
import { PolicyService, type ActivePolicy } from '../rehire-registry/policy.service.js';
import { BrakesService } from './brakes.service.js';
import { CorridorService } from './corridor.service.js';
import { PlanItemsRepository, type PlannedItem } from './plan-items.repository.js';
import type { Run } from './run.js';
import { RunsRepository } from './runs.repository.js';
import type { Decision } from './runs.service.js';
import { WaitingRunsService } from './waiting-runs.service.js';

const SOURCE = 'policy';

/** A new policy is a run like any other: planned, read against the brakes, held, approved by hash. */
@Injectable()
export class PolicyRunsService {
  constructor(
    private readonly db: Database,
    private readonly runs: RunsRepository,
    private readonly items: PlanItemsRepository,
    private readonly policies: PolicyService,
    private readonly flips: PolicyFlipsService,
    private readonly corridor: CorridorService,
    private readonly brakes: BrakesService,
    private readonly waiting: WaitingRunsService,
    private readonly group: GroupConfig,
    private readonly clock: Clock,
  ) {}

  /** Puts a policy file in force, unless it turns so many verdicts that a brake holds it. @throws POLICY_ALREADY_ACTIVE */
  async activate(file: string, by: string): Promise<Run> {
    return this.activatePlanned(await this.policies.planActivation(file, by), by);
  }

  /** The same for a version that is stored already. @throws POLICY_VERSION_NOT_FOUND */
  async activateVersion(version: number, by: string): Promise<Run> {
    return this.activatePlanned(await this.policies.plannedVersion(version), by);
  }

  private async activatePlanned(next: ActivePolicy, by: string): Promise<Run> {
    return this.corridor.enter(async () => {
      const now = this.clock.nowIso();
      const run = await this.runs.insert({
        id: newId(),
        source: SOURCE,
        kind: 'policy',
        mode: 'delta',
        asOfAt: now,
        decidedForAt: now,
        startedAt: now,
        startedBy: by,
        profile: String(next.version),
      });
      const planned = await this.plan(run, next);
      await this.supersede(run);
      if (isHeld(planned.brakes)) {
        await this.runs.update(run.id, { status: 'held' });
        return this.runs.get(run.id);
      }
      return this.apply(planned, next, by);
    });
  }

  /** @throws RUN_NOT_HELD, PLAN_CHANGED, APPROVER_STARTED_RUN (two-person mode), POLICY_VERSION_SUPERSEDED */
  async approve(run: Run, planHash: string, decision: Decision): Promise<Run> {
    if (this.group.approval.twoPerson && run.startedBy === decision.by) {
      throw new AppError('APPROVER_STARTED_RUN', { details: { run: run.id } });
    }
    return this.corridor.enter(async (at) => {
      const held = await at.waiting(run.id);
      const next = await this.policies.policyVersion(Number(held.profile));
      const again = await this.plan(held, next);
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
      await this.runs.update(run.id, {
        decidedBy: decision.by,
        decidedReason: decision.reason,
        decidedAt: now,
      });
      return this.apply(again, next, decision.by);
    });
  }

  /** Lets a held policy go, with the version that was planned for it. @throws RUN_NOT_HELD */
  async reject(run: Run, decision: Decision): Promise<Run> {
    return this.corridor.enter(async (at) => {
      const held = await at.waiting(run.id);
      const now = this.clock.nowIso();
      await this.db.transaction(async (sql) => {
        await this.policies.discard(sql, Number(held.profile));
        await this.runs.update(
          held.id,
          {
            status: 'rejected',
            decidedBy: decision.by,
            decidedReason: decision.reason,
            decidedAt: now,
            finishedAt: now,
          },
          sql,
        );
      });
      await this.items.drop(held.id);
      return this.runs.get(held.id);
    });
  }

  /** The same policy asked for again: the run that waits for it already gives way to the new one. */
  private async supersede(run: Run): Promise<void> {
    for (const held of await this.runs.byStatus('held', SOURCE)) {
      if (held.id === run.id || held.profile !== run.profile) continue;
      await this.waiting.letGo(held, { code: 'RUN_SUPERSEDED', details: { run: run.id } });
    }
  }

  private async plan(run: Run, next: ActivePolicy): Promise<Run> {
    await this.items.replace(run.id, this.itemsOf(next));
    const planHash = await this.items.hash(run.id, [next.hash]);
    const counts = await this.items.counts(run.id);
    const limits = await this.brakes.limits();
    const brakes: BrakeReading[] = [];
    for (const { company, entries, flipped } of await this.byCompany(run.id)) {
      const readings = readBrakes(
        {
          company,
          base: entries,
          entries,
          rowsRead: 0,
          rowsRejected: 0,
          leaversByDay: new Map(),
          rescissions: 0,
          verdictFlips: flipped,
          absences: 0,
          amendments: 0,
          earlier: {},
        },
        limits,
      );
      brakes.push(...readings.filter((r) => r.name === 'verdict_flips'));
    }
    await this.runs.update(run.id, { planHash, ...counts, brakes });
    return this.runs.get(run.id);
  }

  private async apply(run: Run, next: ActivePolicy, by: string): Promise<Run> {
    const now = this.clock.nowIso();
    await this.flips.applyActivation(next, by, { runId: run.id }, now);
    await this.runs.update(run.id, { status: 'applied', applyAt: now, finishedAt: this.clock.nowIso() });
    await this.items.drop(run.id);
    return this.runs.get(run.id);
  }

  private async *itemsOf(next: ActivePolicy): AsyncGenerator<PlannedItem> {
    for await (const flips of this.flips.flips(next.policy)) {
      yield { item: {}, changes: flips.map(changeOf), departures: [] };
    }
  }

  private byCompany(runId: string): Promise<{ company: string; entries: number; flipped: number }[]> {
    return this.db.query<{ company: string; entries: number; flipped: number }>(
      `select company, count(*)::int as entries,
         (select count(*) from plan_change c where c.run_id = $1 and c.company = e.company
            and c.verdict is distinct from c.verdict_before)::int as flipped
       from registry_entry e group by company order by company`,
      [runId],
    );
  }
}

function changeOf(flip: PolicyFlip): PlannedItem['changes'][number] {
  return {
    kind: null,
    company: flip.company,
    employeeNumber: flip.employeeNumber,
    spell: 1,
    before: null,
    after: {
      name: flip.displayName,
      lastDay: null,
      category: null,
      kind: null,
      status: null,
      disputes: [],
    },
    changedFields: [],
    verdict: flip.after.verdict,
    verdictBefore: flip.before.verdict,
    followUps: [],
    withheld: [],
  };
}
