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

/** A choice to learn from may be expected to cost this many times what the optimizer's would. */
const LEARNING_COST_RATIO = 1.1;

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
 * Whether a choice may be tried to learn from it: the model, corrected by how wrong it was, expects it to hold the SLO and
 * to cost little more than what the optimizer wants.
 * @param rule the optimizer's choice
 * @param correction measured over predicted latency
 */
export function mayTry(
  judge: Judge,
  choice: Configuration,
  rule: Configuration,
  load: Load,
  correction: number,
): boolean {
  const { model, objective, lattice } = judge;
  if (!lattice.contains(choice)) return false;
  const { stable, objectiveMs, costUsdPerHour } = model.predict(choice, load);
  const affordableUsdPerHour = LEARNING_COST_RATIO * model.predict(rule, load).costUsdPerHour;
  return stable && objectiveMs * correction <= objective.slo[0].latencyMs && costUsdPerHour <= affordableUsdPerHour;
}

/** Names a configuration at a load level in the book of residuals. */
export function choiceKey(configuration: Configuration, loadLevel: number): string {
  return `${loadLevel} ${canonicalJson(configuration)}`;
}
