// The careful search: finds the best safe configuration from few windows, by how much slower the real system is than a model.
//
// y_i = inverse(i, log measured latency): the effective slowdown, shared by the estimator;  P_i = P(safe) (beliefs.ts)
// next: nothing measured → the largest margin, or what runs if it is safe;  else the incumbent (measured, within the SLO,
//       least cost or latency), unless a trial with P_i ≥ pMin(bank) promises enough for its risk (trial-choice.ts)
// an expected gain counts by the share of past promises that was kept (calibration.ts)
// a repeated configuration that is not what it was: the system changed, everything is learnt anew (change-test.ts)
// Source: our own; its ancestors are the region-based reinforcement learning of Qin et al. (SC 2019) for sharing among
// neighbours, and Y. Sui et al., "Safe Exploration for Optimization with Gaussian Processes" (ICML 2015) for safe sets.

import { z } from "zod";
import type { Objective } from "../core/index.ts";
import { Beliefs } from "./beliefs.ts";
import { Calibration, calibrationSchema } from "./calibration.ts";
import type { CandidateSet } from "./candidate-set.ts";
import { ChangeTest, changeTestSchema, describeShift } from "./change-test.ts";
import { Cone } from "./cone.ts";
import { bestMeasured, type Candidacy, leastLate } from "./incumbent.ts";
import { Observations, observationsSchema } from "./observations.ts";
import type { ResidualEstimator } from "./residual.ts";
import { RiskBank } from "./risk-bank.ts";
import type { LoadModel, Measured, NextStep, SearchSettings } from "./search-contract.ts";
import { bestTrial } from "./trial-choice.ts";
import { TOO_LATE, WindowReader, windowReaderSchema } from "./window-reading.ts";

/** Weight that slowdowns from before a change of the system keep, in place of the load level's. */
const CHANGED_TRUST = 0.3;

/** Service times compare between windows whose mean batch sizes differ by less than this, in logs. */
const ALIKE_BATCHES = 0.2;

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
  change: changeTestSchema,
  shift: z.number(),
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
  readonly #beliefs: Beliefs;
  #model: LoadModel;
  readonly #change = new ChangeTest();
  /** Slowdown by which the system was last noticed to have changed; 0 for never. */
  #shift = 0;
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
    const { otherLevelWeight } = settings;
    const memory = { otherLevelWeight, lateShare: 1 - objective.slo[0].percentile };
    this.#observations = new Observations(candidates.columns, estimator, memory, level);
    this.#calibration = new Calibration(settings.tau0, settings.trust);
    this.#reader = new WindowReader(this.#logSlo, model);
    this.#model = model;
    const { noise } = settings;
    const parts = { estimator, observations: this.#observations, calibration: this.#calibration, noise };
    this.#beliefs = new Beliefs({ ...parts, logSlo: this.#logSlo }, model, candidates.configurations.length);
  }

  /** Goes to another load level: own measurements there come back, blocks and the bank start anew. */
  enter(level: number, model: LoadModel): void {
    this.refresh(model);
    this.#bank.reset();
    this.#cone.clear();
    this.#change.reset();
    this.#shift = 0;
    this.#lastAborted = false;
    this.#awaited = null;
    this.#improved = this.#window;
    this.#calibration.forgetPromises();
    this.#observations.enter(level, this.#reader.queueing);
  }

  /** Takes a better model of the same load level. */
  refresh(model: LoadModel): void {
    this.#model = model;
    this.#reader.model = model;
    this.#beliefs.refresh(model);
  }

  /** What to run next. Earns and pays risk: call once per decision. */
  next(running: number): NextStep {
    this.#bank.earn(this.#lastAborted, this.#window - this.#improved);
    this.#lastAborted = false;
    const incumbent = this.incumbent();
    if (incumbent === null) return this.#first(running);
    if (this.#change.suspects) {
      return this.#stay(
        leastLate(this.#measured()) ?? incumbent,
        "not what it was: the least late is measured again, to be sure",
      );
    }
    const logLatency = this.#beliefs.measured(incumbent).mean;
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
    const service = this.#reader.serviceSlowdown(i, measured);
    if (!measured.short) this.#noticeChange(i, value, service, measured.meanBatchSize);
    const known = this.#observations.own(i);
    if (known === undefined) {
      this.#calibration.surprised(value - this.#estimator.mean(i), this.#estimator.doubt(i), weight);
    } else if (!measured.short) {
      const error = logLatency - known.logLatency;
      this.#calibration.repeated({ error, count: known.count, slope }, this.#change.suspects);
    }
    const { tail } = measured;
    const logCost = Math.log(measured.costUsdPerHour);
    const batch = measured.meanBatchSize;
    this.#observations.measured(i, { value, weight, logLatency, tail, logCost, service, batch });
    this.#costBias.sum += Math.log(measured.costUsdPerHour) - (this.#model.logCost[i] ?? 0);
    this.#costBias.count++;
    if (this.#settings.pseudoObservations) {
      this.#reader.learnQueueing(i, measured, value, weight);
      const atBatch = known === undefined ? this.#reader.slowdownAtBatch(i, measured) : null;
      if (atBatch !== null && batch !== null) this.#observations.pseudo(i, batch, atBatch, service ?? atBatch);
    }
    this.#endPromise(i, logLatency);
    const tooLate = logLatency > this.#logSlo + TOO_LATE;
    if (this.#settings.cone && tooLate && measured.utilization > 0.9) this.#cone.block(i, this.#window);
  }

  /** Probability that configuration i meets the SLO. */
  probability(i: number): number {
    return this.#beliefs.probability(i);
  }

  /** Probability that configuration i meets the SLO, given what a part of a window showed. @param share of a window */
  canaryProbability(i: number, measured: Measured, share: number): number {
    return this.#beliefs.canaryProbability(i, this.#reader.slowdown(i, measured), share);
  }

  /** What was noticed of the system, in words; empty for nothing. */
  get noticed(): string {
    return this.#shift === 0 ? "" : describeShift(this.#shift);
  }

  /** Load levels with measurements, ascending. */
  levels(): number[] {
    return this.#observations.levels();
  }

  save(): z.output<typeof searchStateSchema> {
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
      change: this.#change.save(),
      shift: this.#shift,
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
    this.#change.restore(saved.change);
    this.#shift = saved.shift;
    this.#observations.restore(saved.observations, level);
  }

  /** The measured configuration to fall back on; null when nothing is measured at that level. */
  incumbent(level?: number): number | null {
    return bestMeasured(this.#measured(level), this.#minimize, this.#logSlo);
  }

  /** What was measured at that level; at the present one with its latency as believed. */
  #measured(level?: number): Candidacy[] {
    return [...this.#observations.owned(level)].map(([index, own]) => {
      const logLatency = level === undefined ? this.#beliefs.measured(index).mean : own.logLatency;
      return { index, logLatency, logCost: own.logCost };
    });
  }

  #stay(index: number, reason: string): NextStep {
    return { index, fresh: false, probability: this.probability(index), reason };
  }

  #first(running: number): NextStep {
    if (running >= 0 && this.probability(running) >= this.#bank.leastProbability) {
      const probability = this.probability(running);
      return { index: running, fresh: true, probability, reason: "starts from what runs: expected to be safe" };
    }
    const best = this.#safest(() => true) ?? 0;
    return { index: best, fresh: true, probability: this.probability(best), reason: "largest slack of all" };
  }

  #rescue(incumbent: number): NextStep {
    const best = this.#safest((i) => this.#observations.own(i) === undefined && !this.#cone.blocked(i, this.#window));
    if (best === null)
      return this.#stay(incumbent, "nothing measured meets the SLO and nothing is left: the least late");
    const reason = "nothing measured meets the SLO: the likeliest to";
    return { index: best, fresh: true, probability: this.probability(best), reason };
  }

  /** Of the configurations that may be tried the one with the largest margin; null for none. */
  #safest(open: (i: number) => boolean): number | null {
    let best: number | null = null;
    let bestMargin = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < this.#candidates.configurations.length; i++) {
      const margin = open(i) ? this.#beliefs.margin(i) : Number.NEGATIVE_INFINITY;
      if (margin <= bestMargin) continue;
      best = i;
      bestMargin = margin;
    }
    return best;
  }

  #improve(incumbent: number, incumbentLog: number): NextStep {
    const cost = this.#minimize === "cost";
    const bias = this.#costBias.count === 0 ? 0 : this.#costBias.sum / this.#costBias.count;
    const incumbentCost = this.#observations.own(incumbent)?.logCost ?? 0;
    const trial = bestTrial({
      candidates: this.#candidates.configurations.length,
      incumbentLog,
      open: (i) => i !== incumbent && !this.#cone.blocked(i, this.#window),
      measured: (i) => this.#observations.own(i) !== undefined,
      saved: cost ? (i) => incumbentCost - (this.#model.logCost[i] ?? 0) - bias : null,
      beliefs: this.#beliefs,
      leastProbability: this.#bank.leastProbability,
      believed: this.#calibration.belief,
      settings: this.#settings,
    });
    if (trial === null) return this.#stay(incumbent, "nothing affordable promises more");
    const { index, gain, probability, fresh } = trial;
    this.#bank.pay(1 - probability);
    this.#awaited = { index, promised: gain, value: cost ? incumbentCost : incumbentLog };
    const what = `${fresh ? "expects" : "measured again: expects"} ${(100 * gain).toFixed(1)} % less ${this.#minimize}`;
    return { index, fresh, probability, reason: `${what}, safe with probability ${probability.toFixed(2)}` };
  }

  /** Starts over when a repeated configuration is not what it was. */
  #noticeChange(i: number, value: number, service: number | null, batch: number | null): void {
    const known = this.#observations.own(i);
    if (known === undefined) return;
    const alike = Math.abs(Math.log((batch ?? 1) / (known.batch ?? 1))) < ALIKE_BATCHES;
    const shift = this.#change.test({
      service: service === null || known.service === null || !alike ? null : service - known.service,
      slowdown: value - known.slowdown,
      deviation: this.#beliefs.windowDeviation(i, known.slowdown),
    });
    if (shift === null) return;
    this.#shift = shift;
    this.#observations.distrust(CHANGED_TRUST, shift);
    this.#calibration.forgetSurprises();
    this.#calibration.forgetPromises();
    this.#bank.reset();
    this.#cone.clear();
    this.#awaited = null;
    this.#improved = this.#window;
    this.#costBias = { sum: 0, count: 0 };
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
}
