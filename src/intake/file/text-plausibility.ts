/** How well a text reads as what HR exports hold: the mean over its characters beyond ASCII. */
export interface Plausibility {
  /** About 2 for Japanese, 1.5 for accented Latin names; below 0.5 for text in the wrong encoding. */
  readonly mean: number;
  readonly count: number;
  /** Characters that could not be decoded. */
  readonly broken: number;
}

const ENOUGH = 200_000;

/** Judges a decoded sample. `count` 0 means that it holds ASCII only. */
export function judgePlausibility(text: string): Plausibility {
  let sum = 0;
  let count = 0;
  let broken = 0;
  for (let i = 0; i < text.length && count < ENOUGH; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x80 || isLowSurrogate(code)) continue;
    count += 1;
    if (code === 0xfffd) broken += 1;
    sum += weigh(code, text.charCodeAt(i - 1), text.charCodeAt(i + 1));
  }
  return { mean: count === 0 ? 0 : sum / count, count, broken };
}

function weigh(code: number, before: number, after: number): number {
  if (code === 0xfffd) return -8;
  if (code < 0xa0) return -8; // C1 controls
  if (code < 0x250) return weighLatin(code, before, after);
  if (code >= 0x3041 && code <= 0x3093) return 3;
  if (code >= 0x30a1 && code <= 0x30fc) return 2.5;
  if (code >= 0x3000 && code <= 0x301f) return 2;
  if (code >= 0xff61 && code <= 0xff9f) return weighHalfWidth(code, before, after);
  if (code >= 0x4e00 && code <= 0x9fff) {
    if (isAsciiLetter(before) && isAsciiLetter(after)) return -3;
    return levels().get(code) ?? -1;
  }
  if (code >= 0xff01 && code <= 0xff5e) return 1.5;
  if (code >= 0xd800 && code <= 0xdbff) return 0; // outside of the first plane: 𠮷 and friends
  if (code >= 0xe000 && code <= 0xf8ff) return -3; // private use
  if (code >= 0x2010 && code <= 0x2122) return 1;
  if (code >= 0x2460 && code <= 0x2473) return 1;
  return -1;
}

function weighLatin(code: number, before: number, after: number): number {
  const isLetter = code >= 0xc0 && code !== 0xd7 && code !== 0xf7;
  if (!isLetter) return -1;
  const inWord = isAsciiLetter(before) || isAsciiLetter(after);
  const cleanEdges = !isHigh(before) && !isHigh(after);
  return inWord && cleanEdges ? 1.5 : -1;
}

/** Half-width kana: sound marks stand only behind the kana that can carry them. */
function weighHalfWidth(code: number, before: number, after: number): number {
  if (isAsciiLetter(before) || isAsciiLetter(after)) return -3;
  if (code <= 0xff65) return -1;
  if (code === 0xff9e) {
    const carries =
      (before >= 0xff76 && before <= 0xff84) || (before >= 0xff8a && before <= 0xff8e) || before === 0xff73;
    return carries ? 1.5 : -3;
  }
  if (code === 0xff9f) return before >= 0xff8a && before <= 0xff8e ? 1.5 : -3;
  return 1.2;
}

function isAsciiLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

function isHigh(code: number): boolean {
  return code >= 0x250;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

let kanjiLevels: ReadonlyMap<number, number> | null = null;

/** Kanji by the two levels of JIS X 0208: names and offices are written nearly always with the first one. */
function levels(): ReadonlyMap<number, number> {
  if (kanjiLevels !== null) return kanjiLevels;
  const built = new Map<number, number>();
  const decoder = new TextDecoder('euc-jp');
  for (let row = 16; row <= 84; row += 1) {
    for (let cell = 1; cell <= 94; cell += 1) {
      const code = decoder.decode(Uint8Array.of(row + 0xa0, cell + 0xa0)).charCodeAt(0);
      if (code !== 0xfffd) built.set(code, row <= 47 ? 2 : 0.3);
    }
  }
  kanjiLevels = built;
  return built;
}
