import { Injectable } from '@nestjs/common';
import type { ComponentPlan } from '../domain/plan.js';
import { planComponent } from '../domain/plan-component.js';
import type { Sql } from '../platform/database/database.js';
import { planAlone, type AloneRow, type PlannedAlone } from './alone.js';
import { keyText, loadClosure, type NumberKey } from './closure.queries.js';
import { loadComponents } from './component.queries.js';
import type { Decisions } from './decisions.service.js';

export type { AloneDeparture, AloneRow } from './alone.js';

export interface PlanScope {
  readonly stagedRunId: string | null;
  readonly withoutRunId: string | null;
}

/** One component's plan with the rows and numbers it came from. */
export interface PlannedComponent {
  readonly plan: ComponentPlan;
  readonly stagedRows: readonly number[];
  readonly keys: readonly NumberKey[];
}

/** Numbers in the order of (company, employee number); `after` null gives the first ones. */
export type KeyPager = (after: NumberKey | null, limit: number) => Promise<readonly NumberKey[]>;

const KEYS_PER_BATCH = 500;
/** Numbers that the pager will never give (nothing about them changed) are forgotten once it has passed them. */
const MOST_AHEAD = 10_000;

@Injectable()
export class PlanningService {
  /** Plans a number that nobody shares anything with: as `planAll` would, without a look at the database. */
  planAlone(row: AloneRow, decisions: Decisions): PlannedAlone {
    return planAlone(row, decisions);
  }

  /**
   * Plans every number that `pager` gives, each component exactly once, a batch at a time: memory does not grow with
   * the number of keys. Components that a batch pulls in ahead of the pager are remembered until it gets there.
   */
  async *planAll(
    sql: Sql,
    pager: KeyPager,
    scope: PlanScope,
    decisions: Decisions,
  ): AsyncGenerator<PlannedComponent[]> {
    const ahead = new Map<string, NumberKey>();
    for (let after: NumberKey | null = null; ;) {
      const page = await pager(after, KEYS_PER_BATCH);
      const last = page.at(-1);
      if (last === undefined) return;
      after = last;
      const todo = page.filter((key) => !ahead.delete(keyText(key)));
      if (todo.length === 0) continue;
      const { sharedContactLimit } = decisions.plan.matching;
      const closure = await loadClosure(sql, todo, {
        ...scope,
        authority: decisions.authority,
        sharedContactLimit,
      });
      const components = await loadComponents(sql, closure, decisions.derive);
      for (const key of closure.keys) if (isAfter(key, last)) ahead.set(keyText(key), key);
      if (ahead.size > MOST_AHEAD)
        for (const [text, key] of ahead) if (!isAfter(key, last)) ahead.delete(text);
      yield components.map(({ component, stagedRows, keys }) => ({
        plan: planComponent(component, decisions.plan),
        stagedRows,
        keys,
      }));
    }
  }
}

function isAfter(a: NumberKey, b: NumberKey): boolean {
  if (a.company !== b.company) return a.company > b.company;
  return a.employeeNumber > b.employeeNumber;
}
