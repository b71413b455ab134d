// The region estimator: residuals averaged over neighbourhoods of the knob lattice, with siblings as a second, finer level.
//
// region    w = (1 - d²)² for d < 1, d² = Σ_k (Δx_k/R_k)²;        num_i = Σ_j w·w_j·y_j,  den_i = Σ_j w·w_j
// siblings  all knobs equal but the delay: w = (1 - (Δ/(1.2·n))²)²; numS_i, denS_i likewise
// mean      m = (κ·g + num_i)/(κ + den_i);  μ_i = (κs·m + numS_i)/(κs + denS_i),  g = Σ w·y/(Σ w + 1)
// doubt     v_i = 1/(1 + c·den_i) · (.3 + .7/(1 + c·denS_i))

import type { ResidualEstimator, ResidualObservation } from "./residual.ts";

/** Settings of the estimator. */
export interface RegionSettings {
  /** κ: weight of the global mean, in observations. */
  readonly globalWeight: number;
  /** κs: weight of the region's mean among siblings. */
  readonly regionWeight: number;
  /** c: how fast observations remove doubt. */
  readonly certainty: number;
  /** Radius of knobs other than batch size and delay, as a share of their values. */
  readonly radiusShare: number;
  /** Least radius of those, in steps. */
  readonly leastRadius: number;
  /** Whether configurations that differ in their delay alone inform each other more. */
  readonly siblings: boolean;
  /** False leaves the global mean alone. */
  readonly regions: boolean;
}

/** The design's parameters. */
export const REGIONS: RegionSettings = {
  globalWeight: 0.2,
  regionWeight: 0.2,
  certainty: 2.5,
  radiusShare: 0.35,
  leastRadius: 1.5,
  siblings: true,
  regions: true,
};

/** The lattice as the estimators see it. */
export interface LatticeColumns {
  /** Positions of every configuration, shape [configurations, knobs]. */
  readonly positions: Float64Array;
  readonly configurations: number;
  /** Values of each knob. */
  readonly lengths: readonly number[];
  /** Knobs of batch size and delay, whose regions span the whole axis. */
  readonly wide: readonly boolean[];
  /** Index of the delay knob; -1 where there is none. */
  readonly delayKnob: number;
  /** Index of the batch size knob; -1 where there is none. */
  readonly batchKnob: number;
  /** Values of the batch size knob. */
  readonly batchValues: readonly number[];
}

/** Radius of each knob's region, in steps. */
export function regionRadii(columns: LatticeColumns, settings: RegionSettings): number[] {
  return columns.lengths.map((length, k) =>
    columns.wide[k] ? length : Math.max(settings.leastRadius, settings.radiusShare * length),
  );
}

/** Sibling kernels reach this multiple of the delay knob's values. */
const SIBLING_REACH = 1.2;

/** Regions over a listed lattice. */
export class Regions implements ResidualEstimator {
  readonly #columns: LatticeColumns;
  readonly #settings: RegionSettings;
  readonly #inverseSquares: Float64Array;
  readonly #num: Float64Array;
  readonly #den: Float64Array;
  readonly #siblingNum: Float64Array;
  readonly #siblingDen: Float64Array;
  #sum = 0;
  #weight = 0;

  constructor(columns: LatticeColumns, settings: RegionSettings) {
    this.#columns = columns;
    this.#settings = settings;
    this.#inverseSquares = Float64Array.from(regionRadii(columns, settings), (radius) => 1 / (radius * radius));
    this.#num = new Float64Array(columns.configurations);
    this.#den = new Float64Array(columns.configurations);
    this.#siblingNum = new Float64Array(columns.configurations);
    this.#siblingDen = new Float64Array(columns.configurations);
  }

  fit(observations: readonly ResidualObservation[]): void {
    for (const sums of [this.#num, this.#den, this.#siblingNum, this.#siblingDen]) sums.fill(0);
    this.#sum = 0;
    this.#weight = 0;
    for (const observation of observations) this.add(observation);
  }

  add({ positions, index, value, weight }: ResidualObservation): void {
    this.#sum += weight * value;
    this.#weight += weight;
    if (this.#settings.regions) this.#addRegion(positions, weight * value, weight);
    if (this.#settings.siblings && index >= 0 && this.#columns.delayKnob >= 0) {
      this.#addSiblings(positions, weight * value, weight);
    }
  }

  mean(i: number): number {
    const { globalWeight, regionWeight } = this.#settings;
    const global = this.#sum / (this.#weight + 1);
    const region = (globalWeight * global + (this.#num[i] ?? 0)) / (globalWeight + (this.#den[i] ?? 0));
    return (regionWeight * region + (this.#siblingNum[i] ?? 0)) / (regionWeight + (this.#siblingDen[i] ?? 0));
  }

  doubt(i: number): number {
    const { certainty, regions } = this.#settings;
    const density = regions ? (this.#den[i] ?? 0) : this.#weight;
    return (0.3 + 0.7 / (1 + certainty * (this.#siblingDen[i] ?? 0))) / (1 + certainty * density);
  }

  density(i: number): number {
    return (this.#den[i] ?? 0) + (this.#siblingDen[i] ?? 0);
  }

  #addRegion(at: Float64Array, weightedValue: number, weight: number): void {
    const { positions, configurations } = this.#columns;
    const scales = this.#inverseSquares;
    const knobs = scales.length;
    for (let i = 0, base = 0; i < configurations; i++, base += knobs) {
      let squared = 0;
      for (let k = 0; k < knobs && squared < 1; k++) {
        const step = (positions[base + k] ?? 0) - (at[k] ?? 0);
        squared += step * step * (scales[k] ?? 0);
      }
      if (squared >= 1) continue;
      const kernel = (1 - squared) * (1 - squared);
      this.#num[i] = (this.#num[i] ?? 0) + kernel * weightedValue;
      this.#den[i] = (this.#den[i] ?? 0) + kernel * weight;
    }
  }

  #addSiblings(at: Float64Array, weightedValue: number, weight: number): void {
    const { positions, configurations, delayKnob, lengths } = this.#columns;
    const knobs = lengths.length;
    const reach = SIBLING_REACH * (lengths[delayKnob] ?? 1);
    for (let i = 0, base = 0; i < configurations; i++, base += knobs) {
      let sibling = true;
      for (let k = 0; k < knobs && sibling; k++) sibling = k === delayKnob || positions[base + k] === at[k];
      if (!sibling) continue;
      const scaled = ((positions[base + delayKnob] ?? 0) - (at[delayKnob] ?? 0)) / reach;
      const kernel = (1 - scaled * scaled) ** 2;
      this.#siblingNum[i] = (this.#siblingNum[i] ?? 0) + kernel * weightedValue;
      this.#siblingDen[i] = (this.#siblingDen[i] ?? 0) + kernel * weight;
    }
  }
}
