// The registry of guards, in the order they run; a new guard is one file and one line here.

import type { Guard } from "../core/index.ts";
import { bounds } from "./bounds.ts";
import { budget } from "./budget.ts";
import { cooldown } from "./cooldown.ts";
import { freezeWindow } from "./freeze-window.ts";
import { handover } from "./handover.ts";
import { hysteresis } from "./hysteresis.ts";
import { sloBrake } from "./slo-brake.ts";
import { staleness } from "./staleness.ts";
import { stepLimit } from "./step-limit.ts";

/** Every guard with its default settings. Holds come first; bounds, then budget, have the last word. */
export const guards: readonly Guard[] = [
  stepLimit(),
  cooldown(),
  hysteresis(),
  handover(),
  sloBrake(),
  staleness(),
  freezeWindow(),
  bounds,
  budget,
];

/** What training and evaluation run every policy under: step limit, cooldown, bounds, budget. */
export const simulationGuards: readonly Guard[] = [stepLimit(), cooldown(), bounds, budget];

export { applyGuards, type Guarded } from "./apply.ts";
export { bounds } from "./bounds.ts";
export { budget } from "./budget.ts";
export { cooldown } from "./cooldown.ts";
export { type Freeze, freezeWindow } from "./freeze-window.ts";
export { handover } from "./handover.ts";
export { type HysteresisOptions, hysteresis } from "./hysteresis.ts";
export { sloBrake, sloMissed } from "./slo-brake.ts";
export { type StalenessOptions, staleness } from "./staleness.ts";
export { type StepLimitOptions, stepLimit } from "./step-limit.ts";
