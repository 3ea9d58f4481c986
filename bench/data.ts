import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

export const COLUMNS = [
  'employeeNumber',
  'familyName',
  'givenName',
  'familyNameKana',
  'givenNameKana',
  'birthDate',
  'personalEmail',
  'phone',
  'hiredOn',
  'lastDay',
  'status',
  'leavingReason',
  'department',
  'jobTitle',
  'employmentType',
  'location',
] as const;

const FAMILIES = [
  '佐藤',
  '鈴木',
  '高橋',
  '田中',
  '伊藤',
  '渡辺',
  '山本',
  '中村',
  '小林',
  '加藤',
  '吉田',
  '山田',
  '松本',
  '井上',
];
const GIVENS = [
  '翔太',
  '美咲',
  '健一',
  '陽子',
  '直樹',
  '彩',
  '大輔',
  '恵',
  '拓也',
  '由美',
  '誠',
  '香織',
  '亮',
  '千尋',
  '隆',
  '舞',
];
const KANA = [
  'ショウタ',
  'ミサキ',
  'ケンイチ',
  'ヨウコ',
  'ナオキ',
  'アヤ',
  'ダイスケ',
  'メグミ',
  'タクヤ',
  'ユミ',
  'マコト',
  'カオリ',
];
const REASONS = ['一身上の都合', '転職', '介護', '配偶者の転勤', '契約満了', '定年退職', '会社都合', '学業'];
const DEPARTMENTS = [
  '営業部',
  '製造部',
  '技術部',
  '人事部',
  '経理部',
  '情報システム部',
  '品質保証部',
  '物流部',
];
const TITLES = ['担当', '主任', '係長', '課長', '部長', ''];

/** A small generator with a seed, so that every run measures the same people. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

/** One row of 16 cells for the person with this index; `version` > 0 makes a row that changed since. */
export function row(index: number, version = 0): string[] {
  const next = random(index * 2_654_435_761 + 17);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const left = next() < 0.3;
  const born = 1950 + Math.floor(next() * 44);
  const suffix = ['', '一', '二', '子', '美', '人', '也', '斗', '香', '奈'][Math.floor(next() * 10)] ?? '';
  return [
    String(index).padStart(8, '0'),
    pick(FAMILIES),
    `${pick(GIVENS)}${suffix}`,
    'カナ',
    `${pick(KANA)}${['', 'オ', 'ミ', 'カ', 'ト', 'ヤ', 'ナ', 'リ', 'ノ', 'エ'][Math.floor(next() * 10)] ?? ''}`,
    day(born, next),
    `p${index}@example.com`,
    `090-${String(Math.floor(index / 10_000)).padStart(4, '0')}-${String(index % 10_000).padStart(4, '0')}`,
    day(born + 20, next),
    left ? day(2015 + Math.floor(next() * 10), next) : '',
    left ? 'left' : 'active',
    left ? pick(REASONS) : '',
    version > 0 ? `新${pick(DEPARTMENTS)}${version}` : pick(DEPARTMENTS),
    pick(TITLES),
    '正社員',
    '東京',
  ];
}

function day(year: number, next: () => number): string {
  const month = 1 + Math.floor(next() * 12);
  const date = 1 + Math.floor(next() * 28);
  return `${year}-${String(month).padStart(2, '0')}-${String(date).padStart(2, '0')}`;
}

/** Writes `rows` people as CSV; every `changedEvery`-th one changed since version 0. */
export async function writeCsv(file: string, rows: number, changedEvery = 0): Promise<void> {
  const out = createWriteStream(file);
  out.write(`${COLUMNS.join(',')}\n`);
  let buffer = '';
  for (let i = 1; i <= rows; i += 1) {
    buffer += `${row(i, changedEvery > 0 && i % changedEvery === 0 ? 1 : 0).join(',')}\n`;
    if (buffer.length > 1 << 18) {
      if (!out.write(buffer)) await once(out, 'drain');
      buffer = '';
    }
  }
  out.end(buffer);
  await once(out, 'finish');
}
