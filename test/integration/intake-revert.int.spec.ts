import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { PolicyRunsService } from '../../src/intake/policy-runs.service.js';
import { PolicyService } from '../../src/rehire-registry/policy.service.js';
import { DoorsService } from '../../src/intake/doors.service.js';
import { RunsQueries } from '../../src/intake/runs.queries.js';
import { leaver, worker, workers, type Cells } from '../support/intake-files.js';
import { startWorld, world } from '../support/one-world.js';

/** The registry's own words about everybody, without how often something was observed or believed. */
async function standing(): Promise<string[]> {
  const lines = await world.domain();
  return lines.filter(
    (line) => /^(employment|departure|entry|follow_up)\|/.test(line) && !/\|-\d+\|/.test(line),
  );
}

describe('revert', () => {
  const leaving: Cells[] = [leaver(0, '2026-04-30'), leaver(1, '2026-03-31'), leaver(200, '2026-04-20')];

  it('takes a run back, shows its brakes, cancels what was planned, and the same file again gives the same registry', async () => {
    await startWorld();
    await world.import(workers(100));
    const before = await world.registry();
    world.clock.addDays(1);
    const run = await world.import(leaving, { asOf: '2026-04-11' });
    expect([run.status, run.changes.new_leaver]).toEqual(['applied', 3]);
    const [registry, after] = [await world.registry(), await standing()];
    expect(registry).not.toBe(before);

    world.clock.addDays(1);
    const revert = await world.revert(run);
    expect(revert).toMatchObject({
      status: 'applied',
      kind: 'revert',
      revertsRunId: run.id,
      decidedReason: 'wrong file',
    });
    expect(revert.brakes.find((b) => b.name === 'rescissions')).toMatchObject({ value: 3 });
    expect(await world.registry()).toBe(before);
    expect(await world.count('follow_up', `state in ('planned', 'queued')`)).toBe(0);
    expect(await world.count('employment', `employee_number = '10200' and not withdrawn`)).toBe(0);
    expect(await world.rebuildDifferences()).toBe(0);
    await expect(world.revert(run)).rejects.toMatchObject({ code: 'RUN_NOT_APPLIED' });

    world.clock.addDays(-1);
    const again = await world.import(leaving, { asOf: '2026-04-11' });
    expect([again.status, again.changes.new_leaver]).toEqual(['applied', 3]);
    expect(await world.registry()).toBe(registry);
    const live = (lines: string[]) => lines.filter((line) => !line.includes('|cancelled|'));
    expect(live(await standing())).toEqual(live(after));
    expect(await world.rebuildDifferences()).toBe(0);

    // The observations belong to the run that brought them last: that one can be taken back too.
    expect(await world.revert(again)).toMatchObject({ status: 'applied' });
    expect(await world.registry()).toBe(before);
  });

  it('leaves to the other runs of the same time whom they confirmed', async () => {
    await startWorld();
    const rows = workers(100);
    await world.import(rows);
    world.clock.addDays(3);
    await world.import(rows);
    const mistaken = await world.import([{ ...worker(5), 部署: '別部' }], { mode: 'delta' });
    await world.import(rows.slice(0, 98));
    expect(await world.rebuildDifferences()).toBe(0);
    await world.revert(mistaken);
    expect(await world.count('employment', `department = '別部' and not withdrawn`)).toBe(0);
    expect(await world.rebuildDifferences()).toBe(0);
  });

  it('of the only run of a source lets its next one be its first again', async () => {
    await startWorld();
    const rows = [...workers(20), leaver(30, '2020-03-31')];
    const first = await world.import(rows);
    expect([first.firstOfSource, first.status]).toEqual([true, 'applied']);
    const registry = await world.registry();
    await world.revert(first);
    expect(await world.count('employment', 'not withdrawn')).toBe(0);
    const again = await world.import(rows);
    expect([again.firstOfSource, await world.registry()]).toEqual([true, registry]);
    expect(await world.rebuildDifferences()).toBe(0);
  });

  it('names the mail that had been sent, by company and number, and answers it by a correction', async () => {
    await startWorld();
    await world.import(workers(100));
    world.clock.addDays(1);
    const run = await world.import(leaving);
    // As the relay leaves it once the mail has gone out.
    await world.db.query(
      `update follow_up f set state = 'sent', sends = 1 from employment e
       where e.id = f.employment_id and e.employee_number in ('10000', '10200') and f.kind = 'exit_survey'`,
    );
    const sent = await world.get(RunsQueries).sentMail(run.id);
    expect(sent.map((mail) => [mail.company, mail.employeeNumber, mail.kind, mail.state])).toEqual([
      ['jp', '10000', 'exit_survey', 'sent'],
      ['jp', '10200', 'exit_survey', 'sent'],
    ]);
    expect(JSON.stringify(sent)).not.toContain('@');
    const revert = await world.revert(run);
    expect(revert.notes).toContainEqual({
      code: 'MAIL_ALREADY_SENT',
      details: { count: 2, people: 'jp/10000, jp/10200' },
    });
    const corrections = await world.db.query<{ number: string }>(
      `select e.employee_number as number from follow_up f join employment e on e.id = f.employment_id
       where f.kind = 'correction' and f.state = 'planned' order by 1`,
    );
    expect(corrections.map((row) => row.number)).toEqual(['10000', '10200']);
  });
});

describe('a new policy', () => {
  async function stricter(): Promise<string> {
    const { readFile } = await import('node:fs/promises');
    const text = await readFile(join(world.config, 'policies', 'life-events-only.yaml'), 'utf8');
    const file = join(world.config, 'next-policy.yaml');
    await writeFile(file, text);
    return file;
  }

  it('that turns too many verdicts waits, and is approved or rejected like any other run', async () => {
    await startWorld({ brakes: (b) => (b.approval.twoPerson = true) });
    await world.import([
      ...workers(10),
      ...Array.from({ length: 40 }, (_, n) => leaver(20 + n, '2026-03-31')),
    ]);
    const waiting = await world.db.query<{ id: string; plan_hash: string }>(
      `select id, plan_hash from import_run where status = 'held'`,
    );
    const run = waiting[0];
    if (run !== undefined) await world.approve(await world.heldRun(run.id));
    const file = await stricter();
    const held = await world.get(PolicyRunsService).activate(file, 'sato');
    expect([held.kind, held.status]).toEqual(['policy', 'held']);
    const again = await world.get(PolicyRunsService).activate(file, 'sato');
    expect(await world.count('import_run', `kind = 'policy' and status = 'held'`)).toBe(1);
    await expect(world.approve(again, undefined, 'sato')).rejects.toMatchObject({
      code: 'APPROVER_STARTED_RUN',
    });

    expect(await world.reject(again)).toMatchObject({ status: 'rejected' });
    const states = await world.get(PolicyService).listPolicies();
    expect(states.map((policy) => policy.state)).toEqual(['active']);

    const third = await world.get(PolicyRunsService).activate(file, 'sato');
    expect(await world.approve(third)).toMatchObject({ status: 'applied' });
    expect((await world.get(PolicyService).listPolicies()).map((policy) => policy.state)).toEqual([
      'active',
      'superseded',
    ]);
    expect(await world.rebuildDifferences()).toBe(0);
  });
});

describe('push', () => {
  it('gives every record its receipt: accepted, duplicate or rejected', async () => {
    await startWorld();
    const record = { employeeNumber: 'P1', familyName: '森', givenName: '葉', status: 'active' };
    const doors = world.get(DoorsService);
    const first = await doors.importRecords({ source: 'demo-jp', records: [record], by: 'hr' });
    expect(first.receipts).toEqual([{ index: 0, state: 'accepted' }]);
    world.clock.addDays(1);
    const records = [record, { ...record, employeeNumber: 'P2' }, { familyName: '無' }];
    const second = await doors.importRecords({ source: 'demo-jp', records, by: 'hr' });
    expect(second.receipts.map((receipt) => receipt.state)).toEqual(['duplicate', 'accepted', 'rejected']);
    expect(second.run.rows).toMatchObject({ read: 3, accepted: 2, rejected: 1, unchanged: 1 });
  });

  it('the contradiction of a row is settled by the column that the profile trusts, else disputed', async () => {
    await startWorld();
    for (const trust of ['lastDay', 'status'] as const) {
      const profile = join(world.config, `trust-${trust.toLowerCase()}.yaml`);
      await writeFile(
        profile,
        [
          `id: trust-${trust.toLowerCase()}`,
          'title: { ja: 例, en: Example }',
          `contradiction: { trust: ${trust} }`,
          'columns:',
          '  employeeNumber: { column: 社員番号 }',
          '  lastDay: { column: 退職日, blank: clear }',
          '  status: { column: 在籍状況 }',
          '',
        ].join('\n'),
      );
      const offset = trust === 'lastDay' ? 0 : 100;
      const rows = [worker(offset, { 退職日: '2026-03-01' }), worker(offset + 1, { 在籍状況: '退職' })];
      await world.import(rows, { profile });
    }
    const found = await world.db.query<{ number: string; day: string | null; disputes: { code: string }[] }>(
      `select employee_number as number, last_day as day, disputes from employment order by 1`,
    );
    expect(found.map(({ number, day, disputes }) => [number, day, disputes.map((d) => d.code)])).toEqual([
      ['10000', '2026-03-01', []],
      ['10001', null, []],
      ['10100', null, []],
      ['10101', null, ['left_without_day']],
    ]);
  });
});
