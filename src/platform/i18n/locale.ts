/** The languages that every text exists in. */
export const LANGUAGES = ['ja', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

export interface LanguageHints {
  /** What the caller asked for, such as the value of `--lang`. */
  readonly option?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** In the order in which they are asked; the first one that says anything decides. */
const VARIABLES = ['ENISHI_LANG', 'LC_ALL', 'LC_MESSAGES', 'LANG'] as const;

/** The language for a caller: an explicit wish first, then the locale variables; English when none says Japanese. */
export function detectLanguage({ option, env }: LanguageHints): Language {
  const wish = [option, ...VARIABLES.map((name) => env[name])].find(
    (value) => value !== undefined && value !== '',
  );
  return wish !== undefined && /^ja(?![a-z])/i.test(wish) ? 'ja' : 'en';
}
