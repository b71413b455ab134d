// A Gaussian-process model of one measured quantity over the candidates, standardised, with learned length-scales.

import { GaussianProcess, learnLengthScales } from "../../math/index.ts";
import type { Candidate } from "./candidates.ts";

/** Prior length-scale in the unit cube, in every dimension. */
const LENGTH_SCALE = 0.3;
/** Share of the variance that is noise of a window. */
const NOISE_SHARE = 0.01;
/** Learned length-scales are learned again after this many observations. */
const RELEARN_EVERY = 5;

/** What is believed of a candidate, in the units of the values. */
export interface SurrogateBelief {
  readonly mean: number;
  readonly deviation: number;
}

/** Follows a growing list of observations. */
export class Surrogate {
  readonly #candidates: readonly Candidate[];
  readonly #points: Float64Array[] = [];
  readonly #learned: boolean;
  #values: number[] = [];
  #process: GaussianProcess;
  #scales: readonly number[];
  #centre = 0;
  #spread = 1;

  constructor(candidates: readonly Candidate[], learned: boolean) {
    this.#candidates = candidates;
    this.#learned = learned;
    this.#scales = Array.from({ length: candidates[0]?.point.length ?? 0 }, () => LENGTH_SCALE);
    this.#process = this.#fresh();
  }

  #fresh(): GaussianProcess {
    const options = { lengthScales: this.#scales, signalVariance: 1, noiseVariance: NOISE_SHARE, mean: 0 };
    return new GaussianProcess(
      options,
      this.#candidates.map((candidate) => candidate.point),
    );
  }

  get size(): number {
    return this.#points.length;
  }

  /**
   * The observations so far: points in the order first given, all values anew. Points are only ever added.
   * @param points shape [n, knobs] @param values shape [n]
   */
  observe(points: readonly Float64Array[], values: readonly number[]): void {
    this.#values = [...values];
    const n = values.length;
    this.#centre = values.reduce((sum, value) => sum + value, 0) / Math.max(1, n);
    const variance = values.reduce((sum, value) => sum + (value - this.#centre) ** 2, 0) / Math.max(1, n);
    this.#spread = variance > 1e-12 ? Math.sqrt(variance) : 1;
    const standard = this.#values.map((value) => (value - this.#centre) / this.#spread);
    const relearn = this.#learned && n >= RELEARN_EVERY && n % RELEARN_EVERY === 0 && n > this.#points.length;
    if (relearn) {
      const prior = this.#scales.map(() => LENGTH_SCALE);
      const options = { lengthScales: this.#scales, signalVariance: 1, noiseVariance: NOISE_SHARE, mean: 0 };
      this.#scales = learnLengthScales(options, { points, values: standard }, prior);
      this.#process = this.#fresh();
      this.#points.length = 0;
    }
    for (let i = this.#points.length; i < n; i++) {
      const point = points[i];
      if (point === undefined) break;
      this.#process.add(point, standard[i] ?? 0);
      this.#points.push(point);
    }
    this.#process.setValues(standard);
  }

  /** @param index place in the list of candidates */
  belief(index: number): SurrogateBelief {
    const { mean, variance } = this.#process.candidate(index);
    return { mean: this.#centre + this.#spread * mean, deviation: this.#spread * Math.sqrt(variance) };
  }
}
