import { describe, expect, it } from '@jest/globals';
import { JobLater } from './job.js';
import { Solitude } from './solitude.js';

/** Work that ends when it is told to. */
function held(): { readonly work: () => Promise<string>; readonly end: () => void } {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { work: () => promise, end: () => resolve('done') };
}

describe(Solitude, () => {
  it('lets others run side by side', async () => {
    const solitude = new Solitude();
    const [one, other] = [held(), held()];
    const both = [solitude.run(false, one.work), solitude.run(false, other.work)];
    other.end();
    one.end();
    expect(await Promise.all(both)).toEqual(['done', 'done']);
  });

  it('lets a suspect wait for those that run, and nobody begin before it', async () => {
    const solitude = new Solitude();
    const order: string[] = [];
    const other = held();
    const running = solitude.run(false, other.work).then(() => order.push('before'));
    const suspects = [1, 2].map((n) => solitude.run(true, () => Promise.resolve(order.push(`suspect ${n}`))));
    const late = solitude.run(false, () => Promise.resolve(order.push('after')));
    other.end();
    await Promise.all([running, ...suspects, late]);
    expect(order.slice(0, 1).concat(order.slice(1, 3).sort(), order.slice(3))).toEqual([
      'before',
      'suspect 1',
      'suspect 2',
      'after',
    ]);
  });

  it('puts a suspect off that would have to wait for too long, and lets the others go on', async () => {
    const solitude = new Solitude(0);
    const other = held();
    const running = solitude.run(false, other.work);
    await expect(solitude.run(true, () => Promise.resolve('never'))).rejects.toBeInstanceOf(JobLater);
    expect(await solitude.run(false, () => Promise.resolve('beside'))).toBe('beside');
    other.end();
    await running;
    expect(await solitude.run(true, () => Promise.resolve('alone'))).toBe('alone');
  });

  it('starts no other job before the suspect has ended, even when it failed', async () => {
    const solitude = new Solitude();
    const order: string[] = [];
    const suspect = held();
    const running = solitude.run(true, async () => {
      await suspect.work();
      order.push('suspect');
      throw new Error('failed');
    });
    const other = solitude.run(false, () => Promise.resolve(order.push('other')));
    suspect.end();
    await expect(running).rejects.toThrow('failed');
    await other;
    expect(order).toEqual(['suspect', 'other']);
  });
});
