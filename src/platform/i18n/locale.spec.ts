import { describe, expect, it } from '@jest/globals';
import { detectLanguage } from './locale.js';

describe(detectLanguage, () => {
  it.each([
    ['an explicit wish beats the locale', { option: 'en', env: { LANG: 'ja_JP.UTF-8' } }, 'en'],
    ['ENISHI_LANG beats LC_ALL', { env: { ENISHI_LANG: 'ja', LC_ALL: 'en_US.UTF-8' } }, 'ja'],
    ['LC_ALL beats LC_MESSAGES', { env: { LC_ALL: 'C', LC_MESSAGES: 'ja_JP' } }, 'en'],
    ['LC_MESSAGES beats LANG', { env: { LC_MESSAGES: 'ja_JP.UTF-8', LANG: 'C.UTF-8' } }, 'ja'],
    ['an empty variable says nothing', { env: { LC_ALL: '', LANG: 'ja_JP.UTF-8' } }, 'ja'],
    ['a language that only begins like Japanese is not Japanese', { env: { LANG: 'jam_JM' } }, 'en'],
    ['nothing said is English', { env: {} }, 'en'],
  ] as const)('%s', (_title, hints, language) => {
    expect(detectLanguage(hints)).toBe(language);
  });
});
