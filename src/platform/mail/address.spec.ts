import { describe, expect, it } from '@jest/globals';
import { headerText, singleAddress } from './address.js';

describe(singleAddress, () => {
  it.each(['taro@home.example', 'a.b+c@mail.home.example', ' taro@home.example '])('takes %j', (text) => {
    expect(singleAddress(text)).toBe(text.trim());
  });

  it.each([
    'a@x.example, b@y.example',
    'a@x.example\r\nBcc: b@y.example',
    'Taro <taro@home.example>',
    '"a b"@home.example',
    'taro@localhost',
    'taro@home..example',
    'tarо@home.example',
    'taro@hоme.example',
    '@home.example',
    '',
    null,
    undefined,
  ])('X08: refuses %j', (text) => {
    expect(singleAddress(text)).toBeNull();
  });

  it('X26: refuses what is far too long for an address', () => {
    expect(singleAddress(`${'a.'.repeat(25_000)}@`)).toBeNull();
    expect(singleAddress(`a@${'a-'.repeat(25_000)}`)).toBeNull();
  });
});

it('X08: a header text is one line', () => {
  expect(headerText('山田\r\nBcc: a@x.example\u2028x')).toBe('山田 Bcc: a@x.example x');
});
