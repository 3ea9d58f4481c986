import { Injectable } from '@nestjs/common';
import { PolicyRunsService } from './policy-runs.service.js';
import type { Run } from './run.js';
import { RunsRepository } from './runs.repository.js';
import { RunsService, type Decision } from './runs.service.js';

/** The one place where a person decides about a run that waits, whatever kind of run it is. */
@Injectable()
export class RunDecisionsService {
  constructor(
    private readonly repository: RunsRepository,
    private readonly runs: RunsService,
    private readonly policies: PolicyRunsService,
  ) {}

  /**
   * Carries out a held plan, or that of a dry run, if it is still the plan with this hash.
   *
   * @throws RUN_NOT_FOUND, RUN_NOT_HELD, PLAN_CHANGED, APPROVER_STARTED_RUN (two-person mode), RUN_NOT_APPROVABLE
   */
  async approve(id: string, planHash: string, decision: Decision): Promise<Run> {
    const run = await this.repository.get(id);
    return run.kind === 'policy'
      ? this.policies.approve(run, planHash, decision)
      : this.runs.approve(run.id, planHash, decision);
  }

  /** Lets a waiting plan go; nothing of it happens. @throws RUN_NOT_FOUND, RUN_NOT_HELD */
  async reject(id: string, decision: Decision): Promise<Run> {
    const run = await this.repository.get(id);
    return run.kind === 'policy' ? this.policies.reject(run, decision) : this.runs.reject(run.id, decision);
  }

  /** Takes an applied run back. @throws RUN_NOT_FOUND, RUN_NOT_APPLIED */
  revert(id: string, decision: Decision, progress?: (done: number, total: number) => void): Promise<Run> {
    return this.runs.revert(id, decision, progress);
  }
}
