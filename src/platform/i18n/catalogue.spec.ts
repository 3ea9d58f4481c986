import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { catalogueFiles, flatTexts, mergedTexts, type CatalogueKind } from './catalogue.js';

const KINDS: readonly CatalogueKind[] = ['messages', 'errors'];
const sourceRoot = join(import.meta.dirname, '..', '..');

/** i18next reads `key_one` and `key_other` as the same key; Japanese needs only one of them. */
const withoutPlural = (key: string): string => key.replace(/_(zero|one|two|few|many|other)$/, '');
const placeholders = (text: string): string[] => [...new Set(text.match(/\{\{\s*[\w.]+/g) ?? [])].sort();

function codesThrownInSource(): Map<string, string> {
  const codes = new Map<string, string>();
  for (const entry of readdirSync(sourceRoot, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.spec.ts')) continue;
    const file = join(entry.parentPath, entry.name);
    for (const [, code] of readFileSync(file, 'utf8').matchAll(/new AppError\(\s*'([A-Z0-9_]+)'/g)) {
      if (code !== undefined) codes.set(code, file);
    }
  }
  return codes;
}

describe('catalogue', () => {
  it.each(KINDS)('%s: every area has both languages with the same keys', (kind) => {
    const files = catalogueFiles(kind);
    expect(files.length).toBeGreaterThan(0);
    for (const { area } of files) {
      const pair = files.filter((file) => file.area === area);
      expect(pair.map((file) => file.name)).toEqual([`${kind}.${area}.en.json`, `${kind}.${area}.ja.json`]);
      const [english, japanese] = pair.map((file) =>
        [...new Set([...flatTexts(file.texts).keys()].map(withoutPlural))].sort(),
      );
      expect({ area, keys: japanese }).toEqual({ area, keys: english });
    }
  });

  it.each(KINDS)('%s: both languages fill the same placeholders', (kind) => {
    const english = flatTexts(mergedTexts(kind, 'en'));
    const different: string[] = [];
    for (const [key, text] of flatTexts(mergedTexts(kind, 'ja'))) {
      const other = english.get(key);
      if (other !== undefined && placeholders(other).join() !== placeholders(text).join())
        different.push(key);
    }
    expect(different).toEqual([]);
  });

  it.each(KINDS)('%s: no key is written by two areas', (kind) => {
    for (const language of ['ja', 'en'] as const) {
      const keys = catalogueFiles(kind)
        .filter((file) => file.language === language)
        .flatMap((file) => Object.keys(file.texts));
      expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
    }
  });

  it('every text of an error says what happened and what to do', () => {
    for (const { name, texts } of catalogueFiles('errors')) {
      for (const [code, entry] of Object.entries(texts)) {
        const parts = typeof entry === 'string' ? [] : Object.keys(entry);
        expect({ name, code, parts: parts.filter((part) => part !== 'expected').sort() }).toEqual({
          name,
          code,
          parts: ['remedy', 'title'],
        });
      }
    }
  });

  it('every code that the source throws has a text', () => {
    const known = new Set(Object.keys(mergedTexts('errors', 'en')));
    const missing = [...codesThrownInSource()].filter(([code]) => !known.has(code));
    expect(missing).toEqual([]);
  });
});
