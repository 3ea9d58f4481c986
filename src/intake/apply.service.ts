import { Injectable } from '@nestjs/common';
import type { NumberKey } from '../departures/closure.queries.js';
import { EffectsService } from '../departures/effects.service.js';
import { Clock } from '../platform/clock/clock.js';
import { Database, type Sql } from '../platform/database/database.js';
import { PlanItemsRepository, type PlanItem } from './plan-items.repository.js';
import type { Run } from './run.js';
import { markMended, noteApplied, noteReverted } from './run-ends.js';
import { RunsRepository } from './runs.repository.js';
import { StagingService } from './staging.service.js';

export type Progress = (done: number, total: number) => void;

const ITEMS_PER_BATCH = 250;
const ANALYZE_FROM = 5_000;

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
    if (run.rows.accepted - run.rows.unchanged > ANALYZE_FROM)
      await this.db.query('analyze observation, employment');
    return run;
  }

  private async batch(sql: Sql, runId: string, policyVersion: number, progress?: Progress): Promise<boolean> {
    await sql.query('select 1 from import_run where id = $1 for update', [runId]);
    const run = await this.runs.get(runId, sql);
    if (run.status !== 'applying' || run.applyAt === null) return false;
    const page = await this.items.page(sql, runId, run.appliedSeq, ITEMS_PER_BATCH);
    const last = page.at(-1);
    if (last === undefined) {
      await this.finish(sql, run);
      return false;
    }
    const items = page.map((row) => row.effects);
    await writeRanges(sql, run, items);
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
    if (isFeed) await noteApplied(sql, run);
  }
}

async function writeRanges(sql: Sql, run: Run, items: readonly PlanItem[]): Promise<void> {
  for (const { quiet, confirm } of items) {
    if (quiet !== undefined) await writeQuiet(sql, run, quiet.from, quiet.to);
    if (confirm !== undefined) await confirmRange(sql, run.id, confirm.from, confirm.to);
  }
}

/** New people who simply work here: one person, one employment, one observation for each row. */
async function writeQuiet(sql: Sql, run: Run, from: number, to: number): Promise<void> {
  const range = [run.id, from, to];
  const rows = `staged_observation s join staged_change c on c.run_id = s.run_id and c.row_no = s.row_no
     where s.run_id = $1 and s.row_no between $2 and $3 and c.quiet`;
  await sql.query(
    `insert into person (id, created_at) select s.new_id, $4::timestamptz from ${rows} on conflict do nothing`,
    [...range, run.applyAt],
  );
  await sql.query(
    `insert into employment (id, person_id, company, employee_number, spell, spell_key, facts, display_name, department,
       hired_on, key_name, key_email, key_phone, recorded_at)
     select s.new_id, s.new_id, s.company, s.employee_number, 1, s.spell_hint, jsonb_strip_nulls(s.facts),
       coalesce(s.facts->>'displayName',
         nullif(concat_ws(' ', nullif(s.facts->>'familyName', ''), nullif(s.facts->>'givenName', '')), '')),
       s.facts->>'department', (s.facts->>'hiredOn')::date, s.key_name, s.key_email, s.key_phone, $4::timestamptz
     from ${rows} on conflict (id) do nothing`,
    [...range, run.applyAt],
  );
  await sql.query(
    `${INSERT_OBSERVATIONS} where s.run_id = $1 and s.row_no between $2 and $3 and c.quiet ${CONFLICT}`,
    range,
  );
}

const INSERT_OBSERVATIONS = `insert into observation as o (source, company, employee_number, spell_hint, as_of_at,
   confirmed_at, received_at, run_id, row_no, content_hash, facts, absent)
 select r.source, s.company, s.employee_number, s.spell_hint, s.as_of_at, s.as_of_at, r.started_at, s.run_id, s.row_no,
   s.content_hash, s.facts, s.absent
 from staged_observation s
 join import_run r on r.id = s.run_id
 join staged_change c on c.run_id = s.run_id and c.row_no = s.row_no`;
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

/** The current statement of a source about a spell: the latest, unless the source has lost sight of the number since. */
async function markCurrent(sql: Sql, keys: string, params: unknown[]): Promise<void> {
  await sql.query(
    `with keys as (${keys}), ranked as (
       select o.id, not o.absent and not o.reverted
           and row_number() over (partition by o.company, o.employee_number, o.source, o.spell_hint
             order by (o.absent or o.reverted), o.confirmed_at desc, o.content_hash desc) = 1
           and o.confirmed_at >= coalesce(max(o.as_of_at) filter (where o.absent and not o.reverted)
             over (partition by o.company, o.employee_number, o.source), o.confirmed_at) as is_current
       from keys k join observation o on o.company = k.company and o.employee_number = k.employee_number)
     update observation o set current = r.is_current from ranked r
     where o.id = r.id and o.current is distinct from r.is_current`,
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
