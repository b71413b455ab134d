// Baum-Welch for counts whose Poisson rate switches between two hidden states: a discrete-time look at an MMPP(2).
//
// E step: scaled forward-backward over the bins; emission b_i(k) = e^{-r_i} r_i^k / k!, 1 for a missing bin
// M step: P_ij = Σ ξ_ij / Σ γ_i,  r_i = Σ γ_i k / Σ γ_i over bins that are there
// Source: L. Rabiner, "A tutorial on hidden Markov models", Proc. IEEE 1989, §III-IV; I. MacDonald, W. Zucchini,
//         "Hidden Markov and Other Models for Discrete-valued Time Series", 1997.
// Differs: the backward pass keeps only the state ratio it needs; counts share one table of emissions per iteration.

import { logGamma, quantile } from "../../math/index.ts";
import type { BinnedCounts } from "../trace/binned-counts.ts";

/** Two hidden states, the busier one second. */
export interface PoissonHmm {
  /** Mean count per bin in each state, shape [2], ascending. */
  readonly rates: readonly [number, number];
  /** Probability of leaving each state in a step of one bin, shape [2]. */
  readonly leave: readonly [number, number];
  readonly logLikelihood: number;
  readonly iterations: number;
}

const MAX_ITERATIONS = 200;
/** Gain in log likelihood per bin below which the fit has settled. */
const TOLERANCE_PER_BIN = 1e-7;
const LEAST_RATE = 1e-6;
const LEAST_LEAVE = 1e-9;

/** b_high(k) / b_low(k) and log b_low(k) for every count that occurs, in log space where they would overflow. */
class Emissions {
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  readonly #scale: Float64Array;

  constructor(largest: number) {
    this.#low = new Float64Array(largest + 1);
    this.#high = new Float64Array(largest + 1);
    this.#scale = new Float64Array(largest + 1);
  }

  set(rates: readonly [number, number]): void {
    const [low, high] = rates;
    for (let k = 0; k < this.#low.length; k++) {
      const a = k * Math.log(low) - low;
      const b = k * Math.log(high) - high;
      const top = Math.max(a, b);
      this.#low[k] = Math.exp(a - top);
      this.#high[k] = Math.exp(b - top);
      this.#scale[k] = top - logGamma(k + 1);
    }
  }

  low(k: number): number {
    return this.#low[k] ?? 0;
  }

  high(k: number): number {
    return this.#high[k] ?? 0;
  }

  scale(k: number): number {
    return this.#scale[k] ?? 0;
  }
}

/** Log likelihood of counts under an HMM, and the filtered probability of the busy state after each bin. */
function forward(
  counts: Float64Array,
  missing: Uint8Array,
  leave: readonly [number, number],
  emissions: Emissions,
  busy: Float64Array,
): number {
  const [up, down] = leave;
  let predicted = up / (up + down);
  let logLikelihood = 0;
  for (let t = 0; t < counts.length; t++) {
    const k = counts[t] ?? 0;
    const gone = missing[t] === 1;
    const high = predicted * (gone ? 1 : emissions.high(k));
    const total = high + (1 - predicted) * (gone ? 1 : emissions.low(k));
    const filtered = high / total;
    if (!gone) logLikelihood += Math.log(total) + emissions.scale(k);
    busy[t] = filtered;
    predicted = filtered * (1 - down) + (1 - filtered) * up;
  }
  return logLikelihood;
}

interface Expected {
  lowTime: number;
  highTime: number;
  lowCount: number;
  highCount: number;
  lowSteps: number;
  highSteps: number;
  ups: number;
  downs: number;
}

/** Expected times, counts and jumps, from the last bin to the first. */
function backward(
  counts: Float64Array,
  missing: Uint8Array,
  leave: readonly [number, number],
  busy: Float64Array,
): Expected {
  const [up, down] = leave;
  const sum = { lowTime: 0, highTime: 0, lowCount: 0, highCount: 0, lowSteps: 0, highSteps: 0, ups: 0, downs: 0 };
  let smoothed = busy[counts.length - 1] ?? 0;
  for (let t = counts.length - 1; t >= 0; t--) {
    if (missing[t] !== 1) {
      const k = counts[t] ?? 0;
      sum.highTime += smoothed;
      sum.lowTime += 1 - smoothed;
      sum.highCount += smoothed * k;
      sum.lowCount += (1 - smoothed) * k;
    }
    if (t === 0) break;
    const before = busy[t - 1] ?? 0;
    const predicted = before * (1 - down) + (1 - before) * up;
    const stayHigh = predicted > 0 ? (before * (1 - down) * smoothed) / predicted : 0;
    const goDown = predicted < 1 ? (before * down * (1 - smoothed)) / (1 - predicted) : 0;
    const goUp = smoothed - stayHigh;
    sum.downs += goDown;
    sum.ups += goUp;
    smoothed = stayHigh + goDown;
    sum.highSteps += smoothed;
    sum.lowSteps += 1 - smoothed;
  }
  return sum;
}

function largestOf(counts: Float64Array): number {
  return counts.reduce((most, count) => Math.max(most, count), 0);
}

/**
 * Log likelihood of whole-number counts per bin under given rates and leaving probabilities.
 * @param rates mean count per bin in each state, shape [2]
 */
export function hmmLogLikelihood(
  { counts, missing }: BinnedCounts,
  rates: readonly [number, number],
  leave: readonly [number, number],
): number {
  const emissions = new Emissions(largestOf(counts));
  emissions.set([Math.max(rates[0], LEAST_RATE), Math.max(rates[1], LEAST_RATE)]);
  return forward(counts, missing, leave, emissions, new Float64Array(counts.length));
}

/** The most likely two states for whole-number counts, from a start at the quartiles of the counts. */
export function fitPoissonHmm({ counts, missing }: BinnedCounts): PoissonHmm {
  const present = counts.filter((_, i) => missing[i] !== 1);
  const mean = present.reduce((sum, count) => sum + count, 0) / Math.max(1, present.length);
  const low = Math.max(LEAST_RATE, Math.min(quantile(present, 0.25), 0.8 * mean));
  const high = Math.max(quantile(present, 0.75), 1.2 * mean, 2 * LEAST_RATE);
  let rates: [number, number] = [low, high];
  let leave: [number, number] = [0.05, 0.05];
  const emissions = new Emissions(largestOf(counts));
  const busy = new Float64Array(counts.length);
  let logLikelihood = Number.NEGATIVE_INFINITY;
  let iterations = 0;
  for (; iterations < MAX_ITERATIONS; iterations++) {
    emissions.set(rates);
    const next = forward(counts, missing, leave, emissions, busy);
    if (next - logLikelihood < TOLERANCE_PER_BIN * counts.length) {
      logLikelihood = next;
      break;
    }
    logLikelihood = next;
    const e = backward(counts, missing, leave, busy);
    rates = [
      Math.max(LEAST_RATE, e.lowCount / Math.max(e.lowTime, LEAST_RATE)),
      Math.max(LEAST_RATE, e.highCount / Math.max(e.highTime, LEAST_RATE)),
    ];
    leave = [
      Math.min(1, Math.max(LEAST_LEAVE, e.ups / Math.max(e.lowSteps, LEAST_RATE))),
      Math.min(1, Math.max(LEAST_LEAVE, e.downs / Math.max(e.highSteps, LEAST_RATE))),
    ];
  }
  return { rates, leave, logLikelihood, iterations };
}
