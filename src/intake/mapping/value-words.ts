import type { EmploymentStatus, RehireFlag } from '../../domain/observation.js';
import { foldWord } from './fields.js';

/** Words for yes and no, where a profile lists none. */
const BOOLEAN_WORDS: readonly (readonly [boolean, readonly string[]])[] = [
  [true, ['true', 'yes', 'y', '1', 'はい', '有', 'あり', '可', '○', '〇']],
  [false, ['false', 'no', 'n', '0', 'いいえ', '無', 'なし', '不可', '×']],
];

const STATUS_WORDS: readonly (readonly [EmploymentStatus, readonly string[]])[] = [
  [
    'active',
    ['active', '在職', '在職中', '在籍', '在籍中', '就業中', '勤務中', '出向中', 'employed', 'current'],
  ],
  [
    'leave',
    [
      'leave',
      'on leave',
      'leave of absence',
      'absent',
      '休職',
      '休職中',
      '休業中',
      '産休',
      '育休',
      '産休中',
      '育休中',
    ],
  ],
  ['departing', ['departing', '退職予定', '退職手続中', 'notice', 'pending termination']],
  [
    'left',
    [
      'left',
      '退職',
      '退職済',
      '退職済み',
      '離職',
      '離職済',
      '退社',
      'terminated',
      'inactive',
      'retired',
      'resigned',
    ],
  ],
  ['transferred', ['transferred', '転籍', '転籍済', 'transferred out']],
  ['deceased', ['deceased', '死亡', '死亡退職', 'dead']],
];

const REHIRE_WORDS: readonly (readonly [RehireFlag, readonly string[]])[] = [
  ['yes', ['yes', 'y', 'true', '1', '可', '可能', '○', '〇', 'eligible']],
  ['no', ['no', 'n', 'false', '0', '不可', '×', 'not eligible', 'ineligible']],
  ['review', ['review', 'upon review', '要確認', '要相談', '要審査', '△']],
];

const fold = <T>(words: readonly (readonly [T, readonly string[]])[]): ReadonlyMap<string, T> =>
  new Map(words.flatMap(([value, texts]) => texts.map((text): [string, T] => [foldWord(text), value])));

export const KNOWN_BOOLEANS = fold(BOOLEAN_WORDS);
export const KNOWN_STATUSES = fold(STATUS_WORDS);
export const KNOWN_REHIRE_FLAGS = fold(REHIRE_WORDS);
