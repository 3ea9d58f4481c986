import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Gathered } from './gathered.js';

const stopTheClock = () =>
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance', 'Date'] });
const nextStep = () => new Promise((resolve) => setImmediate(resolve));

describe(Gathered, () => {
  afterEach(() => {
    jest.useRealTimers();
  });

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

  it('keeps together those who ask again as soon as they are answered, though they do not come at once', async () => {
    stopTheClock();
    const turns: number[] = [];
    const gathered = new Gathered<number, number>(
      (inputs) => {
        turns.push(inputs.length);
        return Promise.resolve(inputs);
      },
      100,
      'soon',
    );
    await Promise.all(
      [1, 2, 3, 4].map(async (input) => {
        for (let again = 0; again < 3; again += 1) {
          await gathered.add(input);
          for (let steps = 0; steps < input; steps += 1) await nextStep();
        }
      }),
    );
    expect(turns).toEqual([4, 4, 4]);
  });

  it('waits no longer than a moment for those who do not come again, and then for no more than came', async () => {
    stopTheClock();
    const turns: number[] = [];
    const gathered = new Gathered<number, number>(
      (inputs) => {
        turns.push(inputs.length);
        return Promise.resolve(inputs);
      },
      100,
      'soon',
    );
    await Promise.all([1, 2, 3].map((input) => gathered.add(input)));
    const fourth = gathered.add(4);
    await nextStep();
    await nextStep();
    expect(turns).toEqual([3]);
    jest.advanceTimersByTime(4);
    expect(await fourth).toBe(4);
    expect(await gathered.add(5)).toBe(5);
    expect(turns).toEqual([3, 1, 1]);
    expect(gathered.isIdle).toBe(true);
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
