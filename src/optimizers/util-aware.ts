// Util-aware: machines for a target utilisation, the scheme that Paragon measures itself against.
//
// desired = ceil(n * utilisation / target), at least the largest desired of the last `holdS` when scaling in
// Source: J. Gunasekaran et al., "Towards Designing a Self-Managed Machine Learning Inference Serving System in Public
//   Cloud" (Paragon), 2020: VMs are added when the existing ones reach 80 % utilisation; no functions.
// Differs: a full machine cannot show more than 100 %, so a queue counts as the load that would drain it in a minute.

import type { PastWindow, Solution, TuningProblem } from "../core/index.ts";
import { defineOptimizer, offered } from "./entry.ts";
import { recentWindows } from "./history.ts";
import { nothingToScale, onePool, scaleTo } from "./one-pool.ts";

const DRAIN_S = 60;

const defaults = { targetUtilization: 0.8, holdS: 300, type: "", functions: false };

function solve(problem: TuningProblem, settings: typeof defaults): Solution {
  const { observation } = problem;
  const pool = onePool(problem, settings.type, settings.functions);
  if (pool === null) return nothingToScale(problem, "util-aware");
  const desired = (window: PastWindow): number => {
    const queued = window.queueLength / DRAIN_S / pool.capacityRps;
    return Math.ceil(
      (pool.units(window.configuration) * window.utilization + queued) / settings.targetUtilization - 1e-9,
    );
  };
  const wanted = recentWindows(observation, settings.holdS).map(desired);
  const now = wanted.at(-1) ?? 1;
  const running = pool.units(pool.current);
  const units = now >= running ? now : Math.min(running, Math.max(...wanted));
  const percent = (100 * observation.metrics.utilization).toFixed(0);
  const text = `util-aware: ${percent} % used against a target of ${(100 * settings.targetUtilization).toFixed(0)} %`;
  return scaleTo(problem, pool, units, text);
}

export const utilAware = defineOptimizer({
  name: "util-aware",
  summary: "machines for a target utilisation, no functions",
  settings: defaults,
  bounds: { targetUtilization: [0.05, 1] },
  sweep: { targetUtilization: [0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], type: ["", "cheapest"] },
  worthTrying: offered,
  solve,
});
