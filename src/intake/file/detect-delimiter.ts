import { DELIMITERS, type Delimiter } from './table.js';

/** Records looked at; more would not change the answer. */
const RECORDS = 200;

/**
 * The separator whose number per record is the steadiest outside of quotes; null when no candidate occurs in the header.
 * `text` may end anywhere: its last record is left out when there are others.
 */
export function detectDelimiter(text: string, skipLines: number): Delimiter | null {
  let best: { delimiter: Delimiter; steadiness: number; columns: number } | null = null;
  for (const delimiter of DELIMITERS) {
    const counts = countPerRecord(text, delimiter).slice(skipLines);
    const inHeader = counts[0] ?? 0;
    if (inHeader === 0) continue;
    const same = counts.filter((count) => count === inHeader).length;
    const steadiness = same / counts.length;
    const isBetter =
      best === null ||
      steadiness > best.steadiness + 0.05 ||
      (steadiness > best.steadiness - 0.05 && inHeader > best.columns);
    if (isBetter) best = { delimiter, steadiness, columns: inHeader };
  }
  return best?.delimiter ?? null;
}

function countPerRecord(text: string, delimiter: string): number[] {
  const counts: number[] = [];
  let count = 0;
  let isQuoted = false;
  let atCellStart = true;
  let isBlank = true;
  for (let i = 0; i < text.length && counts.length < RECORDS; i += 1) {
    const char = text[i];
    if (char === '"') {
      if (isQuoted) {
        if (text[i + 1] === '"') i += 1;
        else isQuoted = false;
      } else if (atCellStart) isQuoted = true;
      atCellStart = false;
      isBlank = false;
    } else if (isQuoted) {
      continue;
    } else if (char === '\n' || char === '\r') {
      if (!isBlank) counts.push(count);
      count = 0;
      atCellStart = true;
      isBlank = true;
    } else if (char === delimiter) {
      count += 1;
      atCellStart = true;
      isBlank = false;
    } else {
      atCellStart = false;
      isBlank = false;
    }
  }
  if (counts.length === 0 && !isBlank) counts.push(count);
  return counts;
}
