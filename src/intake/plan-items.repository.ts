import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';
import type { NumberKey } from '../departures/closure.queries.js';
import type { AloneDeparture } from '../departures/planning.service.js';
import type { Effects, PlanChange } from '../domain/plan.js';
import { type CopyCell, CopyWriter } from '../platform/database/bulk.js';
import { Database, type Sql } from '../platform/database/database.js';
import { NO_CHANGES, NO_FOLLOW_UPS, NO_VERDICTS, type Run } from './run.js';

/** One step of applying a plan; all of it in one transaction with its neighbours. */
export interface PlanItem {
  /** Staged rows that become observations. */
  readonly rows?: readonly number[];
  /** A range of staged rows that concern nobody else, written set-based: people who work here, and plain departures. */
  readonly quiet?: { readonly from: number; readonly to: number };
  /** The rows that repeat what is recorded. */
  readonly known?: true;
  /** A range of staged rows that repeat what is known, in a plan made by an earlier release. */
  readonly confirm?: { readonly from: number; readonly to: number };
  /** Numbers whose observations of a reverted run are taken out. */
  readonly revert?: readonly NumberKey[];
  readonly effects?: Effects;
}

export interface PlannedItem {
  readonly item: PlanItem;
  readonly changes: readonly PlanChange[];
  /** Of rows in the range of `item.quiet`. */
  readonly departures: readonly AloneDeparture[];
}

const CHANGE_COLUMNS = [
  'run_id',
  'seq',
  'ord',
  'kind',
  'company',
  'employee_number',
  'spell',
  'before',
  'after',
  'changed_fields',
  'verdict',
  'verdict_before',
  'follow_ups',
  'withheld',
  'history',
];

const DEPARTURE_COLUMNS = [
  'run_id',
  'row_no',
  'last_day',
  'announced_on',
  'category',
  'voluntary',
  'reason_text',
  'reason_code',
  'kind',
  'scope',
  'disputes',
  'verdict',
  'from_day',
  'review_on',
  'rule',
  'because',
  'evidence',
  'missing',
];

/** A change without a kind of its own: only its verdict or its follow-ups differ. */
export const CONSEQUENCE = 'consequence';

@Injectable()
export class PlanItemsRepository {
  constructor(private readonly db: Database) {}

  /** Replaces the plan of a run. Gives the number of items. */
  async replace(runId: string, items: AsyncIterable<PlannedItem>): Promise<number> {
    return this.db.transaction(async (sql) => {
      for (const table of ['plan_item', 'plan_change', 'staged_departure']) {
        await sql.query(`delete from ${table} where run_id = $1`, [runId]);
      }
      return write(runId, items, sql);
    });
  }

  async page(
    sql: Sql,
    runId: string,
    afterSeq: number,
    limit: number,
  ): Promise<{ seq: number; effects: PlanItem }[]> {
    const result = await sql.query<{ seq: number; effects: PlanItem }>(
      'select seq, effects from plan_item where run_id = $1 and seq > $2 order by seq limit $3',
      [runId, afterSeq, limit],
    );
    return result.rows;
  }

  /** Sums up the plan as the run shows it. */
  async counts(runId: string): Promise<Pick<Run, 'changes' | 'verdicts' | 'followUps'>> {
    const kinds = await this.db.query<{ kind: string; n: number }>(
      `select kind, count(*)::int as n from plan_change where run_id = $1 and kind <> $2 group by kind`,
      [runId, CONSEQUENCE],
    );
    const verdicts = await this.db.query<{ verdict: string; n: number }>(
      `select verdict, count(*)::int as n from plan_change
       where run_id = $1 and verdict is not null and verdict is distinct from verdict_before group by verdict`,
      [runId],
    );
    const ops = await this.db.query<{ op: string; n: number }>(
      `select f->>'op' as op, count(*)::int as n from plan_change, jsonb_array_elements(follow_ups) f
       where run_id = $1 group by 1`,
      [runId],
    );
    const op = (name: string): number => ops.find((row) => row.op === name)?.n ?? 0;
    return {
      changes: { ...NO_CHANGES, ...Object.fromEntries(kinds.map((row) => [row.kind, row.n])) },
      verdicts: { ...NO_VERDICTS, ...Object.fromEntries(verdicts.map((row) => [row.verdict, row.n])) },
      followUps: {
        ...NO_FOLLOW_UPS,
        planned: op('plan') + op('correct'),
        rescheduled: op('reschedule'),
        cancelled: op('cancel'),
      },
    };
  }

  /**
   * A fingerprint of what would happen: every change in the order of its number, without ids and without the order in
   * which it was planned. Two plans with the same fingerprint do the same.
   */
  async hash(runId: string, parts: readonly string[]): Promise<string> {
    const lines = await this.db.one<{ digest: string }>(
      `select encode(sha256(coalesce(string_agg(line, ''::bytea order by company collate "C",
           employee_number collate "C", spell, kind, line), ''::bytea)), 'hex') as digest
       from (select company, employee_number, spell, kind, sha256(convert_to(jsonb_build_array(company, employee_number,
               spell, kind, before, after, changed_fields, verdict, verdict_before, follow_ups, withheld)::text, 'UTF8')) as line
             from plan_change where run_id = $1) c`,
      [runId],
    );
    return createHash('sha256')
      .update([...parts, lines?.digest ?? ''].join('\n'))
      .digest('hex');
  }

  async drop(runId: string): Promise<void> {
    await this.db.query('delete from plan_item where run_id = $1', [runId]);
  }
}

async function write(runId: string, items: AsyncIterable<PlannedItem>, sql: PoolClient): Promise<number> {
  const itemRows = new CopyWriter(sql, 'plan_item', ['run_id', 'seq', 'effects']);
  const changeRows = new CopyWriter(sql, 'plan_change', CHANGE_COLUMNS);
  const departureRows = new CopyWriter(sql, 'staged_departure', DEPARTURE_COLUMNS);
  let seq = 0;
  for await (const { item, changes, departures } of items) {
    seq += 1;
    await itemRows.write([runId, seq, JSON.stringify(item)]);
    for (const [ord, c] of changes.entries()) await changeRows.write(changeCells(runId, seq, ord, c));
    for (const d of departures) await departureRows.write(departureCells(runId, d));
  }
  await itemRows.end();
  await changeRows.end();
  await departureRows.end();
  return seq;
}

function changeCells(runId: string, seq: number, ord: number, c: PlanChange): CopyCell[] {
  return [
    runId,
    seq,
    ord,
    c.kind ?? CONSEQUENCE,
    c.company,
    c.employeeNumber,
    c.spell,
    c.before === null ? null : JSON.stringify(c.before),
    c.after === null ? null : JSON.stringify(c.after),
    JSON.stringify(c.changedFields),
    c.verdict,
    c.verdictBefore,
    JSON.stringify(c.followUps),
    JSON.stringify(c.withheld),
    c.withheld.some((w) => w.because === 'history'),
  ];
}

function departureCells(runId: string, { rowNo, employment, verdict }: AloneDeparture): CopyCell[] {
  const { departure, disputes, inScope } = employment;
  return [
    runId,
    rowNo,
    departure.lastDay,
    departure.announcedOn,
    departure.category,
    departure.voluntary,
    departure.reasonText,
    departure.reasonCode,
    departure.kind,
    inScope ? 'in' : 'out',
    JSON.stringify(disputes),
    ...(verdict === null
      ? [null, null, null, null, null, null, null]
      : [
          verdict.verdict,
          verdict.fromDay,
          verdict.reviewOn,
          verdict.rule,
          JSON.stringify(verdict.because),
          JSON.stringify(verdict.evidence),
          JSON.stringify(verdict.missing),
        ]),
  ];
}
