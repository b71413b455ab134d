// What a search believes of every configuration: by the model where it was not measured, by its windows too where it was.
//
// not measured: slowdown ~ N(μ_i, σ_i²), σ_i² = τ²·v_i + noise²;  P(safe) = Φ((slack_i - μ_i)/σ_i)
// measured: log latency, its windows' mean and the model's, each weighted by its certainty
// expected improvement: Σ_q w_q·max(0, l_inc - .01 - L(h_q)) by three-point Gauss-Hermite quadrature

import type { Calibration } from "./calibration.ts";
import { normalShare } from "./normal-curve.ts";
import type { Observations } from "./observations.ts";
import type { ResidualEstimator } from "./residual.ts";
import type { LoadModel } from "./search-contract.ts";

/** Nodes and weights of three-point Gauss-Hermite quadrature, rounded. */
const NODES: readonly (readonly [number, number])[] = [
  [-1.63, 0.222],
  [0, 0.556],
  [1.63, 0.222],
];

/** Improvement of log latency below which a least-latency search does not try. */
const LEAST_LATENCY_GAIN = 0.01;

/** Least slope of log latency over slowdown where noise is put in terms of slowdown. */
const LEAST_SLOPE = 0.05;

/** What beliefs rest on. */
export interface BeliefParts {
  readonly estimator: ResidualEstimator;
  readonly observations: Observations;
  readonly calibration: Calibration;
  readonly logSlo: number;
  /** Standard deviation of the model's own error. */
  readonly noise: number;
}

/** Beliefs under the model of one load. */
export class Beliefs {
  readonly #parts: BeliefParts;
  readonly #slack: Float64Array;
  #model: LoadModel;

  constructor(parts: BeliefParts, model: LoadModel, configurations: number) {
    this.#parts = parts;
    this.#model = model;
    this.#slack = new Float64Array(configurations);
    this.refresh(model);
  }

  /** Takes another model. */
  refresh(model: LoadModel): void {
    this.#model = model;
    for (let i = 0; i < this.#slack.length; i++) this.#slack[i] = model.table.inverse(i, this.#parts.logSlo);
  }

  /** Standard deviations between what the model expects of configuration i and missing the SLO. */
  margin(i: number): number {
    return ((this.#slack[i] ?? 0) - this.#parts.estimator.mean(i)) / this.#sigma(i);
  }

  /** Probability that configuration i meets the SLO, as the model has it. */
  probability(i: number): number {
    return normalShare(this.margin(i));
  }

  /** That probability once a part of a window showed a slowdown. @param share of a window */
  canaryProbability(i: number, slowdown: number, share: number): number {
    const noise2 = this.windowDeviation(i, slowdown) ** 2 / Math.min(1, share);
    const sigma2 = this.#sigma(i) ** 2;
    const mean = this.#parts.estimator.mean(i);
    const after = mean + (sigma2 / (sigma2 + noise2)) * (slowdown - mean);
    const after2 = (sigma2 * noise2) / (sigma2 + noise2);
    return normalShare(((this.#slack[i] ?? 0) - after) / Math.sqrt(after2));
  }

  /** Standard deviation of the slowdown that one window of configuration i shows, near a slowdown. */
  windowDeviation(i: number, slowdown: number): number {
    const slope = Math.max(LEAST_SLOPE, this.#model.table.slope(i, slowdown));
    return Math.sqrt(this.#parts.calibration.windowNoise2(slope)) / slope;
  }

  /** Log latency of a measured configuration: its windows' mean, drawn to the model by as much as windows are noisy. */
  measured(i: number): { readonly mean: number; readonly deviation: number } {
    const { observations, estimator, calibration, noise } = this.#parts;
    const own = observations.own(i);
    if (own === undefined) return { mean: Number.POSITIVE_INFINITY, deviation: 1 };
    const { table } = this.#model;
    const slowdown = estimator.mean(i);
    const slope = table.slope(i, slowdown);
    const noise2 = calibration.windowNoise2(slope) / own.count;
    const model2 = slope * slope * calibration.spread2 * estimator.doubt(i) + noise ** 2;
    const mean = own.logLatency + (noise2 / (noise2 + model2)) * (table.at(i, slowdown) - own.logLatency);
    return { mean, deviation: Math.sqrt((noise2 * model2) / (noise2 + model2)) };
  }

  /** Probability that a measured configuration meets the SLO. */
  measuredProbability(i: number): number {
    const { mean, deviation } = this.measured(i);
    return normalShare((this.#parts.logSlo - mean) / deviation);
  }

  /** Expected improvement of log latency over the incumbent by a measured configuration. */
  measuredImprovement(i: number, incumbentLog: number): number {
    const { mean, deviation } = this.measured(i);
    return expectedGain(incumbentLog, (node) => mean + deviation * node);
  }

  /** Expected improvement of log latency over the incumbent by a configuration that was not measured. */
  improvement(i: number, incumbentLog: number): number {
    const { table } = this.#model;
    const mean = this.#parts.estimator.mean(i);
    const sigma = this.#sigma(i);
    if (table.at(i, mean - 2 * sigma) > incumbentLog) return 0;
    return expectedGain(incumbentLog, (node) => table.at(i, mean + sigma * node));
  }

  #sigma(i: number): number {
    const { calibration, estimator, noise } = this.#parts;
    return Math.sqrt(calibration.spread2 * estimator.doubt(i) + noise ** 2);
  }
}

/** Expected improvement of log latency. @param logLatencyAt so many standard deviations above its mean */
function expectedGain(incumbentLog: number, logLatencyAt: (node: number) => number): number {
  let sum = 0;
  for (const [node, weight] of NODES) {
    sum += weight * Math.max(0, incumbentLog - LEAST_LATENCY_GAIN - logLatencyAt(node));
  }
  return sum;
}
