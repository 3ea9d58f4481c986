import { readFileSync, readdirSync } from 'node:fs';
import { LANGUAGES, type Language } from './locale.js';

/** A tree of texts; the leaves are i18next texts with `{{placeholders}}`. */
export interface Texts {
  readonly [key: string]: string | Texts;
}

export type CatalogueKind = 'messages' | 'errors';

export interface CatalogueFile {
  /** File name without a folder. */
  readonly name: string;
  readonly area: string;
  readonly language: Language;
  readonly texts: Texts;
}

const here = new URL('.', import.meta.url);

/** The files `<kind>.<area>.<language>.json` beside this module, by name. Each area of the project keeps its own pair. */
export function catalogueFiles(kind: CatalogueKind): CatalogueFile[] {
  const pattern = new RegExp(`^${kind}\\.([a-z-]+)\\.(${LANGUAGES.join('|')})\\.json$`);
  const files: CatalogueFile[] = [];
  for (const name of readdirSync(here).sort()) {
    const [, area, language] = pattern.exec(name) ?? [];
    if (area === undefined || language === undefined) continue;
    files.push({ name, area, language: language === 'ja' ? 'ja' : 'en', texts: readTexts(name) });
  }
  return files;
}

/** All areas of one kind and language in one tree. */
export function mergedTexts(kind: CatalogueKind, language: Language): Texts {
  const merged: Record<string, string | Texts> = {};
  for (const file of catalogueFiles(kind)) {
    if (file.language === language) Object.assign(merged, file.texts);
  }
  return merged;
}

/** Every text of a tree by its dotted key. */
export function flatTexts(texts: Texts, prefix = ''): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [key, value] of Object.entries(texts)) {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    if (typeof value === 'string') flat.set(path, value);
    else for (const [inner, text] of flatTexts(value, path)) flat.set(inner, text);
  }
  return flat;
}

function readTexts(name: string): Texts {
  const parsed: unknown = JSON.parse(readFileSync(new URL(name, here), 'utf8'));
  if (!isTexts(parsed)) throw new Error(`${name}: every value must be a text or an object of texts`);
  return parsed;
}

function isTexts(value: unknown): value is Texts {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((inner) => typeof inner === 'string' || isTexts(inner));
}
