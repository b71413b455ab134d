// Gaussian-process regression with a Matérn-5/2 kernel, one observation at a time.
//
// k(x, x') = σ² (1 + √5 d + 5/3 d²) e^{-√5 d},   d² = Σ_i ((x_i - x'_i)/ℓ_i)²
// K + noise I = L Lᵀ, a row of L per observation;   v_c = L⁻¹ k(X, c);   β = L⁻¹ (y - m)
//   mean(c) = m + v_cᵀ β,   variance(c) = σ² - v_cᵀ v_c,   log p(y) = -|β|²/2 - Σ ln L_nn - n/2 ln 2π
// Source: C. Rasmussen, C. Williams, "Gaussian Processes for Machine Learning", 2006, algorithm 2.1 and eq. 4.17.
// Differs: L grows by rows, and so does v of every listed candidate, so that an observation costs O(n² + N n) for N
//   candidates instead of O(n³ + N n²).

import { normalCdf } from "./special.ts";

const SQRT5 = Math.sqrt(5);
/** Added to the diagonal so that repeated points stay positive definite; relative to σ². */
const JITTER = 1e-9;

/** Hyperparameters. */
export interface GaussianProcessOptions {
  /** ℓ, one per dimension, > 0. */
  readonly lengthScales: readonly number[];
  /** σ² */
  readonly signalVariance: number;
  /** Variance of an observation's noise. */
  readonly noiseVariance: number;
  /** m */
  readonly mean: number;
}

/** What is believed of one point. */
export interface Belief {
  readonly mean: number;
  /** Of the function, noise left out; ≥ 0. */
  readonly variance: number;
}

/** Matérn-5/2 correlation of two points at scaled distance d. */
export function matern52(d: number): number {
  const u = SQRT5 * d;
  return (1 + u + (u * u) / 3) * Math.exp(-u);
}

/**
 * Expected improvement of a normal belief below `best`: (best - μ) Φ(z) + σ φ(z), z = (best - μ)/σ.
 * Source: D. Jones, M. Schonlau, W. Welch, "Efficient Global Optimization of Expensive Black-Box Functions", 1998.
 */
export function expectedImprovement(
  best: number,
  belief: { readonly mean: number; readonly deviation: number },
): number {
  const gap = best - belief.mean;
  if (belief.deviation < 1e-12) return Math.max(0, gap);
  const z = gap / belief.deviation;
  return gap * normalCdf(z) + (belief.deviation * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}

/** Regression on points of one dimension count, with beliefs about a fixed list of candidates kept up to date. */
export class GaussianProcess {
  readonly #options: GaussianProcessOptions;
  readonly #candidates: readonly ArrayLike<number>[];
  readonly #points: ArrayLike<number>[] = [];
  readonly #values: number[] = [];
  readonly #rows: Float64Array[] = [];
  #beta: number[] = [];
  /** v of every candidate, one array [N] per observation. */
  readonly #projections: Float64Array[] = [];
  readonly #explained: Float64Array;
  #means: Float64Array | null = null;

  /** @param candidates points to keep beliefs about, shape [N, dimensions] */
  constructor(options: GaussianProcessOptions, candidates: readonly ArrayLike<number>[] = []) {
    this.#options = options;
    this.#candidates = candidates;
    this.#explained = new Float64Array(candidates.length);
  }

  get size(): number {
    return this.#points.length;
  }

  #kernel(a: ArrayLike<number>, b: ArrayLike<number>): number {
    const { lengthScales, signalVariance } = this.#options;
    let sum = 0;
    for (let i = 0; i < lengthScales.length; i++) {
      const d = ((a[i] ?? 0) - (b[i] ?? 0)) / (lengthScales[i] ?? 1);
      sum += d * d;
    }
    return signalVariance * matern52(Math.sqrt(sum));
  }

  /** L⁻¹ k for a new point; shape [n]. */
  #project(point: ArrayLike<number>): Float64Array {
    const n = this.#points.length;
    const v = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const row = this.#rows[i] ?? v;
      let sum = this.#kernel(this.#points[i] ?? point, point);
      for (let j = 0; j < i; j++) sum -= (row[j] ?? 0) * (v[j] ?? 0);
      v[i] = sum / (row[i] ?? 1);
    }
    return v;
  }

  /** Adds an observation. @param noiseVariance of this one; the option's where absent */
  add(point: ArrayLike<number>, value: number, noiseVariance = this.#options.noiseVariance): void {
    const n = this.#points.length;
    const row = new Float64Array(n + 1);
    row.set(this.#project(point));
    let rest = this.#options.signalVariance * (1 + JITTER) + noiseVariance;
    for (let j = 0; j < n; j++) rest -= (row[j] ?? 0) ** 2;
    const pivot = Math.sqrt(Math.max(rest, JITTER * this.#options.signalVariance));
    row[n] = pivot;
    this.#extend(point, row, pivot);
    this.#points.push(point);
    this.#values.push(value);
    this.#rows.push(row);
    this.#beta.push(this.#solveRow(n, value));
    this.#means = null;
  }

  /** The new entry of v for every candidate. */
  #extend(point: ArrayLike<number>, row: Float64Array, pivot: number): void {
    const n = this.#points.length;
    const column = new Float64Array(this.#candidates.length);
    for (let c = 0; c < column.length; c++) column[c] = this.#kernel(point, this.#candidates[c] ?? point);
    for (let j = 0; j < n; j++) {
      const factor = row[j] ?? 0;
      const projection = this.#projections[j] ?? column;
      if (factor !== 0)
        for (let c = 0; c < column.length; c++) column[c] = (column[c] ?? 0) - factor * (projection[c] ?? 0);
    }
    for (let c = 0; c < column.length; c++) {
      const v = (column[c] ?? 0) / pivot;
      column[c] = v;
      this.#explained[c] = (this.#explained[c] ?? 0) + v * v;
    }
    this.#projections.push(column);
  }

  #solveRow(n: number, value: number): number {
    const row = this.#rows[n];
    let sum = value - this.#options.mean;
    for (let j = 0; j < n; j++) sum -= (row?.[j] ?? 0) * (this.#beta[j] ?? 0);
    return sum / (row?.[n] ?? 1);
  }

  /** Replaces all observed values, points and noise unchanged. @param values shape [n] */
  setValues(values: readonly number[]): void {
    values.forEach((value, i) => {
      this.#values[i] = value;
    });
    this.#beta = [];
    for (let i = 0; i < this.#points.length; i++) this.#beta.push(this.#solveRow(i, this.#values[i] ?? 0));
    this.#means = null;
  }

  /** The belief about any point. */
  predict(point: ArrayLike<number>): Belief {
    const v = this.#project(point);
    let mean = this.#options.mean;
    let variance = this.#options.signalVariance;
    v.forEach((value, i) => {
      mean += value * (this.#beta[i] ?? 0);
      variance -= value * value;
    });
    return { mean, variance: Math.max(0, variance) };
  }

  /** The belief about a candidate by its place in the list. */
  candidate(index: number): Belief {
    this.#means ??= this.#candidateMeans();
    return {
      mean: this.#means[index] ?? this.#options.mean,
      variance: Math.max(0, this.#options.signalVariance - (this.#explained[index] ?? 0)),
    };
  }

  #candidateMeans(): Float64Array {
    const means = new Float64Array(this.#candidates.length).fill(this.#options.mean);
    this.#projections.forEach((projection, i) => {
      const beta = this.#beta[i] ?? 0;
      for (let c = 0; c < means.length; c++) means[c] = (means[c] ?? 0) + beta * (projection[c] ?? 0);
    });
    return means;
  }

  /** ln p(values | points, hyperparameters). */
  logLikelihood(): number {
    let sum = (-this.#points.length / 2) * Math.log(2 * Math.PI);
    this.#beta.forEach((beta, i) => {
      sum -= (beta * beta) / 2 + Math.log(this.#rows[i]?.[i] ?? 1);
    });
    return sum;
  }
}

/** What is learned from: points, shape [n, dimensions], and their values, shape [n]. */
export interface Observations {
  readonly points: readonly ArrayLike<number>[];
  readonly values: readonly number[];
}

function likelihood(options: GaussianProcessOptions, observations: Observations): number {
  const process = new GaussianProcess(options);
  observations.points.forEach((point, i) => {
    process.add(point, observations.values[i] ?? 0);
  });
  return process.logLikelihood();
}

/**
 * Length-scales of higher posterior probability, found by coordinate search in log steps from those given: the
 * marginal likelihood times a log-normal prior of width `priorWidth` around `priorScales`.
 */
export function learnLengthScales(
  options: GaussianProcessOptions,
  observations: Observations,
  priorScales: readonly number[],
  priorWidth = 1,
): readonly number[] {
  const score = (scales: readonly number[]): number =>
    scales.reduce(
      (sum, scale, i) => sum - Math.log(scale / (priorScales[i] ?? 1)) ** 2 / (2 * priorWidth ** 2),
      likelihood({ ...options, lengthScales: scales }, observations),
    );
  let best = options.lengthScales;
  let bestScore = score(best);
  for (const step of [2, 1.4]) {
    for (let dimension = 0; dimension < best.length; dimension++) {
      for (const factor of [step, 1 / step]) {
        for (;;) {
          const tried = best.map((scale, i) => (i === dimension ? scale * factor : scale));
          const triedScore = score(tried);
          if (!(triedScore > bestScore + 1e-9)) break;
          best = tried;
          bestScore = triedScore;
        }
      }
    }
  }
  return best;
}
