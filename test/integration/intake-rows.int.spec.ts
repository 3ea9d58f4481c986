import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { RejectionsService } from '../../src/intake/rejections.service.js';
import { describeRejection } from '../../src/platform/i18n/i18n.js';
import { csvOf, CSV_HEADER, leaver, worker, workers, type Cells } from '../support/intake-files.js';
import { startWorld, world } from '../support/one-world.js';

async function stored(number: string): Promise<Record<string, unknown>> {
  const row = await world.db.one<{ facts: Record<string, unknown> }>(
    'select facts from employment where employee_number = $1 and not withdrawn order by spell desc',
    [number],
  );
  return row?.facts ?? {};
}

async function departureOf(number: string): Promise<Record<string, unknown> | null> {
  return world.db.one(
    `select d.last_day as "lastDay", d.state, e.disputes from employment e left join departure d on d.employment_id = e.id
     where e.employee_number = $1 and not e.withdrawn order by e.spell desc`,
    [number],
  );
}

const BAD: readonly ((row: Cells) => Cells)[] = [
  (row) => ({ ...row, 社員番号: '' }),
  (row) => ({ ...row, 在籍状況: '謎の状態' }),
  (row) => ({ ...row, 退職日: '2026/2/30' }),
  (row) => ({ ...row, 個人メール: 'nobody at example' }),
  (row) => ({ ...row, 入社日: '2026-04-01', 退職日: '2015-04-01' }),
  (row) => ({ ...row, 入社日: '不明' }),
];

describe('what is stored', () => {
  it('edge-cases/25, I10: CP932 with 髙 﨑 ①, full-width digits and blank trailing columns keeps every character', async () => {
    await startWorld();
    const text = [
      '社員番号,姓,名,姓カナ,名カナ,生年月日,退職日,入社日,部署,,',
      '００１２３,髙橋,﨑子,ﾀｶﾊｼ,ｻｷｺ,S60.5.5,R8.3.31,平成27年4月1日,第①営業部,,',
      '00124,高橋,崎子,タカハシ,サキコ,1985-05-05,,20150401,経理,,',
    ].join('\r\n');
    const run = await world.import(iconv.encode(`${text}\r\n`, 'cp932'));
    expect([run.status, run.encoding, run.rows.accepted, run.rows.rejected]).toEqual([
      'applied',
      'shift_jis',
      2,
      0,
    ]);
    expect(await stored('00123')).toMatchObject({
      familyName: '髙橋',
      givenName: '﨑子',
      familyNameKana: 'ﾀｶﾊｼ',
      lastDay: '2026-03-31',
      hiredOn: '2015-04-01',
      department: '第①営業部',
    });
    expect(await stored('00124')).toMatchObject({ familyName: '高橋', hiredOn: '2015-04-01' });
    const keys = await world.db.query<{ key: string }>('select distinct key_name as key from employment');
    expect(keys).toEqual([{ key: expect.stringContaining('1985-05-05') }]);
  });

  it('I09: unambiguous days of every shape are stored right, impossible and ambiguous ones are rejected', async () => {
    await startWorld();
    const shapes: [string, string | null][] = [
      ['令和8年3月31日', '2026-03-31'],
      ['R8.3.31', '2026-03-31'],
      ['2026/3/31', '2026-03-31'],
      ['20260331', '2026-03-31'],
      ['2026-03-31', '2026-03-31'],
      ['31-Mar-2026', '2026-03-31'],
      ['31/02/2026', null],
      ['2026/2/29', null],
      ['46112', null],
    ];
    const rows = shapes.map(([day], n) => leaver(n, day));
    const run = await world.import(rows);
    expect([run.rows.accepted, run.rows.rejected]).toEqual([6, 3]);
    for (const [n, [, day]] of shapes.entries()) {
      const departure = await departureOf(String(10_000 + n));
      expect([n, departure?.['lastDay'] ?? null]).toEqual([n, day]);
    }
  });

  it('edge-cases/31: a column whose cells fit no single order keeps only what is certain, never half of each', async () => {
    await startWorld();
    const days = ['03/04/2026', '13/04/2026', '04/25/2026', '05/06/2026'];
    const mixed = await world.import(days.map((day, n) => leaver(n, day)));
    const judged = await world.db.query<{ day: string }>(`select last_day as day from departure order by 1`);
    expect(judged.map((row) => row.day).filter((day) => !['2026-04-13', '2026-04-25'].includes(day))).toEqual(
      [],
    );
    expect(mixed.rows.rejected).toBeGreaterThanOrEqual(2);
    const clear = await world.import(['03/04/2026', '13/04/2026'].map((day, n) => leaver(100 + n, day)));
    expect([clear.rows.accepted, (await departureOf('10100'))?.['lastDay']]).toEqual([2, '2026-04-03']);
  });

  it('edge-cases/28: an end of time in the leaving column is no departure', async () => {
    await startWorld();
    const days = ['4712-12-31', '9999-12-31', '2999-12-31', '9999/12/31'];
    const run = await world.import(days.map((day, n) => worker(n, { 退職日: day })));
    expect([run.rows.accepted, run.changes.new_leaver]).toEqual([4, 0]);
    expect(await world.count('departure')).toBe(0);
  });

  it('edge-cases/29: active with an end in the past, and left without a day, are disputed and followed up by nobody', async () => {
    await startWorld();
    await world.import(workers(3));
    world.clock.addDays(1);
    const run = await world.import([
      worker(0, { 退職日: '2026-03-01' }),
      worker(1, { 在籍状況: '退職' }),
      worker(2),
    ]);
    expect([run.changes.disputed, run.changes.new_leaver]).toEqual([2, 0]);
    expect((await departureOf('10000'))?.['disputes']).toMatchObject([{ code: 'active_with_past_end' }]);
    expect((await departureOf('10001'))?.['disputes']).toMatchObject([{ code: 'left_without_day' }]);
    expect([await world.count('departure'), await world.count('follow_up')]).toEqual([0, 0]);
  });

  it('I12: a future day contacts nobody before it; a move re-times, a rescission cancels without a mail', async () => {
    await startWorld();
    await world.import(workers(5));
    world.clock.addDays(1);
    await world.import([leaver(0, '2026-06-30')]);
    const due = await world.db.query<{ kind: string; day: string }>(
      `select kind, due_on as day from follow_up where state = 'planned' order by kind`,
    );
    expect(due).toEqual([
      { kind: 'exit_interview', day: '2026-06-16' },
      { kind: 'exit_survey', day: '2026-06-23' },
      { kind: 'invitation', day: '2026-07-07' },
    ]);
    world.clock.addDays(1);
    const moved = await world.import([leaver(0, '2026-07-31')]);
    expect(moved.followUps).toEqual({ planned: 0, rescheduled: 3, cancelled: 0 });
    world.clock.addDays(1);
    const back = await world.import([worker(0)]);
    expect([back.changes.rescinded, back.followUps.cancelled]).toEqual([1, 3]);
    expect(await world.count('follow_up', `state <> 'cancelled'`)).toBe(0);
    expect(await world.count('registry_entry')).toBe(0);
  });

  it('I19: a blank cell loses no field unless the profile says that it clears', async () => {
    await startWorld();
    await world.import([leaver(0, '2026-06-30')]);
    world.clock.addDays(1);
    await world.import([{ 社員番号: '10000', 退職日: '2026-06-30' }]);
    expect(await stored('10000')).toMatchObject({
      personalEmail: 'p0@mail.example',
      department: '営業部',
      familyName: '佐藤',
    });
    world.clock.addDays(1);
    const generic = await world.import(csvOf(['社員番号', '退職日'], [{ 社員番号: '10000', 退職日: '' }]), {
      profile: 'generic',
    });
    expect(generic.changes.rescinded).toBe(0);
    expect((await departureOf('10000'))?.['state']).toBe('standing');
  });
});

describe('rejections', () => {
  const thousand = (): Cells[] =>
    workers(1_000).map((row, n) => (n % 27 === 13 ? (BAD[n % BAD.length]?.(row) ?? row) : row));

  it('I20: of 1,000 rows 37 are bad: 963 applied; each tells column, value and remedy; mended ones count once', async () => {
    await startWorld();
    const rows = thousand();
    const run = await world.import(rows);
    expect([run.status, run.rows]).toEqual([
      'applied',
      { read: 1_000, accepted: 963, rejected: 37, unchanged: 0, suppressed: 0 },
    ]);
    const items = await world.get(RejectionsService).list(run.id, 100);
    expect(items).toHaveLength(37);
    for (const reason of items.flatMap((item) => item.reasons)) {
      for (const lang of ['ja', 'en'] as const) {
        const described = describeRejection(reason, lang);
        expect(described.remedy).not.toBe('');
        expect(described.title).not.toContain(reason.code);
        expect(described.column).not.toBeNull();
      }
    }
    expect(JSON.stringify(items)).not.toContain('nobody at example');

    const mended = mendedCsv(await world.rejectionsCsv(run.id), 30);
    const first = await world.retry(mended);
    expect([first.status, first.rows.read, first.rows.accepted, first.rows.rejected]).toEqual([
      'applied',
      37,
      30,
      7,
    ]);
    expect(first.notes).toContainEqual({
      code: 'ROWS_MENDED',
      details: { run: run.id, mended: 30, left: 7 },
    });
    expect(await world.get(RejectionsService).countOpen(null)).toBe(7);
    const open = await world.get(RejectionsService).list(null, 100);
    expect(open.map((item) => item.runId)).toEqual(Array.from({ length: 7 }, () => first.id));

    const second = await world.retry(mendedCsv(await world.rejectionsCsv(first.id), 7));
    expect([second.rows.accepted, second.rows.rejected]).toEqual([7, 0]);
    expect(await world.get(RejectionsService).countOpen(null)).toBe(0);
    expect((await world.get(RejectionsService).list(run.id, 100)).every((item) => item.mended)).toBe(true);
    expect(await world.count('employment')).toBe(1_000);
    await expect(world.retry(mended)).rejects.toMatchObject({ code: 'RETRY_NO_RUN' });
    const clean = workers(1_000);
    expect(await world.import(clean)).toMatchObject({ rows: { accepted: 1_000, rejected: 0 } });
    expect(await world.count('employment')).toBe(1_000);
  });

  it('I20: rows of a run that still waits are not sent again around its decision', async () => {
    await startWorld();
    const rows = workers(100).map((row, n) => (n < 40 ? { ...row, 在籍状況: '謎の状態' } : row));
    const held = await world.import(rows);
    expect(held.status).toBe('held');
    const csv = (await world.rejectionsCsv(held.id)).replaceAll('謎の状態', '在籍');
    await expect(world.retry(csv)).rejects.toMatchObject({ code: 'RETRY_RUN_OPEN' });
    await world.approve(held);
    expect(await world.retry(csv)).toMatchObject({ status: 'applied', rows: { accepted: 40 } });
    expect(await world.get(RejectionsService).countOpen(null)).toBe(0);
  });

  it('a retry that a brake holds marks its rows as mended when it is approved, and a revert takes that back', async () => {
    await startWorld();
    await world.import(workers(100));
    world.clock.addDays(1);
    const rows = Array.from({ length: 100 }, (_, n) =>
      n < 15 ? leaver(n, '2026-04-20', { 在籍状況: '謎の状態' }) : worker(n),
    );
    const run = await world.import(rows);
    expect([run.status, run.rows.rejected]).toEqual(['applied', 15]);
    const held = await world.retry((await world.rejectionsCsv(run.id)).replaceAll('謎の状態', '退職'));
    expect([held.status, await world.get(RejectionsService).countOpen(run.id)]).toEqual(['held', 15]);
    const applied = await world.approve(held);
    expect([applied.status, await world.get(RejectionsService).countOpen(run.id)]).toEqual(['applied', 0]);
    await world.revert(applied);
    expect([
      await world.get(RejectionsService).countOpen(run.id),
      await world.count('departure', `state = 'standing'`),
    ]).toEqual([15, 0]);
  });

  it('rows of two runs in one file are refused', async () => {
    await startWorld();
    const one = await world.import([worker(0, { 在籍状況: '謎' }), ...workers(20, 1)]);
    world.clock.addDays(1);
    const two = await world.import([worker(30, { 在籍状況: '謎' }), ...workers(20, 1)]);
    const both =
      (await world.rejectionsCsv(one.id)) +
      ((await world.rejectionsCsv(two.id)).split('\r\n')[1] ?? '') +
      '\r\n';
    await expect(world.retry(both)).rejects.toMatchObject({ code: 'RETRY_SEVERAL_RUNS' });
  });

  it('rows in = rows accounted for: each row of any file is exactly once accepted or rejected', async () => {
    await startWorld();
    const cell = fc.constantFrom(
      '',
      '在籍',
      '退職',
      '謎',
      '2026-03-31',
      '3/4/26',
      'R8.3.31',
      'x@y.example',
      '"',
      ',',
      '\n',
      'a',
    );
    const row = fc.array(cell, { minLength: 14, maxLength: 18 });
    const good = fc.nat(50).map((n) => CSV_HEADER.map((name) => worker(n)[name] ?? ''));
    const files = fc.array(fc.oneof(row, good, fc.constant([''])), { minLength: 1, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(files, async (lines) => {
        const quoted = lines.map((cells) => cells.map((c) => `"${c.replaceAll('"', '""')}"`).join(','));
        const run = await world.import(`${CSV_HEADER.join(',')}\n${quoted.join('\n')}\n`, { dryRun: true });
        const filled = lines.flatMap((cells, i) => (cells.some((c) => c.trim() !== '') ? [i + 1] : []));
        if (filled.length === 0) {
          expect(run.rows.read).toBe(0);
          return;
        }
        expect(run.rows.read).toBe(filled.length);
        expect(run.rows.accepted + run.rows.rejected + run.rows.suppressed).toBe(run.rows.read);
        const rows = await world.db.query<{ row_no: number }>(
          `select row_no from staged_observation where run_id = $1 union all select row_no from rejection where run_id = $1
           order by 1`,
          [run.id],
        );
        expect(rows.map((r) => r.row_no)).toEqual(filled);
      }),
      { numRuns: 25 },
    );
  });
});

describe('profiles', () => {
  it('edge-cases/25: without a profile a certain suggestion is taken, else PROFILE_NEEDED carries it', async () => {
    await startWorld({ source: { profile: undefined } });
    const header = ['社員番号', '氏名', '入社年月日', '退職年月日'];
    const rows = Array.from({ length: 30 }, (_, n) => ({
      社員番号: `A${100 + n}`,
      氏名: '山田 太郎',
      入社年月日: '2015/4/1',
      退職年月日: n % 3 === 0 ? '2026/3/31' : '',
    }));
    const run = await world.import(csvOf(header, rows));
    expect([run.status, run.profile, run.rows.accepted]).toEqual(['applied', 'suggested', 30]);
    const unclear = csvOf(
      ['番号', 'なまえ', '日付'],
      rows.map((r) => ({ 番号: r.社員番号, なまえ: r.氏名, 日付: r.入社年月日 })),
    );
    const refusal = world.import(unclear);
    await expect(refusal).rejects.toMatchObject({ code: 'PROFILE_NEEDED' });
    await expect(refusal).rejects.toHaveProperty('details.suggestion', expect.stringContaining('columns:'));
    expect(await world.count('staged_observation')).toBe(0);
  });
});

/** The download with the first rows mended as a person would: bad cells replaced by right ones. */
function mendedCsv(csv: string, count: number): string {
  const [head = '', ...lines] = csv.split('\r\n').filter((line) => line !== '');
  const header = parse(head.replace('\ufeff', ''));
  const at = (name: string): number => header.indexOf(name);
  const mended = lines.map((line, i) => {
    if (i >= count) return line;
    const cells = parse(line);
    const n = Number(cells[at('電話')]?.slice(3)) - 10_000_000;
    for (const name of CSV_HEADER) cells[at(name)] = worker(n)[name] ?? '';
    return cells.map((c) => `"${c.replaceAll('"', '""')}"`).join(',');
  });
  return [head, ...mended, ''].join('\r\n');
}

function parse(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((m) =>
    (m[1] ?? m[2] ?? '').replaceAll('""', '"'),
  );
}
