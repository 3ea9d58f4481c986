import type { UnusableFile } from './table.js';

const SPREADSHEET_MAGIC = [
  [0x50, 0x4b, 0x03, 0x04], // zip, and so xlsx
  [0x50, 0x4b, 0x05, 0x06],
  [0xd0, 0xcf, 0x11, 0xe0], // the old xls
];

const BINARY_MAGIC = [
  [0x25, 0x50, 0x44, 0x46], // pdf
  [0x1f, 0x8b], // gzip
  [0x89, 0x50, 0x4e, 0x47], // png
  [0xff, 0xd8, 0xff], // jpeg
  [0x42, 0x5a, 0x68], // bzip2
  [0x37, 0x7a, 0xbc, 0xaf], // 7z
  [0x00, 0x00, 0xfe, 0xff], // UTF-32, that no HR system writes
  [0xff, 0xfe, 0x00, 0x00],
];

/** Recognises bytes that are no table at all by how they begin; null when they may be one. */
export function recogniseByMagic(sample: Uint8Array): UnusableFile | null {
  if (sample.length === 0) return { unusable: 'FILE_EMPTY', details: {} };
  const startsWith = (magic: readonly number[]) => magic.every((byte, i) => sample[i] === byte);
  if (SPREADSHEET_MAGIC.some(startsWith)) return { unusable: 'FILE_IS_SPREADSHEET', details: {} };
  if (BINARY_MAGIC.some(startsWith)) return { unusable: 'FILE_IS_BINARY', details: {} };
  return null;
}

/** Recognises pages and JSON by their first characters; null when the text may be a table. */
export function recogniseByText(start: string): UnusableFile | null {
  const text = start.trimStart();
  if (text === '') return { unusable: 'FILE_EMPTY', details: {} };
  if (
    /^<(?:!doctype|html|head|body|\?xml|!--|script|table|div|meta|title)\b/i.test(text) ||
    text.startsWith('<!--')
  ) {
    return { unusable: 'FILE_IS_HTML', details: {} };
  }
  if (/^(?:\{\s*(?:"|\})|\[\s*(?:[{["\]]|-?\d))/.test(text)) return { unusable: 'FILE_IS_JSON', details: {} };
  let controls = 0;
  const head = start.slice(0, 65_536);
  for (let i = 0; i < head.length; i += 1) {
    const code = head.charCodeAt(i);
    if (code < 32 && code !== 9 && code !== 10 && code !== 13 && code !== 26) controls += 1;
  }
  return controls > 8 && controls > head.length / 50 ? { unusable: 'FILE_IS_BINARY', details: {} } : null;
}
