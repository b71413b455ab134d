// The careful search: finds the best safe configuration from few windows, by how much slower the real system is than a model.
//
// y_i = inverse(i, log measured latency): the effective slowdown;  μ_i, v_i from the estimator;  σ_i² = τ²·v_i + noise²
// slack_i = inverse(i, log SLO);  P_i = Φ((slack_i - μ_i)/σ_i)
// next: nothing measured → argmax (slack - μ)/σ, or what runs if it is safe;  else the incumbent (measured, within the
//       SLO, least cost or latency), unless an unmeasured i with P_i ≥ pMin(bank) promises enough:
//       cost: gain·P;  latency: Σ_q w_q·max(0, l_inc - .01 - T(i, μ + σ·h_q)) by three-point Gauss-Hermite quadrature;
//       the most gain over (.3 + 1 - P): risk is what is scarce
// a measured configuration competes too, by its windows' mean and error, so that noise does not decide between rivals
// an expected gain counts by the share of past promises that was kept (calibration.ts), and risky ones must promise more
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
import { TOO_LATE, WindowReader, windowReaderSchema } from "./window-reading.ts";

/** Nodes and weights of three-point Gauss-Hermite quadrature, rounded. */
const NODES: readonly (readonly [number, number])[] = [
  [-1.63, 0.222],
  [0, 0.556],
  [1.63, 0.222],
];

/** Improvement of log latency below which a least-latency search does not try. */
const LEAST_LATENCY_GAIN = 0.01;

/** Risk that any trial is taken to have where gains are weighed against risks. */
const RISK_FLOOR = 0.3;

/** A trial that surely fails must promise this many times more than one that is surely safe. */
const RISK_PREMIUM = 3;

/** JSON form of a search, but for the model, which is built again. */
export const searchStateSchema = z.object({
  window: z.number().int(),
  improved: z.number().int(),
  lastAborted: z.boolean(),
  bank: z.number(),
  calibration: calibrationSchema,
  awaited: z.object({ index: z.number().int(), promised: z.number(), value: z.number() }).nullable(),
  costBias: z.object({ sum: z.number(), count: z.number() }),
  reader: windowReaderSchema,
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
  readonly #reader: WindowReader;
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
    this.#reader = new WindowReader(this.#logSlo, model);
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
    this.#reader.model = model;
    this.#slack = this.#slackOf(model);
  }

  /** What to run next. Earns and pays risk: call once per decision. */
  next(running: number): NextStep {
    this.#bank.earn(this.#lastAborted, this.#window - this.#improved);
    this.#lastAborted = false;
    const incumbent = this.incumbent();
    if (incumbent === null) return this.#first(running);
    const logLatency = this.#measured(incumbent).mean;
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
    const { table } = this.#model;
    const value = this.#reader.slowdown(i, measured);
    const slope = table.slope(i, value);
    const weight = Math.min(1, Math.max(0.05, slope * slope)) * (measured.short ? 0.4 : 1);
    const logLatency = this.#reader.overWindows(i, measured, value);
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
    if (this.#settings.pseudoObservations) {
      this.#reader.learnQueueing(i, measured, value, weight);
      const atBatch = known === undefined ? this.#reader.slowdownAtBatch(i, measured) : null;
      if (atBatch !== null) this.#observations.pseudo(i, measured.meanBatchSize ?? 1, atBatch);
    }
    this.#endPromise(i, logLatency);
    const tooLate = logLatency > this.#logSlo + TOO_LATE;
    if (this.#settings.cone && tooLate && measured.utilization > 0.9) this.#cone.block(i, this.#window);
  }

  /** Probability that configuration i meets the SLO, given what a part of a window showed. @param share of a window */
  canaryProbability(i: number, measured: Measured, share: number): number {
    const value = this.#reader.slowdown(i, measured);
    const slope = Math.max(0.05, this.#model.table.slope(i, value));
    const noise2 = this.#calibration.windowNoise2(slope) / (slope * slope * Math.min(1, share));
    const sigma2 = this.#sigma(i) ** 2;
    const mean = this.#estimator.mean(i);
    const after = mean + (sigma2 / (sigma2 + noise2)) * (value - mean);
    const after2 = (sigma2 * noise2) / (sigma2 + noise2);
    return normalShare(((this.#slack[i] ?? 0) - after) / Math.sqrt(after2));
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
      reader: this.#reader.save(),
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
    this.#reader.restore(saved.reader);
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
      const logLatency = level === undefined ? this.#measured(i).mean : own.logLatency;
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
    const { belief } = this.#calibration;
    const bias = this.#costBias.count === 0 ? 0 : this.#costBias.sum / this.#costBias.count;
    const incumbentCost = this.#observations.own(incumbent)?.logCost ?? 0;
    let best = -1;
    let bestScore = 0;
    let bestGain = 0;
    let bestProbability = 0;
    for (let i = 0; i < this.#slack.length; i++) {
      let gain = Number.POSITIVE_INFINITY;
      if (cost) {
        gain = incumbentCost - (this.#model.logCost[i] ?? 0) - bias;
        if (gain <= minGain || gain <= bestScore * RISK_FLOOR) continue;
      }
      if (i === incumbent || this.#cone.blocked(i, this.#window)) continue;
      const measured = this.#observations.own(i) !== undefined;
      const probability = measured ? this.#measuredProbability(i) : this.probability(i);
      if (probability < least) continue;
      if (cost) gain *= probability;
      else gain = measured ? this.#measuredImprovement(i, incumbentLog) : this.#improvement(i, incumbentLog);
      const score = gain / (RISK_FLOOR + 1 - probability);
      const demanded = stop * (1 + (RISK_PREMIUM - 1) * (1 - probability));
      if (score <= bestScore || gain * belief <= demanded) continue;
      best = i;
      bestScore = score;
      bestGain = gain;
      bestProbability = probability;
    }
    if (best < 0) return this.#stay(incumbent, "nothing affordable promises more");
    this.#bank.pay(1 - bestProbability);
    this.#awaited = { index: best, promised: bestGain, value: cost ? incumbentCost : incumbentLog };
    const percent = (100 * bestGain).toFixed(1);
    const goal = cost ? "cost" : "latency";
    const fresh = this.#observations.own(best) === undefined;
    const what = `${fresh ? "expects" : "measured again: expects"} ${percent} % less ${goal}`;
    const reason = `${what}, safe with probability ${bestProbability.toFixed(2)}`;
    return { index: best, fresh, probability: bestProbability, reason };
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
  #measured(i: number): { readonly mean: number; readonly deviation: number } {
    const own = this.#observations.own(i);
    if (own === undefined) return { mean: Number.POSITIVE_INFINITY, deviation: 1 };
    const { table } = this.#model;
    const slowdown = this.#estimator.mean(i);
    const slope = table.slope(i, slowdown);
    const noise2 = this.#calibration.windowNoise2(slope) / own.count;
    const model2 = slope * slope * this.#calibration.spread2 * this.#estimator.doubt(i) + this.#settings.noise ** 2;
    const mean = own.logLatency + (noise2 / (noise2 + model2)) * (table.at(i, slowdown) - own.logLatency);
    return { mean, deviation: Math.sqrt((noise2 * model2) / (noise2 + model2)) };
  }

  #measuredProbability(i: number): number {
    const { mean, deviation } = this.#measured(i);
    return normalShare((this.#logSlo - mean) / deviation);
  }

  /** Expected improvement of log latency over the incumbent by one that was measured. */
  #measuredImprovement(i: number, incumbentLog: number): number {
    const { mean, deviation } = this.#measured(i);
    return expectedGain(incumbentLog, (node) => mean + deviation * node);
  }

  /** Expected improvement of log latency over the incumbent by one that was not measured. */
  #improvement(i: number, incumbentLog: number): number {
    const { table } = this.#model;
    const mean = this.#estimator.mean(i);
    const sigma = this.#sigma(i);
    if (table.at(i, mean - 2 * sigma) > incumbentLog) return 0;
    return expectedGain(incumbentLog, (node) => table.at(i, mean + sigma * node));
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
