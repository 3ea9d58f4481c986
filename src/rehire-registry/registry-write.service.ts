import { Injectable } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import type { Verdict } from '../domain/eligibility.js';
import type { Sql } from '../platform/database/database.js';
import { strictness } from './effective-registry.queries.js';
import { recordBeliefs, type Cause, type RegistryKey } from './registry-history.js';

/** What the registry shall hold for one person and company from now on. */
export interface EntryChange {
  readonly personId: string;
  readonly company: string;
  /** The employment whose departure was judged; null together with the verdict. */
  readonly employmentId: string | null;
  /** Null: no longer in the registry (rescinded, rehired, moved). */
  readonly verdict: Verdict | null;
}

/** Why entries change, and which version of the policy judged them. */
export interface EntryCause extends Cause {
  readonly policyVersion: number;
}

const INPUT = `jsonb_to_recordset($1::jsonb) as i("personId" uuid, company text, "employmentId" uuid, verdict text,
  "fromDay" date, "reviewOn" date, rule text, because jsonb, evidence jsonb, missing jsonb)`;

@Injectable()
export class RegistryWriteService {
  /**
   * Writes a batch of entries with its history, and closes the overrides that HR data has come to agree with.
   * Takes part in the caller's transaction. Safe to repeat: an entry that already says the same, evidence included,
   * is left alone (and keeps the policy version that first said so). Gives the keys that changed.
   *
   * @throws REGISTRY_BATCH_REPEATS_KEY when two changes are for the same person and company
   */
  async applyEntries(
    sql: Sql,
    entries: readonly EntryChange[],
    cause: EntryCause,
    at: string,
  ): Promise<RegistryKey[]> {
    if (entries.length === 0) return [];
    const keys = entries.map(({ personId, company }) => ({ personId, company }));
    if (new Set(keys.map((key) => `${key.personId} ${key.company}`)).size < keys.length) {
      throw new AppError('REGISTRY_BATCH_REPEATS_KEY', { details: { count: keys.length } });
    }
    const written = await upsertEntries(sql, entries, cause.policyVersion, at);
    const changed = [...written, ...(await deleteEntries(sql, entries))];
    await closeAgreeing(sql, written, at);
    return recordBeliefs(sql, changed, cause, at);
  }

  /**
   * Gives the overrides of one person to another, when two turn out to be one (all companies) or one turns out to be
   * two (`company` names which). Where both have one in force for a company, the stricter verdict stays and the other
   * is closed, so that no do-not-rehire is lost. Takes part in the caller's transaction, before `applyEntries`.
   */
  async moveOverrides(
    sql: Sql,
    moves: readonly { readonly from: string; readonly to: string; readonly company?: string | null }[],
    at: string,
  ): Promise<void> {
    if (moves.length === 0) return;
    const params = [moves.map((m) => m.from), moves.map((m) => m.to), moves.map((m) => m.company ?? null)];
    // Of the live ones that would meet under one key and state, all but the strictest (then the oldest) are closed.
    await sql.query(
      `with meeting as (
         select o.id, row_number() over (
           partition by coalesce(m.target, o.person_id), o.company, o.state
           order by ${strictness('o.verdict')}, o.created_at, o.id) as place
         from rehire_override o
         left join ${MOVES} on m.origin = o.person_id and (m.company is null or m.company = o.company)
         where o.state <> 'closed' and (o.person_id = any($1::uuid[]) or o.person_id = any($2::uuid[])))
       update rehire_override o set state = 'closed', closed_at = $4::timestamptz, closed_because = 'merged'
       from meeting where meeting.id = o.id and meeting.place > 1`,
      [...params, at],
    );
    const moved = await sql.query<KeyRow>(
      `update rehire_override o set person_id = m.target from ${MOVES}
       where o.person_id = m.origin and (m.company is null or m.company = o.company)
       returning o.person_id, o.company`,
      params,
    );
    const keys = new Map(moved.rows.map((row) => [`${row.person_id} ${row.company}`, toKey(row)]));
    const origins = moves.flatMap(({ from }) =>
      [...keys.values()].map(({ company }) => ({ personId: from, company })),
    );
    for (const key of origins) keys.set(`${key.personId} ${key.company}`, key);
    await recordBeliefs(sql, [...keys.values()], { kind: 'overrides_moved' }, at);
  }
}

const MOVES = `unnest($1::uuid[], $2::uuid[], $3::text[]) as m(origin, target, company)`;

interface KeyRow {
  person_id: string;
  company: string;
}

function toKey(row: KeyRow): RegistryKey {
  return { personId: row.person_id, company: row.company };
}

async function upsertEntries(
  sql: Sql,
  entries: readonly EntryChange[],
  version: number,
  at: string,
): Promise<RegistryKey[]> {
  const rows = entries.flatMap(({ personId, company, employmentId, verdict }) =>
    verdict === null ? [] : [{ personId, company, employmentId, ...verdict }],
  );
  if (rows.length === 0) return [];
  // In the order of the key, so that two batches that meet wait for each other instead of blocking each other.
  const result = await sql.query<KeyRow>(
    `insert into registry_entry as e (person_id, company, employment_id, verdict, from_day, review_on, rule,
       because, evidence, missing, policy_version, decided_at)
     select i."personId", i.company, i."employmentId", i.verdict, i."fromDay", i."reviewOn", i.rule,
       i.because, i.evidence, i.missing, $2::int, $3::timestamptz
     from ${INPUT} order by i."personId", i.company
     on conflict (person_id, company) do update set
       employment_id = excluded.employment_id, verdict = excluded.verdict, from_day = excluded.from_day,
       review_on = excluded.review_on, rule = excluded.rule, because = excluded.because,
       evidence = excluded.evidence, missing = excluded.missing, policy_version = excluded.policy_version,
       decided_at = excluded.decided_at
     where (e.employment_id, e.verdict, e.from_day, e.review_on, e.rule, e.because, e.evidence, e.missing)
       is distinct from (excluded.employment_id, excluded.verdict, excluded.from_day, excluded.review_on,
         excluded.rule, excluded.because, excluded.evidence, excluded.missing)
     returning person_id, company`,
    [JSON.stringify(rows), version, at],
  );
  return result.rows.map(toKey);
}

async function deleteEntries(sql: Sql, entries: readonly EntryChange[]): Promise<RegistryKey[]> {
  const gone = entries.filter((entry) => entry.verdict === null);
  if (gone.length === 0) return [];
  const result = await sql.query<KeyRow>(
    `delete from registry_entry e using unnest($1::uuid[], $2::text[]) as k(person_id, company)
     where e.person_id = k.person_id and e.company = k.company returning e.person_id, e.company`,
    [gone.map((entry) => entry.personId), gone.map((entry) => entry.company)],
  );
  return result.rows.map(toKey);
}

/**
 * An override whose verdict the policy has newly arrived at has done its work. One that said the same from the
 * start stays: it was set to hold whatever comes. The open interval of the history still tells what was believed.
 */
async function closeAgreeing(sql: Sql, keys: readonly RegistryKey[], at: string): Promise<void> {
  if (keys.length === 0) return;
  await sql.query(
    `with closed as (
       update rehire_override o set state = 'closed', closed_at = $3::timestamptz, closed_because = 'hr_agrees'
       from unnest($1::uuid[], $2::text[]) as k(person_id, company)
       join registry_entry e on e.person_id = k.person_id and e.company = k.company
       left join registry_history h
         on h.person_id = k.person_id and h.company = k.company and h.believed_to is null
       where o.person_id = k.person_id and o.company = k.company and o.state = 'active'
         and o.verdict = e.verdict and h.verdict is distinct from e.verdict
       returning o.id, o.person_id, o.company, o.verdict)
     insert into timeline_event (at, person_id, actor, kind, data)
     select $3::timestamptz, person_id, 'enishi', 'override_closed', jsonb_build_object(
       'overrideId', id, 'company', company, 'verdict', verdict, 'because', 'hr_agrees')
     from closed order by person_id, company`,
    [keys.map((key) => key.personId), keys.map((key) => key.company), at],
  );
}
