import { setFlagsFromString } from 'node:v8';

/**
 * How far the heap may grow over what is in use before it is cleaned. Left to itself V8 goes by the memory of the machine:
 * on a large one a process comes to hold several times what it needs, the longer it runs, the more.
 * To be called before anything is imported that allocates much.
 */
export function keepHeapSmall(process: 'command' | 'server'): void {
  // What an import throws away at once would also fill a young generation that grows to 100 MB and more.
  const flags =
    process === 'command'
      ? ['--semi-space-growth-factor=1', '--heap-growing-percent=20']
      : ['--heap-growing-percent=40'];
  for (const flag of flags) setFlagsFromString(flag);
}
