/**
 * The registry as it counts on a day: what the policy says, unless an active override that has not expired says
 * otherwise. The one place that knows this; every reader selects from it.
 *
 * `day` is the SQL of a date, such as `$1::date`. An override counts up to and including its `until_day`. Columns:
 * those of registry_entry with `verdict` the one that counts and `policy_verdict` the policy's own, and
 * `override_id`, `override_verdict`, `override_reason`, `override_until`, `override_author` (null without one).
 */
export function effectiveRegistry(day: string): string {
  return `(select e.person_id, e.company, e.employment_id,
      coalesce(o.verdict, e.verdict) as verdict, e.verdict as policy_verdict,
      e.from_day, e.review_on, e.rule, e.because, e.missing, e.evidence, e.policy_version, e.decided_at,
      o.id as override_id, o.verdict as override_verdict, o.reason as override_reason,
      o.until_day as override_until, o.author as override_author
    from registry_entry e
    left join rehire_override o on o.person_id = e.person_id and o.company = e.company
      and o.state = 'active' and (o.until_day is null or o.until_day >= ${day}))`;
}

/**
 * SQL that is true when anything about the person (SQL of a uuid) tells of a death: any employment, or what an entry
 * was decided from (a reason without a last day makes no departure, yet it tells).
 */
export function isDeceased(person: string): string {
  return `(exists (select 1 from employment em left join departure de
      on de.employment_id = em.id and de.state = 'standing'
    where em.person_id = ${person}
      and (em.facts->>'status' = 'deceased' or de.kind = 'death' or de.category = 'death'))
    or exists (select 1 from registry_entry en where en.person_id = ${person}
      and (en.evidence->>'kind' = 'death' or en.evidence->>'reason' = 'death')))`;
}

/** SQL of the ids of everybody for whom `isDeceased` holds, for passes over the whole registry. */
export const deceasedPersons = `(select em.person_id from employment em where em.facts->>'status' = 'deceased'
    union all select em.person_id from departure de join employment em on em.id = de.employment_id
      where de.state = 'standing' and (de.kind = 'death' or de.category = 'death')
    union all select en.person_id from registry_entry en
      where en.evidence->>'kind' = 'death' or en.evidence->>'reason' = 'death')`;

/** SQL that is true when the person was dismissed for misconduct or abandoned the job; `company` null: anywhere. */
export function leftForMisconduct(person: string, company: string | null = null): string {
  const there = company === null ? '' : `and em.company = ${company}`;
  return `exists (select 1 from employment em join departure de
      on de.employment_id = em.id and de.state = 'standing'
    where em.person_id = ${person} ${there} and de.category in ('conduct', 'abandonment'))`;
}

/** SQL that orders verdicts, the strictest first. */
export function strictness(verdict: string): string {
  return `array_position(array['ineligible', 'review', 'unknown', 'eligible'], ${verdict})`;
}
