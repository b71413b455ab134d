// What the search of region-sim believes of a configuration: replays, their residual, and how far both may be off.
//
// residual of a window: slowdown between its latency and a replay of its own arrivals (a control variate), |d| ≤ .6
// σ² = max(1, cal)·(σ_service² + τ²·v) + model error²;  τ² a decayed mean of first surprises;  P = Φ((slack - μ)/σ)
// measured: its windows' log latency and the replays', each weighted by its certainty

import { z } from "zod";
import {
  Calibration,
  calibrationSchema,
  normalShare,
  type Observations,
  type ResidualEstimator,
} from "../src/slowdown/index.ts";
import type { RecordedTrace } from "./replay.ts";
import type { ServiceLearner } from "./service-learner.ts";
import type { SimulatedLatency } from "./simulated-latency.ts";

/** Nodes and weights of the three-point rule for expectations under a normal distribution. */
const NODES: readonly (readonly [number, number])[] = [
  [-1.63, 0.222],
  [0, 0.556],
  [1.63, 0.222],
];

/** Residuals are clipped to this. */
const LARGEST_RESIDUAL = 0.6;

/** Decay of the spread, and the observations its first guess counts for. */
const SPREAD_DECAY = 0.93;
const PRIOR_COUNT = 4;

/** Improvements of log latency below this are none. */
const LEAST_LATENCY_GAIN = 0.01;

/** JSON form of what was learnt. */
export const replayBeliefsSchema = z.object({
  spread: z.object({ sum: z.number(), count: z.number() }),
  noise: calibrationSchema,
});

/** What beliefs rest on. */
export interface ReplayBeliefParts {
  readonly latency: SimulatedLatency;
  readonly estimator: ResidualEstimator;
  readonly observations: Observations;
  readonly service: ServiceLearner;
  readonly logSlo: number;
  /** First guess of the residual's spread. */
  readonly tau0: number;
  /** False takes the residual from the belief, not from a replay of the window's own arrivals. */
  readonly controlVariate: boolean;
}

/** What a window says of the replays' error. */
export interface Residual {
  readonly residual: number;
  readonly weight: number;
  readonly slope: number;
}

/** The beliefs of one search. */
export class ReplayBeliefs {
  readonly #parts: ReplayBeliefParts;
  readonly #noise: Calibration;
  #spread: { sum: number; count: number };

  constructor(parts: ReplayBeliefParts) {
    this.#parts = parts;
    this.#noise = new Calibration(parts.tau0, 1);
    this.#spread = this.#firstSpread();
  }

  sigma(i: number): number {
    const { latency, estimator, service } = this.#parts;
    const { model, service: ofService } = latency.variance(i);
    const spread = (this.#spread.sum / this.#spread.count) * estimator.doubt(i);
    return Math.sqrt(service.calibration * (ofService + spread) + model);
  }

  /** Standard deviations between what is expected of configuration i and missing the SLO. @param sigma of its slowdown */
  margin(i: number, sigma = this.sigma(i)): number {
    const { latency, estimator, logSlo } = this.#parts;
    return (latency.inverse(i, logSlo) - estimator.mean(i)) / sigma;
  }

  /** Probability that configuration i meets the SLO. */
  probability(i: number): number {
    return normalShare(this.margin(i));
  }

  /** Log latency of a measured configuration: what its windows showed and what replays say, each by its certainty. */
  logLatency(i: number): number {
    const { latency, estimator, observations } = this.#parts;
    const mean = estimator.mean(i);
    const simulated = latency.logLatency(i, mean);
    const own = observations.own(i);
    if (own === undefined) return simulated;
    const slope = latency.slope(i, mean);
    const simulated2 = (slope * this.sigma(i)) ** 2;
    const own2 = this.#noise.windowNoise2(slope) / own.count;
    return simulated + (simulated2 / (simulated2 + own2)) * (own.logLatency - simulated);
  }

  /** Expected improvement of log latency over the incumbent's. @param sigma of the slowdown */
  improvement(i: number, sigma: number, incumbentLog: number): number {
    const { latency, estimator } = this.#parts;
    const mean = estimator.mean(i);
    let sum = 0;
    for (const [node, weight] of NODES) {
      sum += weight * Math.max(0, incumbentLog - LEAST_LATENCY_GAIN - latency.logLatency(i, mean + sigma * node));
    }
    return sum;
  }

  /** What a window of configuration i says of the replays' error. @param short a rolled-back part of one */
  residual(i: number, trace: RecordedTrace, logLatency: number, short: boolean): Residual {
    const { latency, logSlo, controlVariate } = this.#parts;
    const believed = latency.logLatency(i, 0);
    const replayed = controlVariate ? latency.replayOn(i, trace).logLatency : believed;
    const shifted = latency.inverse(i, believed + logLatency - replayed);
    const residual = Math.min(LARGEST_RESIDUAL, Math.max(-LARGEST_RESIDUAL, shifted));
    const slope = latency.slope(i, residual);
    const asPredicted = logLatency > logSlo && replayed > logSlo;
    const weight = Math.min(1, Math.max(0.05, slope * slope)) * (short ? 0.3 : 1) * (asPredicted ? 0.3 : 1);
    return { residual, weight, slope };
  }

  /** Learns from a first visit how far residuals stray, before it is shared. */
  surprised(i: number, { residual, weight }: Residual): void {
    const { estimator } = this.#parts;
    const ratio = Math.min(1, (residual - estimator.mean(i)) ** 2 / estimator.doubt(i));
    this.#spread.sum = SPREAD_DECAY * this.#spread.sum + weight * ratio;
    this.#spread.count = SPREAD_DECAY * this.#spread.count + weight;
  }

  /**
   * Learns from a repeat how noisy windows are.
   * @param error of its log latency from the mean of the `count` windows before
   * @param suspicious it may show that the cluster changed
   */
  repeated(error: number, count: number, slope: number, suspicious: boolean): void {
    this.#noise.repeated({ error, count, slope }, suspicious);
  }

  /** The cluster is not what it was believed to be: surprises start anew. */
  forgetSurprises(): void {
    this.#spread = this.#firstSpread();
    this.#noise.forgetSurprises();
  }

  save(): z.input<typeof replayBeliefsSchema> {
    return { spread: { ...this.#spread }, noise: this.#noise.save() };
  }

  restore(saved: z.infer<typeof replayBeliefsSchema>): void {
    this.#spread = { ...saved.spread };
    this.#noise.restore(saved.noise);
  }

  #firstSpread(): { sum: number; count: number } {
    return { sum: PRIOR_COUNT * this.#parts.tau0 ** 2, count: PRIOR_COUNT };
  }
}
