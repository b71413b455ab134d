// What is known of choices: how far the model errs about them, which is worth more, which is safe to try, what drifted.

import { z } from "zod";
import { loadLevel } from "../../agents/index.ts";
import {
  type AgentContext,
  type ClusterState,
  type Configuration,
  type Json,
  type Load,
  rewardOf,
  toJson,
} from "../core/index.ts";
import { tuningProblem } from "../optimizers/index.ts";
import { sameConfiguration } from "../spaces/index.ts";
import {
  choiceKey,
  type Drift,
  drifted,
  driftSchema,
  type Evidence,
  type Judge,
  mayTry,
  nextDrift,
  noDrift,
  predictedReward,
  ResidualBook,
} from "../trust/index.ts";

/** Windows a choice was measured in from which on its value counts as measured. */
const MEASURED_WINDOWS = 3;

/** How far one window may correct the model's latency. */
const LARGEST_CORRECTION = 3;

const savedSchema = z.object({ residuals: z.unknown(), latencies: z.unknown(), drift: driftSchema });

/** Measured windows against the model's word. */
export class Appraisal {
  readonly #context: AgentContext;
  readonly #judge: Judge;
  #residuals = new ResidualBook();
  /** Of log latencies: what the model gets wrong all the time is no drift. */
  #latencies = new ResidualBook();
  #drift: Drift = noDrift;

  /** @param saved what `save` gave; null for a new one @throws {z.ZodError} when it is not that */
  constructor(context: AgentContext, saved: unknown) {
    this.#context = context;
    this.#judge = { model: context.model, objective: context.objective, lattice: context.space };
    if (saved === null) return;
    const { residuals, latencies, drift } = savedSchema.parse(saved);
    this.#residuals = ResidualBook.restore(residuals);
    this.#latencies = ResidualBook.restore(latencies);
    this.#drift = drift;
  }

  save(): Json {
    return toJson({ residuals: this.#residuals.save(), latencies: this.#latencies.save(), drift: this.#drift });
  }

  /** Why the cluster is thought to have become slower, or null. Surprises count only where it is known what to expect. */
  driftAfter(observation: ClusterState): string | null {
    this.#followLatency(observation);
    const drift = drifted(this.#drift);
    if (drift !== null) this.#drift = noDrift;
    return drift;
  }

  /** What may be tried while learning: expected to hold the SLO, and to cost little more than what the optimizer wants. */
  safe(observation: ClusterState, choice: Configuration, rule: Configuration, load: Load): boolean {
    const running = this.#context.model.predict(observation.configuration, load);
    const measuredMs = observation.metrics.latency?.objectiveMs ?? null;
    const ratio = measuredMs === null || !running.stable ? 1 : measuredMs / running.objectiveMs;
    const correction = Math.min(LARGEST_CORRECTION, Math.max(1 / LARGEST_CORRECTION, ratio));
    return mayTry(this.#judge, choice, rule, load, Number.isFinite(correction) ? correction : 1);
  }

  /** Notes what the configuration of a window was worth. @param previous in force before it */
  measure(observation: ClusterState, previous: Configuration): void {
    if (observation.inFlight !== null || observation.canary !== null) return;
    const { objective, space } = this.#context;
    const running = observation.configuration;
    const prediction = this.#context.model.predict(running, this.#load(observation));
    const predicted = predictedReward(this.#judge, prediction, previous, running);
    const { reward } = rewardOf(previous, observation, objective, space);
    this.#residuals.measured(choiceKey(running, loadLevel(observation)), predicted, reward);
  }

  /** Policy against optimizer on one window; null when one of them made no choice that can run. */
  evidence(observation: ClusterState, policyChoice: Configuration, optimizerChoice: Configuration): Evidence | null {
    const { space, model } = this.#context;
    if (!space.contains(optimizerChoice) || !space.contains(policyChoice)) return null;
    const level = loadLevel(observation);
    const load = this.#load(observation);
    const at = { timeS: observation.timeS, loadLevel: level };
    if (sameConfiguration(policyChoice, optimizerChoice)) return { ...at, advantage: 0, source: "measured" };
    const running = observation.inFlight ?? observation.configuration;
    const value = (configuration: Configuration): number => {
      const predicted = predictedReward(this.#judge, model.predict(configuration, load), running, configuration);
      return this.#residuals.corrected(choiceKey(configuration, level), predicted);
    };
    const measured = [policyChoice, optimizerChoice].every(
      (choice) => this.#residuals.windows(choiceKey(choice, level)) >= MEASURED_WINDOWS,
    );
    const advantage = value(policyChoice) - value(optimizerChoice);
    return Number.isFinite(advantage) ? { ...at, advantage, source: measured ? "measured" : "corrected" } : null;
  }

  #followLatency(observation: ClusterState): void {
    const { latency } = observation.metrics;
    if (latency === null || observation.inFlight !== null || observation.canary !== null) return;
    const expected = this.#context.model.predict(observation.configuration, this.#load(observation));
    if (!expected.stable || !(latency.objectiveMs > 0) || !(expected.objectiveMs > 0)) return;
    const key = choiceKey(observation.configuration, loadLevel(observation));
    const predicted = Math.log(expected.objectiveMs);
    if (this.#latencies.windows(key) >= MEASURED_WINDOWS) {
      const expectedMs = Math.exp(this.#latencies.corrected(key, predicted));
      this.#drift = nextDrift(this.#drift, latency.objectiveMs, expectedMs);
    }
    this.#latencies.measured(key, predicted, Math.log(latency.objectiveMs));
  }

  #load(observation: ClusterState): Load {
    return tuningProblem(this.#context, observation).load;
  }
}
