// The search of region-sim at one load: simulate what promises, try what is safe, learn service times and residuals.
//
// learnService: mean service time per batch size bin → Kalman update of the surface; cal = decayed mean of min(9, innovation²)
// residual d = slowdown between the window's latency and a replay of its own arrivals (a control variate), |d| ≤ .6;
//   shared by regions (or a Gaussian process); σ² = max(1, cal)·(σ_service² + τ²·v) + model error²
// score: P = Φ((slack - μ)/σ);  cost: v = E[gain; safe];  latency: v = expected improvement;  v /= P + (1-P)·ab + .05
// next: the best score, simulated until it is fresh;  bank pays (1-P)·ab and earns α
// canary: after 1/16 window the service belief is updated and the configuration simulated again: P < .3 rolls back
// Source: our own; control variates and experience from a model as in R. Sutton, "Dyna", 1991, and the textbooks.

import { z } from "zod";
import type { Objective, WindowMetrics } from "../src/core/index.ts";
import {
  Calibration,
  Cone,
  calibrationSchema,
  type NextStep,
  normalShare,
  Observations,
  observationsSchema,
  TOO_LATE,
  tailExponentOf,
} from "../src/slowdown/index.ts";
import { describePhysics, type Evidence, type Physics, PhysicsTest, physicsTestSchema } from "./physics.ts";
import type { RecordedTrace } from "./replay.ts";
import type { ReplayParts, ReplaySearchSettings } from "./replay-contract.ts";
import { ServiceLearner } from "./service-learner.ts";

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

/** Expected share of a window that any trial takes, in the denominator of the score. */
const TRIAL_COST = 0.05;

/** Doubt added when the sweep ranks what was not simulated. */
const OPTIMISM = 0.1;

/** JSON form of the search. */
export const replaySearchSchema = z.object({
  window: z.number().int(),
  bank: z.number(),
  lastAborted: z.boolean(),
  spread: z.object({ sum: z.number(), count: z.number() }),
  calibration: z.object({ sum: z.number(), count: z.number() }),
  noise: calibrationSchema,
  cone: z.array(z.tuple([z.number().int(), z.number()])),
  physics: physicsTestSchema,
  observations: observationsSchema,
});

/** What a window says of the replays' error. */
interface Residual {
  readonly residual: number;
  readonly weight: number;
  readonly slope: number;
}

interface Score {
  readonly index: number;
  readonly value: number;
  readonly probability: number;
}

/** The search. */
export class ReplaySearch {
  readonly #parts: ReplayParts;
  readonly #settings: ReplaySearchSettings;
  readonly #logSlo: number;
  readonly #cone: Cone;
  readonly #observations: Observations;
  readonly #minimize: Objective["minimize"];
  #window = 0;
  #bank: number;
  #lastAborted = false;
  #spread: { sum: number; count: number };
  readonly #noise: Calibration;
  readonly #service: ServiceLearner;
  readonly #physics: PhysicsTest;

  constructor(parts: ReplayParts, settings: ReplaySearchSettings, level: number) {
    this.#parts = parts;
    this.#settings = settings;
    this.#minimize = parts.objective.minimize;
    this.#logSlo = Math.log(parts.objective.slo[0].latencyMs);
    this.#cone = new Cone(parts.candidates.cone);
    this.#observations = new Observations(parts.candidates.columns, parts.estimator, 0.3, level);
    this.#bank = settings.initialBank;
    this.#noise = new Calibration(settings.tau0, 1);
    this.#service = new ServiceLearner(parts, settings.learnService);
    this.#physics = new PhysicsTest(parts.candidates.servers, parts.surface.knots);
    this.#spread = { sum: PRIOR_COUNT * settings.tau0 ** 2, count: PRIOR_COUNT };
  }

  /** Goes to another load level. */
  enter(level: number): void {
    this.#bank = this.#settings.initialBank;
    this.#lastAborted = false;
    this.#cone.clear();
    this.#observations.enter(level);
  }

  /** Load levels with measurements, ascending. */
  levels(): number[] {
    return this.#observations.levels();
  }

  /** The machine as believed. */
  get physics(): Physics {
    return this.#physics.physics;
  }

  /** What to run next, and why; says so when the machine is not what was configured. Call once per decision. */
  next(): NextStep {
    const step = this.#next();
    const told = describePhysics(this.#physics.physics);
    return told === null ? step : { ...step, reason: `${step.reason}; the cluster ${told}` };
  }

  #next(): NextStep {
    const { alpha, simulations, firstSimulations } = this.#settings;
    this.#bank = Math.min(1, this.#bank + (this.#lastAborted ? alpha / 8 : alpha));
    this.#lastAborted = false;
    let incumbent = this.incumbent();
    const budget = incumbent === null ? firstSimulations : simulations;
    for (let run = 0; run < budget && incumbent !== null && !this.#parts.latency.fresh(incumbent); run++) {
      this.#parts.latency.simulate(incumbent, true);
      incumbent = this.incumbent();
    }
    if (incumbent !== null && this.#borderline(incumbent)) {
      return {
        index: incumbent,
        fresh: false,
        probability: this.probability(incumbent),
        reason: "borderline: measured again",
      };
    }
    const safe = incumbent !== null && this.#logLatencyOf(incumbent) <= this.#logSlo;
    const best = this.#settle(safe ? incumbent : null, incumbent === null, budget);
    if (best === null || (incumbent !== null && !safe && !this.#worthTheRisk(best, incumbent))) {
      const index = incumbent ?? 0;
      return { index, fresh: false, probability: this.probability(index), reason: "nothing simulated promises more" };
    }
    if (incumbent !== null) this.#bank -= (1 - best.probability) * this.#settings.abortCost;
    return { index: best.index, fresh: true, probability: best.probability, reason: this.#reasonFor(best, safe) };
  }

  /** Screens what promises most among what was never simulated. */
  sweep(): void {
    const incumbent = this.incumbent();
    const safe = incumbent !== null && this.#logLatencyOf(incumbent) <= this.#logSlo ? incumbent : null;
    const scores: Score[] = [];
    for (let i = 0; i < this.#parts.candidates.servers.length; i++) {
      if (this.#parts.latency.isSimulated(i)) continue;
      const score = this.#score(i, safe, false, OPTIMISM);
      if (score !== null) scores.push(score);
    }
    scores.sort((a, b) => b.value - a.value);
    for (const { index } of scores.slice(0, this.#settings.sweep)) this.#parts.latency.simulate(index, false);
  }

  /** Whether a canary may go on, by the service times of its first part. */
  judge(i: number, metrics: WindowMetrics): boolean {
    this.#service.learn(i, metrics);
    this.#parts.latency.simulate(i, true);
    return this.probability(i) >= this.#settings.abortProbability;
  }

  /** Learns from a window of configuration i, or from the part of one that was served before a roll-back. */
  observe(i: number, metrics: WindowMetrics, trace: RecordedTrace, short: boolean): void {
    const { latency } = this.#parts;
    this.#window++;
    if (short) {
      this.#lastAborted = true;
      this.#cone.blockOne(i, this.#window);
    }
    this.#service.learn(i, metrics);
    if (metrics.latency === null) return;
    const logLatency = Math.log(metrics.latency.objectiveMs);
    this.#criticize(i, metrics, trace, logLatency);
    latency.simulate(i, !short);
    const { residual, weight, slope } = this.#residualOf(i, trace, logLatency, short);
    const known = this.#observations.own(i);
    if (known === undefined) this.#trackSpread(i, residual, weight);
    else if (!short) this.#noise.repeated(logLatency - known.logLatency, known.count, slope);
    const logCost = Math.log(Math.max(1e-9, metrics.costUsdPerHour));
    const tailExponent = tailExponentOf(metrics.latency);
    const shown = short ? Math.max(logLatency, this.#logSlo + TOO_LATE) : logLatency;
    this.#observations.measured(i, { value: residual, weight, logLatency: shown, tailExponent, logCost });
    if (this.#settings.cone && logLatency > this.#logSlo + TOO_LATE && metrics.utilization > 0.9) {
      this.#cone.block(i, this.#window);
    }
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
    const slack = this.#parts.latency.inverse(i, this.#logSlo);
    return normalShare((slack - this.#parts.estimator.mean(i)) / this.#sigma(i));
  }

  save(): z.input<typeof replaySearchSchema> {
    return {
      window: this.#window,
      bank: this.#bank,
      lastAborted: this.#lastAborted,
      spread: { ...this.#spread },
      calibration: this.#service.save(),
      noise: this.#noise.save(),
      cone: this.#cone.save(),
      physics: this.#physics.save(),
      observations: this.#observations.save(),
    };
  }

  restore(saved: z.infer<typeof replaySearchSchema>, level: number): void {
    this.#window = saved.window;
    this.#bank = saved.bank;
    this.#lastAborted = saved.lastAborted;
    this.#spread = { ...saved.spread };
    this.#service.restore(saved.calibration);
    this.#noise.restore(saved.noise);
    this.#cone.restore(saved.cone);
    this.#physics.restore(saved.physics);
    this.#observations.restore(saved.observations, level);
  }

  /** Log latency of a measured configuration: what its windows showed and what replays say, each by its certainty. */
  #logLatencyOf(i: number): number {
    const { latency, estimator } = this.#parts;
    const mean = estimator.mean(i);
    const simulated = latency.logLatency(i, mean);
    const own = this.#observations.own(i);
    if (own === undefined) return simulated;
    const slope = latency.slope(i, mean);
    const simulated2 = (slope * this.#sigma(i)) ** 2;
    const own2 = this.#noise.windowNoise2(slope) / own.count;
    return simulated + (simulated2 / (simulated2 + own2)) * (own.logLatency - simulated);
  }

  #sigma(i: number): number {
    const { model, service } = this.#parts.latency.variance(i);
    const spread = (this.#spread.sum / this.#spread.count) * this.#parts.estimator.doubt(i);
    return Math.sqrt(this.#service.calibration * (service + spread) + model);
  }

  /** With nothing safe at hand: what is likelier to be safe is tried at once, the rest as the bank affords it. */
  #worthTheRisk(best: Score, incumbent: number): boolean {
    return best.probability > this.probability(incumbent) || best.probability >= this.#leastProbability;
  }

  get #leastProbability(): number {
    const { leastProbability, abortCost } = this.#settings;
    return Math.min(0.98, Math.max(leastProbability, 1 - this.#bank / abortCost));
  }

  #borderline(incumbent: number): boolean {
    const count = this.#observations.own(incumbent)?.count ?? 0;
    if (this.#minimize !== "cost" || count >= 3) return false;
    return Math.abs(this.#logLatencyOf(incumbent) - this.#logSlo) < 0.03 / Math.sqrt(count);
  }

  /** The best candidate whose score rests on fresh simulations, as far as the budget of simulations goes. */
  #settle(safe: number | null, first: boolean, budget: number): Score | null {
    const scores: (Score | null)[] = this.#parts.candidates.servers.map((_, i) => this.#score(i, safe, first, 0));
    for (let run = 0; ; run++) {
      let best: Score | null = null;
      for (const score of scores) if (score !== null && (best === null || score.value > best.value)) best = score;
      if (best === null || run >= budget || this.#parts.latency.fresh(best.index)) return best;
      this.#parts.latency.simulate(best.index, this.#parts.latency.isSimulated(best.index));
      scores[best.index] = this.#score(best.index, safe, first, 0);
    }
  }

  #score(i: number, safe: number | null, first: boolean, optimism: number): Score | null {
    if (this.#observations.own(i) !== undefined || this.#cone.blocked(i, this.#window)) return null;
    const { latency, estimator, usdPerHour } = this.#parts;
    const { abortCost, minGain, minLatencyGain } = this.#settings;
    const mean = estimator.mean(i);
    const sigma = this.#sigma(i) + optimism;
    const margin = (latency.inverse(i, this.#logSlo) - mean) / sigma;
    const probability = normalShare(margin);
    if (safe === null) return { index: i, value: first ? margin : probability, probability };
    if (probability < this.#leastProbability) return null;
    let value: number;
    if (this.#minimize === "cost") {
      const gain =
        (this.#observations.own(safe)?.logCost ?? 0) - Math.log(Math.max(1e-9, usdPerHour(i, latency.expected(i))));
      if (gain <= minGain) return null;
      value = gain * probability - (this.#parts.costFollowsService ? lateCost(mean, sigma, margin, probability) : 0);
      if (value < minGain) return null;
    } else {
      value = this.#improvement(i, mean, sigma, this.#logLatencyOf(safe));
      if (value < minLatencyGain) return null;
    }
    return { index: i, value: value / (probability + (1 - probability) * abortCost + TRIAL_COST), probability };
  }

  #improvement(i: number, mean: number, sigma: number, incumbentLog: number): number {
    let sum = 0;
    for (const [node, weight] of NODES) {
      sum += weight * Math.max(0, incumbentLog - 0.01 - this.#parts.latency.logLatency(i, mean + sigma * node));
    }
    return sum;
  }

  #reasonFor(best: Score, safe: boolean): string {
    const certain = `safe with probability ${best.probability.toFixed(2)}`;
    if (!safe) return `likeliest to meet the SLO: ${certain}`;
    return `simulated gain ${(100 * best.value).toFixed(1)} % a window, ${certain}`;
  }

  #residualOf(i: number, trace: RecordedTrace, logLatency: number, short: boolean): Residual {
    const { latency } = this.#parts;
    const believed = latency.logLatency(i, 0);
    const replayed = this.#settings.controlVariate ? latency.replayOn(i, trace).logLatency : believed;
    const shifted = latency.inverse(i, believed + logLatency - replayed);
    const residual = Math.min(LARGEST_RESIDUAL, Math.max(-LARGEST_RESIDUAL, shifted));
    const slope = latency.slope(i, residual);
    const asPredicted = logLatency > this.#logSlo && replayed > this.#logSlo;
    const weight = Math.min(1, Math.max(0.05, slope * slope)) * (short ? 0.3 : 1) * (asPredicted ? 0.3 : 1);
    return { residual, weight, slope };
  }

  /** Asks whether the machine is what it is believed to be; where not, everything is simulated and compared anew. */
  #criticize(i: number, metrics: WindowMetrics, trace: RecordedTrace, logLatency: number): void {
    const { latency } = this.#parts;
    if (!this.#settings.criticism || metrics.latency === null || metrics.meanBatchSize === null) return;
    const window: Evidence = {
      index: i,
      trace: { ...trace, timesMs: trace.timesMs.slice() },
      logTail: logLatency,
      logMean: Math.log(metrics.latency.meanMs),
      logBatch: Math.log(metrics.meanBatchSize),
    };
    const changed = this.#physics.test(window, latency.replayOn(i, trace), (at, times, physics) =>
      latency.replayOn(at, times, physics),
    );
    if (!changed) return;
    latency.setPhysics(this.#physics.physics);
    this.#observations.dropResiduals();
    this.#cone.clear();
    this.#spread = { sum: PRIOR_COUNT * this.#settings.tau0 ** 2, count: PRIOR_COUNT };
    for (const { index, trace: times, logTail } of this.#physics.windows.slice(0, -1)) {
      latency.simulate(index, true);
      const { residual, weight } = this.#residualOf(index, times, logTail, false);
      this.#observations.addResidual(index, residual, weight);
    }
  }

  #trackSpread(i: number, residual: number, weight: number): void {
    const error = residual - this.#parts.estimator.mean(i);
    const ratio = Math.min(1, error ** 2 / this.#parts.estimator.doubt(i));
    this.#spread.sum = SPREAD_DECAY * this.#spread.sum + weight * ratio;
    this.#spread.count = SPREAD_DECAY * this.#spread.count + weight;
  }
}

/** E[z; z < slack] for z normal: what slower service adds to the cost of the cases that are safe. */
function lateCost(mean: number, sigma: number, margin: number, probability: number): number {
  const density = Math.exp(-0.5 * margin * margin) / Math.sqrt(2 * Math.PI);
  return mean * probability - sigma * density;
}
