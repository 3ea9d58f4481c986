import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

const YOUNG_GROWTH = 4;
const SURVIVORS = 10_000;
const TRIES = 50;

/**
 * How far the heap may grow over what is in use before it is cleaned. Left to itself V8 goes by the memory of the machine:
 * on a large one a process comes to hold several times what it needs, the longer it runs, the more.
 * To be called before anything is imported that allocates much.
 */
export function keepHeapSmall(process: 'command' | 'server'): void {
  if (process === 'command') growYoungOnce();
  setFlagsFromString(`--heap-growing-percent=${process === 'command' ? 20 : 40}`);
}

/**
 * Brings the young generation from 1 MB to 4 at once and leaves it there. Grown by V8 as it goes, an import of a few rows
 * ends with a small one and a large import with 100 MB; kept at 1 MB it is cleaned four times as often, which costs twice
 * the time; 16 MB gain no more and cost 30 of them. Its size can only be given when a process starts; later, only what
 * survives a collection makes it grow.
 */
function growYoungOnce(): void {
  const before = youngSize();
  const survivors: object[][] = [];
  setFlagsFromString(`--semi-space-growth-factor=${YOUNG_GROWTH}`);
  for (let tries = 0; tries < TRIES && youngSize() === before; tries += 1) {
    survivors.push(Array.from({ length: SURVIVORS }, (_, n) => ({ n })));
  }
  setFlagsFromString('--semi-space-growth-factor=1');
}

function youngSize(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')?.space_size ?? 0;
}
