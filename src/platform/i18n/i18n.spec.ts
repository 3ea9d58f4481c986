import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../domain/app-error.js';
import { describeError, describeRejection, fieldLabel, translator } from './i18n.js';

describe(describeError, () => {
  const error = new AppError('CONFIG_FILE_INVALID', {
    details: { file: 'config/brakes.yaml', path: 'leavers.percent', expected: 'a number from 0 to 100' },
  });

  it('says in the language of the caller what, what would be right, and what to do', () => {
    expect(describeError(error, 'ja')).toEqual({
      code: 'CONFIG_FILE_INVALID',
      title: '設定ファイル config/brakes.yaml の leavers.percent に誤りがあります',
      expected: 'a number from 0 to 100',
      remedy: '該当箇所を修正して、もう一度実行してください。',
    });
    expect(describeError(error, 'en').title).toBe(
      'The configuration file config/brakes.yaml is not valid at leavers.percent',
    );
  });

  it('shows a dash where the error carries no value', () => {
    expect(describeError(new AppError('CONFIG_FILE_MISSING'), 'en').title).toBe(
      'The configuration file – does not exist',
    );
  });

  it('names a code that has no text instead of inventing one', () => {
    expect(describeError(new AppError('NEVER_WRITTEN'), 'en').title).toContain('NEVER_WRITTEN');
  });
});

describe(describeRejection, () => {
  it('keeps the masked value and names the field', () => {
    const reason = {
      code: 'NEVER_WRITTEN',
      field: 'lastDay',
      column: '退職年月日',
      found: '2***',
      details: {},
    };
    expect(describeRejection(reason, 'ja')).toMatchObject({
      field: '退職日',
      column: '退職年月日',
      found: '2***',
    });
  });
});

describe(fieldLabel, () => {
  it('shows a field without a label as it is', () => {
    expect(fieldLabel('shoeSize', 'ja')).toBe('shoeSize');
  });
});

describe(translator, () => {
  it('does not fall back from one language to the other', () => {
    expect(translator('ja')('fields.skills')).toBe('スキル');
    expect(translator('ja')('fields.nothing')).toBe('fields.nothing');
  });
});
