// Comparing choices: what a configuration is expected to be worth, and whether it is safe to try.

import {
  type Configuration,
  canonicalJson,
  type KnobLattice,
  type Load,
  type Objective,
  type PerformanceModel,
  type Prediction,
} from "../core/index.ts";

/** Lateness charged for a configuration that cannot keep up, as a multiple of the SLO. */
const OVERLOAD_RATIO = 10;

/** What it takes to judge a configuration. */
export interface Judge {
  readonly model: PerformanceModel;
  readonly objective: Objective;
  readonly lattice: KnobLattice;
}

/** The reward the model expects of a window under `configuration` when `current` runs now. */
export function predictedReward(
  judge: Judge,
  prediction: Prediction,
  current: Configuration,
  configuration: Configuration,
): number {
  const { objective, lattice } = judge;
  const weights = objective.reward;
  const sloMs = objective.slo[0].latencyMs;
  const ratio = prediction.stable
    ? prediction.objectiveMs / sloMs
    : Math.max(OVERLOAD_RATIO, prediction.objectiveMs / sloMs);
  const reach = Math.max(1, ...lattice.knobs.map((knob) => knob.values.length - 1));
  return (
    -prediction.costUsdPerHour / weights.referenceUsdPerHour -
    weights.latency * Math.max(0, Math.log(Math.min(ratio, OVERLOAD_RATIO))) -
    weights.miss * prediction.missRatio -
    (weights.change * lattice.distance(current, configuration)) / reach
  );
}

/**
 * Whether the model, corrected by how wrong it was in the last window, expects a configuration to hold the SLO.
 * @param correction measured over predicted latency of the configuration that runs
 */
export function expectedSafe(judge: Judge, configuration: Configuration, load: Load, correction: number): boolean {
  const prediction = judge.model.predict(configuration, load);
  return prediction.stable && prediction.objectiveMs * correction <= judge.objective.slo[0].latencyMs;
}

/** Names a configuration at a load level in the book of residuals. */
export function choiceKey(configuration: Configuration, loadLevel: number): string {
  return `${loadLevel} ${canonicalJson(configuration)}`;
}
