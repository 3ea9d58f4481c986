import { DEFAULT_NO_END_DAYS } from '../../domain/day-text.js';
import { judgeColumn, type ColumnEvidence } from './column-evidence.js';
import { FIELD_KINDS, foldWord, MAPPED_FIELDS, type MappedField } from './fields.js';
import { guessField, INVERTED_REHIRE, SIDES, SURE, type FieldGuess } from './guess-field.js';
import { headerKey } from './header-words.js';
import { KNOWN_BOOLEANS, KNOWN_REHIRE_FLAGS, KNOWN_STATUSES } from './value-words.js';

export interface SuggestedColumn extends FieldGuess {
  readonly column: string;
  /** True when the profile uses it; else it stands there as a comment. */
  readonly isUsed: boolean;
}

export interface ProfileSuggestion {
  /** A profile with comments that `parseProfile` accepts. */
  readonly yaml: string;
  /** In the order of the file. */
  readonly columns: readonly SuggestedColumn[];
  /** Fields without which no import makes sense and that no column surely is. */
  readonly missingRequired: readonly MappedField[];
  /** True when a file may be imported with it without anybody looking: nothing required is missing, no question open. */
  readonly certain: boolean;
}

export interface SuggestionSource {
  readonly header: readonly string[];
  /** Some hundred rows are enough. */
  readonly rows: readonly (readonly string[])[];
  readonly encoding?: string;
  readonly delimiter?: string;
}

interface Candidate extends FieldGuess {
  readonly index: number;
  readonly column: string;
  readonly cells: ColumnEvidence;
}

const REQUIRED: readonly MappedField[] = ['employeeNumber', 'lastDay'];

/** Proposes a profile from headers, Japanese or English, and the values below them. */
export function suggestProfile(source: SuggestionSource): ProfileSuggestion {
  const candidates = source.header.flatMap((column, index): Candidate[] => {
    const cells = judgeColumn(source.rows.map((row) => row[index] ?? ''));
    const guess = column === '' ? null : guessField(column, cells);
    return guess === null ? [] : [{ ...guess, index, column, cells }];
  });
  const used = new Map<MappedField, Candidate>();
  for (const candidate of candidates) {
    const other = used.get(candidate.field);
    const isBetter = other === undefined || candidate.confidence > other.confidence;
    if (candidate.confidence >= SURE && isBetter) used.set(candidate.field, candidate);
  }
  const entries = MAPPED_FIELDS.flatMap((field) => {
    const candidate = used.get(field);
    if (candidate === undefined) return [];
    const rivals = candidates.filter(
      (other) => other.field === field && other.confidence >= SURE && other !== candidate,
    );
    return [addRivals(describe(candidate), rivals)];
  });
  const missingRequired = REQUIRED.filter((field) => !used.has(field));
  const isOpen = entries.some(({ questions }) => questions.length > 0);
  const unused = candidates.filter((candidate) => used.get(candidate.field) !== candidate);
  const taken = new Set(candidates.map(({ index }) => index));
  const unknown = source.header.filter((name, index) => name !== '' && !taken.has(index));
  return {
    yaml: render(source, entries, missingRequired, unused, unknown),
    columns: candidates.map(({ field, column, confidence, why }, i) => {
      const isUsed = used.get(field) === candidates[i];
      return { field, column, confidence: Math.round(confidence * 100) / 100, why, isUsed };
    }),
    missingRequired,
    certain: missingRequired.length === 0 && !isOpen,
  };
}

interface Entry {
  readonly candidate: Candidate;
  readonly options: readonly string[];
  /** What a person has to settle before the profile may be used. */
  readonly questions: readonly string[];
  readonly notes: readonly string[];
}

/** Two columns that are equally likely the same field: which of them counts is not for us to say. */
function addRivals(entry: Entry, rivals: readonly Candidate[]): Entry {
  if (rivals.length === 0) return entry;
  const names = rivals.map(({ column }) => JSON.stringify(column)).join(', ');
  return { ...entry, questions: [...entry.questions, `could be this column as well: ${names}`] };
}

function describe(candidate: Candidate): Entry {
  const kind = FIELD_KINDS[candidate.field];
  if (kind === 'day' || kind === 'moment') return describeDays(candidate);
  if (kind === 'status') return describeWords(candidate, KNOWN_STATUSES);
  if (kind === 'boolean') return describeWords(candidate, KNOWN_BOOLEANS, SIDES);
  if (kind === 'rehire') {
    const isInverted = INVERTED_REHIRE.test(headerKey(candidate.column));
    return isInverted ? describeInverted(candidate) : describeWords(candidate, KNOWN_REHIRE_FLAGS);
  }
  return { candidate, options: [], questions: [], notes: [] };
}

function describeDays(candidate: Candidate): Entry {
  const { cells, field } = candidate;
  const options: string[] = [];
  const questions: string[] = [];
  const notes: string[] = [];
  if (cells.neverDays.length > 0) {
    notes.push(`holds days that stand for "no end": ${cells.neverDays.join(', ')}`);
    // A list of its own replaces the usual one, so it repeats that.
    const all = [...new Set([...DEFAULT_NO_END_DAYS, ...cells.neverDays])];
    if (field === 'lastDay') options.push(`noEnd: ${JSON.stringify(all)}`);
  }
  if (cells.order?.kind === 'undecided') {
    questions.push(
      `no cell tells the order of its days: declare dayOrder, one of ${cells.order.orders.join(', ')}`,
    );
  } else if (cells.order?.kind === 'mixed') {
    questions.push('several orders of day and month are mixed: such cells will be rejected');
  } else if (cells.order !== null)
    notes.push(`its days are read as ${cells.order.order}, which all cells fit`);
  if (cells.serials >= 0.8 && cells.days < 0.8) {
    questions.push("spreadsheet serials: declare excelSerial, '1900' (Windows) or '1904' (old Mac)");
  }
  if (field === 'lastDay')
    notes.push('add "blank: clear" if the file lists everybody: a blank cell then says "no end"');
  return { candidate, options, questions, notes };
}

function describeWords(
  candidate: Candidate,
  known: ReadonlyMap<string, unknown>,
  beside: ReadonlyMap<string, unknown> = new Map(),
): Entry {
  const { words } = candidate.cells;
  const meaning = (word: string) => known.get(foldWord(word)) ?? beside.get(foldWord(word));
  const unknown = words.filter((word) => meaning(word) === undefined);
  const needsList = unknown.length > 0 || words.some((word) => !known.has(foldWord(word)));
  const listed = words.filter((word) => meaning(word) !== undefined);
  const pairs = listed.map((word) => `${JSON.stringify(word)}: ${JSON.stringify(meaning(word))}`);
  const options = needsList && pairs.length > 0 ? [`values: { ${pairs.join(', ')} }`] : [];
  const questions =
    unknown.length > 0
      ? [`say under values what these mean: ${unknown.map((w) => JSON.stringify(w)).join(', ')}`]
      : [];
  return { candidate, options, questions, notes: [] };
}

function describeInverted(candidate: Candidate): Entry {
  const pairs = [...KNOWN_BOOLEANS].map(
    ([word, value]) => `${JSON.stringify(word)}: ${value ? '"no"' : '"yes"'}`,
  );
  const questions = candidate.cells.words
    .filter((word) => !KNOWN_BOOLEANS.has(foldWord(word)))
    .map((word) => `say under values what this means: ${JSON.stringify(word)}`);
  const notes = ['inverted: the column says who may NOT come back'];
  return { candidate, options: [`values: { ${pairs.join(', ')} }`], questions, notes };
}

function render(
  source: SuggestionSource,
  entries: readonly Entry[],
  missing: readonly MappedField[],
  unused: readonly Candidate[],
  unknown: readonly string[],
): string {
  const found = [
    source.encoding,
    source.delimiter === undefined ? undefined : JSON.stringify(source.delimiter),
  ];
  const lines = [
    '# Suggested from the headers and values of one file. Look it over, then: import <file> --profile <this file>',
  ];
  if (found.some((part) => part !== undefined)) {
    lines.push(`# Found: encoding ${found[0] ?? '?'}, separator ${found[1] ?? '?'}`);
  }
  lines.push('id: suggested', 'title: { ja: 提案されたプロファイル, en: Suggested profile }', 'columns:');
  for (const field of missing) {
    lines.push(`  # NOT FOUND: put the header of the column here, the import needs it`);
    lines.push(`  ${field}: { column: "?" }`);
  }
  for (const { candidate, options, questions, notes } of entries) {
    for (const question of questions) lines.push(`  # TO SETTLE: ${comment(question)}`);
    for (const note of notes) lines.push(`  # ${comment(note)}`);
    const parts = [`column: ${JSON.stringify(candidate.column)}`, ...options];
    const percent = Math.round(candidate.confidence * 100);
    lines.push(`  ${candidate.field}: { ${parts.join(', ')} } # ${percent} %: ${comment(candidate.why)}`);
  }
  if (unused.length > 0) lines.push('  # Not sure enough, or a better column is there:');
  for (const { field, column, confidence, why } of unused) {
    const line = `${field}: { column: ${JSON.stringify(column)} }`;
    lines.push(`  # ${comment(line)} # ${Math.round(confidence * 100)} %: ${comment(why)}`);
  }
  if (unknown.length > 0)
    lines.push(`# Not used: ${comment(unknown.map((name) => JSON.stringify(name)).join(', '))}`);
  return `${lines.join('\n')}\n`;
}

/** One line, whatever a header holds. */
function comment(text: string): string {
  return text.replace(/[\r\n\u0085\u2028\u2029]+/g, ' ');
}
