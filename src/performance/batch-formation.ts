// How batches form in a size-or-delay buffer: sizes, and how long a full batch took to fill.
//
// The first request opens a batch; N further ones come within the delay:  size = min(B, 1 + N(T))
//   p_k = P(N(T) = k-1) for k < B;   G(t) = P(N(t) >= B-1);   share of requests in batches of k:  q_k = k p_k / Σ j p_j
// N counts a Markovian arrival process where the load has one (load-map.ts), else it is Poisson, or negative binomial
// with the index of dispersion of the load where that is above 1.
// Source: A. Ali et al., "BATCH", SC 2020, section 4 (buffer); systems.md 2.3.
// Differs: without a fitted process, counts with a given dispersion, which cost one pass over k.

import type { Load } from "../core/index.ts";
import { countGrid, loadMap, openingPhases } from "./load-map.ts";

/** Steps of a table of fill times. */
export const FILL_STEPS = 64;

/** Sizes of the batches that leave a buffer. */
export interface BatchFormation {
  /** Probability of each size, index = size, shape [B + 1]; entry 0 is 0. */
  readonly sizes: Float64Array;
  readonly meanSize: number;
  /** P(full within i T/FILL_STEPS of opening), shape [FILL_STEPS + 1]. */
  fullBy(): Float64Array;
}

/** P(N = n) for n in [0, limit), N with the given mean and dispersion; shape [limit]. */
export function countProbabilities(mean: number, dispersion: number, limit: number): Float64Array {
  const p = new Float64Array(limit);
  if (limit === 0) return p;
  if (dispersion <= 1 + 1e-6 || mean === 0) {
    let term = Math.exp(-mean);
    for (let n = 0; n < limit; n++) {
      p[n] = term;
      term *= mean / (n + 1);
    }
    return p;
  }
  const shape = mean / (dispersion - 1);
  const success = 1 - 1 / dispersion;
  let term = dispersion ** -shape;
  for (let n = 0; n < limit; n++) {
    p[n] = term;
    term *= (success * (shape + n)) / (n + 1);
  }
  return p;
}

function formationOf(counts: ArrayLike<number>, maxBatch: number, fullBy: () => Float64Array): BatchFormation {
  const sizes = new Float64Array(maxBatch + 1);
  let short = 0;
  let mean = 0;
  for (let k = 1; k < maxBatch; k++) {
    const probability = counts[k - 1] ?? 0;
    sizes[k] = probability;
    short += probability;
    mean += probability * k;
  }
  const full = Math.max(0, 1 - short);
  sizes[maxBatch] = full;
  return { sizes, meanSize: mean + full * maxBatch, fullBy };
}

function full(counts: Float64Array): number {
  let below = 0;
  for (const probability of counts) below += probability;
  return Math.max(0, 1 - below);
}

/** Batches of a load. @param maxBatch B @param delayS T */
export function batchFormation(load: Load, maxBatch: number, delayS: number): BatchFormation {
  if (maxBatch === 1) return formationOf([], 1, () => new Float64Array(FILL_STEPS + 1).fill(1));
  const map = delayS > 0 ? loadMap(load) : null;
  if (map !== null) {
    const start = openingPhases(map, maxBatch, delayS);
    const grid = countGrid(map, maxBatch - 1, delayS, FILL_STEPS);
    const atEnd = mixed(grid[FILL_STEPS] ?? [], start);
    return formationOf(atEnd, maxBatch, () => Float64Array.from(grid, (counts) => full(mixed(counts, start))));
  }
  const dispersion = Math.max(1, load.scv ?? 1);
  const below = (timeS: number): Float64Array => countProbabilities(load.rateRps * timeS, dispersion, maxBatch - 1);
  const fullBy = (): Float64Array =>
    Float64Array.from({ length: FILL_STEPS + 1 }, (_, i) => full(below((delayS * i) / FILL_STEPS)));
  return formationOf(below(delayS), maxBatch, fullBy);
}

/** Counts over the starting phase, shape [limit]. */
function mixed(byPhase: readonly Float64Array[], start: readonly number[]): Float64Array {
  const counts = new Float64Array(byPhase[0]?.length ?? 0);
  byPhase.forEach((row, i) => {
    const weight = start[i] ?? 0;
    for (let n = 0; n < counts.length; n++) counts[n] = (counts[n] ?? 0) + weight * (row[n] ?? 0);
  });
  return counts;
}
