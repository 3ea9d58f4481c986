import { appendFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { it } from '@jest/globals';

/** True under `npm run test:full`: every case at the size that faults.md names. */
export const isFullSize = process.env.ENISHI_TEST_FULL === '1';

/**
 * How much of something a case takes: what the variable says, else the full size under ENISHI_TEST_FULL=1, else the
 * one for every run.
 *
 * @throws when the variable holds no positive number
 */
export function size(variable: string, ciDefault: number, fullSize: number): number {
  const given = process.env[variable];
  if (given === undefined || given === '') return isFullSize ? fullSize : ciDefault;
  const wanted = Number(given);
  if (!(wanted > 0))
    throw new Error(`${variable} is ${given}; a positive number was expected, e.g. ${fullSize}.`);
  return wanted;
}

/** What a case says about itself while it runs. */
export interface FaultRun {
  /** Of `random`; ENISHI_TEST_SEED repeats a run's choices. */
  readonly seed: number;
  /** The next number of the seed's sequence, 0 to below 1. */
  random(): number;
  /** Notes a figure for the report; a name noted again is overwritten. */
  count(name: string, figure: number | string): void;
}

/** One line of the file that ENISHI_FAULT_REPORT names. */
export interface FaultLine {
  readonly cases: readonly string[];
  readonly says: string;
  readonly full: boolean;
  readonly seed: number;
  readonly sizes: Readonly<Record<string, number>>;
  readonly counts: Readonly<Record<string, number | string>>;
  readonly seconds: number;
  readonly passed: boolean;
  /** The first line of what went wrong; null when it passed. */
  readonly failure: string | null;
}

/** A guard against hanging, not a measure: a busy machine takes its time. */
const CI_LIMIT_MS = 420_000;
const FULL_LIMIT_MS = 3_600_000;

/**
 * A jest test of cases of faults.md, named `R01, R02: <says>`. Its seed, sizes and counts are appended as a line of
 * JSON to the file that ENISHI_FAULT_REPORT names, whether it passes or fails; a failure names the seed.
 *
 * @param cases one number or several, e.g. `R01`
 * @param sizes what `size` answered, by what it counts
 */
export function faultCase(
  cases: string | readonly string[],
  says: string,
  sizes: Readonly<Record<string, number>>,
  run: (fault: FaultRun) => Promise<void>,
): void {
  const numbers = typeof cases === 'string' ? [cases] : cases;
  it(
    `${numbers.join(', ')}: ${says}`,
    async () => {
      const seed = seedOfRun();
      const counts: Record<string, number | string> = {};
      const from = performance.now();
      let failure: string | null = null;
      try {
        await run({ seed, random: randomOf(seed), count: (name, figure) => void (counts[name] = figure) });
      } catch (error) {
        failure = error instanceof Error ? error.message : String(error);
        throw new Error(`${failure}\n(seed ${seed}, ${JSON.stringify({ sizes, counts })})`, { cause: error });
      } finally {
        const seconds = Math.round((performance.now() - from) / 100) / 10;
        report({
          cases: numbers,
          says,
          full: isFullSize,
          seed,
          sizes,
          counts,
          seconds,
          passed: failure === null,
          failure: failure === null ? null : withoutColours(failure).slice(0, 600),
        });
      }
    },
    isFullSize ? FULL_LIMIT_MS : CI_LIMIT_MS,
  );
}

function report(line: FaultLine): void {
  const file = process.env.ENISHI_FAULT_REPORT;
  if (file !== undefined && file !== '') appendFileSync(file, `${JSON.stringify(line)}\n`);
}

function seedOfRun(): number {
  const given = process.env.ENISHI_TEST_SEED;
  if (given === undefined || given === '') return Math.floor(Math.random() * 2 ** 31);
  const seed = Number(given);
  if (!Number.isInteger(seed)) throw new Error(`ENISHI_TEST_SEED is ${given}; a whole number was expected.`);
  return seed;
}

function withoutColours(text: string): string {
  // eslint forbids the control character in a pattern.
  return text
    .split(String.fromCharCode(27))
    .map((part, i) => (i === 0 ? part : part.replace(/^\[[0-9;]*m/, '')))
    .join('');
}

/** mulberry32 */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
