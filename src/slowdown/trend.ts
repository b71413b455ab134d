// The trend below the regions: residuals that grow along the machine, by ridge regression on a few known directions.
//
// residual ≈ Σ_f c_f·φ_f(i);  minimise Σ_j w_j (y_j - Σ_f c_f φ_jf)² + s²·Σ_f (c_f/p_f)²
// φ = 1, sharing (k-1)·r/C of the machine, ln r, ln B, each centred on the candidates;  p_f the spread expected of c_f
// Source: universal kriging, G. Matheron, "The theory of regionalized variables", 1971, with a prior on the trend.

/** A direction along which residuals may grow. */
export interface TrendFeature {
  /** Centred values of the configurations, shape [configurations]. */
  readonly values: Float64Array;
  /** Spread expected of its coefficient. */
  readonly spread: number;
}

/** Variance of one observation of weight 1, in squared slowdown. */
const OBSERVATION_VARIANCE = 0.1 ** 2;

/** Sums of weighted observations, and the coefficients they give. */
export class Trend {
  readonly #features: readonly TrendFeature[];
  readonly #gram: Float64Array;
  readonly #right: Float64Array;
  readonly coefficients: Float64Array;

  constructor(features: readonly TrendFeature[]) {
    const n = features.length;
    this.#features = features;
    this.#gram = new Float64Array(n * n);
    this.#right = new Float64Array(n);
    this.coefficients = new Float64Array(n);
  }

  clear(): void {
    this.#gram.fill(0);
    this.#right.fill(0);
    this.coefficients.fill(0);
  }

  /** @param at values of the features, shape [features] */
  add(at: ArrayLike<number>, value: number, weight: number): void {
    const n = this.#features.length;
    for (let a = 0; a < n; a++) {
      const scaled = weight * (at[a] ?? 0);
      this.#right[a] = (this.#right[a] ?? 0) + scaled * value;
      for (let b = 0; b < n; b++) this.#gram[a * n + b] = (this.#gram[a * n + b] ?? 0) + scaled * (at[b] ?? 0);
    }
  }

  /** Solves for the coefficients, by Cholesky's factorisation. */
  solve(): void {
    const n = this.#features.length;
    const lower = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        const prior = i === j ? OBSERVATION_VARIANCE / (this.#features[i]?.spread ?? 1) ** 2 : 0;
        let sum = (this.#gram[i * n + j] ?? 0) + prior;
        for (let k = 0; k < j; k++) sum -= (lower[i * n + k] ?? 0) * (lower[j * n + k] ?? 0);
        lower[i * n + j] = i === j ? Math.sqrt(sum) : sum / (lower[j * n + j] ?? 1);
      }
    }
    const solution = this.coefficients;
    for (let i = 0; i < n; i++) {
      let sum = this.#right[i] ?? 0;
      for (let k = 0; k < i; k++) sum -= (lower[i * n + k] ?? 0) * (solution[k] ?? 0);
      solution[i] = sum / (lower[i * n + i] ?? 1);
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = solution[i] ?? 0;
      for (let k = i + 1; k < n; k++) sum -= (lower[k * n + i] ?? 0) * (solution[k] ?? 0);
      solution[i] = sum / (lower[i * n + i] ?? 1);
    }
  }

  /** The trend at configuration i. */
  at(i: number): number {
    let sum = 0;
    for (let f = 0; f < this.#features.length; f++) {
      sum += (this.coefficients[f] ?? 0) * (this.#features[f]?.values[i] ?? 0);
    }
    return sum;
  }
}
