import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';
import type { NumberKey } from '../departures/closure.queries.js';
import { AppError } from '../domain/app-error.js';
import { canonical, type Effects, type PlanChange } from '../domain/plan.js';
import { CopyWriter } from '../platform/database/bulk.js';
import { Database, type Sql } from '../platform/database/database.js';
import { NO_CHANGES, NO_FOLLOW_UPS, NO_VERDICTS, type Run } from './run.js';

/** One step of applying a plan; all of it in one transaction with its neighbours. */
export interface PlanItem {
  /** Staged rows that become observations. */
  readonly rows?: readonly number[];
  /** A range of staged rows without consequences, written set-based. */
  readonly quiet?: { readonly from: number; readonly to: number };
  /** A range of staged rows that repeat what is known. */
  readonly confirm?: { readonly from: number; readonly to: number };
  /** Numbers whose observations of a reverted run are taken out. */
  readonly revert?: readonly NumberKey[];
  readonly effects?: Effects;
}

export interface PlannedItem {
  readonly item: PlanItem;
  readonly changes: readonly PlanChange[];
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

/** A change without a kind of its own: only its verdict or its follow-ups differ. */
export const CONSEQUENCE = 'consequence';

@Injectable()
export class PlanItemsRepository {
  constructor(private readonly db: Database) {}

  /** Replaces the plan of a run. Gives the number of items. */
  async replace(runId: string, items: AsyncIterable<PlannedItem>): Promise<number> {
    return this.db.transaction((one) =>
      this.db.transaction(async (two) => {
        await one.query('delete from plan_item where run_id = $1', [runId]);
        await two.query('delete from plan_change where run_id = $1', [runId]);
        return write(runId, items, one, two);
      }),
    );
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
    const hash = createHash('sha256');
    for (const part of parts) hash.update(`${part}\n`);
    return this.db.transaction(async (sql) => {
      // One sort and one page in memory, however large the plan.
      await sql.query(
        `declare plan_lines no scroll cursor for
         select company, employee_number, spell, kind, before, after, changed_fields, verdict, verdict_before,
           follow_ups, withheld
         from plan_change where run_id = '${checkedId(runId)}'
         order by company collate "C", employee_number collate "C", spell, kind, before::text collate "C"`,
      );
      for (;;) {
        const { rows } = await sql.query<Record<string, unknown>>('fetch 5000 from plan_lines');
        if (rows.length === 0) return hash.digest('hex');
        for (const row of rows) hash.update(`${canonical(row)}\n`);
      }
    });
  }

  async drop(runId: string): Promise<void> {
    await this.db.query('delete from plan_item where run_id = $1', [runId]);
  }
}

/** `declare` takes no parameters; an id is written as it is only when it is nothing else. */
function checkedId(id: string): string {
  if (!/^[0-9a-f-]{36}$/.test(id)) throw new AppError('RUN_NOT_FOUND', { details: { run: id } });
  return id;
}

async function write(
  runId: string,
  items: AsyncIterable<PlannedItem>,
  one: PoolClient,
  two: PoolClient,
): Promise<number> {
  const itemRows = new CopyWriter(one, 'plan_item', ['run_id', 'seq', 'effects']);
  const changeRows = new CopyWriter(two, 'plan_change', CHANGE_COLUMNS);
  let seq = 0;
  for await (const { item, changes } of items) {
    seq += 1;
    await itemRows.write([runId, seq, JSON.stringify(item)]);
    for (const [ord, c] of changes.entries()) {
      await changeRows.write([
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
      ]);
    }
  }
  await itemRows.end();
  await changeRows.end();
  return seq;
}
