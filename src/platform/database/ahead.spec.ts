import { describe, expect, it } from '@jest/globals';
import { ahead } from './ahead.js';

async function* counted(seen: number[], failAt = Infinity): AsyncGenerator<number> {
  try {
    for (let n = 1; n <= 4; n += 1) {
      await Promise.resolve();
      if (n === failAt) throw new Error('broken');
      seen.push(n);
      yield n;
    }
  } finally {
    seen.push(-1);
  }
}

describe('ahead', () => {
  it('gives every element in order, fetching one more than it gave', async () => {
    const seen: number[] = [];
    const had: number[] = [];
    for await (const n of ahead(counted(seen))) {
      await new Promise(setImmediate);
      had.push(n);
      if (n < 4) expect(seen).toContain(n + 1);
      expect(seen).not.toContain(n + 2);
    }
    expect(had).toEqual([1, 2, 3, 4]);
  });

  it('fails where the source does, after what came before', async () => {
    const had: number[] = [];
    await expect(
      (async () => {
        for await (const n of ahead(counted([], 3))) had.push(n);
      })(),
    ).rejects.toThrow('broken');
    expect(had).toEqual([1, 2]);
  });

  it('closes the source when it is left early, also over an element that would have failed', async () => {
    const seen: number[] = [];
    for await (const n of ahead(counted(seen, 2))) if (n === 1) break;
    expect(seen).toEqual([1, -1]);
  });
});
