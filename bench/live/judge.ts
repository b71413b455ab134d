// Who is how near the best: repeated windows, interleaved, and an interval for the ratio of two configurations.

import { quantile, SeededRandom } from "../../src/math/index.ts";

/** Draws of the bootstrap. */
const DRAWS = 2000;

/** A ratio of latencies with its interval. */
export interface RatioInterval {
  readonly ratio: number;
  /** The middle 90 % of the bootstrap. */
  readonly low: number;
  readonly high: number;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * How many times the latency of `other` that of `one` is: the geometric mean over rounds in which both were measured, so
 * that what slows the machine for a while slows both. Shape of both: [rounds]
 */
export function ratioOf(one: readonly number[], other: readonly number[], seed: number): RatioInterval {
  const logs = one.map((latencyMs, round) => Math.log(latencyMs / (other[round] ?? Number.NaN)));
  const random = new SeededRandom(seed);
  const draws = Float64Array.from({ length: DRAWS }, () =>
    mean(logs.map(() => logs[Math.floor(random.next() * logs.length)] ?? 0)),
  );
  return {
    ratio: Math.exp(mean(logs)),
    low: Math.exp(quantile(draws, 0.05)),
    high: Math.exp(quantile(draws, 0.95)),
  };
}

/** Whether a ratio is at most a bound: by its interval, which may leave it open. */
export type Verdict = "yes" | "no" | "open";

/** @param bound such as 1.1 for "within 10 %" */
export function within({ low, high }: RatioInterval, bound: number): Verdict {
  if (high <= bound) return "yes";
  return low > bound ? "no" : "open";
}
