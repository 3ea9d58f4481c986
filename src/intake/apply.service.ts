import { Injectable } from '@nestjs/common';
import { CONFIRMED_AT } from '../departures/closure-rows.queries.js';
import type { NumberKey } from '../departures/closure.queries.js';
import { EffectsService } from '../departures/effects.service.js';
import { Clock } from '../platform/clock/clock.js';
import { Database, type Sql } from '../platform/database/database.js';
import { PlanItemsRepository, type PlanItem } from './plan-items.repository.js';
import { rememberReading } from './reading-blocks.queries.js';
import type { Run } from './run.js';
import { markMended, noteApplied, noteReverted } from './run-ends.js';
import { RunsRepository } from './runs.repository.js';
import { StagingService } from './staging.service.js';
import { confirmKnown } from './confirm-known.js';
import { writeAlone } from './write-alone.js';

export type Progress = (done: number, total: number) => void;

const ITEMS_PER_BATCH = 250;
const RANGES_PER_BATCH = 12;
const ANALYZE_FROM = 5_000;

/** What comparisons join by. Wide columns are left to autovacuum: to sample them takes longer than to write them. */
const JOINED = `observation (source, company, employee_number, spell_hint, content_hash, raw_hash, current, follows, absent),
  employment (company, employee_number, person_id, last_day, withdrawn, key_name, key_email, key_phone)`;

/** Carries a plan out, batch by batch. Killed at any point and called again, it goes on where it was. */
@Injectable()
export class ApplyService {
  constructor(
    private readonly db: Database,
    private readonly runs: RunsRepository,
    private readonly items: PlanItemsRepository,
    private readonly effects: EffectsService,
    private readonly staging: StagingService,
    private readonly clock: Clock,
  ) {}

  /** Applies what is left of a run in state `applying` and ends it. */
  async apply(runId: string, policyVersion: number, progress?: Progress): Promise<Run> {
    for (;;) {
      const left = await this.db.transaction((sql) => this.batch(sql, runId, policyVersion, progress));
      if (!left) break;
    }
    const run = await this.runs.get(runId);
    await this.staging.clear(runId);
    await this.items.drop(runId);
    // The next comparison of many rows reads these tables: autovacuum may come too late for it.
    if (run.rows.accepted - run.rows.unchanged > ANALYZE_FROM) await this.db.query(`analyze ${JOINED}`);
    return run;
  }

  private async batch(sql: Sql, runId: string, policyVersion: number, progress?: Progress): Promise<boolean> {
    await sql.query('select 1 from import_run where id = $1 for update', [runId]);
    const run = await this.runs.get(runId, sql);
    if (run.status !== 'applying' || run.applyAt === null) return false;
    const page = upToRange(await this.items.page(sql, runId, run.appliedSeq, ITEMS_PER_BATCH));
    const last = page.at(-1);
    if (last === undefined) {
      await this.finish(sql, run);
      return false;
    }
    const items = page.map((row) => row.effects);
    await writeRanges(sql, run, items, policyVersion);
    await writeObservations(
      sql,
      run.id,
      items.flatMap((i) => i.rows ?? []),
    );
    await revertObservations(
      sql,
      run,
      items.flatMap((i) => i.revert ?? []),
    );
    const cause = { runId: run.id, policyVersion, actor: run.decidedBy ?? run.startedBy };
    await this.effects.apply(
      sql,
      items.flatMap((i) => (i.effects === undefined ? [] : [i.effects])),
      cause,
      run.applyAt,
    );
    await writeTimeline(sql, run, page[0]?.seq ?? 0, last.seq, cause.actor);
    await this.runs.update(run.id, { appliedSeq: last.seq }, sql);
    progress?.(last.seq, run.itemCount);
    return true;
  }

  private async finish(sql: Sql, run: Run): Promise<void> {
    const isFeed = run.kind === 'file' || run.kind === 'push' || run.kind === 'sync';
    const notes = [...run.notes, ...(await markMended(sql, run))];
    await this.runs.update(run.id, { status: 'applied', notes, finishedAt: this.clock.nowIso() }, sql);
    if (run.revertsRunId !== null) await noteReverted(sql, run.revertsRunId);
    if (isFeed) {
      await rememberReading(sql, run);
      await noteApplied(sql, run);
    }
  }
}

/** A range is thousands of rows: a transaction holds few of them, however many items a batch may have. */
function upToRange(page: { seq: number; effects: PlanItem }[]): { seq: number; effects: PlanItem }[] {
  let ranges = 0;
  const end = page.findIndex(({ effects: { quiet, confirm } }) => {
    if (quiet !== undefined || confirm !== undefined) ranges += 1;
    return ranges === RANGES_PER_BATCH;
  });
  return end === -1 ? page : page.slice(0, end + 1);
}

async function writeRanges(
  sql: Sql,
  run: Run,
  items: readonly PlanItem[],
  policyVersion: number,
): Promise<void> {
  for (const { known, quiet, confirm } of items) {
    if (known === true) await confirmKnown(sql, run);
    if (quiet !== undefined) await writeAlone(sql, run, quiet, policyVersion);
    if (confirm !== undefined) await confirmRange(sql, run.id, confirm.from, confirm.to);
  }
}

const INSERT_OBSERVATIONS = `insert into observation as o (source, company, employee_number, spell_hint, as_of_at,
   confirmed_at, received_at, run_id, row_no, content_hash, raw_hash, facts, absent, follows)
 select r.source, s.company, s.employee_number, s.spell_hint, s.as_of_at, s.as_of_at, r.started_at, s.run_id, s.row_no,
   s.content_hash, s.raw_hash, s.facts, s.absent, coalesce(s.as_of_at = st.confirmed_as_of_at and not s.absent, false)
 from staged_observation s
 join import_run r on r.id = s.run_id
 join staged_change c on c.run_id = s.run_id and c.row_no = s.row_no
 left join source_state st on st.source = r.source`;
const CONFLICT = `on conflict (company, employee_number, source, spell_hint, as_of_at, content_hash) do update
 set reverted = false, run_id = excluded.run_id, row_no = excluded.row_no, received_at = excluded.received_at
 where o.reverted`;

async function writeObservations(sql: Sql, runId: string, rows: readonly number[]): Promise<void> {
  if (rows.length === 0) return;
  // The same statement twice in one file is one observation.
  await sql.query(
    `${INSERT_OBSERVATIONS} where s.run_id = $1 and s.row_no in (
       select min(row_no) from staged_observation where run_id = $1 and row_no = any($2::int[])
       group by company, employee_number, spell_hint, as_of_at, content_hash) ${CONFLICT}`,
    [runId, rows],
  );
  await markCurrent(
    sql,
    `select distinct company, employee_number from staged_observation where run_id = $1 and row_no = any($2::int[])`,
    [runId, rows],
  );
}

async function confirmRange(sql: Sql, runId: string, from: number, to: number): Promise<void> {
  await sql.query(
    `update observation o set confirmed_at = s.as_of_at
     from staged_observation s join import_run r on r.id = s.run_id
     where s.run_id = $1 and s.row_no between $2 and $3 and not s.absent
       and not exists (select 1 from staged_change c where c.run_id = s.run_id and c.row_no = s.row_no)
       and o.company = s.company and o.employee_number = s.employee_number and o.source = r.source
       and o.spell_hint = s.spell_hint and o.content_hash = s.content_hash and o.current and o.confirmed_at < s.as_of_at`,
    [runId, from, to],
  );
}

async function revertObservations(sql: Sql, run: Run, keys: readonly NumberKey[]): Promise<void> {
  if (keys.length === 0 || run.revertsRunId === null) return;
  const params = [keys.map((k) => k.company), keys.map((k) => k.employeeNumber)];
  await sql.query(
    `update observation o set reverted = true, current = false
     from unnest($1::text[], $2::text[]) as k(company, employee_number)
     where o.run_id = $3 and o.company = k.company and o.employee_number = k.employee_number`,
    [...params, run.revertsRunId],
  );
  await markCurrent(
    sql,
    'select * from unnest($1::text[], $2::text[]) as k(company, employee_number)',
    params,
  );
}

/**
 * The current statement of a source about a spell: the latest, unless the source has lost sight of the number since.
 * Who was spoken of once, in the newest reading, follows it. Nobody of whom something else was said before does: the
 * next one confirms them by themselves.
 */
async function markCurrent(sql: Sql, keys: string, params: unknown[]): Promise<void> {
  await sql.query(
    `with keys as (${keys}), said as (
       select o.id, o.company, o.employee_number, o.source, o.spell_hint, o.absent, o.reverted, o.as_of_at, o.content_hash,
         ${CONFIRMED_AT} as confirmed_at
       from keys k join observation o on o.company = k.company and o.employee_number = k.employee_number
       left join source_state st on st.source = o.source),
     ranked as (
       select o.id, o.confirmed_at, count(*) over (partition by o.company, o.employee_number, o.source) = 1 as is_only,
         not o.absent and not o.reverted
           and row_number() over (partition by o.company, o.employee_number, o.source, o.spell_hint
             order by (o.absent or o.reverted), o.confirmed_at desc, o.content_hash desc, o.as_of_at desc, o.id desc) = 1
           and o.confirmed_at >= coalesce(max(o.as_of_at) filter (where o.absent and not o.reverted)
             over (partition by o.company, o.employee_number, o.source), o.confirmed_at) as is_current
       from said o)
     update observation o set current = r.is_current, confirmed_at = r.confirmed_at, follows = false
     from ranked r where o.id = r.id
       and (o.follows and not (r.is_only and r.is_current) or o.current is distinct from r.is_current)`,
    params,
  );
}

async function writeTimeline(sql: Sql, run: Run, from: number, to: number, actor: string): Promise<void> {
  await sql.query(
    `insert into timeline_event (at, person_id, employment_id, run_id, actor, kind, data)
     select $4::timestamptz, e.person_id, e.id, c.run_id, $5, c.kind,
       jsonb_build_object('before', c.before, 'after', c.after, 'changedFields', c.changed_fields,
         'verdict', c.verdict, 'verdictBefore', c.verdict_before)
     from plan_change c join employment e
       on e.company = c.company and e.employee_number = c.employee_number and e.spell = c.spell
     where c.run_id = $1 and c.seq between $2 and $3 order by c.seq, c.ord`,
    [run.id, from, to, run.applyAt, actor],
  );
}
