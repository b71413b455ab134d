// Small simulations of single queues, written for the tests alone, so that closed forms meet something independent.

import type { Random } from "../../src/core/index.ts";
import { exponential, SeededRandom } from "../../src/math/index.ts";

export { exponential, SeededRandom };

/** A mean with half the width of its 99 % confidence interval, from the means of independent runs. */
export interface Estimate {
  readonly mean: number;
  readonly halfWidth: number;
}

/** Student's t at 99.5 % for 19 degrees of freedom (tables). */
const T_19 = 2.861;
export const RUNS = 20;

export function estimate(values: readonly number[]): Estimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, halfWidth: T_19 * Math.sqrt(variance / values.length) };
}

export function quantile(values: Float64Array, q: number): number {
  const sorted = values.slice().sort();
  return sorted[Math.floor(q * sorted.length)] ?? Number.NaN;
}

/** Waits in G/G/c, first come first served, after a warm-up of a tenth. */
export function waits(
  gapS: (random: Random) => number,
  serviceS: (random: Random) => number,
  servers: number,
  customers: number,
  seed: number,
): Float64Array {
  const random = new SeededRandom(seed);
  const freeS = new Float64Array(servers);
  const found = new Float64Array(customers);
  let nowS = 0;
  for (let i = 0; i < customers; i++) {
    nowS += gapS(random);
    let first = 0;
    for (let s = 1; s < servers; s++) if ((freeS[s] ?? 0) < (freeS[first] ?? 0)) first = s;
    const startS = Math.max(nowS, freeS[first] ?? 0);
    found[i] = startS - nowS;
    freeS[first] = startS + serviceS(random);
  }
  return found.subarray(customers / 10);
}
