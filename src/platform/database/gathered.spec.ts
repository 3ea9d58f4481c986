import { describe, expect, it } from '@jest/globals';
import { Gathered } from './gathered.js';

describe(Gathered, () => {
  it('does alone what comes alone, and together what came meanwhile, each answered in its place', async () => {
    const turns: number[][] = [];
    const doubled = new Gathered<number, number>((inputs) => {
      turns.push([...inputs]);
      return Promise.resolve(inputs.map((input) => input * 2));
    }, 3);
    expect(await Promise.all([1, 2, 3, 4, 5].map((input) => doubled.add(input)))).toEqual([2, 4, 6, 8, 10]);
    expect(turns).toEqual([[1], [2, 3, 4], [5]]);
    expect(doubled.isIdle).toBe(true);
  });

  it('begins soon, with all that is on hand, where it is told so', async () => {
    const turns: number[][] = [];
    const gathered = new Gathered<number, number>(
      (inputs) => {
        turns.push([...inputs]);
        return Promise.resolve(inputs);
      },
      3,
      'soon',
    );
    await Promise.all([1, 2, 3, 4].map((input) => gathered.add(input)));
    expect(turns).toEqual([[1, 2, 3], [4]]);
  });

  it('does one by one what failed together, so that only who is at fault is told', async () => {
    const strict = new Gathered<number, number>((inputs) =>
      inputs.includes(3) ? Promise.reject(new Error('three')) : Promise.resolve(inputs),
    );
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map((input) => strict.add(input)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(strict.isIdle).toBe(true);
    expect(await strict.add(5)).toBe(5);
  });
});
