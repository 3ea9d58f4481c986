import type { Language } from '../i18n/locale.js';

/** The language of an answer by `Accept-Language`: the better liked of the two; English when neither is named. */
export function languageOf(header: string | undefined): Language {
  let best: { language: Language; quality: number } = { language: 'en', quality: 0 };
  for (const part of (header ?? '').slice(0, 500).split(',')) {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
    const language = /^(ja|en)(-|$)/.exec(tag.trim())?.[1];
    if (language === undefined) continue;
    const stated = /q=([\d.]+)/.exec(parameters.join(';'))?.[1];
    const quality = stated === undefined ? 1 : Number(stated);
    if (quality > best.quality) best = { language: language === 'ja' ? 'ja' : 'en', quality };
  }
  return best.language;
}
