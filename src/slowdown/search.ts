// The careful search: finds the best safe configuration from few windows, by how much slower the real system is than a model.
//
// y_i = inverse(i, log measured latency): the effective slowdown;  μ_i, v_i from the estimator;  σ_i² = τ²·v_i + noise²
// slack_i = inverse(i, log SLO);  P_i = Φ((slack_i - μ_i)/σ_i)
// next: nothing measured → argmax (slack - μ)/σ, or what runs if it is safe;  else the incumbent (measured, within the
//       SLO, least cost or latency), unless an unmeasured i with P_i ≥ pMin(bank) promises enough:
//       cost: gain·P;  latency: Σ_q w_q·max(0, l_inc - .01 - T(i, μ + σ·h_q)) by three-point Gauss-Hermite quadrature
// an expected gain counts by the share of past promises that was kept (calibration.ts)
// Source: our own; its ancestors are the region-based reinforcement learning of Qin et al. (SC 2019) for sharing among
// neighbours, and Y. Sui et al., "Safe Exploration for Optimization with Gaussian Processes" (ICML 2015) for safe sets.

import { z } from "zod";
import type { Objective } from "../core/index.ts";
import { Calibration, calibrationSchema } from "./calibration.ts";
import type { CandidateSet } from "./candidate-set.ts";
import { Cone } from "./cone.ts";
import { normalShare } from "./normal-curve.ts";
import { Observations, observationsSchema } from "./observations.ts";
import type { ResidualEstimator } from "./residual.ts";
import { RiskBank } from "./risk-bank.ts";
import type { LoadModel, Measured, NextStep, SearchSettings } from "./search-contract.ts";

/** Nodes and weights of three-point Gauss-Hermite quadrature, rounded. */
const NODES: readonly (readonly [number, number])[] = [
  [-1.63, 0.222],
  [0, 0.556],
  [1.63, 0.222],
];

/** Improvement of log latency below which a least-latency search does not try. */
const LEAST_LATENCY_GAIN = 0.01;

/** JSON form of a search, but for the model, which is built again. */
export const searchStateSchema = z.object({
  window: z.number().int(),
  improved: z.number().int(),
  lastAborted: z.boolean(),
  bank: z.number(),
  calibration: calibrationSchema,
  awaited: z.object({ index: z.number().int(), promised: z.number(), value: z.number() }).nullable(),
  costBias: z.object({ sum: z.number(), count: z.number() }),
  cone: z.array(z.tuple([z.number().int(), z.number()])),
  observations: observationsSchema,
});

/** The search at one load level after another. */
export class SlowdownSearch {
  readonly #candidates: CandidateSet;
  readonly #settings: SearchSettings;
  readonly #estimator: ResidualEstimator;
  readonly #minimize: Objective["minimize"];
  readonly #logSlo: number;
  readonly #bank: RiskBank;
  readonly #cone: Cone;
  readonly #observations: Observations;
  #model: LoadModel;
  #slack: Float64Array;
  #window = 0;
  #lastAborted = false;
  /** Window in which the incumbent last improved. */
  #improved = 0;
  readonly #calibration: Calibration;
  #costBias = { sum: 0, count: 0 };
  /** The last trial's promise, until its window comes. */
  #awaited: { readonly index: number; readonly promised: number; readonly value: number } | null = null;

  constructor(
    candidates: CandidateSet,
    objective: Objective,
    estimator: ResidualEstimator,
    model: LoadModel,
    level: number,
    settings: SearchSettings,
  ) {
    this.#candidates = candidates;
    this.#settings = settings;
    this.#estimator = estimator;
    this.#minimize = objective.minimize;
    this.#logSlo = Math.log(objective.slo[0].latencyMs);
    this.#bank = new RiskBank(settings);
    this.#cone = new Cone(candidates.cone);
    this.#observations = new Observations(candidates.columns, estimator, settings.otherLevelWeight, level);
    this.#calibration = new Calibration(settings.tau0, settings.trust);
    this.#model = model;
    this.#slack = this.#slackOf(model);
  }

  /** Goes to another load level: own measurements there come back, blocks and the bank start anew. */
  enter(level: number, model: LoadModel): void {
    this.refresh(model);
    this.#bank.reset();
    this.#cone.clear();
    this.#lastAborted = false;
    this.#awaited = null;
    this.#improved = this.#window;
    this.#calibration.forgetPromises();
    this.#observations.enter(level);
  }

  /** Takes a better model of the same load level. */
  refresh(model: LoadModel): void {
    this.#model = model;
    this.#slack = this.#slackOf(model);
  }

  /** What to run next. Earns and pays risk: call once per decision. */
  next(running: number): NextStep {
    this.#bank.earn(this.#lastAborted, this.#window - this.#improved);
    this.#lastAborted = false;
    const incumbent = this.incumbent();
    if (incumbent === null) return this.#first(running);
    const logLatency = this.#logLatencyOf(incumbent);
    if (logLatency > this.#logSlo) return this.#rescue(incumbent);
    const count = this.#observations.own(incumbent)?.count ?? 0;
    if (this.#minimize === "cost" && count < 3 && this.#logSlo - logLatency < 0.04 / Math.sqrt(count)) {
      return this.#stay(incumbent, "borderline: measured again");
    }
    return this.#improve(incumbent, logLatency);
  }

  /** Learns from a window of configuration i. */
  observe(i: number, measured: Measured): void {
    this.#window++;
    if (measured.short) this.#lastAborted = true;
    const { table, serviceMs } = this.#model;
    const logLatency = Math.log(measured.latencyMs);
    const value = this.#slowdown(i, measured);
    const slope = table.slope(i, value);
    const weight = Math.min(1, Math.max(0.05, slope * slope)) * (measured.short ? 0.4 : 1);
    const known = this.#observations.own(i);
    if (known === undefined) {
      this.#calibration.surprised(value - this.#estimator.mean(i), this.#estimator.doubt(i), weight);
    } else if (!measured.short) {
      this.#calibration.repeated(logLatency - known.logLatency, known.count, slope);
    }
    const { tailExponent } = measured;
    const logCost = Math.log(measured.costUsdPerHour);
    this.#observations.measured(i, { value, weight, logLatency, tailExponent, logCost });
    this.#costBias.sum += Math.log(measured.costUsdPerHour) - (this.#model.logCost[i] ?? 0);
    this.#costBias.count++;
    if (known === undefined && serviceMs !== null && this.#settings.pseudoObservations) this.#pseudo(i, measured);
    this.#endPromise(i, logLatency);
    const tooLate = logLatency > this.#logSlo + Math.log(1.1);
    if (this.#settings.cone && tooLate && measured.utilization > 0.9) this.#cone.block(i, this.#window);
  }

  /** Load levels with measurements, ascending. */
  levels(): number[] {
    return this.#observations.levels();
  }

  save(): z.input<typeof searchStateSchema> {
    return {
      window: this.#window,
      improved: this.#improved,
      lastAborted: this.#lastAborted,
      bank: this.#bank.balance,
      calibration: this.#calibration.save(),
      awaited: this.#awaited,
      costBias: { ...this.#costBias },
      cone: this.#cone.save(),
      observations: this.#observations.save(),
    };
  }

  restore(saved: z.infer<typeof searchStateSchema>, level: number): void {
    this.#window = saved.window;
    this.#improved = saved.improved;
    this.#lastAborted = saved.lastAborted;
    this.#bank.balance = saved.bank;
    this.#calibration.restore(saved.calibration);
    this.#awaited = saved.awaited;
    this.#costBias = { ...saved.costBias };
    this.#cone.restore(saved.cone);
    this.#observations.restore(saved.observations, level);
  }

  /** The measured configuration to fall back on; null when nothing is measured at that level. */
  incumbent(level?: number): number | null {
    let best: number | null = null;
    let bestValue = Number.POSITIVE_INFINITY;
    let safest: number | null = null;
    let least = Number.POSITIVE_INFINITY;
    for (const [i, own] of this.#observations.owned(level)) {
      const logLatency = level === undefined ? this.#logLatencyOf(i) : own.logLatency;
      if (logLatency < least) {
        least = logLatency;
        safest = i;
      }
      const value = this.#minimize === "cost" ? own.logCost : logLatency;
      if (logLatency > this.#logSlo || value >= bestValue) continue;
      best = i;
      bestValue = value;
    }
    return best ?? safest;
  }

  /** Probability that configuration i meets the SLO. */
  probability(i: number): number {
    return normalShare(((this.#slack[i] ?? 0) - this.#estimator.mean(i)) / this.#sigma(i));
  }

  #sigma(i: number): number {
    return Math.sqrt(this.#calibration.spread2 * this.#estimator.doubt(i) + this.#settings.noise ** 2);
  }

  #slackOf(model: LoadModel): Float64Array {
    return Float64Array.from(this.#candidates.configurations, (_, i) => model.table.inverse(i, this.#logSlo));
  }

  #stay(index: number, reason: string): NextStep {
    return { index, fresh: false, probability: this.probability(index), reason };
  }

  #first(running: number): NextStep {
    if (running >= 0 && this.probability(running) >= this.#bank.leastProbability) {
      const probability = this.probability(running);
      return { index: running, fresh: true, probability, reason: "starts from what runs: expected to be safe" };
    }
    let best = 0;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < this.#slack.length; i++) {
      const score = ((this.#slack[i] ?? 0) - this.#estimator.mean(i)) / this.#sigma(i);
      if (score <= bestScore) continue;
      best = i;
      bestScore = score;
    }
    return { index: best, fresh: true, probability: normalShare(bestScore), reason: "largest slack of all" };
  }

  #rescue(incumbent: number): NextStep {
    let best = -1;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < this.#slack.length; i++) {
      if (this.#observations.own(i) !== undefined || this.#cone.blocked(i, this.#window)) continue;
      const score = ((this.#slack[i] ?? 0) - this.#estimator.mean(i)) / this.#sigma(i);
      if (score <= bestScore) continue;
      best = i;
      bestScore = score;
    }
    if (best < 0) return this.#stay(incumbent, "nothing measured meets the SLO and nothing is left: the least late");
    const reason = "nothing measured meets the SLO: the likeliest to";
    return { index: best, fresh: true, probability: normalShare(bestScore), reason };
  }

  #improve(incumbent: number, incumbentLog: number): NextStep {
    const { minGain, stop } = this.#settings;
    const cost = this.#minimize === "cost";
    const least = this.#bank.leastProbability;
    const bias = this.#costBias.count === 0 ? 0 : this.#costBias.sum / this.#costBias.count;
    const incumbentCost = this.#observations.own(incumbent)?.logCost ?? 0;
    let best = -1;
    let bestScore = stop / this.#calibration.belief;
    let bestProbability = 0;
    for (let i = 0; i < this.#slack.length; i++) {
      let gain = Number.POSITIVE_INFINITY;
      if (cost) {
        gain = incumbentCost - (this.#model.logCost[i] ?? 0) - bias;
        if (gain <= minGain || gain <= bestScore) continue;
      }
      if (this.#observations.own(i) !== undefined || this.#cone.blocked(i, this.#window)) continue;
      const mean = this.#estimator.mean(i);
      const sigma = this.#sigma(i);
      const probability = normalShare(((this.#slack[i] ?? 0) - mean) / sigma);
      if (probability < least) continue;
      const score = cost ? gain * probability : this.#improvement(i, mean, sigma, incumbentLog);
      if (score <= bestScore) continue;
      best = i;
      bestScore = score;
      bestProbability = probability;
    }
    if (best < 0) return this.#stay(incumbent, "nothing affordable promises more");
    this.#bank.pay(1 - bestProbability);
    this.#awaited = { index: best, promised: bestScore, value: cost ? incumbentCost : incumbentLog };
    const percent = (100 * bestScore).toFixed(1);
    const goal = cost ? "cost" : "latency";
    const reason = `expects ${percent} % less ${goal}, safe with probability ${bestProbability.toFixed(2)}`;
    return { index: best, fresh: true, probability: bestProbability, reason };
  }

  /** What became of the last promise. */
  #endPromise(i: number, logLatency: number): void {
    const awaited = this.#awaited;
    if (awaited === null || awaited.index !== i) return;
    this.#awaited = null;
    const safe = logLatency <= this.#logSlo;
    const value = this.#minimize === "cost" ? (this.#observations.own(i)?.logCost ?? 0) : logLatency;
    const gain = safe ? awaited.value - value : 0;
    this.#calibration.promiseEnded(awaited.promised, gain);
    if (gain > this.#settings.stop) this.#improved = this.#window;
  }

  /** Log latency of a measured configuration: its windows' mean, drawn to the model by as much as windows are noisy. */
  #logLatencyOf(i: number): number {
    const own = this.#observations.own(i);
    if (own === undefined) return Number.POSITIVE_INFINITY;
    const { table } = this.#model;
    const mean = this.#estimator.mean(i);
    const slope = table.slope(i, mean);
    const noise2 = this.#calibration.windowNoise2(slope) / own.count;
    const model2 = slope * slope * this.#calibration.spread2 * this.#estimator.doubt(i) + this.#settings.noise ** 2;
    return own.logLatency + (noise2 / (noise2 + model2)) * (table.at(i, mean) - own.logLatency);
  }

  /** Expected improvement of log latency. */
  #improvement(i: number, mean: number, sigma: number, incumbentLog: number): number {
    const { table } = this.#model;
    if (table.at(i, mean - 2 * sigma) > incumbentLog) return 0;
    let sum = 0;
    for (const [node, weight] of NODES) {
      sum += weight * Math.max(0, incumbentLog - LEAST_LATENCY_GAIN - table.at(i, mean + sigma * node));
    }
    return sum;
  }

  /** The slowdown a window shows; an overloaded one bounds it by service time, never by the backlog. */
  #slowdown(i: number, measured: Measured): number {
    const { table, serviceMs } = this.#model;
    const logLatency = Math.log(measured.latencyMs);
    const plain = table.inverse(i, logLatency);
    if (logLatency <= this.#logSlo) return plain;
    const slack = this.#slack[i] ?? 0;
    if (measured.utilization <= 0.98 || serviceMs === null) return Math.min(plain, slack + 0.3);
    const service = this.#serviceSlowdown(i, measured);
    const bounded = Math.max(service ?? Number.NEGATIVE_INFINITY, slack + 0.02);
    return Math.min(plain, Math.max(-table.reach, bounded));
  }

  #serviceSlowdown(i: number, measured: Measured): number | null {
    const { serviceMs } = this.#model;
    if (serviceMs === null || measured.serviceMs === null || measured.meanBatchSize === null) return null;
    return Math.log(measured.serviceMs / serviceMs(i, measured.meanBatchSize));
  }

  #pseudo(i: number, measured: Measured): void {
    const value = this.#serviceSlowdown(i, measured);
    if (value === null || measured.meanBatchSize === null) return;
    const reach = this.#model.table.reach;
    this.#observations.pseudo(i, measured.meanBatchSize, Math.min(reach, Math.max(-reach, value)));
  }
}
