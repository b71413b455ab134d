// How batches form in a size-or-delay buffer: sizes, and how long a full batch took to fill.
//
// The first request opens a batch; N further ones come within the delay:  size = min(B, 1 + N(T))
//   p_k = P(N(T) = k-1) for k < B;   G(t) = P(N(t) >= B-1);   share of requests in batches of k:  q_k = k p_k / Σ j p_j
// N is Poisson, or negative binomial with the index of dispersion of the load where that is above 1.
// Source: A. Ali et al., "BATCH", SC 2020, section 4 (buffer); systems.md 2.3.
// Differs: counts with a given dispersion instead of a fitted Markovian arrival process, which costs one pass over k.

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

/** @param maxBatch B @param delayS T */
export function batchFormation(rateRps: number, dispersion: number, maxBatch: number, delayS: number): BatchFormation {
  const below = (timeS: number): Float64Array => countProbabilities(rateRps * timeS, dispersion, maxBatch - 1);
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
