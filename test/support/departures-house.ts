import type { Run } from '../../src/intake/run.js';
import { DoorsService } from '../../src/intake/doors.service.js';
import { MatchesService, type MatchItem } from '../../src/intake/matches.service.js';
import { IntakeWorld } from './intake-world.js';
import type { Facts } from './people.js';

/** One pushed record, with the source that pushes it. */
export interface Pushed {
  readonly source: 'demo-jp' | 'demo-en' | 'payroll-jp';
  readonly employeeNumber: string;
  /** A day or an instant. */
  readonly asOf: string;
  readonly facts: Facts;
}

export const JP_OFFICE = 'demo-jp';

/** The house with brakes that hold nothing, for stories about people. */
export function openDeparturesHouse(): Promise<IntakeWorld> {
  return IntakeWorld.start({
    brakes: (brakes) => {
      for (const limit of Object.values(brakes.limits)) {
        limit.absolute = 1_000_000;
        limit.percent = 100;
        limit.ignoreUpTo = 1_000_000;
        delete limit.window;
      }
    },
  });
}

/** Pushes records in one run, all of one source. */
export async function push(house: IntakeWorld, ...records: readonly Pushed[]): Promise<Run> {
  const { run, receipts } = await house.get(DoorsService).importRecords({
    source: records[0]?.source ?? 'demo-jp',
    records: records.map(({ employeeNumber, asOf, facts }) => ({ employeeNumber, asOf, ...facts })),
    by: 'test',
  });
  const rejected = receipts.filter((receipt) => receipt.state === 'rejected');
  if (rejected.length > 0 || run.status !== 'applied') {
    throw new Error(`the run is ${run.status}: ${JSON.stringify(rejected)}`);
  }
  return run;
}

export function matches(house: IntakeWorld): Promise<MatchItem[]> {
  return house.get(MatchesService).list(1_000);
}

/** What must be equal however it came to be: no ids, no times, nothing that was planned and cancelled on the way. */
export async function outcome(house: IntakeWorld): Promise<string[]> {
  const rows = await house.db.query<{ line: string }>(
    `with own as (
       select e.*, e.company || '/' || e.employee_number || '/' || e.spell as key from employment e where not e.withdrawn)
     select line from (
       select concat_ws('|', 'employment', e.key, e.spell_key, e.facts, e.hired_on, e.last_day, e.scope, e.absent_since,
         e.disputes, e.key_name, e.key_email, e.key_phone,
         (select string_agg(o.key, ',' order by o.key collate "C") from own o where o.person_id = e.person_id)) as line
       from own e
       union all
       select concat_ws('|', 'departure', e.key, d.last_day, d.announced_on, d.category, d.voluntary, d.reason_text,
         d.reason_code, d.kind) from departure d join own e on e.id = d.employment_id where d.state = 'standing'
       union all
       select concat_ws('|', 'entry', x.company, e.key, x.verdict, x.from_day, x.rule, x.evidence, x.missing)
       from registry_entry x join employment m on m.id = x.employment_id left join own e on e.id = m.id
       union all
       select concat_ws('|', 'follow_up', e.key, f.kind, f.due_on)
       from follow_up f join employment m on m.id = f.employment_id left join own e on e.id = m.id
       where f.state in ('planned', 'queued')
       union all
       select concat_ws('|', 'case', least(a.key, b.key), greatest(a.key, b.key), m.score)
       from match_case m join own a on a.id = m.employment_a join own b on b.id = m.employment_b where m.state = 'open'
     ) lines order by line collate "C"`,
  );
  return rows.map((row) => row.line);
}

/** Live intents as `number kind day`, sorted. */
export async function liveIntents(house: IntakeWorld): Promise<string[]> {
  const rows = await house.db.query<{ line: string }>(
    `select e.employee_number || ' ' || f.kind || ' ' || f.due_on as line
     from follow_up f join employment e on e.id = f.employment_id where f.state in ('planned', 'queued')
     order by 1`,
  );
  return rows.map((row) => row.line);
}

/** Verdicts as `company/number verdict`, sorted. */
export async function verdicts(house: IntakeWorld): Promise<string[]> {
  const rows = await house.db.query<{ line: string }>(
    `select x.company || '/' || e.employee_number || ' ' || x.verdict as line
     from registry_entry x join employment e on e.id = x.employment_id order by 1`,
  );
  return rows.map((row) => row.line);
}

/** The numbers of each person, sorted. */
export async function people(house: IntakeWorld): Promise<string[]> {
  const rows = await house.db.query<{ line: string }>(
    `select string_agg(company || '/' || employee_number || '/' || spell, ' ' order by company, employee_number, spell) as line
     from employment where not withdrawn group by person_id order by 1`,
  );
  return rows.map((row) => row.line);
}
