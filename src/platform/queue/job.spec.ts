import { describe, expect, it } from '@jest/globals';
import { keptByAge } from './job.js';

describe(keptByAge, () => {
  it('keeps ended jobs for their age alone, and leaves alone what has none', () => {
    const options = { attempts: 8, removeOnComplete: { age: 60, count: 10 }, removeOnFail: { count: 10 } };
    expect(keptByAge(options)).toEqual({
      attempts: 8,
      removeOnComplete: { age: 60 },
      removeOnFail: { count: 10 },
    });
    expect(keptByAge({ removeOnComplete: true, removeOnFail: 5 })).toEqual({
      removeOnComplete: true,
      removeOnFail: 5,
    });
    expect(keptByAge({ attempts: 1 })).toEqual({ attempts: 1 });
  });
});
