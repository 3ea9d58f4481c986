import { Injectable } from '@nestjs/common';
import type { BrakeConfig, BrakeCounts, BrakeReading, LimitedBrake } from '../domain/brake.js';
import { isLooser, readBrakes } from '../domain/brake.js';
import type { IsoDate } from '../domain/calendar.js';
import type { GroupConfig } from '../platform/config/group-config.js';
import { Clock } from '../platform/clock/clock.js';
import { Database } from '../platform/database/database.js';
import type { Run, RunNote } from './run.js';

const KNOWN_LIMITS = 'brakes.known';
const HOUR_MS = 3_600_000;
const WINDOWED: readonly LimitedBrake[] = [
  'leavers',
  'rescissions',
  'verdict_flips',
  'absences',
  'amendments',
];

interface KnownLimits {
  readonly inForce: BrakeConfig;
  readonly pending: BrakeConfig | null;
  readonly pendingSince: string | null;
}

interface CompanyCounts {
  readonly company: string;
  readonly leavers: Record<string, number>;
  readonly rescinded: number;
  readonly flips: number;
  readonly absences: number;
  readonly amended: number;
}

/** Measures what a plan would do against the limits of config/brakes.yaml. */
@Injectable()
export class BrakesService {
  constructor(
    private readonly db: Database,
    private readonly group: GroupConfig,
    private readonly clock: Clock,
  ) {}

  /** Readings for every company that the run touches, in the order of company. */
  async read(
    run: Run,
    companies: readonly string[],
  ): Promise<{ readings: BrakeReading[]; notes: RunNote[] }> {
    const { limits, notes } = await this.limitsInForce(!run.dryRun);
    const counted = await this.planned(run.id);
    const readings: BrakeReading[] = [];
    for (const company of companies) {
      const counts = counted.find((c) => c.company === company);
      readings.push(...readBrakes(await this.countsOf(run, company, counts, limits), limits));
    }
    // Mended rows were all rejected once: those that still are need no second look before the others are taken.
    const isRetry = run.retriesRunId !== null;
    return { readings: readings.filter(({ name }) => !(isRetry && name === 'rejected_rows')), notes };
  }

  /** The company that a source speaks of; null for what no source says, such as a new policy. */
  companyOf(source: string): string | null {
    return this.group.sources.get(source)?.company ?? null;
  }

  /** The limits that count now. */
  async limits(): Promise<BrakeConfig> {
    return (await this.limitsInForce(true)).limits;
  }

  /**
   * Limits count as soon as they are tightened; loosened ones only after a waiting time, so that nobody lifts a brake
   * in the minute in which it holds a run. A dry run does not start that time.
   */
  private async limitsInForce(remember: boolean): Promise<{ limits: BrakeConfig; notes: RunNote[] }> {
    const configured = this.group.brakes;
    return this.db.transaction(async (sql) => {
      await sql.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [KNOWN_LIMITS]);
      const row = await sql.query<{ value: KnownLimits }>('select value from setting where key = $1', [
        KNOWN_LIMITS,
      ]);
      const known = row.rows[0]?.value ?? null;
      const decided = decideLimits(known, configured, this.clock.now(), this.group.approval.looserAfterHours);
      if (remember && sorted(decided) !== sorted(known)) {
        await sql.query(
          `insert into setting (key, value, changed_at) values ($1, $2, $3)
           on conflict (key) do update set value = excluded.value, changed_at = excluded.changed_at`,
          [KNOWN_LIMITS, JSON.stringify(decided), this.clock.nowIso()],
        );
        await sql.query(
          `insert into timeline_event (at, actor, kind, data) values ($1, 'enishi', 'brake_limits', $2)`,
          [this.clock.nowIso(), JSON.stringify(decided)],
        );
      }
      const notes =
        decided.pending === null
          ? []
          : [{ code: 'LOOSER_LIMITS_WAIT', details: { hours: this.group.approval.looserAfterHours } }];
      return { limits: decided.inForce, notes };
    });
  }

  private async planned(runId: string): Promise<CompanyCounts[]> {
    return this.db.query<CompanyCounts & { company: string }>(
      `select c.company,
         count(*) filter (where kind = 'rescinded')::int as rescinded,
         count(*) filter (where verdict_before is not null and verdict is not null and verdict <> verdict_before)::int
           as flips,
         count(*) filter (where kind = 'suspected_absent')::int as absences,
         count(*) filter (where kind = 'amended')::int as amended,
         coalesce((select jsonb_object_agg(x.day, x.n) from (
           select l.after->>'lastDay' as day, count(*) as n from plan_change l
           where l.run_id = $1 and l.company = c.company and l.kind = 'new_leaver' and not l.history
             and l.after->>'lastDay' is not null
           group by 1) x), '{}') as leavers
       from plan_change c where c.run_id = $1 group by c.company`,
      [runId],
    );
  }

  private async countsOf(
    run: Run,
    company: string,
    counts: CompanyCounts | undefined,
    limits: BrakeConfig,
  ): Promise<BrakeCounts> {
    const bases = await this.db.one<{ employed: number; entries: number; staged: number }>(
      `select
         (select count(*) from employment where company = $2 and last_day is null and not withdrawn)::int as employed,
         (select count(*) from registry_entry where company = $2)::int as entries,
         (select count(*) from staged_observation where run_id = $1 and company = $2 and not absent)::int
           + (select coalesce(sum(cardinality(row_nos)), 0) from staged_known_block
               where run_id = $1 and raw and $3::boolean)::int as staged`,
      [run.id, company, company === this.companyOf(run.source)],
    );
    const earlier: Partial<Record<LimitedBrake, number>> = {};
    for (const name of WINDOWED) {
      const days = limits.limits[name].window?.days;
      if (days !== undefined) earlier[name] = await this.earlier(run, company, name, days);
    }
    return {
      company,
      base: Math.max(bases?.employed ?? 0, bases?.staged ?? 0),
      entries: bases?.entries ?? 0,
      rowsRead: run.rows.read,
      rowsRejected: run.rows.rejected,
      leaversByDay: new Map(Object.entries(counts?.leavers ?? {}) as [IsoDate, number][]),
      rescissions: counts?.rescinded ?? 0,
      verdictFlips: counts?.flips ?? 0,
      absences: counts?.absences ?? 0,
      amendments: counts?.amended ?? 0,
      earlier,
    };
  }

  /** What earlier applied runs did in the window. A run that a person approved has been looked at and does not count. */
  private async earlier(run: Run, company: string, name: LimitedBrake, days: number): Promise<number> {
    const row = await this.db.one<{ n: number }>(
      `select coalesce(sum((b->>'value')::int), 0)::int as n
       from import_run r, jsonb_array_elements(r.brakes) b
       where r.status = 'applied' and r.id <> $1 and r.decided_by is null and not r.first_of_source
         and r.apply_at > $2::timestamptz - make_interval(days => $3)
         and b->>'name' = $4 and b->>'scope' = 'run' and b->>'company' = $5`,
      [run.id, run.decidedForAt, days, name, company],
    );
    return row?.n ?? 0;
  }
}

function decideLimits(
  known: KnownLimits | null,
  configured: BrakeConfig,
  now: number,
  waitHours: number,
): KnownLimits {
  if (known === null || same(known.inForce, configured) || !isLooser(known.inForce, configured)) {
    return { inForce: configured, pending: null, pendingSince: null };
  }
  const waitsAlready =
    known.pending !== null && same(known.pending, configured) && known.pendingSince !== null;
  const since = waitsAlready ? known.pendingSince : new Date(now).toISOString();
  if (since !== null && now - Date.parse(since) >= waitHours * HOUR_MS) {
    return { inForce: configured, pending: null, pendingSince: null };
  }
  return { inForce: known.inForce, pending: configured, pendingSince: since };
}

function same(a: BrakeConfig, b: BrakeConfig): boolean {
  return sorted(a) === sorted(b);
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([x], [y]) => (x < y ? -1 : 1)))
      : inner,
  );
}
