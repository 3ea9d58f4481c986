export const CSV_HEADER = [
  '社員番号',
  '姓',
  '名',
  '姓カナ',
  '名カナ',
  '生年月日',
  '会社メール',
  '個人メール',
  '電話',
  '入社日',
  '退職日',
  '申出日',
  '在籍状況',
  '退職理由',
  '部署',
  '役職',
] as const;

/** Cells by header; a missing one is blank. */
export type Cells = Readonly<Partial<Record<(typeof CSV_HEADER)[number], string>>>;

const FAMILY = [
  ['佐藤', 'サトウ'],
  ['鈴木', 'スズキ'],
  ['高橋', 'タカハシ'],
  ['田中', 'タナカ'],
  ['渡辺', 'ワタナベ'],
  ['伊藤', 'イトウ'],
  ['山本', 'ヤマモト'],
  ['中村', 'ナカムラ'],
  ['小林', 'コバヤシ'],
  ['加藤', 'カトウ'],
] as const;
const GIVEN = [
  ['太郎', 'タロウ'],
  ['花子', 'ハナコ'],
  ['一郎', 'イチロウ'],
  ['美咲', 'ミサキ'],
  ['健太', 'ケンタ'],
  ['直子', 'ナオコ'],
  ['翔', 'ショウ'],
  ['恵', 'メグミ'],
] as const;
const DEPARTMENTS = ['営業部', '製造部', '開発部', '総務部', '経理部'];

function two(n: number): string {
  return String(n).padStart(2, '0');
}

/** Somebody who works here; everything follows from the number, so that the same number is the same person. */
export function worker(n: number, over: Cells = {}): Cells {
  const [family, familyKana] = FAMILY[n % FAMILY.length] ?? FAMILY[0];
  const [given, givenKana] = GIVEN[(Math.floor(n / 10) + Math.floor(n / 18_000)) % GIVEN.length] ?? GIVEN[0];
  return {
    社員番号: String(10_000 + n),
    姓: family,
    名: given,
    姓カナ: familyKana,
    名カナ: givenKana,
    // No two of the first 144,000 share both their birthday and their given name.
    生年月日: dayOf(1950, n % 18_000),
    会社メール: `w${n}@jp.group.example`,
    個人メール: `p${n}@mail.example`,
    電話: `090${String(10_000_000 + n)}`,
    入社日: `20${two(1 + (n % 10))}-04-01`,
    退職日: '',
    申出日: '',
    在籍状況: '在籍',
    退職理由: '',
    部署: DEPARTMENTS[n % DEPARTMENTS.length] ?? '',
    役職: n % 7 === 0 ? '課長' : '',
    ...over,
  };
}

/** Somebody who leaves on that day. */
export function leaver(n: number, lastDay: string, over: Cells = {}): Cells {
  return worker(n, { 退職日: lastDay, 在籍状況: '退職', 退職理由: '転職のため', ...over });
}

export function workers(count: number, first = 0): Cells[] {
  return Array.from({ length: count }, (_, i) => worker(first + i));
}

function dayOf(year: number, offset: number): string {
  return new Date(Date.UTC(year, 0, 1 + offset)).toISOString().slice(0, 10);
}

export function csvOf(
  header: readonly string[],
  rows: readonly Readonly<Record<string, string | undefined>>[],
): string {
  const line = (cells: readonly string[]): string =>
    `${cells.map((c) => (/[",\n\r]/.test(c) ? `"${c.replaceAll('"', '""')}"` : c)).join(',')}\n`;
  return line(header) + rows.map((row) => line(header.map((name) => row[name] ?? ''))).join('');
}

/** The same rows in another order that follows from the seed. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const out = [...items];
  let state = seed >>> 0 || 1;
  for (let i = out.length - 1; i > 0; i -= 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const j = state % (i + 1);
    const [a, b] = [out[i], out[j]];
    if (a === undefined || b === undefined) continue;
    out[i] = b;
    out[j] = a;
  }
  return out;
}
