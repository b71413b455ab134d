// The residual by a Gaussian process, in place of regions: Matérn-5/2 over the unit cube of the knobs, fixed length-scales.
//
// observation j of weight w_j has noise variance ν²/w_j;  doubt_i = posterior variance over prior variance
// Source: C. Rasmussen, C. Williams, "Gaussian Processes for Machine Learning", 2006; see math/gaussian-process.ts.

import { GaussianProcess } from "../math/index.ts";
import type { LatticeColumns } from "./regions.ts";
import type { ResidualEstimator, ResidualObservation } from "./residual.ts";

/** Settings; variances are relative to the prior's, which is 1. */
export interface GaussianResidualSettings {
  /** In shares of a knob's range. */
  readonly lengthScale: number;
  /** Variance of an observation of weight 1. */
  readonly noiseVariance: number;
}

/** What the design's GP baselines use. */
export const GAUSSIAN_RESIDUAL: GaussianResidualSettings = { lengthScale: 0.35, noiseVariance: 0.05 };

/** A Gaussian process with zero mean and unit variance. */
export class GaussianResidual implements ResidualEstimator {
  readonly #columns: LatticeColumns;
  readonly #settings: GaussianResidualSettings;
  readonly #points: readonly Float64Array[];
  #process: GaussianProcess;
  #taken: { readonly positions: Float64Array; readonly weight: number }[] = [];
  #values: number[] = [];

  constructor(columns: LatticeColumns, settings: GaussianResidualSettings) {
    const knobs = columns.lengths.length;
    this.#columns = columns;
    this.#settings = settings;
    this.#points = Array.from({ length: columns.configurations }, (_, i) =>
      this.#unit(columns.positions.subarray(i * knobs, (i + 1) * knobs)),
    );
    this.#process = this.#empty();
  }

  fit(observations: readonly ResidualObservation[]): void {
    const same =
      observations.length === this.#taken.length &&
      observations.every(({ positions, weight }, j) => {
        const taken = this.#taken[j];
        return taken?.weight === weight && positions.every((x, k) => x === taken.positions[k]);
      });
    if (same) {
      this.#values = observations.map((observation) => observation.value);
      this.#process.setValues(this.#values);
      return;
    }
    this.#process = this.#empty();
    this.#taken = [];
    this.#values = [];
    for (const observation of observations) this.add(observation);
  }

  add({ positions, value, weight }: ResidualObservation): void {
    this.#taken.push({ positions, weight });
    this.#values.push(value);
    this.#process.add(this.#unit(positions), value, this.#settings.noiseVariance / Math.max(1e-3, weight));
  }

  mean(i: number): number {
    return this.#process.candidate(i).mean;
  }

  doubt(i: number): number {
    return Math.max(1e-6, this.#process.candidate(i).variance);
  }

  density(i: number): number {
    return 1 / this.doubt(i) - 1;
  }

  #empty(): GaussianProcess {
    const { lengthScale, noiseVariance } = this.#settings;
    const lengthScales = this.#columns.lengths.map(() => lengthScale);
    return new GaussianProcess({ lengthScales, signalVariance: 1, noiseVariance, mean: 0 }, this.#points);
  }

  #unit(positions: Float64Array): Float64Array {
    return Float64Array.from(positions, (x, k) => x / Math.max(1, (this.#columns.lengths[k] ?? 1) - 1));
  }
}
