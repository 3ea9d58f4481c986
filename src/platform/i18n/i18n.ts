import { createInstance, type i18n } from 'i18next';
import type { AppError, ErrorDetail } from '../../domain/app-error.js';
import type { RejectionReason } from '../../domain/observation.js';
import { mergedTexts } from './catalogue.js';
import { LANGUAGES, type Language } from './locale.js';

type TextValues = Readonly<Record<string, ErrorDetail | undefined>>;
/** Gives the text of a key of the message catalogue, with its placeholders filled. */
export type Translate = (key: string, values?: TextValues) => string;

/** An error in words: what, what would have been right, what to do. */
export interface DescribedError {
  readonly code: string;
  readonly title: string;
  readonly expected?: string;
  readonly remedy: string;
}

export interface DescribedRejection extends DescribedError {
  /** The fact in the caller's words, null when the row as a whole is wrong. */
  readonly field: string | null;
  readonly column: string | null;
  /** Masked, as in the reason. */
  readonly found: string | null;
}

/** Stands where an error has no value for a placeholder. */
const NOTHING = '–';

let shared: i18n | undefined;

function instance(): i18n {
  if (shared !== undefined) return shared;
  const made = createInstance();
  void made.init({
    initAsync: false,
    lng: 'en',
    fallbackLng: false,
    ns: ['messages', 'errors'],
    defaultNS: 'messages',
    resources: Object.fromEntries(
      LANGUAGES.map((language) => [
        language,
        { messages: mergedTexts('messages', language), errors: mergedTexts('errors', language) },
      ]),
    ),
    // The texts go to terminals, JSON and escaped templates, never into HTML as they are.
    interpolation: { escapeValue: false },
    missingInterpolationHandler: () => NOTHING,
  });
  shared = made;
  return made;
}

/** The texts of one language. A key that nobody wrote comes back as itself; a spec keeps that from happening. */
export function translator(language: Language): Translate {
  const t = instance().getFixedT(language, 'messages');
  return (key, values) => String(t(key, { ...values }));
}

/** What the caller reads about an error, by its code. An unknown code is named rather than dressed up. */
export function describeError(error: AppError, language: Language): DescribedError {
  return describeCode(error.code, error.details, language);
}

/** What the sender of a row reads about one reason of its rejection. */
export function describeRejection(reason: RejectionReason, language: Language): DescribedRejection {
  const field = reason.field === null ? null : fieldLabel(reason.field, language);
  const values = { column: reason.column ?? field, field, found: reason.found, ...reason.details };
  return {
    ...describeCode(reason.code, values, language),
    field,
    column: reason.column,
    found: reason.found,
  };
}

/** The name of a fact field for people; a field without one is shown by its technical name. */
export function fieldLabel(field: string, language: Language): string {
  const key = `fields.${field}`;
  return instance().exists(key, { lng: language }) ? translator(language)(key) : field;
}

function describeCode(code: string, details: TextValues, language: Language): DescribedError {
  const texts = instance();
  const t = texts.getFixedT(language, 'errors');
  const lookUp = (part: string, values: TextValues): string => String(t(`${code}.${part}`, { ...values }));
  const has = (part: string): boolean => texts.exists(`${code}.${part}`, { lng: language, ns: 'errors' });
  if (!has('title')) {
    const title = lookUpIn('UNKNOWN_CODE.title', language, { code });
    return { code, title, remedy: lookUpIn('UNKNOWN_CODE.remedy', language, { code }) };
  }
  const remedy = lookUp('remedy', details);
  const title = lookUp('title', details);
  return has('expected')
    ? { code, title, expected: lookUp('expected', details), remedy }
    : { code, title, remedy };
}

function lookUpIn(key: string, language: Language, values: TextValues): string {
  return String(instance().getFixedT(language, 'errors')(key, { ...values }));
}
