import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { servicePath } from './service-path.js';

const BASE = 'https://hris.example';

describe(servicePath, () => {
  it('fills each place with its own encoded parameter', () => {
    expect(servicePath('/v1/crews/{id}/events/{event}', { id: '社員/1', event: 'a b?c#d' })).toBe(
      '/v1/crews/%E7%A4%BE%E5%93%A1%2F1/events/a%20b%3Fc%23d',
    );
    expect(servicePath('')).toBe('');
  });

  it('X05: whatever a parameter holds stays one segment of the same host', () => {
    const nasty = fc.constantFrom(
      '//',
      '\\\\',
      'https://',
      '@',
      '%2e%2e',
      '%2F',
      '../',
      '\u0000',
      '\r\n',
      '#',
      '?',
    );
    const text = fc.array(fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 6 });
    fc.assert(
      fc.property(
        text.map((parts) => parts.join('')),
        (id) => {
          fc.pre(id !== '' && id !== '.' && id !== '..' && id.isWellFormed());
          const url = new URL(servicePath('/v1/{id}/x', { id }), BASE);
          expect(url.origin).toBe(BASE);
          expect(url.pathname.split('/').map(decodeURIComponent)).toEqual(['', 'v1', id, 'x']);
          expect(url.username + url.search + url.hash).toBe('');
        },
      ),
    );
  });

  it.each(['', '.', '..', '\ud800'])('X05: refuses the parameter %j', (id) =>
    expect(() => servicePath('/v1/{id}', { id })).toThrow('SERVICE_PATH_INVALID'),
  );

  it.each([
    'v1/x',
    '//evil.example/x',
    '/\\evil.example',
    '\\\\evil.example',
    'https://evil.example/x',
    '/x@evil.example',
    '/x?y=1',
    '/x#y',
    '/%2e%2e/x',
    '/../x',
    '/{id}{',
  ])('X05: refuses the template %j', (template) =>
    expect(() => servicePath(template, { id: 'x' })).toThrow('SERVICE_PATH_INVALID'),
  );

  it('wants every parameter and no other', () => {
    expect(() => servicePath('/v1/{id}')).toThrow('SERVICE_PATH_INVALID');
    expect(() => servicePath('/v1/{constructor}')).toThrow('SERVICE_PATH_INVALID');
    expect(() => servicePath('/v1', { id: 'x' })).toThrow('SERVICE_PATH_INVALID');
  });
});
