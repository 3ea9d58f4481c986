// The people of the invented 縁ポンプ製作所, as its HR system would export them.
import { FAMILY_NAMES, GIVEN_NAMES } from './make-examples.names.mjs';
import { day, era, fullWidth, longEra, parts, seeded, slashed } from './make-examples.random.mjs';

export const TODAY = day('2026-03-25');

export const HEADERS = [
  '社員番号',
  '姓',
  '名',
  '姓（ヨミガナ）',
  '名（ヨミガナ）',
  '旧姓',
  '生年月日',
  'メールアドレス',
  '個人メールアドレス',
  '電話番号',
  '現住所',
  '入社年月日',
  '退職年月日',
  '退職申出日',
  '在籍状況',
  '退職事由',
  '退職区分',
  '再入社可否',
  '部署',
  '役職',
  '等級',
  '雇用形態',
  '事業所',
  'スキル',
];

const DEPARTMENTS = [
  ['製造部', ['旋盤加工', '溶接', '品質管理', '生産管理', '設備保全', 'フォークリフト']],
  ['技術部', ['流体設計', '3DCAD', 'PLC', '制御設計', '熱流体解析', '特許調査']],
  ['品質保証部', ['品質管理', 'ISO9001', '測定', '内部監査']],
  ['営業部', ['法人営業', '見積', '官公庁入札', '英語']],
  ['海外営業部', ['英語', '中国語', '貿易実務', '法人営業']],
  ['サービス部', ['ポンプ整備', '現地据付', '電気工事士', '英語']],
  ['情報システム部', ['SQL', 'Java', 'ネットワーク', 'SAP']],
  ['経理部', ['決算', '原価計算', '税務', '連結会計']],
  ['人事部', ['採用', '労務', '給与計算', '研修']],
  ['購買部', ['調達', '原価計算', '英語', '中国語']],
];
const OFFICES = ['縁市本社', '潮見工場', '東京支店', '大阪支店', '名古屋支店'];
const TOWNS = ['和町', '緑ヶ丘', '潮見', '若葉台', '川端', '中央', '桜木', '港南'];
const VOLUNTARY = [
  [46, '一身上の都合'],
  [12, '転職'],
  [5, '家族の介護のため'],
  [5, '配偶者の転勤'],
  [3, '結婚'],
  [3, '出産・育児'],
  [2, '進学'],
  [2, '健康上の理由'],
  [2, '独立・起業'],
];
const RETIREMENT = '定年退職';

export function makeCompany(seed) {
  const random = seeded(seed);
  const taken = new Set();
  const people = [];
  const someName = () => {
    for (;;) {
      const family = random.pick(FAMILY_NAMES);
      const given = random.pick(GIVEN_NAMES);
      if (taken.has(family.kanji + given.kanji)) continue;
      taken.add(family.kanji + given.kanji);
      return { family, given };
    }
  };

  /** A person with everything that a name and a day of hire bring along; `over` says what is special. */
  const person = (over = {}) => {
    const { family, given } = over.name ?? someName();
    const [department, skills] = random.pick(DEPARTMENTS);
    const hired =
      over.hired ?? day(`${random.int(1992, 2025)}-04-01`) + (random.chance(0.3) ? random.int(1, 330) : 0);
    const birth = over.birth ?? hired - 365 * random.int(18, 32) - random.int(0, 364);
    const grade = random.int(1, 6);
    const made = {
      number: '',
      sameNumberAs: over.sameNumberAs ?? null,
      family: family.kanji,
      given: given.kanji,
      familyKana: family.kana,
      givenKana: given.kana,
      former: '',
      birth,
      workMail: `${family.roman}.${given.roman}.#@enishi-pump.example.jp`,
      mail: random.chance(0.86) ? `${given.roman}.${family.roman}#@example.com` : '',
      phone: `090-0000-${String(random.int(0, 9999)).padStart(4, '0')}`,
      address: `縁県縁市${random.pick(TOWNS)}${random.int(1, 9)}-${random.int(1, 30)}-${random.int(1, 20)}`,
      hired,
      left: null,
      announced: null,
      status: '在職中',
      reason: '',
      side: '',
      rehire: '',
      department,
      title: ['', '', '担当', '主任', '係長', '課長', '部長'][grade] ?? '',
      grade: `G${grade}`,
      employment: random.weighted([
        [82, '正社員'],
        [10, '契約社員'],
        [8, 'パート'],
      ]),
      office: random.pick(OFFICES),
      skills: [...new Set([random.pick(skills), random.pick(skills)])].join('、'),
      ...over.fields,
    };
    people.push(made);
    return made;
  };

  const leaving = (left, fields = {}) => {
    const made = person({ hired: left - random.int(200, 365 * 22) });
    const reason = random.weighted(VOLUNTARY);
    const notice = random.int(20, 95);
    return Object.assign(
      made,
      {
        left,
        announced: left - notice,
        status: left < TODAY ? '退職済' : '在職中',
        reason,
        side: '自己都合',
        rehire: left < TODAY - 90 && random.chance(0.5) ? '可' : '',
      },
      fields,
    );
  };

  /** Numbers grow with the day of hire, as they do in companies; addresses hold the number. */
  let last = 100;
  const giveNumbers = () => {
    const fresh = people.filter((made) => made.number === '' && made.sameNumberAs === null);
    for (const made of fresh.sort((a, b) => a.hired - b.hired)) {
      last += random.int(1, 3);
      made.number = String(last).padStart(6, '0');
    }
    for (const made of people) {
      if (made.sameNumberAs !== null) made.number = made.sameNumberAs.number;
      made.workMail = made.workMail.replace('#', String(Number(made.number)));
      made.mail = made.mail.replace('#', String(Number(made.mailOf?.number ?? made.number)));
    }
  };

  return { random, people, person, leaving, giveNumbers };
}

/** Everybody of the first file, with the special cases by name, so that the second file can go on from them. */
export function jpPeople() {
  const company = makeCompany(20260325);
  const { random, people, person, leaving } = company;
  const other = (left, reason, fields = {}) => leaving(left, { reason, side: '会社都合', ...fields });
  const retire = (left, fields = {}) => {
    const { year, month } = parts(left);
    return leaving(left, {
      birth: day(`${year - 60}-${String(month).padStart(2, '0')}-0${random.int(1, 9)}`),
      hired: day(`${year - 60 + random.int(20, 26)}-04-01`),
      reason: RETIREMENT,
      side: '',
      employment: '正社員',
      ...fields,
    });
  };

  for (let i = 0; i < 1_585; i++) person();
  for (let i = 0; i < 20; i++) person({ fields: { status: '休職中' } });
  for (let i = 0; i < 24; i++) person({ fields: { status: random.pick(['産休', '育休', '育休']) } });

  // History: people who left long ago. They are registered, nobody writes to them.
  for (let i = 0; i < 118; i++) leaving(day('2019-04-30') + random.int(0, 365 * 6 + 200));
  for (let i = 0; i < 14; i++) retire(day(`${random.int(2019, 2025)}-03-31`));
  for (let i = 0; i < 8; i++)
    other(day(`${random.int(2020, 2025)}-09-30`), '契約期間満了', { employment: '契約社員' });
  for (let i = 0; i < 5; i++) other(day('2021-03-31'), '早期退職制度');

  // The last three months.
  for (let i = 0; i < 9; i++) leaving(day('2026-01-31') - (i % 3) * 9);
  for (let i = 0; i < 11; i++) leaving(day('2026-02-28') - (i % 3) * 7);
  for (let i = 0; i < 12; i++) leaving(day('2026-03-24') - random.int(0, 18));

  // 31 March, the end of the business year.
  for (let i = 0; i < 92; i++) leaving(day('2026-03-31'));
  for (let i = 0; i < 11; i++) retire(day('2026-03-31'));
  for (let i = 0; i < 9; i++) other(day('2026-03-31'), '契約期間満了', { employment: '契約社員' });
  for (let i = 0; i < 2; i++) other(day('2026-03-31'), '会社都合（事業所閉鎖）');

  // Announced, later in the year.
  for (let i = 0; i < 14; i++)
    leaving(random.pick([day('2026-04-30'), day('2026-05-31'), day('2026-06-30')]));

  const special = specialCases(company);
  company.giveNumbers();
  return { company, people, special };
}

function specialCases({ person, leaving }) {
  const transfers = ['2026-01-31', '2026-02-28', '2026-02-28', '2026-03-15'].map((left) =>
    leaving(day(left), { status: '転籍', reason: '関係会社への転籍', side: '', rehire: '' }),
  );
  for (const moved of transfers) moved.mail = `${moved.workMail.split('@')[0]}@example.com`;

  const dead = leaving(day('2026-02-11'), {
    status: '死亡退職',
    reason: '死亡',
    side: '',
    announced: null,
    rehire: '',
  });
  const dismissed = leaving(day('2026-02-20'), {
    reason: '懲戒解雇',
    side: '会社都合',
    announced: null,
    rehire: '不可',
  });
  const unknownReason = leaving(day('2026-03-31'), { reason: '諸般の事情により', side: '' });
  const withoutMail = [leaving(day('2026-03-13'), { mail: '' }), leaving(day('2026-03-20'), { mail: '' })];

  // 定年再雇用: the pensioner of February works on under a new number.
  const pensioner = leaving(day('2026-02-28'), {
    birth: day('1966-02-14'),
    hired: day('1989-04-01'),
    reason: RETIREMENT,
    side: '',
    employment: '正社員',
  });
  person({
    hired: day('2026-03-01'),
    birth: pensioner.birth,
    fields: {
      ...sameHuman(pensioner),
      department: pensioner.department,
      employment: '嘱託社員',
      title: '嘱託',
      grade: '',
    },
  });

  // A return under the same number: two rows, two spells.
  const first = leaving(day('2021-09-30'), {
    hired: day('2014-04-01'),
    reason: '配偶者の転勤',
    rehire: '可',
  });
  person({ sameNumberAs: first, hired: day('2024-07-01'), birth: first.birth, fields: sameHuman(first) });

  // A return with a new number and a married name: only a person can say that it is her.
  const before = leaving(day('2022-06-30'), {
    given: '美咲',
    givenKana: 'ミサキ',
    family: '田中',
    familyKana: 'タナカ',
    reason: '結婚',
  });
  person({
    hired: day('2025-10-01'),
    birth: before.birth,
    fields: { family: '佐々木', familyKana: 'ササキ', given: '美咲', givenKana: 'ミサキ', former: '田中' },
  });

  // A couple with one address.
  const [husband, wife] = [leaving(day('2026-03-31')), leaving(day('2026-03-31'))];
  husband.mail = 'family#@example.com';
  Object.assign(wife, { mail: husband.mail, mailOf: husband });

  for (let i = 0; i < 2; i++)
    person({ hired: day('2024-04-01'), fields: { employment: '業務委託', left: day('2026-03-31') } });
  person({
    hired: day('2025-04-01'),
    fields: { employment: '派遣社員', left: day('2026-02-28'), status: '退職済', reason: '契約期間満了' },
  });

  const amended = leaving(day('2026-05-31'), { status: '在職中' });
  const rescinded = leaving(day('2026-04-30'), { status: '在職中' });
  const returning = leaving(day('2023-03-31'), { reason: '家族の介護のため', rehire: '可' });
  const contradiction = person({ fields: { left: day('2025-12-31') } });
  return {
    transfers,
    dead,
    dismissed,
    unknownReason,
    withoutMail,
    amended,
    rescinded,
    returning,
    contradiction,
  };
}

export const sameHuman = (made) => {
  const { family, given, familyKana, givenKana, mail, phone, address } = made;
  return { family, given, familyKana, givenKana, mail, phone, address, mailOf: made };
};

/** Cells as the HR system writes them. */
export function toCells(made) {
  const written = (days) => (days === null ? '' : slashed(days));
  return [
    made.number,
    made.family,
    made.given,
    made.familyKana,
    made.givenKana,
    made.former,
    written(made.birth),
    made.workMail,
    made.mail,
    made.phone,
    made.address,
    written(made.hired),
    made.leftText ?? written(made.left),
    written(made.announced),
    made.status,
    made.reason,
    made.side,
    made.rehire,
    made.department,
    made.title,
    made.grade,
    made.employment,
    made.office,
    made.skills,
  ];
}

/** The handwriting of years: eras, full-width digits, half-width kana, characters outside JIS. */
export function age(people, random) {
  const active = people.filter((made) => made.left === null && made.status === '在職中');
  const leavers = people.filter((made) => made.left !== null && made.status !== '死亡退職');
  const halfWidth = { サトウ: 'ｻﾄｳ', スズキ: 'ｽｽﾞｷ', タカハシ: 'ﾀｶﾊｼ', ヤマザキ: 'ﾔﾏｻﾞｷ' };
  for (const made of people) {
    if (made.family === '高橋' && random.chance(0.4)) made.family = '髙橋';
    if (made.family === '山崎' && random.chance(0.4)) made.family = '山﨑';
    if (halfWidth[made.familyKana] !== undefined && random.chance(0.3))
      made.familyKana = halfWidth[made.familyKana];
  }
  for (const [index, made] of leavers.entries()) {
    if (index % 23 === 5) made.leftText = era(made.left);
    if (index % 37 === 7) made.leftText = longEra(made.left);
    if (index % 41 === 9) made.leftText = fullWidth(slashed(made.left));
  }
  for (const index of [11, 222, 777]) active[index].leftText = '9999/12/31';
  for (const index of [33, 444]) active[index].number = fullWidth(active[index].number);
}
