import { Injectable } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import { dayInZone, type IsoDate } from '../domain/calendar.js';
import type { DeriveContext } from '../domain/departure.js';
import type { FollowUpRules } from '../domain/follow-up.js';
import { categorise, type LeavingReasons } from '../domain/leaving-reason.js';
import type { PlanContext } from '../domain/plan.js';
import type { Company, GroupConfig } from '../platform/config/group-config.js';
import { newId } from '../platform/database/id.js';
import { PolicyService } from '../rehire-registry/policy.service.js';
import { isStated } from '../domain/stated.js';

/** Everything that decisions are made from, fixed for one run: nothing changes under it while it is planned. */
export interface Decisions {
  readonly plan: PlanContext;
  readonly policyVersion: number;
  readonly derive: (company: string) => DeriveContext;
  readonly authority: (source: string) => number;
}

/** Binds the pure decisions to the configuration and the active policy. */
@Injectable()
export class DecisionsService {
  constructor(
    private readonly group: GroupConfig,
    private readonly reasons: LeavingReasons,
    private readonly rules: FollowUpRules,
    private readonly policies: PolicyService,
  ) {}

  /**
   * @param nowMs the instant that counts as now for everything decided
   * @param firstOfSource the run is the first of its source: old departures are history
   */
  async bind(nowMs: number, firstOfSource: boolean): Promise<Decisions> {
    const active = await this.policies.activePolicy();
    // Asked for each of hundreds of thousands of people.
    const days = new Map<string, IsoDate>();
    return {
      policyVersion: active.version,
      derive: (company) => this.deriveContext(this.company(company)),
      authority: (source) => this.group.sources.get(source)?.authority ?? 0,
      plan: {
        matching: this.group.matching,
        policy: active.policy,
        rules: this.rules,
        firstOfSource,
        today: (company) => {
          const day = days.get(company) ?? dayInZone(nowMs, this.company(company).zone);
          days.set(company, day);
          return day;
        },
        zone: (company) => this.company(company).zone,
        newId,
      },
    };
  }

  /** @throws COMPANY_UNKNOWN when the configuration does not name it any more */
  company(id: string): Company {
    const company = this.group.companies.get(id);
    if (company === undefined) throw new AppError('COMPANY_UNKNOWN', { details: { company: id } });
    return company;
  }

  /** The company that a source speaks of. @throws SOURCE_UNKNOWN, COMPANY_UNKNOWN */
  companyOfSource(id: string): Company {
    const source = this.group.sources.get(id);
    if (source === undefined) {
      const expected = [...this.group.sources.keys()].join(', ');
      throw new AppError('SOURCE_UNKNOWN', { details: { found: id, expected } });
    }
    return this.company(source.company);
  }

  private deriveContext(company: Company): DeriveContext {
    const out = new Set(company.outOfScope.employmentTypes);
    return {
      zone: company.zone,
      categorise: (stated) => categorise(this.reasons, stated),
      isInScope: (facts) => !isStated(facts.employmentType) || !out.has(facts.employmentType),
      confirmAbsenceAfter: (source) => this.group.sources.get(source)?.confirmAbsenceAfter ?? 1,
    };
  }
}
