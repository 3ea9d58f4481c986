import type { ColumnEvidence } from './column-evidence.js';
import { FIELD_KINDS, foldWord, type MappedField } from './fields.js';
import { fieldNamedBy, fieldWithin, headerKey } from './header-words.js';
import { KNOWN_BOOLEANS, KNOWN_REHIRE_FLAGS, KNOWN_STATUSES } from './value-words.js';

/** What one column probably is. */
export interface FieldGuess {
  readonly field: MappedField;
  /** 0 to 1. From `SURE` on a profile may use it unasked. */
  readonly confidence: number;
  readonly why: string;
}

export const SURE = 0.8;

/** The flag that says who may NOT come back: its yes is a no. */
export const INVERTED_REHIRE =
  /^(?:isn?ot|not|in)(?:eligible|ok)\w*rehire\w*$|^(?:do)?notrehire\w*$|再(?:雇用|入社)不可/;

/** Judges a column by its header, then by whether the cells below it bear that out. Null when nothing speaks for any field. */
export function guessField(header: string, cells: ColumnEvidence): FieldGuess | null {
  const key = headerKey(header);
  if (INVERTED_REHIRE.test(key)) {
    return { field: 'rehireEligible', confidence: 0.9, why: 'header says who may not come back (inverted)' };
  }
  const named = fieldNamedBy(header);
  if (named !== null) return weigh({ field: named, confidence: 0.95, why: 'header' }, cells);
  const within = fieldWithin(header);
  if (within !== null && within.share >= 0.5) {
    const confidence = 0.4 + 0.35 * within.share;
    return weigh({ field: within.field, confidence, why: 'part of the header' }, cells);
  }
  return guessByCells(key, cells);
}

function guessByCells(key: string, cells: ColumnEvidence): FieldGuess | null {
  if (cells.filled < 3) return null;
  if (cells.emails >= 0.9) {
    const isCompany = cells.commonDomain >= 0.7;
    const why = isCompany ? 'addresses, mostly of one domain' : 'addresses of many domains';
    return { field: isCompany ? 'workEmail' : 'personalEmail', confidence: 0.6, why };
  }
  if (cells.statuses >= 0.9) return { field: 'status', confidence: 0.6, why: 'words of a status' };
  if (cells.reasons >= 0.7)
    return { field: 'leavingReason', confidence: 0.55, why: 'words of leaving reasons' };
  if (cells.kana >= 0.9) return { field: 'fullNameKana', confidence: 0.45, why: 'kana only' };
  const isNumber = cells.numbers >= 0.98 && cells.days < 0.5 && cells.serials < 0.9;
  if (isNumber && /番号|コード|no|id|code|number/.test(key)) {
    return { field: 'employeeNumber', confidence: 0.6, why: 'numbers, none twice' };
  }
  return null;
}

/** Takes confidence away where the cells do not look like the field. */
function weigh(guess: FieldGuess, cells: ColumnEvidence): FieldGuess {
  if (cells.filled === 0) return guess;
  const doubt = doubtOf(guess.field, cells);
  return doubt === null
    ? guess
    : { ...guess, confidence: guess.confidence * 0.4, why: `${guess.why}, but ${doubt}` };
}

function doubtOf(field: MappedField, cells: ColumnEvidence): string | null {
  const few = (known: ReadonlyMap<string, unknown>) =>
    cells.words.length === 0 || !cells.words.some((word) => known.has(foldWord(word)));
  switch (FIELD_KINDS[field]) {
    case 'day':
    case 'moment':
      return cells.days >= 0.8 || cells.serials >= 0.8 ? null : 'few cells are days';
    case 'email':
      return cells.emails >= 0.8 ? null : 'few cells are addresses';
    case 'status':
      return few(KNOWN_STATUSES) ? 'no cell is a known status' : null;
    case 'rehire':
      return few(KNOWN_REHIRE_FLAGS) ? 'no cell is a known answer' : null;
    case 'boolean':
      return few(KNOWN_BOOLEANS) && few(SIDES) ? 'no cell is a yes or a no' : null;
    case 'number':
      return field === 'employeeNumber' && cells.words.length === 1 && cells.filled > 3
        ? 'all cells are the same'
        : null;
    case 'name':
      return field === 'fullNameKana' && cells.kana < 0.8 ? 'few cells are kana' : null;
    case 'company':
      return cells.filled > 50 && cells.words.length === 0 ? 'there are too many different ones' : null;
    case 'text':
    case 'list':
      return null;
  }
}

/** Who wanted the end, as Japanese exports say it: true when the employee did. */
export const SIDES: ReadonlyMap<string, boolean> = new Map([
  ['自己都合', true],
  ['voluntary', true],
  ['会社都合', false],
  ['involuntary', false],
]);
