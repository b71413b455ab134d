// The region estimator: residuals averaged over neighbourhoods of the knob lattice, with siblings as a second, finer level.
//
// region    w = (1 - d²)² for d < 1, d² = Σ_k (Δx_k/R_k)²;        num_i = Σ_j w·w_j·y_j,  den_i = Σ_j w·w_j
// siblings  all knobs equal but the delay: w = (1 - (Δ/(1.2·n))²)²; numS_i, denS_i likewise
// mean      m = t_i + Σ_j w·w_j·(y_j - t_j)/(κ + den_i);  μ_i = (κs·m + t_i·denS_i + Σ wS·w_j·(y_j - t_j))/(κs + denS_i)
//           t the trend over everything measured (trend.ts)
// doubt     v_i = 1/(1 + c·den_i) · (.3 + .7/(1 + c·denS_i))

import type { ResidualEstimator, ResidualObservation } from "./residual.ts";
import { Trend, type TrendFeature } from "./trend.ts";

/** Settings of the estimator. */
export interface RegionSettings {
  /** κ: weight of the trend, in observations. */
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
  /** False leaves the trend alone. */
  readonly regions: boolean;
  /** False leaves the mean over everything in place of the trend. */
  readonly trend: boolean;
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
  trend: true,
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
  /** Directions along which residuals may grow; the first is constant. */
  readonly trend: readonly TrendFeature[];
}

/** Radius of each knob's region, in steps. */
export function regionRadii(columns: LatticeColumns, settings: RegionSettings): number[] {
  return columns.lengths.map((length, k) =>
    columns.wide[k] ? length : Math.max(settings.leastRadius, settings.radiusShare * length),
  );
}

/** Sibling kernels reach this multiple of the delay knob's values. */
const SIBLING_REACH = 1.2;

/** Kernel sums of one level of sharing: observations, weights and trend features, shape [configurations(, features)]. */
class KernelSums {
  readonly #features: number;
  readonly #values: Float64Array;
  readonly weights: Float64Array;
  readonly #trend: Float64Array;

  constructor(configurations: number, features: number) {
    this.#features = features;
    this.#values = new Float64Array(configurations);
    this.weights = new Float64Array(configurations);
    this.#trend = new Float64Array(configurations * features);
  }

  clear(): void {
    this.#values.fill(0);
    this.weights.fill(0);
    this.#trend.fill(0);
  }

  add(i: number, kernel: number, value: number, at: Float64Array): void {
    this.#values[i] = (this.#values[i] ?? 0) + kernel * value;
    this.weights[i] = (this.weights[i] ?? 0) + kernel;
    const base = i * this.#features;
    for (let f = 0; f < this.#features; f++) {
      this.#trend[base + f] = (this.#trend[base + f] ?? 0) + kernel * (at[f] ?? 0);
    }
  }

  /** Sum of what the trend leaves. */
  rest(i: number, coefficients: Float64Array): number {
    let sum = this.#values[i] ?? 0;
    const base = i * this.#features;
    for (let f = 0; f < this.#features; f++) sum -= (coefficients[f] ?? 0) * (this.#trend[base + f] ?? 0);
    return sum;
  }
}

/** Regions over a listed lattice. */
export class Regions implements ResidualEstimator {
  readonly #columns: LatticeColumns;
  readonly #settings: RegionSettings;
  readonly #inverseSquares: Float64Array;
  readonly #region: KernelSums;
  readonly #siblings: KernelSums;
  readonly #trend: Trend;
  readonly #means: Float64Array;
  readonly #doubts: Float64Array;
  #weight = 0;

  constructor(columns: LatticeColumns, settings: RegionSettings) {
    const features = settings.trend ? columns.trend : columns.trend.slice(0, 1);
    this.#columns = { ...columns, trend: features };
    this.#settings = settings;
    this.#inverseSquares = Float64Array.from(regionRadii(columns, settings), (radius) => 1 / (radius * radius));
    this.#region = new KernelSums(columns.configurations, features.length);
    this.#siblings = new KernelSums(columns.configurations, features.length);
    this.#trend = new Trend(features);
    this.#means = new Float64Array(columns.configurations);
    this.#doubts = new Float64Array(columns.configurations).fill(1);
  }

  fit(observations: readonly ResidualObservation[]): void {
    this.#region.clear();
    this.#siblings.clear();
    this.#trend.clear();
    this.#weight = 0;
    for (const observation of observations) this.#take(observation);
    this.#settle();
  }

  add(observation: ResidualObservation): void {
    this.#take(observation);
    this.#settle();
  }

  mean(i: number): number {
    return this.#means[i] ?? 0;
  }

  doubt(i: number): number {
    return this.#doubts[i] ?? 1;
  }

  density(i: number): number {
    return (this.#region.weights[i] ?? 0) + (this.#siblings.weights[i] ?? 0);
  }

  /** Works everything out while nobody waits: decisions ask for all configurations. */
  #settle(): void {
    this.#trend.solve();
    const { globalWeight, regionWeight, certainty, regions } = this.#settings;
    const { coefficients } = this.#trend;
    const { weights } = this.#region;
    const { weights: siblingWeights } = this.#siblings;
    for (let i = 0; i < this.#means.length; i++) {
      const den = weights[i] ?? 0;
      const siblingDen = siblingWeights[i] ?? 0;
      const region = den === 0 ? 0 : this.#region.rest(i, coefficients) / (globalWeight + den);
      const siblings = siblingDen === 0 ? 0 : this.#siblings.rest(i, coefficients);
      this.#means[i] = this.#trend.at(i) + (regionWeight * region + siblings) / (regionWeight + siblingDen);
      const density = regions ? den : this.#weight;
      this.#doubts[i] = (0.3 + 0.7 / (1 + certainty * siblingDen)) / (1 + certainty * density);
    }
  }

  #take({ positions, index, near, value, weight }: ResidualObservation): void {
    const at = Float64Array.from(this.#columns.trend, (feature) => feature.values[near] ?? 0);
    this.#weight += weight;
    this.#trend.add(at, value, weight);
    if (this.#settings.regions) this.#addRegion(positions, value, weight, at);
    if (this.#settings.siblings && index >= 0 && this.#columns.delayKnob >= 0) {
      this.#addSiblings(positions, value, weight, at);
    }
  }

  #addRegion(x: Float64Array, value: number, weight: number, at: Float64Array): void {
    const { positions, configurations } = this.#columns;
    const scales = this.#inverseSquares;
    const knobs = scales.length;
    for (let i = 0, base = 0; i < configurations; i++, base += knobs) {
      let squared = 0;
      for (let k = 0; k < knobs && squared < 1; k++) {
        const step = (positions[base + k] ?? 0) - (x[k] ?? 0);
        squared += step * step * (scales[k] ?? 0);
      }
      if (squared < 1) this.#region.add(i, (1 - squared) * (1 - squared) * weight, value, at);
    }
  }

  #addSiblings(x: Float64Array, value: number, weight: number, at: Float64Array): void {
    const { positions, configurations, delayKnob, lengths } = this.#columns;
    const knobs = lengths.length;
    const reach = SIBLING_REACH * (lengths[delayKnob] ?? 1);
    for (let i = 0, base = 0; i < configurations; i++, base += knobs) {
      let sibling = true;
      for (let k = 0; k < knobs && sibling; k++) sibling = k === delayKnob || positions[base + k] === x[k];
      if (!sibling) continue;
      const scaled = ((positions[base + delayKnob] ?? 0) - (x[delayKnob] ?? 0)) / reach;
      this.#siblings.add(i, (1 - scaled * scaled) ** 2 * weight, value, at);
    }
  }
}
