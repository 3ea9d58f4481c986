/** One metric of /metrics. The dashboard and the alerts of operators name them: rename none. */
export interface MetricSpec {
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly labels: readonly string[];
}

/** Everything that is read from the database says the same on every process: take `max`, not `sum`, over processes. */
export const METRICS = {
  enishi_rows_total: {
    type: 'counter',
    help: 'Rows of all import runs by source and what became of them (read, accepted, rejected, unchanged, suppressed).',
    labels: ['source', 'outcome'],
  },
  enishi_runs: {
    type: 'gauge',
    help: 'Import runs by source and status (reading, planned, held, applying, applied, rejected, failed, reverted).',
    labels: ['source', 'status'],
  },
  enishi_plans_waiting: {
    type: 'gauge',
    help: 'Plans that wait for a decision of a person: planned or held by a brake.',
    labels: ['status'],
  },
  enishi_registry_entries: {
    type: 'gauge',
    help: 'Registry entries by company and verdict.',
    labels: ['company', 'verdict'],
  },
  enishi_matches_open: {
    type: 'gauge',
    help: 'Pairs of employments that a person has to decide about.',
    labels: [],
  },
  enishi_follow_ups: {
    type: 'gauge',
    help: 'Follow-ups by kind and state.',
    labels: ['kind', 'state'],
  },
  enishi_follow_ups_due: {
    type: 'gauge',
    help: 'Follow-ups that are due and not handed to the queue yet.',
    labels: [],
  },
  enishi_follow_ups_paused: {
    type: 'gauge',
    help: '1 while outgoing mail is paused.',
    labels: [],
  },
  enishi_uncertain_sends: {
    type: 'gauge',
    help: 'Mails that may or may not have arrived and wait for a decision of a person.',
    labels: [],
  },
  enishi_queue_jobs: {
    type: 'gauge',
    help: 'Jobs by queue and state (waiting, active, delayed, failed).',
    labels: ['queue', 'state'],
  },
  enishi_source_last_good_read_age_seconds: {
    type: 'gauge',
    help: 'Seconds since the last complete reading of a source.',
    labels: ['source'],
  },
  enishi_audit_head_age_seconds: {
    type: 'gauge',
    help: 'Seconds since the last entry of the audit chain.',
    labels: [],
  },
  enishi_mail_outage: {
    type: 'gauge',
    help: '1 while this process has stopped trying the mail server.',
    labels: [],
  },
  enishi_scrape_failures_total: {
    type: 'counter',
    help: 'Groups of metrics that could not be read, by group (database, queue).',
    labels: ['group'],
  },
} as const satisfies Record<string, MetricSpec>;

export type MetricName = keyof typeof METRICS;
