// Knative's Pod Autoscaler on concurrency, with its stable and panic windows.
//
// desired(w) = ceil(mean requests in the system over w / (target * 0.7)), at most 1000 n, at least n/2 per decision
// panic: desired(panic window) >= 2 n  =>  the largest of both, never down, until 60 s after the last panic
// Source: Knative Serving documentation, "Additional autoscaling configuration": stable window 60 s, panic window 10 %
//   of it, panic threshold 200 %, target utilisation 70 %, max scale up 1000, max scale down 2.
// Differs: the panic window is the latest window where that is longer than 6 s; requests in the system come from the
//   queue and, for those in service, from Little's law.

import type { PastWindow, Solution, TuningProblem } from "../core/index.ts";
import { defineOptimizer } from "./entry.ts";
import { recentWindows } from "./history.ts";
import { nothingToScale, onePool, ongoing, scaleTo } from "./one-pool.ts";

const STABLE_S = 60;
const PANIC_THRESHOLD = 2;
const MAX_UP = 1000;
const MAX_DOWN = 2;

const defaults = { targetConcurrency: 1, targetUtilization: 0.7, type: "", functions: false };

function solve(problem: TuningProblem, settings: typeof defaults): Solution {
  const { observation } = problem;
  const pool = onePool(problem, settings.type, settings.functions);
  if (pool === null) return nothingToScale(problem, "kpa");
  const perReplica = settings.targetConcurrency * settings.targetUtilization;
  const desired = (windows: readonly PastWindow[]): number => {
    const total = windows.reduce((sum, window) => sum + ongoing(problem, pool, window), 0);
    return Math.ceil(total / Math.max(1, windows.length) / perReplica - 1e-9);
  };
  const running = Math.max(1, pool.units(pool.current));
  const stableWindows = recentWindows(observation, STABLE_S);
  const stable = desired(stableWindows);
  const panic = desired(stableWindows.slice(-1));
  const panicked = stableWindows.some(
    (window) => desired([window]) >= PANIC_THRESHOLD * Math.max(1, pool.units(window.configuration)),
  );
  const wanted = panicked ? Math.max(running, stable, panic) : stable;
  const units = Math.min(MAX_UP * running, Math.max(Math.floor(running / MAX_DOWN), wanted));
  const text = `kpa: ${stable} by the stable window, ${panic} by the panic window${panicked ? ", in panic" : ""}`;
  return scaleTo(problem, pool, units, text);
}

export const kpa = defineOptimizer({
  name: "kpa",
  summary: "Knative's autoscaler on concurrency, with stable and panic windows",
  settings: defaults,
  bounds: { targetConcurrency: [0.01, 10000], targetUtilization: [0.05, 1] },
  sweep: { targetConcurrency: [0.2, 0.3, 0.4, 0.6, 0.8, 1, 1.5, 2] },
  solve,
});
