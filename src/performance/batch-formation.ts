// How batches form in a size-or-delay buffer: sizes, and how long a full batch took to fill.
//
// The first request opens a batch; N further ones come within the delay:  size = min(B, 1 + N(T))
//   p_k = P(N(T) = k-1) for k < B;   G(t) = P(N(t) >= B-1);   share of requests in batches of k:  q_k = k p_k / Σ j p_j
// N counts a Markovian arrival process where the load has one (load-map.ts), else it is Poisson, or negative binomial
// with the index of dispersion of the load where that is above 1.
// Source: A. Ali et al., "BATCH", SC 2020, section 4 (buffer); systems.md 2.3.
// Differs: without a fitted process, counts with a given dispersion, which cost one pass over k.

import type { Load } from "../core/index.ts";
import { countsAt, loadMap, openingPhases } from "./load-map.ts";

/** Sizes of the batches that leave a buffer. */
export interface BatchFormation {
  /** Probability of each size, index = size, shape [B + 1]; entry 0 is 0. */
  readonly sizes: Float64Array;
  readonly meanSize: number;
  /** P(full within t of opening), for t in seconds. */
  fullBy(timeS: number): number;
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

/** @param below P(N(t) = n) for n in [0, B - 1) */
export function formationOf(below: (timeS: number) => Float64Array, maxBatch: number, delayS: number): BatchFormation {
  const sizes = new Float64Array(maxBatch + 1);
  let short = 0;
  let mean = 0;
  below(delayS).forEach((probability, n) => {
    sizes[n + 1] = probability;
    short += probability;
    mean += probability * (n + 1);
  });
  const full = Math.max(0, 1 - short);
  sizes[maxBatch] = full;
  return {
    sizes,
    meanSize: mean + full * maxBatch,
    fullBy: (timeS) => {
      if (maxBatch === 1) return 1;
      if (timeS <= 0) return 0;
      return Math.max(0, 1 - below(timeS).reduce((sum, probability) => sum + probability, 0));
    },
  };
}

/** Batches of a load. @param maxBatch B @param delayS T */
export function batchFormation(load: Load, maxBatch: number, delayS: number): BatchFormation {
  const map = loadMap(load);
  const dispersion = Math.max(1, load.scv ?? 1);
  if (map === null || maxBatch === 1) {
    return formationOf((timeS) => countProbabilities(load.rateRps * timeS, dispersion, maxBatch - 1), maxBatch, delayS);
  }
  const start = openingPhases(map, maxBatch, delayS);
  const below = (timeS: number): Float64Array => mixed(countsAt(map, maxBatch - 1, timeS), start);
  return formationOf(below, maxBatch, delayS);
}

/** Counts over the starting phase, shape [limit]. */
export function mixed(byPhase: readonly Float64Array[], start: readonly number[]): Float64Array {
  const counts = new Float64Array(byPhase[0]?.length ?? 0);
  byPhase.forEach((row, i) => {
    const weight = start[i] ?? 0;
    for (let n = 0; n < counts.length; n++) counts[n] = (counts[n] ?? 0) + weight * (row[n] ?? 0);
  });
  return counts;
}
