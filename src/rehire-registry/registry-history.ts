import type { Sql } from '../platform/database/database.js';

export interface RegistryKey {
  readonly personId: string;
  readonly company: string;
}

/** Why the registry came to believe something: ids and words only. */
export type Cause = Readonly<Record<string, string | number | null>>;

// A person who has no entry is not believed anything about, whatever override waits for a return.
const BELIEFS = `unnest($1::uuid[], $2::text[]) as k(person_id, company)
  left join registry_entry e on e.person_id = k.person_id and e.company = k.company
  left join rehire_override o
    on o.person_id = e.person_id and o.company = e.company and o.state = 'active'`;

/**
 * Brings the history of these keys up to what the registry holds now: the open interval ends and the next begins
 * where they differ. Leaving the registry is an interval without a verdict. Safe to repeat: what is believed already
 * makes no interval. Gives the keys whose interval changed.
 *
 * An interval never ends before it began, also when the clock was set back.
 */
export async function recordBeliefs(
  sql: Sql,
  keys: readonly RegistryKey[],
  cause: Cause,
  at: string,
): Promise<RegistryKey[]> {
  if (keys.length === 0) return [];
  const ids = [keys.map((key) => key.personId), keys.map((key) => key.company)];
  await sql.query(
    `update registry_history h set believed_to = greatest(h.believed_from, $3::timestamptz)
     from ${BELIEFS}
     where h.person_id = k.person_id and h.company = k.company and h.believed_to is null
       and (h.verdict, h.from_day, h.review_on, h.rule, h.because, h.employment_id, h.evidence, h.missing, h.override_id)
         is distinct from
           (e.verdict, e.from_day, e.review_on, e.rule, e.because, e.employment_id, e.evidence, e.missing, o.id)`,
    [...ids, at],
  );
  const opened = await sql.query<{ person_id: string; company: string }>(
    `insert into registry_history (person_id, company, believed_from, verdict, from_day, review_on, rule, because,
       policy_version, override_id, employment_id, evidence, missing, cause)
     select k.person_id, k.company,
       greatest($3::timestamptz, (select max(h.believed_to) from registry_history h
         where h.person_id = k.person_id and h.company = k.company)),
       e.verdict, e.from_day, e.review_on, e.rule, e.because,
       e.policy_version, o.id, e.employment_id, e.evidence, e.missing, $4::jsonb
     from ${BELIEFS}
     where not exists (select 1 from registry_history h
         where h.person_id = k.person_id and h.company = k.company and h.believed_to is null)
       and (e.verdict is not null or exists (select 1 from registry_history h
         where h.person_id = k.person_id and h.company = k.company))
     returning person_id, company`,
    [...ids, at, JSON.stringify(cause)],
  );
  return opened.rows.map((row) => ({ personId: row.person_id, company: row.company }));
}
