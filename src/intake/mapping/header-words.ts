import type { MappedField } from './fields.js';

/** How exports name a field. The first word of a list is the plainest; none stands for two fields. */
const WORDS: Readonly<Record<MappedField, readonly string[]>> = {
  employeeNumber: [
    '社員番号',
    '従業員番号',
    '社員コード',
    '従業員コード',
    '職員番号',
    '社員no',
    '従業員no',
    '社員id',
    '従業員id',
    'スタッフコード',
    '個人コード',
    'employee number',
    'employee id',
    'employee no',
    'emp id',
    'emp no',
    'staff id',
    'worker id',
    'personnel number',
    'employee code',
    'employeenumber',
  ],
  company: [
    '会社',
    '会社コード',
    '会社名',
    '法人',
    '法人コード',
    '企業コード',
    'company',
    'company code',
    'legal entity',
  ],
  fullName: [
    '氏名',
    '名前',
    '社員名',
    '従業員名',
    '氏名漢字',
    '漢字氏名',
    'フルネーム',
    '社員氏名',
    '従業員氏名',
    'full name',
    'name',
    'legal name',
    'employee name',
    'worker',
  ],
  fullNameKana: [
    'フリガナ',
    'ふりがな',
    '氏名カナ',
    'カナ氏名',
    'カナ',
    'ヨミガナ',
    '氏名フリガナ',
    '氏名ヨミガナ',
    'name kana',
  ],
  familyName: [
    '姓',
    '氏',
    '名字',
    '苗字',
    '姓漢字',
    'last name',
    'family name',
    'surname',
    'legal name - last name',
    'legal last name',
  ],
  givenName: ['名', '名漢字', 'first name', 'given name', 'legal name - first name', 'legal first name'],
  familyNameKana: [
    '姓カナ',
    '姓ヨミガナ',
    '姓フリガナ',
    'セイ',
    '氏カナ',
    'カナ姓',
    'last name kana',
    'family name kana',
    'last name - local script phonetic',
  ],
  givenNameKana: [
    '名カナ',
    '名ヨミガナ',
    '名フリガナ',
    'メイ',
    'カナ名',
    'first name kana',
    'given name kana',
    'first name - local script phonetic',
  ],
  displayName: ['表示名', 'ビジネスネーム', 'display name', 'preferred name'],
  formerFamilyName: [
    '旧姓',
    '戸籍姓',
    'former last name',
    'former family name',
    'maiden name',
    'previous last name',
  ],
  formerEmployeeNumber: [
    '旧社員番号',
    '前社員番号',
    '旧従業員番号',
    'former employee number',
    'previous employee id',
    'former employee id',
    'former worker id',
  ],
  birthDate: ['生年月日', '誕生日', 'date of birth', 'birth date', 'birthday', 'dob'],
  workEmail: [
    '会社メールアドレス',
    '社用メールアドレス',
    '業務用メールアドレス',
    '会社メール',
    '社内メールアドレス',
    'work email',
    'email - work',
    'primary work email',
    'business email',
    'company email',
    'email - primary work',
  ],
  personalEmail: [
    '個人メールアドレス',
    '私用メールアドレス',
    '個人用メールアドレス',
    '個人メール',
    '私用メール',
    '私用アドレス',
    'personal email',
    'home email',
    'private email',
    'email - home',
    'email - primary home',
    'primary home email',
  ],
  phone: [
    '電話番号',
    '携帯電話番号',
    '携帯電話',
    '携帯番号',
    '電話',
    '連絡先電話番号',
    'phone',
    'phone number',
    'mobile',
    'mobile phone',
    'personal phone',
    'phone - home',
    'home phone',
  ],
  postalAddress: [
    '住所',
    '現住所',
    '自宅住所',
    '連絡先住所',
    'address',
    'home address',
    'postal address',
    'primary home address',
  ],
  hiredOn: [
    '入社年月日',
    '入社日',
    '雇入年月日',
    '採用日',
    '採用年月日',
    '入職日',
    'hire date',
    'date of hire',
    'start date',
    'hired on',
    'original hire date',
    'most recent hire date',
    'joining date',
  ],
  lastDay: [
    '退職年月日',
    '退職日',
    '退社日',
    '退社年月日',
    '離職日',
    '離職年月日',
    '最終在籍日',
    '在籍終了日',
    '退職予定日',
    'termination date',
    'leaving date',
    'last day',
    'end date',
    'separation date',
    'last day of employment',
    'employment end date',
    'date of leaving',
  ],
  announcedOn: [
    '退職申出日',
    '退職届提出日',
    '退職願提出日',
    '退職届受理日',
    'resignation date',
    'notice date',
    'notification date',
    'announced on',
    'date notice given',
  ],
  status: [
    '在籍状況',
    '在籍区分',
    '在職区分',
    '在籍状態',
    '在職状況',
    '就業状況',
    '従業員区分ステータス',
    'ステータス',
    'status',
    'employment status',
    'worker status',
    'employee status',
    'active status',
  ],
  leavingReason: [
    '退職理由',
    '退職事由',
    '離職理由',
    '退社理由',
    '退職理由詳細',
    'leaving reason',
    'termination reason',
    'reason for leaving',
    'primary termination reason',
    'separation reason',
  ],
  leavingReasonCode: [
    '退職理由コード',
    '退職事由コード',
    '離職理由コード',
    '離職区分コード',
    'leaving reason code',
    'termination reason code',
    'primary termination reason id',
    'reason code',
  ],
  voluntary: [
    '退職区分',
    '離職区分',
    '自己都合',
    'voluntary',
    'termination category',
    'voluntary termination',
  ],
  rehireEligible: [
    '再雇用可否',
    '再入社可否',
    '復職可否',
    '再雇用可',
    'eligible for rehire',
    'rehire eligible',
    'rehire eligibility',
    'ok to rehire',
    'rehireable',
  ],
  regretted: [
    '慰留対象',
    '引き留め対象',
    'regrettable termination',
    'regretted',
    'regrettable',
    'regretted loss',
    'regret termination',
  ],
  department: [
    '部署',
    '所属',
    '所属部署',
    '部署名',
    '部門',
    '部門名',
    '所属名',
    '組織',
    'department',
    'division',
    'team',
    'supervisory organization',
    'cost center',
    'org unit',
  ],
  jobTitle: [
    '役職',
    '役職名',
    '職種',
    '職位',
    '肩書',
    'job title',
    'title',
    'position',
    'business title',
    'position title',
    'role',
  ],
  grade: [
    '等級',
    '等級名',
    '資格',
    '職能等級',
    'グレード',
    'grade',
    'job level',
    'management level',
    'band',
    'compensation grade',
  ],
  employmentType: [
    '雇用形態',
    '雇用区分',
    '社員区分',
    '従業員区分',
    '契約種別',
    'employment type',
    'employee type',
    'worker type',
    'contract type',
  ],
  location: [
    '勤務地',
    '事業所',
    '拠点',
    '勤務先',
    '就業場所',
    '事業所名',
    'location',
    'office',
    'work location',
    'site',
  ],
  manager: [
    '上長',
    '上司',
    '直属上司',
    '上長氏名',
    '上司名',
    'manager',
    'supervisor',
    'reports to',
    'manager name',
    "worker's manager",
  ],
  skills: ['スキル', '保有スキル', '資格スキル', '保有資格', 'skills', 'skill', 'competencies'],
  asOf: [
    '基準日',
    '適用日',
    '時点',
    '更新日',
    '更新日時',
    '最終更新日時',
    '出力日',
    'as of',
    'as of date',
    'effective date',
    'last updated',
    'updated at',
    'last modified',
  ],
};

const MARKS =
  /[([【〈<{](?:必須|任意|required|optional|選択|半角|全角|半角数字|全角カナ|西暦|和暦|yyyy[-/.]?mm[-/.]?dd)[)\]】〉>}]/g;

/**
 * A header to compare by: width, letter case, spaces, brackets, underscores and marks such as ※, * or （必須） make no
 * difference. `hireDate`, `Hire_Date` and `HIRE DATE` are one name.
 */
export function headerKey(header: string): string {
  return header
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .normalize('NFKC')
    .toLowerCase()
    .replace(MARKS, '')
    .replace(/[\s_\-‐–—・･:：*※★●()[\]【】〈〉<>{}「」"'`.,/\\]/gu, '');
}

const FIELD_OF: ReadonlyMap<string, MappedField> = new Map(
  Object.entries(WORDS).flatMap(([field, words]) =>
    words.map((word): [string, MappedField] => [headerKey(word), field as MappedField]),
  ),
);

/** The field that a header names, when one of the known words is exactly it; null otherwise. */
export function fieldNamedBy(header: string): MappedField | null {
  return FIELD_OF.get(headerKey(header)) ?? null;
}

/** The longest known word that a header contains, with the share of the header that it makes up; null for none. */
export function fieldWithin(header: string): { readonly field: MappedField; readonly share: number } | null {
  const key = headerKey(header);
  let best: { field: MappedField; length: number } | null = null;
  for (const [word, field] of FIELD_OF) {
    if (word.length >= 2 && key.includes(word) && (best === null || word.length > best.length)) {
      best = { field, length: word.length };
    }
  }
  return best === null ? null : { field: best.field, share: best.length / key.length };
}

/** 0 to 1: how many neighbouring pairs of characters two headers have in common (Dice). */
export function headerLikeness(a: string, b: string): number {
  const left = pairsOf(headerKey(a));
  const right = pairsOf(headerKey(b));
  if (left.size === 0 || right.size === 0) return 0;
  const common = [...left].filter((pair) => right.has(pair)).length;
  return (2 * common) / (left.size + right.size);
}

function pairsOf(key: string): ReadonlySet<string> {
  const chars = [...`^${key}$`];
  return new Set(chars.slice(1).map((char, i) => `${chars[i] ?? ''}${char}`));
}
