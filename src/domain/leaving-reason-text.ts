const WORD = /[a-z0-9]/;

/**
 * Folds what does not change the meaning of a reason: width, letter case, white space (none beside Japanese or signs, one
 * between Latin words), underscores, and full stops at the end.
 */
export function normaliseReason(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\u200b-\u200d\u2060\ufeff]/g, '')
    .replace(/[‐‑‒–—―−]/g, '-')
    .replace(/[_\s]+/g, ' ')
    .replace(/ (?![a-z0-9])|(?<![a-z0-9]) /g, '')
    .replace(/[。.、,]+$/, '');
}

/**
 * True when the words stand in the text (both normalised). Latin words match whole: "voluntary > misconduct" does not
 * stand in "involuntary > misconduct", where it would turn the polarity round.
 */
export function reasonHas(text: string, words: string): boolean {
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    const isWordStart = !WORD.test(words.charAt(0)) || !WORD.test(text.charAt(at - 1));
    const isWordEnd =
      !WORD.test(words.charAt(words.length - 1)) || !WORD.test(text.charAt(at + words.length));
    if (isWordStart && isWordEnd) return true;
  }
  return false;
}
