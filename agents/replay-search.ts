// The search of region-sim at one load: simulate what promises, try what is safe, learn service times and residuals.
//
// learnService: mean service time per batch size bin → Kalman update of the surface; cal = decayed mean of min(9, innovation²)
// residual d = slowdown between the window's latency and a replay of its own arrivals (a control variate), |d| ≤ .6;
//   shared by regions (or a Gaussian process); σ² = max(1, cal)·(σ_service² + τ²·v) + model error²
// next: the best score, simulated until it is fresh;  bank pays (1-P)·ab and earns α
// canary: after 1/16 window the service belief is updated and the configuration simulated again: P < .3 rolls back
// Source: our own; control variates and experience from a model as in R. Sutton, "Dyna", 1991, and the textbooks.

import { z } from "zod";
import type { Objective, WindowMetrics } from "../src/core/index.ts";
import {
  bestMeasured,
  type Candidacy,
  ChangeTest,
  Cone,
  changeTestSchema,
  describeShift,
  leastLate,
  type NextStep,
  Observations,
  observationsSchema,
  TOO_LATE,
  windowTail,
} from "../src/slowdown/index.ts";
import { describeMismatch } from "./mismatch.ts";
import { describePhysics, type Evidence, type Physics, PhysicsTest, physicsTestSchema } from "./physics.ts";
import type { RecordedTrace } from "./replay.ts";
import { ReplayBank } from "./replay-bank.ts";
import { ReplayBeliefs, replayBeliefsSchema } from "./replay-beliefs.ts";
import type { ReplayParts, ReplaySearchSettings } from "./replay-contract.ts";
import { type Demands, ReplayRanking, type Score } from "./replay-ranking.ts";
import { ServiceLearner, serviceLearnerSchema } from "./service-learner.ts";

/** Noise of the residual slowdown of one window, its own arrivals replayed. */
const RESIDUAL_NOISE = 0.04;

/** Weight of what other load levels showed. */
const OTHER_LEVEL_WEIGHT = 0.3;

/** Weight that residuals from before a change of the system keep, in place of the load level's. */
const CHANGED_TRUST = 0.3;

/** JSON form of the search. */
export const replaySearchSchema = z.object({
  window: z.number().int(),
  bank: z.number(),
  lastAborted: z.boolean(),
  beliefs: replayBeliefsSchema,
  service: serviceLearnerSchema,
  change: changeTestSchema,
  shift: z.number(),
  cone: z.array(z.tuple([z.number().int(), z.number()])),
  physics: physicsTestSchema,
  observations: observationsSchema,
});

/** The search. */
export class ReplaySearch {
  readonly #parts: ReplayParts;
  readonly #settings: ReplaySearchSettings;
  readonly #logSlo: number;
  readonly #cone: Cone;
  readonly #observations: Observations;
  readonly #minimize: Objective["minimize"];
  #window = 0;
  readonly #bank: ReplayBank;
  readonly #beliefs: ReplayBeliefs;
  readonly #ranking: ReplayRanking;
  readonly #service: ServiceLearner;
  readonly #change = new ChangeTest();
  /** Slowdown by which the system was last noticed to have changed; 0 for never. */
  #shift = 0;
  readonly #physics: PhysicsTest;

  constructor(parts: ReplayParts, settings: ReplaySearchSettings, level: number) {
    this.#parts = parts;
    this.#settings = settings;
    this.#minimize = parts.objective.minimize;
    this.#logSlo = Math.log(parts.objective.slo[0].latencyMs);
    this.#cone = new Cone(parts.candidates.cone);
    this.#observations = new Observations(
      parts.candidates.columns,
      parts.estimator,
      { otherLevelWeight: OTHER_LEVEL_WEIGHT, lateShare: 1 - parts.objective.slo[0].percentile },
      level,
    );
    this.#bank = new ReplayBank(settings);
    this.#service = new ServiceLearner(parts, settings.learnService);
    this.#physics = new PhysicsTest(parts.candidates.servers, parts.surface.knots);
    this.#beliefs = new ReplayBeliefs({
      latency: parts.latency,
      estimator: parts.estimator,
      observations: this.#observations,
      service: this.#service,
      logSlo: this.#logSlo,
      tau0: settings.tau0,
      controlVariate: settings.controlVariate,
    });
    this.#ranking = new ReplayRanking(parts, settings, this.#beliefs);
  }

  /** Goes to another load level. */
  enter(level: number): void {
    this.#bank.reset();
    this.#cone.clear();
    this.#change.reset();
    this.#shift = 0;
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

  /** What was noticed of the cluster, in words; empty for nothing. @param dispersion index of its arrivals' */
  noticed(dispersion: number): string {
    const { residuals } = this.#observations;
    const residual = residuals.length < 2 ? null : residuals.reduce((sum, one) => sum + one, 0) / residuals.length;
    const { deviation } = this.#service;
    const physics = describePhysics(this.#physics.physics);
    return [
      ...(this.#shift === 0 ? [] : [describeShift(this.#shift)]),
      ...(physics === null ? [] : [`the cluster ${physics}`]),
      ...describeMismatch({ deviation, scatter: this.#parts.replay.scatter, dispersion, residual }),
    ].join(", ");
  }

  /** What to run next, and why. Call once per decision. */
  next(): NextStep {
    const { simulations, firstSimulations } = this.#settings;
    this.#bank.earn();
    let incumbent = this.incumbent();
    const budget = incumbent === null ? firstSimulations : simulations;
    for (let run = 0; run < budget && incumbent !== null && !this.#parts.latency.fresh(incumbent); run++) {
      this.#parts.latency.simulate(incumbent, true);
      incumbent = this.incumbent();
    }
    if (incumbent !== null && this.#change.suspects) {
      return this.#stay(
        leastLate(this.#measured()) ?? incumbent,
        "not what it was: the least late is measured again, to be sure",
      );
    }
    if (incumbent !== null && this.#borderline(incumbent)) return this.#stay(incumbent, "borderline: measured again");
    const safe = incumbent !== null && this.#beliefs.logLatency(incumbent) <= this.#logSlo;
    const best = this.#ranking.settle(this.#demands(safe ? incumbent : null, incumbent === null), budget);
    if (best === null || (incumbent !== null && !safe && !this.#worthTheRisk(best, incumbent))) {
      return this.#stay(incumbent ?? 0, "nothing simulated promises more");
    }
    if (incumbent !== null) this.#bank.pay(best.probability);
    return { index: best.index, fresh: true, probability: best.probability, reason: this.#reasonFor(best, safe) };
  }

  /** Screens what promises most among what was never simulated, and brings older simulations up to date. */
  sweep(): void {
    const incumbent = this.incumbent();
    const safe = incumbent !== null && this.#beliefs.logLatency(incumbent) <= this.#logSlo ? incumbent : null;
    const demands = this.#demands(safe, false);
    this.#ranking.screen(demands);
    const measured = [...this.#observations.owned()].map(([index]) => index);
    this.#ranking.refresh(measured, demands);
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
      this.#bank.aborted();
      this.#cone.blockOne(i, this.#window);
    }
    if (metrics.latency === null) return;
    const known = this.#observations.own(i);
    const shift = known === undefined || short ? null : this.#service.shift(i, metrics);
    this.#service.learn(i, metrics);
    const logLatency = Math.log(metrics.latency.objectiveMs);
    this.#criticize(i, metrics, trace, logLatency);
    latency.simulate(i, !short);
    let shown = this.#beliefs.residual(i, trace, logLatency, short);
    if (known === undefined) this.#beliefs.surprised(i, shown);
    else if (!short) {
      const { count, slowdown } = known;
      if (this.#changed(shift, shown.residual - slowdown)) {
        this.#service.learn(i, metrics);
        latency.simulate(i, true);
        shown = this.#beliefs.residual(i, trace, logLatency, false);
      } else this.#beliefs.repeated(logLatency - known.logLatency, count, shown.slope, this.#change.suspects);
    }
    if (!this.#change.suspects) this.#service.settle();
    const { residual: value, weight } = shown;
    const logCost = Math.log(Math.max(1e-9, metrics.costUsdPerHour));
    const tail = windowTail(metrics.latency, this.#parts.objective.slo[0].percentile);
    const told = short ? Math.max(logLatency, this.#logSlo + TOO_LATE) : logLatency;
    this.#observations.measured(i, {
      value,
      weight,
      logLatency: told,
      tail,
      logCost,
      service: null,
      batch: null,
    });
    if (this.#settings.cone && logLatency > this.#logSlo + TOO_LATE && metrics.utilization > 0.9) {
      this.#cone.block(i, this.#window);
    }
  }

  /** The measured configuration to fall back on; null when nothing is measured at that level. */
  incumbent(level?: number): number | null {
    return bestMeasured(this.#measured(level), this.#minimize, this.#logSlo);
  }

  /** Probability that configuration i meets the SLO. */
  probability(i: number): number {
    return this.#beliefs.probability(i);
  }

  save(): z.output<typeof replaySearchSchema> {
    return {
      window: this.#window,
      ...this.#bank.save(),
      beliefs: this.#beliefs.save(),
      service: this.#service.save(),
      change: this.#change.save(),
      shift: this.#shift,
      cone: this.#cone.save(),
      physics: this.#physics.save(),
      observations: this.#observations.save(),
    };
  }

  restore(saved: z.infer<typeof replaySearchSchema>, level: number): void {
    this.#window = saved.window;
    this.#bank.restore(saved);
    this.#beliefs.restore(saved.beliefs);
    this.#service.restore(saved.service, saved.physics.physics);
    this.#change.restore(saved.change);
    this.#shift = saved.shift;
    this.#cone.restore(saved.cone);
    this.#physics.restore(saved.physics);
    this.#observations.restore(saved.observations, level);
  }

  /** What was measured at that level; at the present one with its latency as believed. */
  #measured(level?: number): Candidacy[] {
    return [...this.#observations.owned(level)].map(([index, own]) => {
      const logLatency = level === undefined ? this.#beliefs.logLatency(index) : own.logLatency;
      return { index, logLatency, logCost: own.logCost };
    });
  }

  #stay(index: number, reason: string): NextStep {
    return { index, fresh: false, probability: this.probability(index), reason };
  }

  /** With nothing safe at hand: what is likelier to be safe is tried at once, the rest as the bank affords it. */
  #worthTheRisk(best: Score, incumbent: number): boolean {
    return best.probability > this.probability(incumbent) || best.probability >= this.#bank.leastProbability;
  }

  #demands(safe: number | null, first: boolean): Demands {
    const incumbent =
      safe === null
        ? null
        : { logLatency: this.#beliefs.logLatency(safe), logCost: this.#observations.own(safe)?.logCost ?? 0 };
    const open = (i: number): boolean =>
      this.#observations.own(i) === undefined && !this.#cone.blocked(i, this.#window);
    return { incumbent, first, leastProbability: this.#bank.leastProbability, open };
  }

  #borderline(incumbent: number): boolean {
    const count = this.#observations.own(incumbent)?.count ?? 0;
    if (this.#minimize !== "cost" || count >= 3) return false;
    return Math.abs(this.#beliefs.logLatency(incumbent) - this.#logSlo) < 0.03 / Math.sqrt(count);
  }

  #reasonFor(best: Score, safe: boolean): string {
    const certain = `safe with probability ${best.probability.toFixed(2)}`;
    if (!safe) return `likeliest to meet the SLO: ${certain}`;
    return `simulated gain ${(100 * best.value).toFixed(1)} % a window, ${certain}`;
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
    this.#service.assume(this.#physics.physics);
    latency.setPhysics(this.#physics.physics);
    this.#observations.dropResiduals();
    this.#cone.clear();
    this.#beliefs.forgetSurprises();
    for (const { index, trace: times, logTail } of this.#physics.windows.slice(0, -1)) {
      latency.simulate(index, true);
      const { residual, weight } = this.#beliefs.residual(index, times, logTail, false);
      this.#observations.addResidual(index, residual, weight);
    }
  }

  /** Starts over when a repeated configuration is not what it was. @returns whether it does */
  #changed(service: number | null, residual: number): boolean {
    const shift = this.#change.test({ service, slowdown: residual, deviation: RESIDUAL_NOISE });
    if (shift === null) return false;
    this.#shift = shift;
    this.#service.forget();
    this.#observations.distrust(CHANGED_TRUST, 0);
    this.#beliefs.forgetSurprises();
    this.#physics.forget();
    this.#parts.latency.startOver();
    this.#cone.clear();
    this.#bank.reset();
    return true;
  }
}
