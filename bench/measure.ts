import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Result {
  readonly name: string;
  /** Median over the runs, in `unit`. */
  readonly ours: number;
  readonly limit: number;
  readonly unit: string;
  readonly ratio: number;
  readonly higherIsBetter: boolean;
  readonly gate: number | null;
  readonly goal: number | null;
  readonly runs: { readonly ours: readonly number[]; readonly limit: readonly number[] };
}

/** Runs both sides in turn, so that a noisy minute is noisy for both; ratios are of medians. */
export async function interleaved(
  name: string,
  unit: string,
  times: number,
  sides: { ours: () => Promise<number>; limit: () => Promise<number> },
  bounds: { gate: number | null; goal: number | null; higherIsBetter?: boolean },
): Promise<Result> {
  const ours: number[] = [];
  const limit: number[] = [];
  for (let i = 0; i < times; i += 1) {
    limit.push(await sides.limit());
    ours.push(await sides.ours());
  }
  return result(name, unit, { ours, limit }, bounds);
}

export function result(
  name: string,
  unit: string,
  runs: Result['runs'],
  {
    gate,
    goal,
    higherIsBetter = false,
  }: { gate: number | null; goal: number | null; higherIsBetter?: boolean },
): Result {
  const ours = median(runs.ours);
  const limit = median(runs.limit);
  return { name, ours, limit, unit, ratio: ours / limit, higherIsBetter, gate, goal, runs };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

export interface ChildRun {
  readonly ms: number;
  readonly peakMb: number;
  readonly status: number;
  readonly stdout: string;
}

/** A whole command in a process of its own: wall clock, and the peak of its resident memory as Linux tells it. */
export async function command(args: readonly string[], env: NodeJS.ProcessEnv): Promise<ChildRun> {
  const from = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let peakMb = 0;
  const watch = setInterval(() => {
    peakMb = Math.max(peakMb, peakOf(child.pid));
  }, 50);
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    stdout += part;
  });
  const status = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  clearInterval(watch);
  return { ms: performance.now() - from, peakMb, status, stdout };
}

/** The most memory that a process has held so far, in MB, as Linux tells it. */
export function peakOf(pid: number | undefined): number {
  try {
    const text = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024;
  } catch (error) {
    // The process is gone between two looks; a system without /proc tells no peak.
    if (error !== null && typeof error === 'object' && 'code' in error) return 0;
    throw error;
  }
}
