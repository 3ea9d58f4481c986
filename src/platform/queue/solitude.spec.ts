import { setTimeout as sleep } from 'node:timers/promises';
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
    const solitude = new Solitude(5_000, 20);
    const order: string[] = [];
    const other = held();
    const running = solitude.run(false, other.work).then(() => order.push('before'));
    const suspect = solitude.run(true, () => Promise.resolve(order.push('suspect')));
    const late = solitude.run(false, () => Promise.resolve(order.push('after')));
    other.end();
    await Promise.all([running, suspect, late]);
    expect(order).toEqual(['before', 'suspect', 'after']);
  });

  it('has no second suspect in hand while one runs or waits for its turn', async () => {
    const solitude = new Solitude(5_000, 20);
    const [other, suspect] = [held(), held()];
    const running = solitude.run(false, other.work);
    const first = solitude.run(true, suspect.work);
    await expect(solitude.run(true, () => Promise.resolve('never'))).rejects.toBeInstanceOf(JobLater);
    other.end();
    await running;
    await expect(solitude.run(true, () => Promise.resolve('never'))).rejects.toBeInstanceOf(JobLater);
    suspect.end();
    await first;
    expect(await solitude.run(true, () => Promise.resolve('alone'))).toBe('alone');
  });

  it('begins a suspect only when those that came with it have had time to be put back', async () => {
    const solitude = new Solitude(5_000, 100);
    let begunAt = 0;
    const first = solitude.run(true, () => Promise.resolve((begunAt = performance.now())));
    await sleep(60);
    const refusedAt = performance.now();
    await expect(solitude.run(true, () => Promise.resolve('never'))).rejects.toBeInstanceOf(JobLater);
    await first;
    expect(begunAt - refusedAt).toBeGreaterThanOrEqual(99);
  });

  it('has those that it puts back come again one after the other', async () => {
    const solitude = new Solitude();
    const suspect = held();
    const first = solitude.run(true, suspect.work);
    const comesAt: number[] = [];
    for (let n = 0; n < 20; n += 1) {
      const refused = await solitude.run(true, () => Promise.resolve(null)).catch((error: unknown) => error);
      comesAt.push(performance.now() + (refused as JobLater).delayMs);
    }
    const apart = comesAt.slice(1).map((at, n) => at - (comesAt[n] ?? 0));
    // Longer than the first of them then settles: each finds the place free.
    expect(Math.min(...apart)).toBeGreaterThan(200);
    suspect.end();
    await first;
  });

  it('puts a suspect off that would have to wait for too long, and lets the others go on', async () => {
    const solitude = new Solitude(0, 0);
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
