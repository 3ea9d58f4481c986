import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { csvOf, CSV_HEADER, leaver, shuffled, worker, workers, type Cells } from '../support/intake-files.js';
import type { WorldOptions } from '../support/intake-world.js';
import { restartWorld, startWorld, world } from '../support/one-world.js';

const codesOf = (run: { notes: readonly { code: string }[] }): string[] => run.notes.map((note) => note.code);
const trippedOf = (run: { brakes: readonly { name: string; tripped: boolean }[] }): string[] =>
  run.brakes.filter((b) => b.tripped).map((b) => b.name);

describe('full files', () => {
  it('I01: an export with 60 % of its rows missing is held, lists the missing, and can be rejected or approved', async () => {
    await startWorld({ source: { mode: 'full' } });
    await world.import(workers(200));
    const before = await world.effects();
    world.clock.addDays(1);
    const held = await world.import(workers(80));
    expect([held.status, held.changes.suspected_absent, trippedOf(held)]).toEqual([
      'held',
      120,
      ['absences', 'absences'],
    ]);
    expect(await world.effects()).toEqual(before);
    const missing = (await world.plan(held)).filter((line) => line.kind === 'suspected_absent');
    expect(missing.map((line) => line.employeeNumber)).toEqual(workers(120, 80).map((row) => row.社員番号));

    const rejected = await world.reject(held);
    expect(rejected).toMatchObject({ status: 'rejected', decidedBy: 'suzuki' });
    expect(await world.effects()).toEqual(before);
    expect(await world.count('staged_observation')).toBe(0);

    world.clock.addDays(1);
    const again = await world.import(workers(80));
    const applied = await world.approve(again);
    expect(applied).toMatchObject({ status: 'applied', decidedBy: 'suzuki', decidedReason: 'looked at' });
    expect(await world.count('employment', 'absent_since is not null')).toBe(120);
    expect(await world.count('departure')).toBe(0);
    expect(await world.count('follow_up')).toBe(0);
    expect(await world.rebuildDifferences()).toBe(0);
  });

  it('edge-cases/01, I02: a declared count that does not match holds, absence counts for nobody, approval is refused', async () => {
    await startWorld({ source: { mode: 'full' } });
    await world.import(workers(50));
    const before = await world.effects();
    world.clock.addDays(1);
    const cut = await world.import(workers(20), { expectRows: 50 });
    expect([cut.status, cut.changes.suspected_absent, trippedOf(cut)]).toEqual([
      'held',
      0,
      ['expected_rows'],
    ]);
    await expect(world.approve(cut)).rejects.toMatchObject({ code: 'RUN_NOT_APPROVABLE' });
    expect(await world.effects()).toEqual(before);
  });

  it('I02: a declared hash that does not match fails the run before a row is read', async () => {
    await startWorld();
    const text = csvOf(CSV_HEADER, workers(5));
    const sha256 = createHash('sha256').update(text).digest('hex');
    await expect(world.import(text, { sha256: sha256.replace(/./, 'x') })).rejects.toMatchObject({
      code: 'FILE_HASH_MISMATCH',
    });
    expect(
      await world.count('import_run', `status = 'failed' and error->>'code' = 'FILE_HASH_MISMATCH'`),
    ).toBe(1);
    expect((await world.effects())['observation']).toBe(0);
    expect(await world.import(text, { sha256 })).toMatchObject({ status: 'applied', seenToEnd: true });
  });

  it('I02, edge-cases/27: a file cut in mid-row stores no part of the row and makes nobody absent', async () => {
    await startWorld({ source: { mode: 'full' } });
    await world.import(workers(30));
    world.clock.addDays(1);
    const bytes = Buffer.from(
      csvOf(
        CSV_HEADER,
        workers(30).map((row) => ({ ...row, 部署: '新営業部' })),
      ),
    );
    for (const near of [700, 1501, 2222, bytes.length - 3]) {
      // A cut right behind a line end leaves a whole file: only a declared count tells.
      const at = bytes[near - 1] === 0x0a ? near - 1 : near;
      const run = await world.import(bytes.subarray(0, at), { dryRun: true });
      const whole = bytes.subarray(0, at).toString('latin1').split('\n').length - 2;
      expect([run.rows.accepted, run.rows.rejected, run.changes.suspected_absent]).toEqual([whole, 1, 0]);
      expect(codesOf(run)).toContain('FILE_CUT');
    }
  });

  it('edge-cases/02: who is missing counts as absent only after N whole full files, and is nobody to invite', async () => {
    await startWorld({ source: { mode: 'full', confirmAbsenceAfter: 3 } });
    await world.import(workers(40));
    for (const absent of [0, 0, 1]) {
      world.clock.addDays(1);
      const run = await world.import(workers(39));
      expect([run.status, run.changes.suspected_absent]).toEqual(['applied', absent]);
    }
    expect(await world.count('employment', 'absent_since is not null')).toBe(1);
    expect([await world.count('departure'), await world.count('follow_up')]).toEqual([0, 0]);
    world.clock.addDays(1);
    await world.import(workers(40));
    expect(await world.count('employment', 'absent_since is not null')).toBe(0);
    expect(await world.rebuildDifferences()).toBe(0);
  });

  it('I06: an older snapshot after a newer one is not believed over it and makes nobody absent', async () => {
    await startWorld({ source: { mode: 'full' } });
    await world.import([...workers(29), worker(29)], { asOf: '2026-04-01' });
    await world.import([...workers(29), leaver(29, '2026-04-30')], { asOf: '2026-04-09' });
    const newest = await world.domain();
    const old = await world.import([...workers(28), worker(29, { 部署: '旧部署' })], { asOf: '2026-04-05' });
    expect([old.status, codesOf(old), old.changes.rescinded, old.changes.suspected_absent]).toEqual([
      'applied',
      ['OLDER_SNAPSHOT'],
      0,
      0,
    ]);
    const withoutObservations = (lines: string[]) => lines.filter((line) => !line.startsWith('observation'));
    expect(withoutObservations(await world.domain())).toEqual(withoutObservations(newest));
  });
});

describe('unusable files', () => {
  it.each([
    ['an empty file', '', 'FILE_EMPTY'],
    ['a header only', csvOf(CSV_HEADER, []), 'FILE_HEADER_ONLY'],
    ['an error page', '<!doctype html><html><body>502 Bad Gateway</body></html>', 'FILE_IS_HTML'],
  ])('I03: %s is held with the reason and writes nothing', async (_title, content, code) => {
    await startWorld();
    await world.import(workers(3));
    const before = await world.effects();
    const run = await world.import(content);
    expect([run.status, codesOf(run), trippedOf(run)]).toEqual(['held', [code], ['unusable_file']]);
    expect(await world.effects()).toEqual(before);
    await expect(world.approve(run)).rejects.toMatchObject({ code: 'RUN_NOT_APPROVABLE' });
    expect(await world.reject(run)).toMatchObject({ status: 'rejected' });
  });

  it("I03: another company's file is held, every row rejected with the reason", async () => {
    await startWorld();
    const header = ['employeeNumber', 'company', 'familyName', 'lastDay'];
    const rows = [1, 2, 3].map((n) => ({
      employeeNumber: `E${n}`,
      company: 'en',
      familyName: 'Smith',
      lastDay: '',
    }));
    const run = await world.import(csvOf(header, rows), { profile: 'generic' });
    expect([run.status, run.rows, trippedOf(run)]).toEqual([
      'held',
      { read: 3, accepted: 0, rejected: 3, unchanged: 0, suppressed: 0 },
      ['rejected_rows'],
    ]);
    expect((await world.effects())['observation']).toBe(0);
  });

  it.each([
    ['renamed', CSV_HEADER.map((name) => (name === '退職日' ? '離職の日' : name)), 'HEADER_MISSING'],
    ['twice there', [...CSV_HEADER, '退職日'], 'HEADER_DUPLICATE'],
  ])('I04: a column that is %s refuses the file before anything is written', async (_title, header, code) => {
    await startWorld();
    const lines = csvOf(CSV_HEADER, workers(3)).split('\n').slice(1);
    await expect(world.import([header.join(','), ...lines].join('\n'))).rejects.toMatchObject({ code });
    expect(await world.count('staged_observation')).toBe(0);
    expect((await world.effects())['observation']).toBe(0);
  });

  it('I04: swapped columns of hire and leave contradict themselves row by row', async () => {
    await startWorld();
    const header = CSV_HEADER.map((name) =>
      name === '入社日' ? '退職日' : name === '退職日' ? '入社日' : name,
    );
    const rows = Array.from({ length: 20 }, (_, n) => leaver(n, '2026-04-30'));
    const lines = csvOf(CSV_HEADER, rows).split('\n').slice(1);
    const run = await world.import([header.join(','), ...lines].join('\n'));
    expect([run.status, run.rows.rejected]).toEqual(['held', 20]);
    expect((await world.effects())['observation']).toBe(0);
  });
});

describe('repetition', () => {
  it('I05: the same file five times, and shuffled, has no further effect: everything is unchanged', async () => {
    await startWorld();
    const rows = [...workers(60), ...[60, 61, 62].map((n) => leaver(n, '2026-04-30'))];
    await world.import(rows);
    const effects = await world.effects();
    const domain = (await world.domain()).filter((line) => !line.startsWith('observation'));
    for (const seed of [0, 0, 0, 0, 7, 99]) {
      world.clock.addDays(1);
      const run = await world.import(seed === 0 ? rows : shuffled(rows, seed));
      expect([run.status, run.rows.unchanged, run.itemCount]).toEqual(['applied', 63, 1]);
      expect(Object.values(run.changes).every((n) => n === 0)).toBe(true);
    }
    expect(await world.effects()).toEqual(effects);
    expect((await world.domain()).filter((line) => !line.startsWith('observation'))).toEqual(domain);
  });

  it('edge-cases/30: the same person once per year of a history file is one employment, the latest statement counts', async () => {
    await startWorld();
    const header = ['社員番号', '姓', '名', '入社日', '退職日', '部署', '基準日'];
    const rows = Array.from({ length: 10 }, (_, i) => ({
      社員番号: '777',
      姓: '森',
      名: '葉',
      入社日: '2010-04-01',
      退職日: i === 9 ? '2026-03-31' : '',
      部署: `第${i}課`,
      基準日: `${2017 + i}-04-01`,
    }));
    const run = await world.import(csvOf(header, shuffled(rows, 5)), { profile: 'generic' });
    expect([run.status, run.rows.accepted, run.changes.new_leaver]).toEqual(['applied', 10, 1]);
    expect(await world.count('employment')).toBe(1);
    expect(await world.count('departure', `last_day = '2026-03-31'`)).toBe(1);
    expect(await world.count('employment', `department = '第9課'`)).toBe(1);
    expect(await world.rebuildDifferences()).toBe(0);
  });
});

describe('brakes', () => {
  const mistaken = (n: number): Cells[] => [
    ...Array.from({ length: n }, (_, i) => leaver(i, '2026-04-08')),
    ...workers(300 - n, n),
  ];

  it('edge-cases/03: people flipped by mistake are held; the repaired file makes the plan vanish without a mail', async () => {
    await startWorld();
    await world.import(workers(300));
    const before = await world.domain();
    world.clock.addDays(1);
    const held = await world.import(mistaken(200));
    expect([held.status, held.changes.new_leaver]).toEqual(['held', 200]);
    world.clock.addDays(1);
    const again = await world.import(mistaken(200));
    expect([again.status, codesOf(again)]).toEqual(['held', ['RUN_SUPERSEDES']]);
    expect(await world.count('import_run', `status = 'held'`)).toBe(1);
    world.clock.addDays(1);
    const repaired = await world.import(workers(300));
    expect([repaired.status, codesOf(repaired)]).toEqual(['applied', ['RUN_SUPERSEDES']]);
    expect(await world.count('import_run', `status = 'held'`)).toBe(0);
    expect(await world.count('staged_observation')).toBe(0);
    await expect(world.approve(again)).rejects.toMatchObject({ code: 'RUN_NOT_HELD' });
    expect([await world.count('follow_up'), await world.count('departure')]).toEqual([0, 0]);
    const facts = (lines: string[]) => lines.filter((line) => !line.startsWith('observation'));
    expect(facts(await world.domain())).toEqual(facts(before));
  });

  it('edge-cases/03: a held delta about people whom the next file does not speak of goes on waiting', async () => {
    await startWorld();
    await world.import(workers(300));
    world.clock.addDays(1);
    const held = await world.import(mistaken(200));
    world.clock.addDays(1);
    const other = await world.import(workers(100, 200));
    expect([other.status, codesOf(other)]).toEqual(['applied', []]);
    expect(await world.count('import_run', `status = 'held'`)).toBe(1);
    expect(await world.approve(held)).toMatchObject({ status: 'applied' });
  });

  it('edge-cases/04: a slow bleed under the limit of each run is stopped by the rolling window', async () => {
    await startWorld();
    await world.import(workers(400));
    const states: string[] = [];
    for (let night = 1; night <= 5; night += 1) {
      world.clock.addDays(1);
      const rows = Array.from({ length: 400 }, (_, i) =>
        i < night * 12 ? leaver(i, '2026-04-20') : worker(i),
      );
      const run = await world.import(rows);
      states.push(run.status);
      if (night === 4) expect(run.brakes.filter((b) => b.tripped).map((b) => b.scope)).toEqual(['window']);
    }
    expect(states).toEqual(['applied', 'applied', 'applied', 'held', 'held']);
  });

  it('edge-cases/05: on 31 March 8 % may leave at once; on an ordinary day they may not', async () => {
    await startWorld({ now: '2026-03-01T03:00:00.000Z' });
    await world.import(workers(400));
    const leaving = (day: string) =>
      Array.from({ length: 400 }, (_, i) => (i < 32 ? leaver(i, day) : worker(i)));
    world.clock.addDays(1);
    const ordinary = await world.import(leaving('2026-03-18'), { dryRun: true });
    expect([ordinary.status, trippedOf(ordinary)]).toEqual(['planned', ['leavers']]);
    const peak = await world.import(leaving('2026-03-31'));
    expect([peak.status, peak.changes.new_leaver, trippedOf(peak)]).toEqual(['applied', 32, []]);
  });

  it('I14: a limit loosened in the minute in which it holds does not count yet, and is on record', async () => {
    await startWorld();
    await world.import(workers(300));
    world.clock.addDays(1);
    await world.import(mistaken(60));
    const loose: WorldOptions = {
      brakes: (b) => {
        b.limits.leavers = { absolute: 1000, percent: 90, ignoreUpTo: 10, window: { days: 14, percent: 90 } };
      },
    };
    await restartWorld(loose);
    const again = await world.import(mistaken(61));
    expect([again.status, codesOf(again)]).toEqual(['held', ['LOOSER_LIMITS_WAIT', 'RUN_SUPERSEDES']]);
    expect(await world.count('timeline_event', `kind = 'brake_limits'`)).toBe(2);
    world.clock.addDays(1.01);
    expect(await world.import(mistaken(62))).toMatchObject({ status: 'applied' });
  });
});

describe('approval', () => {
  it('I13: is bound to the plan that was looked at; changed data makes it void, and nothing happens', async () => {
    await startWorld();
    await world.import(workers(100));
    world.clock.addDays(1);
    const leaving = Array.from({ length: 30 }, (_, i) => leaver(i, '2026-04-20'));
    const held = await world.import(leaving);
    world.clock.addDays(1);
    await world.import([leaver(3, '2026-04-25', { 部署: '別の部' })]);
    const before = await world.effects();
    await expect(world.approve(held)).rejects.toMatchObject({ code: 'PLAN_CHANGED' });
    expect(await world.effects()).toEqual(before);
    await expect(world.approve(held, 'f'.repeat(64))).rejects.toMatchObject({ code: 'PLAN_CHANGED' });
    const fresh = await world.db.one<{ plan_hash: string }>(
      'select plan_hash from import_run where id = $1',
      [held.id],
    );
    expect(await world.approve(held, fresh?.plan_hash)).toMatchObject({ status: 'applied' });
    await expect(world.approve(held, fresh?.plan_hash)).rejects.toMatchObject({ code: 'RUN_NOT_HELD' });
    expect(await world.rebuildDifferences()).toBe(0);
  });

  it('I13: another file has another plan hash, even when it would do the same', async () => {
    await startWorld();
    await world.import(workers(100));
    world.clock.addDays(1);
    const leaving = Array.from({ length: 30 }, (_, i) => leaver(i, '2026-04-20'));
    const [one, two] = [
      await world.import(leaving, { dryRun: true }),
      await world.import(`${csvOf(CSV_HEADER, leaving)}\n\n`, { dryRun: true }),
    ];
    expect(one.planHash).not.toBe(two.planHash);
    await expect(world.approve(two, one.planHash ?? '')).rejects.toMatchObject({ code: 'PLAN_CHANGED' });
  });

  it('I13: in two-person mode whoever imported cannot approve', async () => {
    await startWorld({ brakes: (b) => (b.approval.twoPerson = true) });
    await world.import(workers(100));
    world.clock.addDays(1);
    const held = await world.import(Array.from({ length: 30 }, (_, i) => leaver(i, '2026-04-20')));
    await expect(world.approve(held, undefined, 'sato')).rejects.toMatchObject({
      code: 'APPROVER_STARTED_RUN',
    });
    expect(await world.approve(held, undefined, 'suzuki')).toMatchObject({ status: 'applied' });
  });
});

describe('dry runs', () => {
  it('write nothing but their own run, plan and staging; their plan can be approved while nothing changed', async () => {
    await startWorld();
    await world.import(workers(100));
    world.clock.addDays(1);
    const before = [await world.effects(), await world.count('setting'), await world.count('timeline_event')];
    const dry = await world.import([...workers(98), leaver(98, '2026-04-30')], { dryRun: true });
    expect([dry.status, dry.changes.new_leaver]).toEqual(['planned', 1]);
    expect([
      await world.effects(),
      await world.count('setting'),
      await world.count('timeline_event'),
    ]).toEqual(before);
    const applied = await world.approve(dry);
    expect([applied.status, applied.dryRun]).toEqual(['applied', false]);
    expect(await world.count('departure')).toBe(1);
    expect(await world.rebuildDifferences()).toBe(0);
  });

  it('are let go a week later, when the next run of their source starts', async () => {
    await startWorld();
    const dry = await world.import(workers(10), { dryRun: true });
    world.clock.addDays(6);
    await world.import(workers(5));
    expect(await world.count('staged_observation', `run_id = '${dry.id}'`)).toBe(10);
    world.clock.addDays(2);
    await world.import(workers(5));
    expect(await world.count('staged_observation')).toBe(0);
    await expect(world.approve(dry)).rejects.toMatchObject({ code: 'RUN_NOT_HELD' });
    expect(
      await world.count('import_run', `status = 'rejected' and notes @> '[{"code": "DRY_RUN_EXPIRED"}]'`),
    ).toBe(1);
  });
});
