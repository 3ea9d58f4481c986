import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { mergedTexts } from '../../platform/i18n/catalogue.js';
import { UNUSABLE_CODES } from './table.js';

const FOLDERS = [import.meta.dirname, join(import.meta.dirname, '..', 'mapping')];

it.each(['ja', 'en'] as const)('every reason why a file or a row is refused has a text (%s)', (language) => {
  const codes = new Set<string>(UNUSABLE_CODES);
  for (const folder of FOLDERS) {
    for (const name of readdirSync(folder).filter(
      (file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'),
    )) {
      const source = readFileSync(join(folder, name), 'utf8');
      for (const [, code] of source.matchAll(/'([A-Z]+(?:_[A-Z]+)+)'/g)) {
        if (code !== undefined) codes.add(code);
      }
    }
  }
  expect(codes.size).toBeGreaterThan(40);
  const known = Object.keys(mergedTexts('errors', language));
  const noError = ['CSV_QUOTE_NOT_CLOSED', 'CSV_MAX_RECORD_SIZE', 'ERR_ENCODING_INVALID_ENCODED_DATA'];
  expect([...codes].filter((code) => !known.includes(code) && !noError.includes(code))).toEqual([]);
});
