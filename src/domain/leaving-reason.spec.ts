import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runs } from '../../test/support/runs.js';
import { parse } from 'yaml';
import {
  categorise,
  compileLeavingReasons,
  LEAVING_CATEGORIES,
  leavingReasonsSchema,
  type CategorisedReason,
  type LeavingReasonsConfig,
} from './leaving-reason.js';
import { normaliseReason, reasonHas } from './leaving-reason-text.js';

const file: unknown = parse(
  readFileSync(new URL('../../config/leaving-reasons.yaml', import.meta.url), 'utf8'),
);
const config = leavingReasonsSchema.parse(file);
const shipped = compileLeavingReasons(config);

const of = (text: string | null, code: string | null = null, source?: string): CategorisedReason =>
  categorise(shipped, { text, code, ...(source === undefined ? {} : { source }) });

/** Category and polarity in one word: + chose to go, - did not, ? not said; "!" marks a contradiction. */
function said({ category, voluntary, conflict }: CategorisedReason): string {
  if (conflict) return `${category}!`;
  return `${category}${voluntary === null ? '?' : voluntary ? '+' : '-'}`;
}

describe('the shipped leaving reasons', () => {
  it.each([
    ['一身上の都合', 'personal+'],
    ['自己都合', 'personal+'],
    ['自己都合退職', 'personal+'],
    ['会社都合', 'redundancy-'],
    ['定年', 'retirement_age?'],
    ['定年退職', 'retirement_age?'],
    ['契約満了', 'contract_end?'],
    ['期間満了', 'contract_end?'],
    ['雇止め', 'contract_end-'],
    ['死亡', 'death?'],
    ['懲戒解雇', 'conduct-'],
    ['諭旨解雇', 'conduct-'],
    ['普通解雇', 'performance-'],
    ['退職勧奨', 'mutual_agreement?'],
    ['転籍', 'transfer_group?'],
    ['出向', 'secondment?'],
    ['早期退職', 'retirement_early+'],
    ['希望退職', 'retirement_early?'],
    ['行方不明', 'abandonment?'],
    ['無断欠勤', 'abandonment?'],
    ['結婚', 'family+'],
    ['出産', 'childcare+'],
    ['育児', 'childcare+'],
    ['介護', 'caregiving+'],
    ['配偶者の転勤', 'spouse_relocation+'],
    ['転職', 'career_change+'],
    ['独立開業', 'career_change+'],
    ['学業', 'study+'],
    ['休職', 'leave_of_absence?'],
    ['休職期間満了', 'other?'],
    ['その他', 'other?'],
    ['Resignation (Voluntary)', 'personal+'],
    ['Termination (Involuntary)', 'unknown-'],
    ['Voluntary > Personal Reasons', 'personal+'],
    ['Terminate Employee > Voluntary > Career Change', 'career_change+'],
    ['Terminate Employee > Involuntary > Poor Performance', 'performance-'],
    ['Involuntary > Misconduct', 'conduct-'],
    ['Death', 'death?'],
    ['Deceased', 'death?'],
    ['Retirement', 'retirement_age?'],
    ['Early Retirement', 'retirement_early+'],
    ['Layoff', 'redundancy-'],
    ['End of Contract', 'contract_end?'],
    ['Job Abandonment', 'abandonment?'],
    ['Voluntary > Other', 'other+'],
    ['Involuntary > Other', 'other-'],
    ['Terminate Employee > Voluntary > Sabbatical', 'unknown+'],
  ])('%s is %s', (text, expected) => {
    expect(said(of(text))).toBe(expected);
  });

  it.each([
    [' 一身上の都合 ', 'personal+'],
    ['一身上の都合。', 'personal+'],
    ['一身上　の　都合', 'personal+'],
    ['自己都合（一身上の都合）', 'personal+'],
    ['ﾘｽﾄﾗ', 'redundancy-'],
    ['ＲＥＳＩＧＮＡＴＩＯＮ　（Ｖｏｌｕｎｔａｒｙ）', 'personal+'],
    ['voluntary>personal   reasons', 'personal+'],
    ['JOB_ABANDONMENT', 'abandonment?'],
  ])('"%s" is %s however it is written', (text, expected) => {
    expect(said(of(text))).toBe(expected);
  });

  it.each([
    // A closer description goes before the general one.
    ['母の介護のため自己都合退職', 'caregiving+'],
    ['一身上の都合(転職)', 'career_change+'],
    ['早期退職優遇制度に応募し自己都合により退職', 'retirement_early+'],
    ['配偶者の転勤に伴う転居のため', 'spouse_relocation+'],
    ['会社都合(退職勧奨による)', 'mutual_agreement?'],
    ['定年後再雇用の契約期間満了', 'contract_end?'],
    ['無断欠勤が続いたため懲戒解雇', 'conduct-'],
    ['社内規程違反による懲戒解雇(即日)', 'conduct-'],
    ['契約社員の雇止め', 'contract_end-'],
    ['自己都合(懲戒ではない)', 'personal+'],
    ['病気により死亡', 'death?'],
    // What contradicts itself is not known.
    ['懲戒処分を受けたため自己都合退職', 'unknown!'],
    ['自己都合退職(実質は懲戒解雇)', 'unknown!'],
    ['諭旨により自己都合退職', 'unknown!'],
    ['自己都合 (解雇予告期間中)', 'unknown!'],
    ['会社都合だが自己都合扱い', 'unknown!'],
    ['転職(介護のため)', 'unknown!'],
    ['Resignation in lieu of dismissal', 'unknown!'],
    ['Resignation due to misconduct', 'unknown!'],
    ['Involuntary > Personal Reasons', 'unknown!'],
    // What is not said is not known.
    ['父の死亡により家を守るため', 'unknown?'],
    ['介護士資格のため', 'unknown?'],
    ['休職期間満了(延長なし)', 'unknown?'],
    ['退職', 'unknown?'],
    ['諸事情', 'unknown?'],
    ['X9', 'unknown?'],
    ['death of a parent', 'unknown?'],
  ])('in a longer text: %s is %s', (text, expected) => {
    expect(said(of(text))).toBe(expected);
  });

  it('never reads a dismissal for misconduct as a free choice, whatever stands around it', () => {
    const before = fc.constantFrom(
      '',
      '自己都合',
      '一身上の都合により、',
      '本人希望・',
      '会社都合 ',
      '2026年3月付 ',
      '転職 ',
      '普通解雇 ',
    );
    const word = fc.constantFrom(
      '懲戒解雇',
      '懲戒処分',
      '諭旨解雇',
      '諭旨退職',
      'misconduct',
      'Gross Misconduct',
    );
    const after = fc.constantFrom(
      '',
      'による自己都合退職',
      '(一身上の都合)',
      ' (resignation)',
      ' 転職',
      'のため',
    );
    fc.assert(
      fc.property(before, word, after, (a, b, c) => {
        const found = of(a + b + c);
        expect(['conduct', 'unknown']).toContain(found.category);
        expect(found.voluntary).not.toBe(true);
      }),
      { numRuns: runs(500) },
    );
  });

  it('never turns the polarity of a path round', () => {
    for (const leaf of [
      'Personal Reasons',
      'Career Change',
      'Relocation',
      'Health Reasons',
      'Something Else',
    ]) {
      expect(of(`Terminate Employee > Voluntary > ${leaf}`).voluntary).toBe(true);
      expect(of(`Terminate Employee > Involuntary > ${leaf}`).voluntary).not.toBe(true);
    }
  });

  it('means by each listed text what the list says, for every one of them', () => {
    for (const id of LEAVING_CATEGORIES) {
      for (const entry of config.categories[id].texts) {
        const { text, voluntary } =
          typeof entry === 'string' ? { text: entry, voluntary: config.categories[id].voluntary } : entry;
        expect({ text, ...of(text) }).toMatchObject({
          text,
          category: id,
          voluntary,
          matched: 'text',
          conflict: false,
        });
      }
    }
  });

  it('keeps what is not listed as unknown, for the queue', () => {
    expect(of('家出', 'Z99')).toEqual({
      category: 'unknown',
      voluntary: null,
      matched: 'none',
      conflict: false,
      unmatched: ['code', 'text'],
    });
    expect(of(null)).toMatchObject({ category: 'unknown', matched: 'none', unmatched: [] });
    expect(of('　', '')).toMatchObject({ category: 'unknown', matched: 'none', unmatched: [] });
  });

  it('answers any text without a guess: a category other than unknown was named by the list', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
        const found = of(text);
        expect(found.matched === 'none').toBe(found.category === 'unknown' && found.voluntary === null);
      }),
    );
  });
});

describe('codes', () => {
  const own: LeavingReasonsConfig = {
    ...config,
    categories: {
      ...config.categories,
      personal: { ...config.categories.personal, codes: ['01', { code: '4D', source: 'jp' }] },
      conduct: { ...config.categories.conduct, codes: [{ code: '01', source: 'jp' }] },
      contract_end: { ...config.categories.contract_end, codes: [{ code: '2A', voluntary: false }] },
    },
  };
  const reasons = compileLeavingReasons(own);

  it('takes a category id as its own code', () => {
    for (const id of LEAVING_CATEGORIES) {
      expect(categorise(reasons, { text: null, code: id })).toMatchObject({
        category: id,
        matched: 'code',
      });
    }
  });

  it('takes the code of the source before the code of all', () => {
    expect(said(categorise(reasons, { text: null, code: '01' }))).toBe('personal+');
    expect(said(categorise(reasons, { text: null, code: '01', source: 'en' }))).toBe('personal+');
    expect(said(categorise(reasons, { text: null, code: '01', source: 'jp' }))).toBe('conduct-');
    expect(said(categorise(reasons, { text: null, code: '４ｄ', source: 'jp' }))).toBe('personal+');
    expect(said(categorise(reasons, { text: null, code: '4D', source: 'en' }))).toBe('unknown?');
    expect(said(categorise(reasons, { text: null, code: '1', source: 'jp' }))).toBe('unknown?');
    expect(said(categorise(reasons, { text: null, code: '2A' }))).toBe('contract_end-');
  });

  it('knows nothing when code and text contradict each other', () => {
    expect(categorise(reasons, { text: '懲戒解雇', code: '01' })).toEqual({
      category: 'unknown',
      voluntary: null,
      matched: 'none',
      conflict: true,
      unmatched: [],
    });
    expect(said(categorise(reasons, { text: '契約満了', code: '2A' }))).toBe('contract_end-');
    expect(said(categorise(reasons, { text: 'Involuntary', code: 'personal' }))).toBe('unknown!');
  });

  it('takes both where one of them tells the polarity alone', () => {
    expect(categorise(reasons, { text: 'Involuntary', code: 'contract_end' })).toMatchObject({
      category: 'contract_end',
      voluntary: false,
      matched: 'code',
    });
    expect(categorise(reasons, { text: '自己都合', code: 'unknown' })).toMatchObject({
      category: 'personal',
      matched: 'text',
    });
  });

  it('says which of the two it did not know', () => {
    expect(categorise(reasons, { text: '自己都合', code: 'Z99' })).toMatchObject({
      category: 'personal',
      matched: 'text',
      unmatched: ['code'],
    });
    expect(categorise(reasons, { text: '諸般の事情', code: '01' })).toMatchObject({
      category: 'personal',
      matched: 'code',
      unmatched: ['text'],
    });
  });
});

describe('a small configuration', () => {
  const label = { ja: '理由', en: 'reason' };
  const none = Object.fromEntries(
    LEAVING_CATEGORIES.map((id) => [id, { label, voluntary: null as boolean | null }]),
  );
  const compiled = (over: object, contains: object[] = []) =>
    compileLeavingReasons(leavingReasonsSchema.parse({ categories: { ...none, ...over }, contains }));
  const of = (reasons: ReturnType<typeof compiled>, text: string | null, code: string | null = null) =>
    categorise(reasons, { text, code });

  it('needs neither codes nor texts: a category is its own code', () => {
    const reasons = compileLeavingReasons(leavingReasonsSchema.parse({ categories: none }));
    expect(of(reasons, null, 'family')).toMatchObject({ category: 'family', matched: 'code' });
    expect(of(reasons, '家庭の事情')).toMatchObject({ category: 'unknown', unmatched: ['text'] });
  });

  it('takes codes and texts with a polarity of their own', () => {
    const reasons = compiled({
      personal: {
        label,
        voluntary: true,
        codes: ['P1', { code: 'P2', voluntary: false }, { code: 'P3', source: 'payroll' }],
        texts: ['都合', { text: '都合(会社)', voluntary: false }],
      },
    });
    expect([of(reasons, null, 'P1').voluntary, of(reasons, null, 'P2').voluntary]).toEqual([true, false]);
    expect([of(reasons, '都合').voluntary, of(reasons, '都合（会社）').voluntary]).toEqual([true, false]);
    expect(of(reasons, null, 'P3')).toMatchObject({ category: 'unknown', unmatched: ['code'] });
  });

  it('what is blank says nothing, and is nothing for the queue', () => {
    const reasons = compiled({});
    for (const blank of [of(reasons, null, ' '), of(reasons, ' ', ''), of(reasons, '。')])
      expect(blank).toMatchObject({ category: 'unknown', matched: 'none', conflict: false, unmatched: [] });
    expect(of(reasons, ' ', 'family')).toMatchObject({ category: 'family', unmatched: [] });
    expect(of(reasons, null, 'family')).toEqual({
      category: 'family',
      voluntary: null,
      matched: 'code',
      conflict: false,
      unmatched: [],
    });
  });

  it('two patterns that each call themselves the closer description contradict each other', () => {
    const reasons = compiled({}, [
      { text: '介護', category: 'caregiving', over: ['family'] },
      { text: '家庭', category: 'family', over: ['caregiving'] },
    ]);
    expect(of(reasons, '家庭の介護')).toMatchObject({ category: 'unknown', conflict: true });
    expect(of(reasons, '親の介護')).toMatchObject({ category: 'caregiving', conflict: false });
  });

  it.each<[string, object]>([
    ['a blank text', { family: { label, voluntary: null, texts: [' '] } }],
    ['a blank code', { family: { label, voluntary: null, codes: [''] } }],
    [
      'a code of a source that is blank',
      { family: { label, voluntary: null, codes: [{ code: 'F', source: ' ' }] } },
    ],
    ['an entry without a code', { family: { label, voluntary: null, codes: [{ source: 'hr' }] } }],
    ['a misspelt field', { family: { label, voluntary: null, codes: [{ code: 'F', volantary: true }] } }],
    ['a category without a label', { family: { voluntary: null } }],
  ])('is refused with %s', (_title, over) => {
    expect(leavingReasonsSchema.safeParse({ categories: { ...none, ...over } }).success).toBe(false);
  });

  it('says twice what it likes while it means the same', () => {
    const codes = ['F', 'f', { code: 'Ｆ' }];
    expect(of(compiled({ family: { label, voluntary: null, codes } }), null, 'F').category).toBe('family');
  });

  it.each<[string, object]>([
    [
      'two categories, one polarity',
      {
        family: { label, voluntary: null, texts: ['都合'] },
        study: { label, voluntary: null, texts: ['都合'] },
      },
    ],
    [
      'one category, two polarities',
      { family: { label, voluntary: null, texts: ['都合', { text: '都合', voluntary: true }] } },
    ],
    ['another category by its name', { family: { label, voluntary: null, codes: ['study'] } }],
  ])('is refused where a text or a code means two things: %s', (_title, over) => {
    expect(() => compiled(over)).toThrow(expect.objectContaining({ code: 'LEAVING_REASON_TWICE' }));
  });
});

describe('how reasons are read', () => {
  it.each([
    ['定\u200b年', '定年'],
    ['early‐retirement', 'early-retirement'],
    ['EARLY\u2014Retirement', 'early-retirement'],
    ['転職。。', '転職'],
    ['転職、', '転職'],
    ['resignation.', 'resignation'],
    ['転職、介護', '転職、介護'],
    ['a.b', 'a.b'],
    ['自己 都合', '自己都合'],
    ['end_of  contract', 'end of contract'],
    ['。', ''],
  ])('%j as %j', (text, expected) => {
    expect(normaliseReason(text)).toBe(expected);
  });

  it.each<[string, string, boolean]>([
    ['involuntary > misconduct', 'voluntary > misconduct', false],
    ['contractor', 'contract', false],
    ['contract end', 'contract', true],
    ['subcontract, contract', 'contract', true],
    ['契約終了a', '契約終了', true],
    ['x契約', '契約', true],
    ['x再go', '再go', true],
    ['go再x', 'go再', true],
    ['go再', 'go', true],
    ['contract', 'contract', true],
    ['contracts', 'contract', false],
    ['contract1', 'contract', false],
    ['転職', '介護', false],
  ])('%j holds %j: %s', (text, words, expected) => {
    expect(reasonHas(text, words)).toBe(expected);
  });
});

describe('a wrong configuration', () => {
  it('is refused when a text or a code would mean two things', () => {
    const twice = {
      ...config,
      categories: { ...config.categories, study: { ...config.categories.study, texts: ['ＤＥＡＴＨ'] } },
    };
    expect(() => compileLeavingReasons(twice)).toThrow(
      expect.objectContaining({
        code: 'LEAVING_REASON_TWICE',
        details: { entry: 'Death', first: 'study', second: 'death' },
      }),
    );
    const code = {
      ...config,
      categories: { ...config.categories, study: { ...config.categories.study, codes: ['conduct'] } },
    };
    expect(() => compileLeavingReasons(code)).toThrow(
      expect.objectContaining({ code: 'LEAVING_REASON_TWICE' }),
    );
  });

  it.each([
    [
      'a category is missing',
      (c: LeavingReasonsConfig) => ({ ...c, categories: { death: c.categories.death } }),
    ],
    [
      'a category is not of the list',
      (c: LeavingReasonsConfig) => ({ ...c, categories: { ...c.categories, fired: c.categories.conduct } }),
    ],
    [
      'a label has one language',
      (c: LeavingReasonsConfig) => ({
        ...c,
        categories: { ...c.categories, death: { label: { ja: '死亡' }, voluntary: null } },
      }),
    ],
    [
      'the polarity is a word',
      (c: LeavingReasonsConfig) => ({
        ...c,
        categories: { ...c.categories, death: { ...c.categories.death, voluntary: 'no' } },
      }),
    ],
    [
      'a pattern names no category',
      (c: LeavingReasonsConfig) => ({ ...c, contains: [{ text: '懲戒', category: 'bad' }] }),
    ],
  ])('is refused when %s', (_title, change) => {
    expect(leavingReasonsSchema.safeParse(change(config)).success).toBe(false);
  });
});
