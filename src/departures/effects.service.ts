import { Injectable } from '@nestjs/common';
import type { CaseEffect, Effects, EmploymentEffect, PersonMove } from '../domain/plan.js';
import { displayName } from '../domain/plan.js';
import { IntentsService, type IntentOp } from '../follow-ups/intents.service.js';
import { newId } from '../platform/database/id.js';
import type { Sql } from '../platform/database/database.js';
import { RegistryWriteService } from '../rehire-registry/registry-write.service.js';

export interface EffectsCause {
  readonly runId: string;
  readonly policyVersion: number;
  readonly actor: string;
}

/** Writes what was planned, with all its consequences, inside the caller's transaction. */
@Injectable()
export class EffectsService {
  constructor(
    private readonly registry: RegistryWriteService,
    private readonly intents: IntentsService,
  ) {}

  /** Set-based over the whole batch. Safe to repeat with the same effects. */
  async apply(sql: Sql, batch: readonly Effects[], cause: EffectsCause, at: string): Promise<void> {
    await insertPersons(
      sql,
      batch.flatMap((e) => e.persons),
      at,
    );
    await upsertEmployments(
      sql,
      batch.flatMap((e) => e.employments),
      at,
    );
    await upsertDepartures(
      sql,
      batch.flatMap((e) => e.employments),
      at,
    );
    await this.moveOverrides(
      sql,
      batch.flatMap((e) => e.movedPersons),
      at,
    );
    await moveTimelines(
      sql,
      batch.flatMap((e) => e.movedPersons),
    );
    await inheritOptOuts(
      sql,
      batch.flatMap((e) => e.optOuts),
    );
    await this.registry.applyEntries(
      sql,
      batch.flatMap((e) => e.entries),
      { policyVersion: cause.policyVersion, runId: cause.runId },
      at,
    );
    await this.intents.applyOps(
      sql,
      batch.flatMap((e) => e.followUps).map((op): IntentOp => ({ ...op, runId: cause.runId })),
      at,
    );
    await upsertCases(
      sql,
      batch.flatMap((e) => e.cases),
      at,
    );
  }

  /** One plan never gives the same override twice; the plans of one batch are about different people. */
  private async moveOverrides(sql: Sql, moves: readonly PersonMove[], at: string): Promise<void> {
    if (moves.length > 0) await this.registry.moveOverrides(sql, moves, at);
  }
}

async function insertPersons(sql: Sql, ids: readonly string[], at: string): Promise<void> {
  if (ids.length === 0) return;
  await sql.query(
    `insert into person (id, created_at) select id, $2::timestamptz from unnest($1::uuid[]) as i(id)
     on conflict (id) do nothing`,
    [ids, at],
  );
}

async function upsertEmployments(
  sql: Sql,
  employments: readonly EmploymentEffect[],
  at: string,
): Promise<void> {
  if (employments.length === 0) return;
  const rows = employments.map((e) => ({
    ...e,
    nameKey: e.withdrawn ? null : e.keys.name,
    emailKey: e.withdrawn ? null : e.keys.email,
    phoneKey: e.withdrawn ? null : e.keys.phone,
    displayName: displayName(e.facts),
    department: e.facts.department ?? null,
    hiredOn: e.facts.hiredOn ?? null,
    lastDay: e.departure?.state === 'standing' ? e.departure.lastDay : null,
    scope: e.inScope ? 'in' : 'out',
  }));
  await sql.query(
    `insert into employment (id, person_id, company, employee_number, spell, spell_key, facts, display_name, department,
       hired_on, last_day, scope, absent_since, absent_count, disputes, withdrawn, key_name, key_email, key_phone,
       recorded_at)
     select i.id, i."personId", i.company, i."employeeNumber", i.spell, i."spellKey", i.facts, i."displayName",
       i.department, i."hiredOn", i."lastDay", i.scope, i."absentSince", i."absentCount", i.disputes, i.withdrawn,
       i."nameKey", i."emailKey", i."phoneKey", $2::timestamptz
     from jsonb_to_recordset($1::jsonb) as i(id uuid, "personId" uuid, company text, "employeeNumber" text, spell int,
       "spellKey" text, facts jsonb, "displayName" text, department text, "hiredOn" date, "lastDay" date, scope text,
       "absentSince" timestamptz, "absentCount" int, disputes jsonb, withdrawn boolean,
       "nameKey" text, "emailKey" text, "phoneKey" text)
     order by i.id
     on conflict (id) do update set
       person_id = excluded.person_id, spell = excluded.spell, spell_key = excluded.spell_key, facts = excluded.facts,
       display_name = excluded.display_name, department = excluded.department, hired_on = excluded.hired_on,
       last_day = excluded.last_day, scope = excluded.scope, absent_since = excluded.absent_since,
       absent_count = excluded.absent_count, disputes = excluded.disputes, withdrawn = excluded.withdrawn,
       key_name = excluded.key_name, key_email = excluded.key_email, key_phone = excluded.key_phone`,
    [JSON.stringify(rows), at],
  );
}

async function upsertDepartures(
  sql: Sql,
  employments: readonly EmploymentEffect[],
  at: string,
): Promise<void> {
  const rows = employments.flatMap((e) =>
    e.departure === null ? [] : [{ employmentId: e.id, ...e.departure }],
  );
  if (rows.length === 0) return;
  await sql.query(
    `insert into departure as d (employment_id, last_day, announced_on, category, voluntary, reason_text, reason_code,
       kind, state, recorded_at, changed_at)
     select i."employmentId", i."lastDay", i."announcedOn", i.category, i.voluntary, i."reasonText", i."reasonCode",
       i.kind, i.state, $2::timestamptz, $2::timestamptz
     from jsonb_to_recordset($1::jsonb) as i("employmentId" uuid, "lastDay" date, "announcedOn" date, category text,
       voluntary boolean, "reasonText" text, "reasonCode" text, kind text, state text)
     order by i."employmentId"
     on conflict (employment_id) do update set
       last_day = excluded.last_day, announced_on = excluded.announced_on, category = excluded.category,
       voluntary = excluded.voluntary, reason_text = excluded.reason_text, reason_code = excluded.reason_code,
       kind = excluded.kind, state = excluded.state, changed_at = excluded.changed_at
     where (d.last_day, d.announced_on, d.category, d.voluntary, d.reason_text, d.reason_code, d.kind, d.state)
       is distinct from (excluded.last_day, excluded.announced_on, excluded.category, excluded.voluntary,
         excluded.reason_text, excluded.reason_code, excluded.kind, excluded.state)`,
    [JSON.stringify(rows), at],
  );
}

/** Events of somebody who turned out to be somebody else; those of an employment follow it anyway. */
async function moveTimelines(sql: Sql, moves: readonly PersonMove[]): Promise<void> {
  const whole = moves.filter(({ company }) => company === null);
  if (whole.length === 0) return;
  await sql.query(
    `update timeline_event t set person_id = m.target
     from unnest($1::uuid[], $2::uuid[]) as m(origin, target) where t.person_id = m.origin`,
    [whole.map((m) => m.from), whole.map((m) => m.to)],
  );
}

/** Asked once, it holds for everybody they turn out to be; the earliest day of asking stays. */
async function inheritOptOuts(sql: Sql, pairs: readonly { from: string; to: string }[]): Promise<void> {
  if (pairs.length === 0) return;
  await sql.query(
    `update person p set opted_out_at = f.opted_out_at
     from unnest($1::uuid[], $2::uuid[]) as m(origin, target) join person f on f.id = m.origin
     where p.id = m.target and p.opted_out_at is null`,
    [pairs.map((m) => m.from), pairs.map((m) => m.to)],
  );
}

async function upsertCases(sql: Sql, cases: readonly CaseEffect[], at: string): Promise<void> {
  if (cases.length === 0) return;
  await sql.query(
    `insert into match_case as c (id, employment_a, employment_b, score, evidence, state, opened_at)
     select i.id, i.a, i.b, i.score, i.evidence, i.state, $2::timestamptz
     from jsonb_to_recordset($1::jsonb) as i(id uuid, a uuid, b uuid, score int, evidence jsonb, state text)
     order by i.a, i.b
     on conflict (employment_a, employment_b) do update set
       state = excluded.state,
       score = case when excluded.state = 'open' then excluded.score else c.score end,
       evidence = case when excluded.state = 'open' then excluded.evidence else c.evidence end
     where c.state in ('open', 'closed') and (c.state <> excluded.state or excluded.state = 'open')`,
    [JSON.stringify(cases.map((c) => ({ id: newId(), ...c }))), at],
  );
}
