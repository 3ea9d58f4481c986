import type { Clock } from '../clock/clock.js';
import type { Database } from '../database/database.js';
import type { MetricName } from './metric-names.js';

export interface Sample {
  readonly metric: MetricName;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

// One round trip. Sources, companies, kinds and states are what configuration and code name: few. No person, no run.
const SAMPLES = `
  select 'enishi_rows_total' as metric,
         jsonb_build_object('source', r.source, 'outcome', o.key) as labels, sum((o.value)::numeric)::float8 as value
    from import_run r cross join lateral jsonb_each_text(r.rows) o
    where not r.dry_run and o.value ~ '^[0-9]+$' group by r.source, o.key
  union all
  select 'enishi_runs', jsonb_build_object('source', source, 'status', status), count(*)
    from import_run where not dry_run group by source, status
  union all
  select 'enishi_plans_waiting', jsonb_build_object('status', s.status), count(r.id)
    from (values ('planned'), ('held')) s(status) left join import_run r on r.status = s.status and not r.dry_run
    group by s.status
  union all
  select 'enishi_registry_entries', jsonb_build_object('company', company, 'verdict', verdict), count(*)
    from registry_entry group by company, verdict
  union all
  select 'enishi_matches_open', '{}', count(*) from match_case where state = 'open'
  union all
  select 'enishi_follow_ups', jsonb_build_object('kind', kind, 'state', state), count(*)
    from follow_up group by kind, state
  union all
  select 'enishi_follow_ups_due', '{}', count(*) from follow_up where state = 'planned' and due_at <= $1 and kind <> 'card'
  union all
  select 'enishi_follow_ups_paused', '{}',
         (exists (select 1 from setting where key = 'follow-ups.paused' and value = 'true' or key = 'follow-ups.restored'))::int
  union all
  select 'enishi_uncertain_sends', '{}', count(*) from follow_up where state = 'uncertain'
  union all
  select 'enishi_source_last_good_read_age_seconds', jsonb_build_object('source', source),
         greatest(0, extract(epoch from $1::timestamptz - last_good_read_at))
    from source_state where last_good_read_at is not null`;

const AUDIT_HEAD = `
  select greatest(0, extract(epoch from $1::timestamptz - max(at)))::float8 as value from audit_entry`;

/** Reads every metric that lives in rows. */
export async function readDatabaseMetrics(database: Database, clock: Clock): Promise<Sample[]> {
  const now = clock.nowIso();
  const samples = await database.query<{ metric: MetricName; labels: Record<string, string>; value: number }>(
    SAMPLES,
    [now],
  );
  const head = await database.one<{ value: number | null }>(AUDIT_HEAD, [now]);
  if (head === null || head.value === null) return samples;
  return [...samples, { metric: 'enishi_audit_head_age_seconds', labels: {}, value: head.value }];
}
