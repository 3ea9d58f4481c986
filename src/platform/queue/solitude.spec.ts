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

  it('puts a suspect off while another job runs', async () => {
    const solitude = new Solitude();
    const other = held();
    const running = solitude.run(false, other.work);
    await expect(solitude.run(true, () => Promise.resolve('never'))).rejects.toBeInstanceOf(JobLater);
    other.end();
    await running;
    expect(await solitude.run(true, () => Promise.resolve('alone'))).toBe('alone');
  });

  it('puts a second suspect off while the first one runs', async () => {
    const solitude = new Solitude();
    const first = held();
    const running = solitude.run(true, first.work);
    await expect(solitude.run(true, () => Promise.resolve('never'))).rejects.toBeInstanceOf(JobLater);
    first.end();
    expect(await running).toBe('done');
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
