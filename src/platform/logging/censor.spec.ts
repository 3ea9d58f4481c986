import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { censorOf } from './censor.js';

const censor = censorOf(['email', 'name']);

describe(censorOf, () => {
  it('hides the named fields at every depth, in lists too, and nothing else', () => {
    const value = { runId: 'r1', name: 'A', to: { people: [{ email: 'b@example.com', n: 1 }] } };
    expect(censor(value)).toEqual({ runId: 'r1', name: '***', to: { people: [{ email: '***', n: 1 }] } });
    expect(value.name).toBe('A');
  });

  it('hides a whole object under such a name, an empty value and a null alike', () => {
    expect(censor({ name: { family: 'A' }, email: null })).toEqual({ name: '***', email: '***' });
  });

  it('gives back what holds nothing to hide, and leaves errors and dates alone', () => {
    const error = new Error('BROKEN');
    const value = { runId: 'r1', error, at: new Date(0), list: [1, 'two'] };
    expect(censor(value)).toBe(value);
  });

  it('ends in what refers to itself', () => {
    const value: Record<string, unknown> = { email: 'a@example.com' };
    value['self'] = value;
    expect(JSON.stringify(censor(value))).not.toContain('a@example.com');
  });

  it('lets no value of such a field through, whatever it stands in', () => {
    const tree = fc.letrec((tie) => ({
      leaf: fc.oneof(fc.integer(), fc.boolean()),
      node: fc.dictionary(fc.constantFrom('a', 'b', 'email', 'name'), tie('any'), { maxKeys: 3 }),
      any: fc.oneof({ maxDepth: 6 }, tie('leaf'), tie('node'), fc.array(tie('any'), { maxLength: 3 })),
    })).node;
    fc.assert(
      fc.property(tree, (value) => {
        const marked = JSON.parse(
          JSON.stringify(value, (key, held: unknown) =>
            key === 'email' || key === 'name' ? 'SECRET' : held,
          ),
        ) as object;
        expect(JSON.stringify(censor(marked))).not.toContain('SECRET');
      }),
    );
  });
});
