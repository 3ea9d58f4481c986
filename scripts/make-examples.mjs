#!/usr/bin/env node
// Writes examples/ anew, byte for byte the same on every machine: `node scripts/make-examples.mjs`.
// Everybody in these files is invented; the day on which they are read is 25 March 2026.
import { Buffer } from 'node:buffer';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import iconv from 'iconv-lite';
import { stringify } from 'csv-stringify/sync';
import { enRows, HEADERS as EN_HEADERS } from './make-examples.en.mjs';
import { age, HEADERS, jpPeople, sameHuman, toCells } from './make-examples.jp.mjs';
import { day } from './make-examples.random.mjs';

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'examples');
mkdirSync(folder, { recursive: true });

const line = (cells) => stringify([cells], { record_delimiter: '\r\n' });

/** CP932 bytes; a character that it lacks would silently become `?`, so it stops the work instead. */
function cp932(text) {
  const bytes = iconv.encode(text, 'cp932');
  if (iconv.decode(bytes, 'cp932') !== text) throw new Error(`not in CP932: ${text.slice(0, 80)}`);
  return bytes;
}

const byNumber = (a, b) => (a.number.normalize('NFKC') < b.number.normalize('NFKC') ? -1 : 1);

/** Rows as real exports have them: a day that there is not, a cut row, no number, a damaged byte, an unheard-of status. */
function brokenRows(people) {
  const template = (index) => toCells(people[index]);
  const at = (name) => HEADERS.indexOf(name);
  const impossible = template(101);
  impossible[at('社員番号')] = '900001';
  impossible[at('退職年月日')] = '2026/02/31';
  const ragged = template(102).slice(0, 13);
  ragged[at('社員番号')] = '900002';
  const numberless = template(103);
  numberless[at('社員番号')] = '';
  const status = template(104);
  status[at('社員番号')] = '900004';
  status[at('在籍状況')] = '保留中';
  const hired = template(105);
  hired[at('社員番号')] = '900005';
  hired[at('入社年月日')] = '平成31年13月1日';
  const damaged = template(106);
  damaged[at('社員番号')] = '900006';
  damaged[at('現住所')] = '縁県縁市@@1-2-3';
  const damagedBytes = cp932(line(damaged));
  const mark = damagedBytes.indexOf('@@', damagedBytes.indexOf(cp932('縁市')));
  damagedBytes.writeUInt16BE(0xfdfe, mark);
  return [
    [150, cp932(line(impossible))],
    [420, cp932(line(ragged))],
    [733, cp932(line(numberless))],
    [1_012, cp932(line(status))],
    [1_400, damagedBytes],
    [1_777, cp932(line(hired))],
  ];
}

function writeJapanese(name, people, { broken = [], keep = Infinity } = {}) {
  const rows = [...people].sort(byNumber).map((made) => cp932(line(toCells(made))));
  for (const [index, bytes] of broken) rows.splice(index, 0, bytes);
  const kept = rows.slice(0, keep);
  writeFileSync(join(folder, name), Buffer.concat([cp932(line(HEADERS)), ...kept]));
  return kept.length;
}

const { company, people, special } = jpPeople();
age(people, company.random);
const first = [...people];
const broken = brokenRows(first);
const count = writeJapanese('jp-employees-cp932.csv', first, { broken });
writeJapanese('jp-truncated-cp932.csv', first, { broken, keep: Math.round(count * 0.4) });

const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);
const english = enRows(
  special.transfers.map((moved) => {
    const [family, given] = moved.workMail.split('.');
    return { moved, name: [capital(given), capital(family)] };
  }),
);
writeFileSync(join(folder, 'en-workers.csv'), [EN_HEADERS, ...english].map(line).join(''));

// A month later: 24 April 2026.
const LATER = day('2026-04-24');
for (const made of people) {
  if (made.left !== null && made.left < LATER && made.status === '在職中' && made.employment !== '業務委託') {
    if (made !== special.contradiction) made.status = '退職済';
  }
}
Object.assign(special.amended, { left: day('2026-06-30'), leftText: undefined });
Object.assign(special.rescinded, {
  left: null,
  leftText: undefined,
  announced: null,
  reason: '',
  side: '',
  rehire: '',
});
special.contradiction.left = null;
special.unknownReason.reason = '転職';
special.unknownReason.side = '自己都合';
company.person({
  sameNumberAs: special.returning,
  hired: day('2026-04-01'),
  birth: special.returning.birth,
  fields: sameHuman(special.returning),
});
for (let i = 0; i < 38; i++)
  company.person({ hired: day('2026-04-01'), fields: { grade: 'G1', title: '', employment: '正社員' } });
company.giveNumbers();
const staying = people.filter(
  (made) => made.left === null && made.leftText === undefined && made.status === '在職中',
);
for (let i = 0; i < 17; i++) {
  const left = company.random.pick([day('2026-04-30'), day('2026-05-31'), day('2026-06-30')]);
  Object.assign(staying[100 + i * 71], {
    left,
    announced: LATER - company.random.int(1, 20),
    reason: i % 5 === 4 ? '転職' : '一身上の都合',
    side: '自己都合',
  });
}
writeJapanese('jp-employees-next-month-cp932.csv', people);

const pushed = first.filter(
  (made) =>
    made.left === null && made.status === '在職中' && made.employment === '正社員' && made.mail !== '',
)[500];
writeFileSync(
  join(folder, 'pushed-record.json'),
  `${JSON.stringify(
    {
      company: 'jp',
      employeeNumber: pushed.number,
      familyName: pushed.family,
      givenName: pushed.given,
      lastDay: '2026-04-15',
      announcedOn: '2026-03-24',
      status: 'departing',
      leavingReason: '配偶者の転勤',
      voluntary: true,
      rehireEligible: 'yes',
      asOf: '2026-03-25',
    },
    null,
    2,
  )}\n`,
);
