import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { translator } from '../platform/i18n/i18n.js';
import { fit, Output, printable } from './output.js';
import { printTable } from './table.js';

function captured(columns = 80): { output: Output; text: () => string } {
  let text = '';
  const sink = { write: (part: string) => (text += part), columns };
  const output = new Output({
    stdout: sink,
    stderr: sink,
    language: 'ja',
    json: false,
    t: translator('ja'),
    color: false,
  });
  return { output, text: () => text };
}

describe(fit, () => {
  it('never takes more columns than it was given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, width) => {
        expect(stringWidth(fit(text, width))).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('counts a full-width character as two columns', () => {
    expect(fit('髙﨑𠮷', 6)).toBe('髙﨑𠮷');
    expect(fit('髙﨑𠮷', 5)).toBe('髙﨑…');
  });
});

describe(printable, () => {
  it('takes the power to steer a terminal from foreign text', () => {
    expect(printable('a\u001b[2Jb\nc\u202ed')).toBe('a·[2Jb·c·d');
  });
});

describe(printTable, () => {
  const columns = [
    { title: '氏名', value: (row: { name: string }) => row.name },
    { title: '部署', value: () => '営業部' },
  ];

  it('keeps the frame straight whatever the characters are', () => {
    const { output, text } = captured();
    printTable(output, columns, [{ name: '髙﨑 花子' }, { name: 'ﾀﾅｶ' }, { name: 'Smith' }]);
    const widths = text()
      .trimEnd()
      .split('\n')
      .map((line) => stringWidth(line));
    expect(new Set(widths).size).toBe(1);
  });

  it('stays inside the terminal', () => {
    const { output, text } = captured(60);
    printTable(output, columns, [{ name: '長い名前'.repeat(30) }]);
    for (const line of text().trimEnd().split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(60);
  });

  it('says that there is nothing rather than showing an empty frame', () => {
    const { output, text } = captured();
    printTable(output, columns, []);
    expect(text()).toContain('該当なし');
  });
});
