const atMost = Number(process.env.ENISHI_TEST_RUNS_AT_MOST ?? Infinity);

/** How often a property is tried: `count` times, less where ENISHI_TEST_RUNS_AT_MOST says so (mutation testing). */
export function runs(count: number): number {
  return Math.min(count, atMost);
}
