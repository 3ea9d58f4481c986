import { z } from 'zod';
import { AppError } from './app-error.js';
import { normaliseReason, reasonHas } from './leaving-reason-text.js';

/** Why an employment ended. Closed: policies and follow-ups are written against it; `unknown` is a value. */
export const LEAVING_CATEGORIES = [
  'personal',
  'career_change',
  'family',
  'childcare',
  'caregiving',
  'spouse_relocation',
  'health',
  'study',
  'relocation',
  'retirement_age',
  'retirement_early',
  'contract_end',
  'redundancy',
  'mutual_agreement',
  'performance',
  'conduct',
  'abandonment',
  'death',
  'transfer_group',
  'secondment',
  'leave_of_absence',
  'other',
  'unknown',
] as const;
export type LeavingCategory = (typeof LEAVING_CATEGORIES)[number];

const category = z.enum(LEAVING_CATEGORIES);
const words = z.string().trim().min(1).max(200);
const voluntary = z.boolean().nullable();

/** A text, or a text that says more (or less) about the polarity than its category does. */
const textEntry = z.union([words, z.strictObject({ text: words, voluntary })]);
/** A code, or a code that means this in one source only; the code of the source goes before the one of all. */
const codeEntry = z.union([
  words,
  z.strictObject({ code: words, source: words.optional(), voluntary: voluntary.optional() }),
]);

const pattern = z.strictObject({
  text: words,
  category,
  voluntary: voluntary.optional(),
  /** The pattern says nothing where one of these stands (懲戒ではなく). */
  unless: z.array(words).min(1).optional(),
  /** Categories that this one is a closer description of: 介護のため自己都合退職 is caregiving. */
  over: z.array(category).min(1).optional(),
});

const categoryEntry = z.strictObject({
  label: z.strictObject({ ja: words, en: words }),
  /** Did the person choose to go? Null: neither, or it cannot be said from the category. */
  voluntary,
  codes: z.array(codeEntry).default([]),
  texts: z.array(textEntry).default([]),
});

/** `config/leaving-reasons.yaml`: every category once, and the patterns for longer texts. */
export const leavingReasonsSchema = z.strictObject({
  categories: z.record(category, categoryEntry),
  contains: z.array(pattern).default([]),
});
export type LeavingReasonsConfig = z.infer<typeof leavingReasonsSchema>;

interface Meaning {
  readonly category: LeavingCategory;
  readonly voluntary: boolean | null;
}

interface Pattern extends Meaning {
  readonly text: string;
  readonly unless: readonly string[];
  readonly over: readonly LeavingCategory[];
}

/** The configuration, ready for a million look-ups. */
export interface LeavingReasons {
  /** By category: label in both languages and polarity. */
  readonly categories: LeavingReasonsConfig['categories'];
  readonly codes: ReadonlyMap<string, Meaning>;
  readonly texts: ReadonlyMap<string, Meaning>;
  readonly patterns: readonly Pattern[];
}

/** What a source says about the reason, as it wrote it. Null and blank: it says nothing. */
export interface StatedReason {
  readonly text: string | null;
  readonly code: string | null;
  /** Id of the source, for codes that are declared for it alone. */
  readonly source?: string | null;
}

export interface CategorisedReason {
  readonly category: LeavingCategory;
  readonly voluntary: boolean | null;
  /** What named the category; the code where code and text say the same. */
  readonly matched: 'code' | 'text' | 'none';
  /** True when code and text, or two parts of the text, contradict each other: then nothing is known. */
  readonly conflict: boolean;
  /** What was stated and means nothing to the configuration yet: for the queue of unknown reasons. */
  readonly unmatched: readonly ('code' | 'text')[];
}

type Lookup = Meaning | 'blank' | 'unmatched' | 'conflict';

/**
 * Prepares a configuration that the schema accepted. Each category id is a code for itself, so that profiles and pushed
 * records can name categories directly.
 * @throws LEAVING_REASON_TWICE when a text or code would mean two things
 */
export function compileLeavingReasons(config: LeavingReasonsConfig): LeavingReasons {
  const codes = new Map<string, Meaning>();
  const texts = new Map<string, Meaning>();
  for (const id of LEAVING_CATEGORIES) {
    const entry = config.categories[id];
    const own: Meaning = { category: id, voluntary: entry.voluntary };
    add(codes, codeKey(id, null), own, id);
    for (const code of entry.codes) {
      const declared = typeof code === 'string' ? { code } : code;
      const meaning = declared.voluntary === undefined ? own : { ...own, voluntary: declared.voluntary };
      add(codes, codeKey(declared.code, declared.source ?? null), meaning, declared.code);
    }
    for (const text of entry.texts) {
      const declared = typeof text === 'string' ? { text, voluntary: entry.voluntary } : text;
      add(texts, normaliseReason(declared.text), { ...own, voluntary: declared.voluntary }, declared.text);
    }
  }
  const patterns = config.contains.map((one) => ({
    text: normaliseReason(one.text),
    category: one.category,
    voluntary: one.voluntary === undefined ? config.categories[one.category].voluntary : one.voluntary,
    unless: (one.unless ?? []).map(normaliseReason),
    over: one.over ?? [],
  }));
  return { categories: config.categories, codes, texts, patterns };
}

/**
 * Says what a stated reason means: its code and its text, each as a whole, then by declared patterns for longer texts.
 * What is not declared, and what names two different categories, is `unknown` with voluntary null; never a guess.
 */
export function categorise(reasons: LeavingReasons, stated: StatedReason): CategorisedReason {
  const byCode = lookUpCode(reasons, stated);
  const byText = lookUpText(reasons, stated.text);
  const unmatched: ('code' | 'text')[] = [];
  if (byCode === 'unmatched') unmatched.push('code');
  if (byText === 'unmatched') unmatched.push('text');
  const code = typeof byCode === 'string' ? null : byCode;
  const text = typeof byText === 'string' ? null : byText;
  const meaning = code === null || text === null ? (code ?? text) : together(code, text);
  if (byText === 'conflict' || (meaning === null && code !== null)) {
    return { category: 'unknown', voluntary: null, matched: 'none', conflict: true, unmatched };
  }
  if (meaning === null) {
    return { category: 'unknown', voluntary: null, matched: 'none', conflict: false, unmatched };
  }
  const isOfCode = code?.category === meaning.category;
  return { ...meaning, matched: isOfCode ? 'code' : 'text', conflict: false, unmatched };
}

function lookUpCode(reasons: LeavingReasons, { code, source }: StatedReason): Lookup {
  if (code === null || code.trim() === '') return 'blank';
  const own = reasons.codes.get(codeKey(code, source));
  return own ?? reasons.codes.get(codeKey(code, null)) ?? 'unmatched';
}

function lookUpText(reasons: LeavingReasons, stated: string | null): Lookup {
  const text = stated === null ? '' : normaliseReason(stated);
  if (text === '') return 'blank';
  const whole = reasons.texts.get(text);
  if (whole !== undefined) return whole;
  const found = reasons.patterns.filter(
    (one) => reasonHas(text, one.text) && !one.unless.some((word) => reasonHas(text, word)),
  );
  const closest = found.filter((one) => !found.some((other) => other.over.includes(one.category)));
  const [first, ...others] = closest;
  if (first === undefined) return found.length === 0 ? 'unmatched' : 'conflict';
  const start: Meaning = { category: first.category, voluntary: first.voluntary };
  const meaning = others.reduce<Meaning | null>(
    (sum, one) => (sum === null ? null : together(sum, one)),
    start,
  );
  return meaning ?? 'conflict';
}

/**
 * What two statements say together; null when they contradict each other. Silence on one side contradicts nothing: a
 * category `unknown` (texts that tell the polarity alone, such as "Involuntary"), or a polarity of null.
 */
function together(a: Meaning, b: Meaning): Meaning | null {
  if (a.voluntary !== null && b.voluntary !== null && a.voluntary !== b.voluntary) return null;
  if (a.category !== b.category && a.category !== 'unknown' && b.category !== 'unknown') return null;
  return {
    category: a.category === 'unknown' ? b.category : a.category,
    voluntary: a.voluntary ?? b.voluntary,
  };
}

function codeKey(code: string, source: string | null | undefined): string {
  return `${source ?? ''}\u0000${normaliseReason(code)}`;
}

function add(map: Map<string, Meaning>, key: string, meaning: Meaning, written: string): void {
  const known = map.get(key);
  if (known !== undefined && (known.category !== meaning.category || known.voluntary !== meaning.voluntary)) {
    throw new AppError('LEAVING_REASON_TWICE', {
      details: { entry: written, first: known.category, second: meaning.category },
    });
  }
  map.set(key, meaning);
}
