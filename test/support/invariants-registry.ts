import type { NumberKey } from '../../src/departures/closure.queries.js';
import { DecisionsService } from '../../src/departures/decisions.service.js';
import { PlanningService } from '../../src/departures/planning.service.js';
import { RebuildService } from '../../src/intake/rebuild.service.js';
import { AuditService } from '../../src/platform/audit/audit.service.js';
import type { Clock } from '../../src/platform/clock/clock.js';
import { Database } from '../../src/platform/database/database.js';
import { openHouse } from './intake-world.js';

export interface RegistryCheck {
  readonly configDir: string;
  readonly clock: Clock;
  /** Rows without observations: only the audit chain is asked. */
  readonly handmade: boolean;
}

const SHOWN = 5;

/** (1) and (6), what the observations ask for against what is stored, and (4), the audit chain. */
export async function registryViolations(
  url: string,
  { configDir, clock, handmade }: RegistryCheck,
): Promise<string[]> {
  const database = new Database(url, 4);
  const { app, followUps } = await openHouse(url, configDir, clock, database);
  try {
    const { problems, more } = await app.get(AuditService, { strict: false }).verify([]);
    const chain =
      problems.length === 0
        ? []
        : [
            `(4) the audit chain has ${problems.length + more} problems, the first: ${JSON.stringify(problems[0])}`,
          ];
    if (handmade) return chain;
    const asked = await intentsAskedFor(
      database,
      app.get(PlanningService, { strict: false }),
      await app.get(DecisionsService, { strict: false }).bind(clock.now(), false),
    );
    const report = await app
      .get(RebuildService, { strict: false })
      .rebuild({ repair: false, by: 'invariants' });
    const rebuilt =
      report.different === 0
        ? []
        : [
            `(6) registry rebuild --check finds ${report.different} of ${report.examined}: ${JSON.stringify(report.examples.slice(0, SHOWN))}`,
          ];
    return [...asked, ...chain, ...rebuilt];
  } finally {
    await followUps.close();
    await app.close();
    await database.onApplicationShutdown();
  }
}

/** (1) Each op that planning everything anew would still want: an intent that is missing, too many, or misdated. */
async function intentsAskedFor(
  database: Database,
  planning: PlanningService,
  decisions: Parameters<PlanningService['planAll']>[3],
): Promise<string[]> {
  const wanted: string[] = [];
  let count = 0;
  const scope = { stagedRunId: null, withoutRunId: null };
  for await (const batch of planning.planAll(database.pool, pager(database), scope, decisions)) {
    for (const { plan, keys } of batch) {
      const ops = plan.effects.followUps;
      count += ops.length;
      const [key] = keys;
      if (ops.length > 0 && wanted.length < SHOWN) {
        const words = ops.map((op) => `${op.op} ${'kind' in op ? op.kind : op.id} (${op.because})`);
        wanted.push(`${key?.company ?? ''}/${key?.employeeNumber ?? ''}: ${words.join(', ')}`);
      }
    }
  }
  return count === 0 ? [] : [`(1) the rules still ask for ${count} changes of intents: ${wanted.join('; ')}`];
}

function pager(database: Database) {
  return (after: NumberKey | null, limit: number) =>
    database.query<{ company: string; employeeNumber: string }>(
      `select distinct company collate "C" as company, employee_number collate "C" as "employeeNumber" from observation
       where $1::text is null or (company collate "C", employee_number collate "C") > ($1, $2)
       order by 1, 2 limit $3`,
      [after?.company ?? null, after?.employeeNumber ?? null, limit],
    );
}
