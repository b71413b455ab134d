// The registry of guards, in the order they run; a new guard is one file and one line here.

import type { Guard } from "../core/index.ts";
import { bounds } from "./bounds.ts";
import { budget } from "./budget.ts";
import { type ChangeBudget, changeBudget } from "./change-budget.ts";
import { coarseMetrics } from "./coarse-metrics.ts";
import { cooldown } from "./cooldown.ts";
import { handover } from "./handover.ts";
import { hysteresis } from "./hysteresis.ts";
import { inFlight } from "./in-flight.ts";
import { sloBrake } from "./slo-brake.ts";
import { staleness } from "./staleness.ts";
import { stepLimit } from "./step-limit.ts";

/** Every guard, with the change budgets of a cluster. Holds come first; bounds, then budget, have the last word. */
export function guardsWith(budgets: readonly ChangeBudget[]): readonly Guard[] {
  return [
    stepLimit(),
    cooldown(),
    hysteresis(),
    handover(),
    inFlight(),
    sloBrake(),
    staleness(),
    coarseMetrics(),
    changeBudget(budgets),
    bounds,
    budget,
  ];
}

/** Every guard with its default settings. */
export const guards: readonly Guard[] = guardsWith([]);

/** What training and evaluation run every policy under: step limit, cooldown, bounds, budget. */
export const simulationGuards: readonly Guard[] = [stepLimit(), cooldown(), bounds, budget];

export { applyGuards, type Guarded } from "./apply.ts";
export { bounds } from "./bounds.ts";
export { budget } from "./budget.ts";
export { type ChangeBudget, changeBudget, changeBudgetSchema } from "./change-budget.ts";
export { coarseMetrics } from "./coarse-metrics.ts";
export { cooldown } from "./cooldown.ts";
export { EpisodeGuards, type GuardRules } from "./episode.ts";
export { handover } from "./handover.ts";
export { type HysteresisOptions, hysteresis } from "./hysteresis.ts";
export { inFlight } from "./in-flight.ts";
export { sloBrake, sloMissed } from "./slo-brake.ts";
export { FRESH_WINDOWS, type StalenessOptions, staleness } from "./staleness.ts";
export { type StepLimitOptions, stepLimit } from "./step-limit.ts";
